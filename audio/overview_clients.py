"""What the pages of the clients show. Two queries each, whatever the number of clients."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, F, Max, OuterRef, Subquery, Window
from django.db.models.functions import JSONObject, RowNumber
from django.http import Http404
from django.utils import timezone
from django.utils.text import capfirst

from lessons.credits import with_sessions_left
from lessons.models import Attendance, Client, Club, Enrolment
from lessons.overview_subscriptions import lessons_near

from .models import CAN_BE_TRIED_AGAIN, FieldChange, VoiceNote
from .reading import FIELDS, name_of
from .record import folded

HISTORY_SHOWN = 5  # of each field, before its own page
CHANGES_A_PAGE = 50
LONGEST_SEARCH = 100


@dataclass(frozen=True)
class Line:
    """One client in the table."""

    pk: int
    first_name: str
    last_name: str
    email: str
    phone: str
    level: str
    horse: str
    created_at: datetime
    noted_at: datetime | None

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def filed_under(self) -> str:
        return f"{self.last_name} {self.first_name}".strip()


ORDERS: dict[str, Callable[[Line], Any]] = {
    "nom": lambda line: folded(line.filed_under),
    "niveau": lambda line: (not line.level, folded(line.level), folded(line.filed_under)),
    "cheval": lambda line: (not line.horse, folded(line.horse), folded(line.filed_under)),
    "note": lambda line: (line.noted_at is None, -line.noted_at.timestamp() if line.noted_at else 0, folded(line.filed_under)),
    "arrivee": lambda line: -line.created_at.timestamp(),
}


def list_clients(club: Club, *, search: str = "", order: str = "") -> list[Line]:
    """Found by any part of a name, an address, a number, a level or a horse, with or without accents."""
    fields = ("pk", "first_name", "last_name", "email", "phone", "level", "horse", "created_at")
    rows = Client.objects.filter(club=club).order_by().values_list(*fields, Max("voice_notes__created_at"))
    lines = [Line(*row) for row in rows]
    wanted = folded(search[:LONGEST_SEARCH]).split()
    digits = re.sub(r"\D", "", search)
    found = [line for line in lines if not wanted or _holds(line, wanted) or (len(digits) > 3 and digits in re.sub(r"\D", "", line.phone))]
    return sorted(found, key=ORDERS.get(order, ORDERS["nom"]))


@dataclass(frozen=True)
class Field:
    """One field of a record, with what was written into it, the last first."""

    name: str
    value: Any
    changes: list[FieldChange]

    @property
    def label(self) -> str:
        return capfirst(name_of(self.name))

    @property
    def source(self) -> FieldChange | None:
        """The words of a note that still stand; what a person typed says so in the history."""
        change = next((change for change in self.changes if change.undone_at is None), None)
        return change if change and (change.note or change.words or change.position_seconds is not None) else None

    @property
    def at_hand(self) -> FieldChange | None:
        """What one click undoes, or puts back."""
        latest = self.changes[0] if self.changes else None
        return latest if latest and (latest == self.source or latest.undone_at) else None

    @property
    def has_history(self) -> bool:
        """More than the value and its source say already."""
        return len(self.changes) > 1 or any(change.old or change.undone_at for change in self.changes)

    @property
    def shown(self) -> list[FieldChange]:
        return self.changes[:HISTORY_SHOWN]

    @property
    def has_more(self) -> bool:
        return len(self.changes) > HISTORY_SHOWN


@dataclass(frozen=True)
class LatestNote:
    """The newest about a client, if it is not simply done."""

    pk: int
    token: str
    state: str  # as the classes of the stylesheet name it
    error: str
    may_be_tried: bool


@dataclass(frozen=True)
class Record:
    client: Client
    fields: list[Field]
    latest: LatestNote | None


def look_at_client(club: Club, pk: int) -> Record:
    """404 where the club has no such client."""
    client = find_client(club, pk)
    place = Window(RowNumber(), partition_by=F("field"), order_by=F("id").desc())
    changes = with_sources(FieldChange.objects.filter(client=client)).annotate(place=place).filter(place__lte=HISTORY_SHOWN + 1)
    by_field: dict[str, list[FieldChange]] = {}
    for change in sorted(changes, key=lambda change: -change.pk):
        by_field.setdefault(change.field, []).append(change)
    return Record(client, [Field(name, getattr(client, name), by_field.get(name, [])) for name in FIELDS], _latest(client))


def find_client(club: Club, pk: int) -> Client:
    """`notes_count`: of all notes about the client; `enrolled`: whether they were ever in a lesson."""
    newest: Any = VoiceNote.objects.filter(client=OuterRef("pk")).order_by("-id")
    may_be_tried = ExpressionWrapper(CAN_BE_TRIED_AGAIN, BooleanField())
    of_job = {"job": F("job_id"), "applied": F("applied_job"), "status": F("job__status"), "error": F("job__error")}
    seen = newest.values(seen=JSONObject(id=F("id"), may_be_tried=may_be_tried, **of_job))[:1]
    counted: Any = VoiceNote.objects.filter(client=OuterRef("pk")).order_by().values("client").annotate(count=Count("pk"))
    enrolled = Exists(Enrolment.objects.exclude(attendance=Attendance.WAITING).filter(client=OuterRef("pk")))
    asked = {"notes_count": Subquery(counted.values("count")), "enrolled": enrolled, "newest_note": Subquery(seen), "near": lessons_near()}
    clients = with_sessions_left(Client.objects.select_related("club"), timezone.localdate()).annotate(**asked)
    client = clients.filter(club=club, pk=pk).first()
    if client is None:
        raise Http404
    return client


def with_sources(changes: Any) -> Any:
    """Each with its note, and with who made it."""
    deferred = ("note__words", "note__found", "note__transcription")
    return changes.select_related("note", "changed_by", "undone_by").defer(*deferred)


def _latest(client: Any) -> LatestNote | None:
    seen = client.newest_note
    if not seen or seen["status"] in (None, "done"):
        return None
    state = {"pending": "pending", "running": "running"}.get(seen["status"], "error")
    if state == "error" and seen["applied"] == seen["job"]:  # it had written before it died
        return None
    return LatestNote(seen["id"], str(UUID(seen["job"])), state, seen["error"] or "", bool(seen["may_be_tried"]))


def _holds(line: Line, wanted: list[str]) -> bool:
    text = folded(f"{line.first_name} {line.last_name} {line.email} {line.phone} {line.level} {line.horse}")
    return all(word in text for word in wanted)
