"""What every transcriber takes and gives."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, ClassVar

from django.utils.translation import gettext as _

from audio.decoding import SAMPLE_RATE
from audio.diagnosis import Diagnosis
from jobs.registry import PermanentError

if TYPE_CHECKING:
    from audio.decoding import Samples

Progress = Callable[[float, float], None]  # seconds done, of how many; raises where the note was cancelled
INAUDIBLE = 0.003  # of the highest peak, -50 dB: a microphone that was off


@dataclass(frozen=True)
class Word:
    text: str
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True)
class Transcript:
    """`words` follow each other as in `text`; there are none where the transcriber gives no times."""

    text: str
    language: str
    words: list[Word] = field(default_factory=list)


class Transcriber(ABC):
    name: ClassVar[str]
    languages: ClassVar[tuple[str, ...]] = ()  # none named: whatever is spoken

    def understands(self, language: str | None) -> bool:
        return not language or not self.languages or language in self.languages

    def transcribe(self, file: IO[bytes], samples: "Samples", *, language: str | None, progress: Progress) -> Transcript:
        """Raises PermanentError and RetryableError, in words for who waits."""
        if not self.understands(language):
            # Translators: "Ce serveur ne comprend que l’anglais parlé."
            raise PermanentError(
                _("This server understands spoken English only. Ask whoever runs it to choose another transcriber, then try again.")
            )
        seconds = len(samples) / SAMPLE_RATE
        progress(0, seconds)
        if is_silent(samples):  # of silence some engines make sentences that nobody said
            return Transcript("", language or "")
        return self.hear(file, samples, language=language, progress=progress)

    @abstractmethod
    def hear(self, file: IO[bytes], samples: "Samples", *, language: str | None, progress: Progress) -> Transcript:
        """Of a recording that is not silent, in a language that it understands."""

    @abstractmethod
    def diagnose(self) -> Diagnosis:
        """Whether it can work here."""


def is_silent(samples: "Samples") -> bool:
    return not len(samples) or max(samples.max(), -samples.min()) < INAUDIBLE
