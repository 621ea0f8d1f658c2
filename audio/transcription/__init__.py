"""From samples to words: `transcriber().transcribe(file, samples, language=…, progress=…)`. Which one, the setting TRANSCRIBER says."""

from importlib import import_module

from django.conf import settings

from .contract import Transcriber, Transcript, Word

__all__ = ["Transcriber", "Transcript", "Word", "spoken_language", "transcriber"]

_CLASSES = {
    "openai": "openai_server.OpenAIServer",
    "faster-whisper": "whisper.FasterWhisper",
    "pocketsphinx": "sphinx.PocketSphinx",
}


def transcriber() -> Transcriber:
    """What it needs is imported and loaded with its first note, not with the web process."""
    module, name = _CLASSES[settings.TRANSCRIBER].split(".")
    made: Transcriber = getattr(import_module(f".{module}", __name__), name)()
    return made


def spoken_language(wish: str) -> str:
    """In which a note is taken to be where nobody says: `wish`, or what the transcriber understands instead."""
    heard = transcriber()
    return wish if heard.understands(wish) or not heard.languages else heard.languages[0]
