"""Taking back what a note wrote, and putting it back again."""

from typing import Any

from audio.models import FieldChange


def undo_change(*, change: FieldChange, user: Any) -> FieldChange:
    """The field is again what it was before. Raises StateConflict where it was changed since."""
    raise NotImplementedError


def redo_change(*, change: FieldChange, user: Any) -> FieldChange:
    """What was undone is there again. Raises StateConflict where the field was changed since."""
    raise NotImplementedError
