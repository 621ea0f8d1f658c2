"""Whisper on the club's own machine, through faster-whisper: many languages, no network once its model is there."""

from functools import cache
from typing import IO, TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext as _

from audio.decoding import SAMPLE_RATE
from audio.diagnosis import Diagnosis
from jobs.registry import PermanentError

from .contract import Progress, Transcriber, Transcript, Word

if TYPE_CHECKING:
    from audio.decoding import Samples

NOT_SPEECH = 0.8  # above it the model itself doubts that anybody spoke: what it then writes, it invents


class ModelUnavailable(PermanentError):
    """Its text is for the operator too."""


class FasterWhisper(Transcriber):
    name = "faster-whisper"

    def hear(self, file: IO[bytes], samples: "Samples", *, language: str | None, progress: Progress) -> Transcript:
        total = len(samples) / SAMPLE_RATE
        segments, about = load_model(download=settings.WHISPER_DOWNLOAD).transcribe(
            samples, language=language, vad_filter=True, condition_on_previous_text=False, word_timestamps=True
        )
        kept = []
        for segment in segments:  # transcribed one by one, as they are asked for
            progress(min(total, float(segment.end)), total)
            if segment.no_speech_prob < NOT_SPEECH:
                kept.append(segment)
        text = " ".join("".join(segment.text for segment in kept).split())
        return Transcript(text, language or str(about.language), _words(kept))

    def diagnose(self) -> Diagnosis:
        facts = {"model": settings.WHISPER_MODEL}
        try:
            load_model(download=False)
        except ModelUnavailable as error:
            if settings.WHISPER_DOWNLOAD:
                # Translators: "faster-whisper : le modèle %(model)s sera téléchargé à la première note"
                text = _("faster-whisper: the model %(model)s will be fetched with the first note") % facts
                return Diagnosis("warn", text, _("Record a note now, so that nobody waits for it later."))
            return Diagnosis("fail", f"faster-whisper: {error}", _remedy())
        # Translators: "faster-whisper : modèle %(model)s chargé"
        return Diagnosis("ok", _("faster-whisper: the model %(model)s loads") % facts)


def load_model(*, download: bool) -> Any:
    """Once a process. Raises ModelUnavailable."""
    try:
        return _load(settings.WHISPER_MODEL, settings.WHISPER_DEVICE, settings.WHISPER_COMPUTE_TYPE, download)
    except ImportError as error:
        # Translators: "la transcription n’est pas installée sur ce serveur : paquet faster-whisper manquant"
        raise ModelUnavailable(_("Transcription is not installed on this server: the package faster-whisper is missing.")) from error
    except (OSError, ValueError, RuntimeError) as error:
        facts = {"model": settings.WHISPER_MODEL}
        # Translators: "le modèle de transcription « %(model)s » n’est pas sur ce serveur ou ne peut pas y être ouvert."
        text = _("The transcription model “%(model)s” is not on this server, or cannot be opened there.") % facts
        raise ModelUnavailable(text) from error


@cache
def _load(model: str, device: str, compute_type: str, download: bool) -> Any:
    from faster_whisper import WhisperModel

    folder = str(settings.VAR_DIR / "whisper")
    return WhisperModel(model, device=device, compute_type=compute_type, download_root=folder, local_files_only=not download)


def _words(segments: list[Any]) -> list[Word]:
    """As they are written, between spaces: Whisper's own pieces cut « j’ai » and « trente-cinq » in two."""
    words: list[Word] = []
    for segment in segments:
        for number, piece in enumerate(segment.words or ()):
            text, start, end = str(piece.word), float(piece.start), float(piece.end)
            if words and number and not text.startswith(" "):
                before = words.pop()
                text, start = before.text + text, before.start_seconds
            words.append(Word(text.strip(), start, end))
    return words


def _remedy() -> str:
    return _(
        "Install it with .venv/bin/pip install --require-hashes -r requirements-whisper.txt, set WHISPER_MODEL to a folder with a"
        " CTranslate2 model, or WHISPER_DOWNLOAD=1 to let the worker fetch it by its name."
    )
