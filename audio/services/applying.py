"""From what was understood to the client's record: whom it speaks of, what changes, and who is told. One transaction."""

import logging
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from audio import record
from audio.extraction import Extraction
from audio.matching import Match, Person, match
from audio.models import FieldChange, VoiceNote
from jobs.services import StateConflict
from lessons import services as lessons
from lessons.models import Client, Club

from .telling import tell_when_wanted

logger = logging.getLogger(__name__)


def apply_note(*, note: VoiceNote, extraction: Extraction, job: UUID, hold: Callable[[], None]) -> VoiceNote | None:
    """Of each job once, however often it is attempted; None when it was applied before or a later job has taken over.

    `hold` raises where the job was cancelled meanwhile, and lets nobody cancel it between the last write and the commit.
    """
    with transaction.atomic():
        Club.objects.select_for_update(no_key=True).get(pk=note.club_id)  # two notes about the same new client: one after the other
        locked = VoiceNote.objects.select_for_update().filter(pk=note.pk, job=job).exclude(applied_job=job).first()
        if locked is None:
            return None
        locked.applied_job = job
        changes = apply_extraction(note=locked, extraction=extraction)
        VoiceNote.objects.filter(pk=note.pk).update(processed_at=Now())
        tell_when_wanted(note=locked, changed=bool(changes or locked.question))
        hold()
    return locked


def apply_extraction(*, note: VoiceNote, extraction: Extraction) -> list[FieldChange]:
    """Whom it speaks of, and what that changes. Within the caller's transaction."""
    note.found = {name: vars(found) for name, found in extraction.fields.items()}
    note.question, note.error_message = None, ""
    _find_client(note, note.club)
    changes = _fill_record(note, note.client_id, user=note.created_by) if note.client_id else []
    _save(note)
    return changes


def answer_question(*, note: VoiceNote, user: Any, client: Client | None = None, names: dict[str, str] | None = None) -> VoiceNote:
    """A manager says of whom the note speaks: `client`, or with None somebody new (`names` where none were said). Raises StateConflict."""
    with transaction.atomic():
        club = Club.objects.select_for_update(no_key=True).get(pk=note.club_id)
        locked = VoiceNote.objects.select_for_update().get(pk=note.pk)
        if locked.question is None:
            # Translators: "Cette note n’attend plus de réponse."
            raise StateConflict(_("This note no longer waits for an answer."))
        locked.question = None
        if client:
            locked.client = Client.objects.get(pk=client.pk, club=club)
        else:
            locked.client = _create_client(locked, club, names or {})
        _fill_record(locked, locked.client.pk, user=user)
        _save(locked)
    return locked


def said_in(note: VoiceNote) -> list[record.Said]:
    return record.read(note.found, transcript=note.transcription, words=note.words, club=note.club, today=day_of(note))


def day_of(note: VoiceNote) -> date:
    """On which it was said, for the club."""
    return note.created_at.astimezone(note.club.zone).date()


def _find_client(note: VoiceNote, club: Club) -> None:
    if note.client_id:
        return
    said = said_in(note)
    result = match(said, _people_of(club), club) if said else Match()
    if result.client:
        note.client_id = result.client
    elif result.ask:
        note.question = {"candidates": list(result.candidates)}
    elif said:
        note.client = _create_client(note, club, {})


def _people_of(club: Club) -> list[Person]:
    rows = Client.objects.filter(club=club).order_by("pk")
    return [Person(*row) for row in rows.values_list("pk", "first_name", "last_name", "email", "phone", "birth_date")]


def _create_client(note: VoiceNote, club: Club, names: dict[str, str]) -> Client:
    """With the name alone, so that the history begins with the first field."""
    said = {piece.field: piece for piece in said_in(note) if piece.field in ("first_name", "last_name")}
    given = {**{name: piece.value for name, piece in said.items()}, **{name: value for name, value in names.items() if value}}
    if not given:
        # Translators: "La note ne dit pas de nom : donnez-en un."
        raise StateConflict(_("The note says no name: give one."))
    client = lessons.create_client(club=club, **{name: given.get(name, "") for name in ("first_name", "last_name")})
    note.client_created = True
    rows = (_row(note, client, name, new=value, said=said.get(name), user=note.created_by) for name, value in given.items())
    FieldChange.objects.bulk_create(rows)
    return client


def _fill_record(note: VoiceNote, client_id: int, *, user: Any) -> list[FieldChange]:
    """Write what the record does not hold yet, and a row for each field of it."""
    client = Client.objects.select_for_update(of=("self",)).select_related("club").get(pk=client_id)
    said = _without_what_is_settled(note, client, said_in(note))
    changes = [_instead_of_before(note, client, change) for change in record.changes_to(client, said)]
    for change in changes:
        record.write(client, change)
    if changes:
        lessons.change(client, **{name: getattr(client, name) for name in {change.said.field for change in changes}})
    rows = [_row(note, client, each.said.field, old=each.old, new=each.new, said=each.said, user=user) for each in changes]
    note.client = client
    return FieldChange.objects.bulk_create(rows)


def _row(
    note: VoiceNote, client: Client, field: str, *, new: str, old: str = "", said: record.Said | None = None, user: Any
) -> FieldChange:
    row = FieldChange(client=client, note=note, field=field, old=old, new=new, changed_by=user)
    if said:
        row.words, row.position_seconds = said.words, said.position_seconds
    return row


def _without_what_is_settled(note: VoiceNote, client: Client, said: list[record.Said]) -> list[record.Said]:
    """What this note wrote before, even if somebody took it back; and fields of which a later note spoke, or a person wrote."""
    written = set(note.changes.filter(client=client).values_list("field", "new"))
    by_others = client.changes.filter(undone_at=None).exclude(field="notes")
    since = by_others.filter(Q(note__gt=note.pk) | Q(note=None, changed_at__gt=note.created_at))
    later = set(since.values_list("field", flat=True))
    return [piece for piece in said if (piece.field, record.as_text(piece.value)) not in written and piece.field not in later]


def _instead_of_before(note: VoiceNote, client: Client, change: record.Change) -> record.Change:
    """A paragraph that this very note wrote from the same words is replaced, not repeated."""
    if change.said.field != "notes":
        return change
    words = change.said.words
    for row in note.changes.filter(client=client, field="notes", undone_at=None):
        if record.has_paragraph(client.notes, row.new) and (row.words in words or words in row.words):
            return record.Change(change.said, row.new, change.new)
    return change


def _save(note: VoiceNote) -> None:
    note.save(update_fields=["client", "client_created", "found", "question", "applied_job", "error_message"])
