"""A recording becomes a note with its job; a note is processed again."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files import File
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.utils.translation import gettext as _

from audio.decoding import MARGIN_SECONDS, UnreadableAudio, probe, too_long
from audio.models import VoiceNote
from audio.storage import recordings
from audio.transcription import spoken_language
from jobs.services import StateConflict, enqueue, new_token
from lessons.models import Client, Club

from .files import fingerprint, keep_recording

MEGABYTE = 1024 * 1024
EXTENSIONS = {
    "audio/webm": ".webm",
    "audio/ogg": ".ogg",
    "audio/mp4": ".m4a",
    "audio/mpeg": ".mp3",
    "audio/wav": ".wav",
    "audio/flac": ".flac",
    "audio/aac": ".aac",
}


class Refused(ValidationError):
    """The recording is not taken; its messages are keyed by field."""


class TooLarge(Refused):
    pass


def upload_note(
    *, club: Club, user: Any, file: "File[bytes]", client: Client | None = None, language: str = "", request_key: str | None = None
) -> VoiceNote:
    """Recording, row and job, or none of them. The same `request_key` again: the same note. Raises Refused or NotStored."""
    if known := _of_request(club, request_key):
        return known
    note = VoiceNote(
        club=club, client=client, created_by=user, language=language or spoken_language(club.language), request_key=request_key
    )
    _describe(note, file)
    name = keep_recording(club=club, file=file, extension=EXTENSIONS.get(note.content_type, ".bin"))
    note.file = name
    try:
        with transaction.atomic():
            return _start(note, user)
    except (OperationalError, InterfaceError):  # perhaps committed: should no note name the recording, it is swept up later
        raise
    except BaseException as error:
        recordings().delete(name)
        if isinstance(error, IntegrityError):
            return _explain(error, note)
        raise


def _explain(error: IntegrityError, note: VoiceNote) -> VoiceNote:
    """Of two clicks the other was faster, or the client was deleted meanwhile."""
    if known := _of_request(note.club, note.request_key):
        return known
    if note.client_id and not Client.objects.filter(pk=note.client_id).exists():
        # Translators: "Ce client a été supprimé entre-temps."
        raise Refused({"client": [_("This client has been deleted meanwhile.")]}) from error
    raise error


def rerun_note(*, note: VoiceNote, user: Any, listen: bool = False) -> VoiceNote:
    """Its words are read again, with `listen` its recording is heard again. What it already wrote is not written twice.

    Raises StateConflict while it is processed, or where nothing is left to read.
    """
    with transaction.atomic():
        locked = VoiceNote.objects.select_for_update().get(pk=note.pk)  # its job is read after the wait, as it then is
        if locked.job and locked.status in (VoiceNote.Status.PENDING, VoiceNote.Status.PROCESSING):
            # Translators: "Cette note est déjà en cours de traitement."
            raise StateConflict(_("This note is already being processed."))
        listen = listen or not locked.transcription
        if listen and not locked.file:
            # Translators: "L’enregistrement de cette note a été effacé."
            raise StateConflict(_("The recording of this note was erased."))
        if listen:
            locked.transcribed_at, locked.unreadable = None, False
        return _start(locked, user)


def _start(note: VoiceNote, user: Any) -> VoiceNote:
    """The job's token is chosen first: row and job name each other without a third statement."""
    token = new_token()
    note.job_id, note.error_message = token, ""
    note.save()
    # Translators: "Note vocale"
    note.job = enqueue("audio.process", note.pk, token=token, label=_("Voice note"), scope=note.club.scope, user=user)
    return note


def _of_request(club: Club, request_key: str | None) -> VoiceNote | None:
    if not request_key:
        return None
    return VoiceNote.objects.select_related("club", "job").filter(club=club, request_key=request_key).first()


def _describe(note: VoiceNote, file: "File[bytes]") -> None:
    """By what it holds, whatever its name says."""
    if file.size > settings.AUDIO_MAX_MEGABYTES * MEGABYTE:
        raise TooLarge({"file": [too_large()]})
    try:
        file.seek(0)
        heard = probe(file)
    except UnreadableAudio as error:
        raise Refused({"file": [str(error)]}) from error
    most = settings.AUDIO_MAX_MINUTES * 60
    if heard.duration_seconds and heard.duration_seconds > most + MARGIN_SECONDS:
        raise Refused({"file": [too_long(most)]})
    note.content_type, note.duration_seconds = heard.content_type, heard.duration_seconds
    note.size_bytes, note.sha256 = file.size, fingerprint(file)


def too_large() -> str:
    # Translators: "L’enregistrement dépasse %(most)d Mo."
    return _("The recording is larger than %(most)d MB.") % {"most": settings.AUDIO_MAX_MEGABYTES}
