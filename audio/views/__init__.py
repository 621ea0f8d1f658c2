"""The pages of the voice notes and of the clients, for managers. Each action is a form: it works without JavaScript."""

from .changes import redo, undo
from .clients import client, client_history, clients, edit, erase, new_client
from .notes import again, answer, delete, note, notes, preference, undo_all

__all__ = [
    "again",
    "answer",
    "client",
    "client_history",
    "clients",
    "delete",
    "edit",
    "erase",
    "new_client",
    "note",
    "notes",
    "preference",
    "redo",
    "undo",
    "undo_all",
]
