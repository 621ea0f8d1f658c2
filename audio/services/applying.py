"""From what was understood to the client's record."""

from typing import Any

from audio.models import VoiceNote
from lessons.models import Client


def apply_note(*, note: VoiceNote, found: dict[str, Any], job: Any) -> None:
    raise NotImplementedError


def answer_question(*, note: VoiceNote, user: Any, client: Client | None = None, names: dict[str, str] | None = None) -> VoiceNote:
    """A manager says of whom the note speaks: `client`, or with None somebody new (`names` where none were said). Raises StateConflict."""
    raise NotImplementedError
