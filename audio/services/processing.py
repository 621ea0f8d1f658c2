"""From sound to words, and from words to what they say of a client. What was transcribed is kept at once: no crash pays for it twice."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from audio.decoding import SAMPLE_RATE, UnreadableAudio, decode
from audio.extraction import Extraction, extract
from audio.models import VoiceNote
from audio.storage import open_recording
from audio.transcription import Transcript, transcriber
from jobs.registry import PermanentError, RetryableError

from .applying import day_of

Report = Callable[[float, float], None]


def decode_note(*, note: VoiceNote) -> Any:
    """Its samples. Raises PermanentError where no second try can read them."""
    if not note.file:
        raise PermanentError(_("The recording of this note was erased."), retryable=False)
    try:
        with open_recording(str(note.file.name)) as file:
            return decode(file, settings.AUDIO_MAX_MINUTES * 60)
    except UnreadableAudio as error:
        VoiceNote.objects.filter(pk=note.pk, job=note.job_id).update(unreadable=True)
        raise PermanentError(str(error), retryable=False) from error
    except FileNotFoundError as error:
        # Translators: "L’enregistrement n’est plus à sa place."
        raise PermanentError(_("The recording is no longer where it was kept.")) from error
    except OSError as error:
        # Translators: "L’enregistrement n’a pas pu être lu : le stockage ne répond pas."
        raise RetryableError(_("The recording could not be read: its storage does not answer.")) from error


def transcribe_note(*, note: VoiceNote, samples: Any, report: Report) -> None:
    """Speak to the transcriber, once, and keep what it says."""
    with open_recording(str(note.file.name)) as file:
        transcript = transcriber().transcribe(file, samples, language=note.language, progress=report)
    keep_transcript(note=note, transcript=transcript, duration_seconds=len(samples) / SAMPLE_RATE)


def keep_transcript(*, note: VoiceNote, transcript: Transcript, duration_seconds: float) -> None:
    note.transcription = _storable(transcript.text)
    note.words = [[_storable(word.text), round(word.start_seconds, 2), round(word.end_seconds, 2)] for word in transcript.words]
    note.duration_seconds = duration_seconds
    kept = {"transcription": note.transcription, "words": note.words, "duration_seconds": note.duration_seconds}
    with transaction.atomic():
        VoiceNote.objects.filter(pk=note.pk, job=note.job_id).update(**kept, transcribed_at=Now())


def extract_fields(*, note: VoiceNote) -> Extraction:
    return extract(note.transcription, language=note.language, today=day_of(note))


def _storable(text: str) -> str:
    """Databases refuse NUL and half of a character, and nobody says them."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()
