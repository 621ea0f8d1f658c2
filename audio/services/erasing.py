"""Recordings and transcripts that are no longer needed."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from audio.models import FieldChange, VoiceNote
from audio.storage import FOLDER, recordings
from jobs.services import StateConflict, cancel
from lessons.models import Client, Club

from .files import erase, erase_soon

AT_A_TIME = 500
ORPHAN_AFTER = timedelta(hours=6)  # no upload lasts so long between its file and its row


def lock_club_and_client(club_id: int, client_id: int | None) -> Client | None:
    """In the order in which a note is applied and a change is undone, so that nobody waits in a ring."""
    Club.objects.select_for_update(no_key=True).get(pk=club_id)
    return Client.objects.select_for_update().filter(pk=client_id).first() if client_id else None


def delete_note(*, note: VoiceNote) -> None:
    """With its recording. What it wrote about its client stays, and can still be undone."""
    with transaction.atomic():
        lock_club_and_client(note.club_id, note.client_id)
        if note.job:
            with suppress(StateConflict):  # it has ended
                cancel(note.job)
        note.delete()


def forget_old_recordings() -> int:
    """After the retention the recording goes, and with it the transcript where the setting says so. Returns how many."""
    long_ago = timezone.now() - timedelta(days=settings.AUDIO_RETENTION_DAYS)
    with transaction.atomic():
        old = VoiceNote.objects.filter(created_at__lt=long_ago).exclude(file="").order_by("pk")
        notes = list(old.select_for_update(of=("self",), skip_locked=True)[:AT_A_TIME])
        for note in notes:
            erase_soon(str(note.file.name))
        VoiceNote.objects.filter(pk__in=[note.pk for note in notes]).update(file="")
        if not settings.AUDIO_KEEP_TRANSCRIPTS:
            silent = VoiceNote.objects.filter(created_at__lt=long_ago, file="").exclude(transcription="")
            silent.update(transcription="", words=[], found={}, question=None, transcribed_at=None)
            FieldChange.objects.filter(changed_at__lt=long_ago).exclude(words="").update(words="")
    return len(notes)


def keep_reasons() -> int:
    """A job that failed is cleaned away one day; why it failed stays with its note."""
    said = VoiceNote.objects.filter(pk=OuterRef("pk")).values("job__error")
    unsaid = VoiceNote.objects.filter(job__status="error", error_message="")
    return unsaid.exclude(job__error="").update(error_message=Subquery(said[:1]))


def sweep_recordings() -> int:
    """Erase files that no note names: of an upload that died between its file and its row. Returns how many."""
    storage, count = recordings(), 0
    for folder in _folders():
        names = [f"{folder}/{name}" for name in storage.listdir(folder)[1]]
        known = set(VoiceNote.objects.filter(file__in=names).values_list("file", flat=True))
        for name in set(names) - known:
            with suppress(FileNotFoundError):  # its own job erased it since the folder was read
                if storage.get_modified_time(name) < timezone.now() - ORPHAN_AFTER:
                    erase(name)
                    count += 1
    return count


def _folders() -> Iterator[str]:
    """One a club and day; none where nothing was ever recorded."""
    storage = recordings()
    with suppress(FileNotFoundError):
        for club in storage.listdir(FOLDER)[0]:
            for day in storage.listdir(f"{FOLDER}/{club}")[0]:
                yield f"{FOLDER}/{club}/{day}"
