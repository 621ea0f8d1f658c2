"""A recording given to a transcriber, and how right what it heard is."""

from collections.abc import Callable
from io import BytesIO

from audio.decoding import decode
from audio.transcription import Transcript, transcriber


def ignore(done: float, total: float) -> None:
    """Nobody waits."""


def hear(content: bytes, language: str | None = "en", progress: Callable[[float, float], None] = ignore) -> Transcript:
    samples = decode(BytesIO(content), 600)
    return transcriber().transcribe(BytesIO(content), samples, language=language, progress=progress)


def word_error_rate(said: str, heard: str) -> float:
    """Words that must be changed, added or dropped, for each word that was said."""
    wanted, found = said.split(), heard.split()
    costs = list(range(len(found) + 1))
    for row, word in enumerate(wanted, 1):
        diagonal, costs[0] = costs[0], row
        for column, other in enumerate(found, 1):
            diagonal, costs[column] = costs[column], min(costs[column] + 1, costs[column - 1] + 1, diagonal + (word != other))
    return costs[-1] / len(wanted)
