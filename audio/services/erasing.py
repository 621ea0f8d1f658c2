"""Recordings and transcripts that are no longer needed."""

from audio.models import VoiceNote


def delete_note(*, note: VoiceNote) -> None:
    """With its recording. What it wrote about its client stays, and can still be undone."""
    raise NotImplementedError


def forget_old_recordings() -> int:
    raise NotImplementedError


def sweep_recordings() -> int:
    raise NotImplementedError
