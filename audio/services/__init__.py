"""Every write of the voice notes. One door; behind it upload, processing, applying, questions, undo, erasing, e-mail, and the demo."""

from .applying import answer_question, apply_note
from .erasing import delete_note, forget_old_recordings, sweep_recordings
from .undoing import redo_change, undo_change
from .uploading import Refused, rerun_note, upload_note

__all__ = [
    "Refused",
    "answer_question",
    "apply_note",
    "delete_note",
    "forget_old_recordings",
    "redo_change",
    "rerun_note",
    "sweep_recordings",
    "undo_change",
    "upload_note",
]
