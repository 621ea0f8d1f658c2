"""What runs behind a voice note."""

import time
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from jobs.progress import Progress
from jobs.registry import PermanentError, job

from . import services
from .models import VoiceNote

# Translators: the four steps in the job line: Lecture, Transcription, Analyse, Fiche
STEPS = (
    pgettext_lazy("step", "Reading"),
    pgettext_lazy("step", "Transcription"),
    pgettext_lazy("step", "Analysis"),
    pgettext_lazy("step", "Record"),
)


TIMEOUT_SECONDS = 300
PATIENCE_SECONDS = 270  # what cannot be heard until then is not heard by a second try either, and who waits shall know why


@job("audio.process", queue="audio", atomic=False, max_attempts=3, timeout_seconds=TIMEOUT_SECONDS, backoff=(30, 60, 120), steps=STEPS)
def process(progress: Progress, note_id: int) -> dict[str, Any] | None:
    """Its one outside effect is the transcription, which is kept at once; what follows can be done again and changes nothing twice."""
    notes = VoiceNote.objects.select_related("club").filter(pk=note_id, job=progress.job.pk)
    note = notes.first()
    if note is None:  # erased meanwhile, or processed by a later job
        return None
    _transcribe(progress, note)
    # Translators: "Analyse de ce qui a été dit"
    progress.step(_("Understanding what was said"))
    extraction = services.extract_fields(note=note)
    # Translators: "Mise à jour de la fiche"
    progress.step(_("Filling in the record"))
    services.apply_note(note=note, extraction=extraction, job=progress.job.pk, hold=progress.hold)
    return _ids(notes.first())


def _transcribe(progress: Progress, note: VoiceNote) -> None:
    # Translators: "Lecture de l’enregistrement"
    progress.step(_("Reading the recording"))
    samples = services.decode_note(note=note) if note.transcribed_at is None else None
    # Translators: "Transcription en cours"
    progress.step(_("Transcribing"))
    if samples is not None:
        progress.confirm()
        services.transcribe_note(note=note, samples=samples, report=_reporter(progress))


def _reporter(progress: Progress) -> Any:
    began = time.monotonic()

    def report(done: float, total: float) -> None:
        if 0 < done < total and time.monotonic() - began > PATIENCE_SECONDS:
            facts = {"done": _clock(done), "total": _clock(total)}
            text = _(
                "Only %(done)s of %(total)s could be transcribed in the time that a note has."
                " Record shorter notes, or ask whoever runs this server for a faster transcription."
            )
            raise PermanentError(text % facts)
        # Translators: "0:45 transcrites sur 2:10"
        words = _("%(done)s of %(total)s transcribed") % {"done": _clock(done), "total": _clock(total)}
        progress(round(100 * done), round(100 * total), words)

    return report


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def _ids(note: VoiceNote | None) -> dict[str, Any] | None:
    """No name: a job is kept longer than a client who asks to be erased."""
    if note is None:
        return None
    return {"audio_record_id": note.pk, "client": note.client_id, "created": note.client_created, "asks": note.question is not None}


@job("audio.send_outcome", queue="letters", atomic=False, max_attempts=3, timeout_seconds=60, backoff=(30, 60, 120))
def send_outcome(progress: Progress, note_id: int) -> None:
    """One e-mail."""
    note = VoiceNote.objects.select_related("club", "client", "created_by").filter(pk=note_id).first()
    if note:
        services.send_outcome(note=note, confirm=progress.confirm)


@job("audio.erase_recording", queue="audio", atomic=False, max_attempts=5, timeout_seconds=60)
def erase_recording(progress: Progress, name: str) -> None:
    """One file. To erase it again changes nothing."""
    services.erase(name)


@job("audio.tidy", every_seconds=600, retention_seconds=3600)
def tidy(progress: Progress) -> dict[str, int]:
    return {"forgotten": services.forget_old_recordings(), "reasons": services.keep_reasons()}


@job("audio.sweep", every_seconds=21600, atomic=False, timeout_seconds=300, retention_seconds=86400)
def sweep(progress: Progress) -> int:
    return services.sweep_recordings()
