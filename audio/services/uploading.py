"""A recording becomes a note with its job; a note is processed again."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.files import File

from audio.models import VoiceNote
from lessons.models import Client, Club


class Refused(ValidationError):
    """The recording is not taken; its messages are keyed by field."""


def upload_note(
    *, club: Club, user: Any, file: "File[bytes]", client: Client | None = None, language: str = "", request_key: str | None = None
) -> VoiceNote:
    """Recording, row and job, or none of them. The same `request_key` again: the same note. Raises Refused."""
    raise NotImplementedError


def rerun_note(*, note: VoiceNote, user: Any) -> VoiceNote:
    """Its words are read again; what it already wrote is not written twice. Raises StateConflict while it is processed."""
    raise NotImplementedError
