"""Every write of the voice notes. One door; behind it upload and its pace, processing, applying, undo, erasing, e-mail, and the demo."""

from .applying import answer_question, apply_note
from .demo import fill_demo_notes
from .editing import add_client, edit_client, erase_client, undo_note
from .erasing import delete_note, forget_old_recordings, keep_reasons, sweep_recordings
from .files import NotStored, erase
from .pacing import take_turn
from .processing import decode_note, extract_fields, keep_transcript, transcribe_note
from .telling import save_preference, send_outcome
from .undoing import redo_change, undo_change
from .uploading import MEGABYTE, Refused, TooLarge, rerun_note, too_large, upload_note

__all__ = [
    "MEGABYTE",
    "NotStored",
    "Refused",
    "TooLarge",
    "add_client",
    "answer_question",
    "apply_note",
    "decode_note",
    "delete_note",
    "edit_client",
    "erase",
    "erase_client",
    "extract_fields",
    "fill_demo_notes",
    "forget_old_recordings",
    "keep_reasons",
    "keep_transcript",
    "redo_change",
    "rerun_note",
    "save_preference",
    "send_outcome",
    "sweep_recordings",
    "take_turn",
    "too_large",
    "transcribe_note",
    "undo_change",
    "undo_note",
    "upload_note",
]
