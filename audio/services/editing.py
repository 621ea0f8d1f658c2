"""A client's record as a person edits it: the same history as a note writes, without a note. And its end."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from audio import record
from audio.models import FieldChange, VoiceNote
from jobs.services import StateConflict
from lessons import services as lessons
from lessons.models import Client, Club

from .erasing import delete_note, lock_club_and_client
from .undoing import undo_change


def add_client(*, club: Club, values: dict[str, Any], user: Any) -> Client:
    with transaction.atomic():
        client = lessons.create_client(club=club, **values)
        _remember(client, {name: "" for name, value in values.items() if value}, user)
    return client


def edit_client(*, client: Client, values: dict[str, Any], user: Any) -> list[FieldChange]:
    """Only what differs is written, each field with a row of its own that can be undone."""
    with transaction.atomic():
        locked = Client.objects.select_for_update().get(pk=client.pk)
        changed = {name: value for name, value in values.items() if getattr(locked, name) != value}
        before = {name: record.as_text(getattr(locked, name)) for name in changed}
        lessons.change(locked, **changed)
        return _remember(locked, before, user)


def undo_note(*, note: VoiceNote, user: Any) -> list[str]:
    """Everything that the note wrote, the last first. Returns why some of it stays."""
    kept = []
    with transaction.atomic():
        for change in note.changes.filter(undone_at=None).order_by("-id"):
            try:
                undo_change(change=change, user=user)
            except StateConflict as conflict:
                kept.append(str(conflict))
    return kept


def erase_client(*, client: Client) -> bool:
    """With the notes, their recordings and the history. Lessons are the club's: who was in one leaves an empty place there.

    Returns whether the record itself could go.
    """
    with transaction.atomic():
        lessons.lock_history(client=client)
        lessons.leave_lessons(client=client)
        locked = lock_club_and_client(client.club_id, client.pk)
        if locked is None:  # somebody else was faster
            return True
        for note in VoiceNote.objects.filter(client=locked).select_related("job"):
            delete_note(note=note)
        try:
            lessons.remove_locked(locked)
        except lessons.InUse:
            _empty(locked)
            return False
    return True


def _empty(client: Client) -> None:
    client.changes.all().delete()
    _forget_in_questions(client)
    client.notices.all().delete()
    client.realisations.all().delete()
    client.evaluations.all().delete()
    nothing = {name: None if name == "birth_date" else "" for name in (*record.PLAIN, "notes")}
    # Translators: stands for the name of somebody whose data were erased; French “Client effacé”
    lessons.change(client, **{**nothing, "first_name": _("Erased client")})


def _forget_in_questions(client: Client) -> None:
    """No open question offers an empty place as an answer."""
    for note in VoiceNote.objects.filter(club=client.club_id, question__isnull=False).only("question"):
        if note.question and client.pk in note.question["candidates"]:
            left = [pk for pk in note.question["candidates"] if pk != client.pk]
            VoiceNote.objects.filter(pk=note.pk).update(question={"candidates": left})


def _remember(client: Client, before: dict[str, str], user: Any) -> list[FieldChange]:
    rows = (
        FieldChange(client=client, field=name, old=old, new=record.as_text(getattr(client, name)), changed_by=user)
        for name, old in before.items()
    )
    return FieldChange.objects.bulk_create(rows)
