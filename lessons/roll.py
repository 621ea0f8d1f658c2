"""The roll of a lesson: who has a place, who waits for one, who came. Rows in, the same rows changed; no database, no clock.

A place is never given twice: whoever comes to a full lesson waits, and a place that frees goes to who has waited longest.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .models import GONE, HOLDING, Attendance, Club, Enrolment, Lesson, waiting_order

State = dict[str, Any]


class NotPossible(Exception):
    """The text says why, for the field that the caller knows."""


class Roll:
    def __init__(self, lesson: Lesson, club: Club, rows: Iterable[Enrolment], *, now: datetime, by: Any = None) -> None:
        self.lesson, self.club, self.now, self.by = lesson, club, now, by
        self.rows = {row.client_id: row for row in rows}
        self._before = {client: state_of(row) for client, row in self.rows.items()}

    # ── What is ──

    @property
    def has_begun(self) -> bool:
        return self.lesson.starts_at <= self.now

    @property
    def is_late(self) -> bool:
        """To cancel without paying."""
        return self.lesson.starts_at < self.now + timedelta(hours=self.club.cancellation_cutoff_hours) or self.has_begun

    @property
    def gives_by_itself(self) -> bool:
        """Freed places, to those who wait."""
        cutoff = timedelta(hours=self.club.promotion_cutoff_hours)
        return self.club.waiting_list_automatic and not self.has_begun and self.lesson.starts_at >= self.now + cutoff

    @property
    def free(self) -> int:
        return self.lesson.capacity - sum(row.attendance in HOLDING for row in self.rows.values())

    @property
    def waiting(self) -> list[Enrolment]:
        rows = [row for row in self.rows.values() if row.attendance == Attendance.WAITING]
        return sorted(rows, key=waiting_order)

    @property
    def holding(self) -> list[int]:
        return [client for client, row in self.rows.items() if row.attendance in HOLDING]

    # ── What is done ──

    def enrol(self, clients: Sequence[int], *, present: bool = False) -> None:
        """Who has a place keeps it, who waits keeps the turn. To a lesson that has begun, only who is there is added."""
        new = [client for client in clients if client not in self.holding]
        if new and self.has_begun and not present:
            raise NotPossible(_("This lesson has begun: only who is there can be added, as present."))
        if present and len(new) > self.free:
            raise NotPossible(_no_place(self.lesson.capacity))
        self.give_freed_places()
        for client in clients:
            if present:
                self.mark(self._row(client), Attendance.ATTENDED)
            elif client not in self.holding and (self.free > 0 or self._row(client).attendance != Attendance.WAITING):
                self._set(self._row(client), Attendance.EXPECTED if self.free > 0 else Attendance.WAITING)
        self.give_freed_places()

    def cancel(self, clients: Iterable[int]) -> None:
        """After the club's cut-off it is late, and costs what the club says. A freed place is given on."""
        for client in clients:
            row = self.rows.get(client)
            if row and row.attendance not in GONE:
                late = row.attendance != Attendance.WAITING and self.is_late
                self._set(row, Attendance.LATE_CANCELLED if late else Attendance.CANCELLED)
        self.give_freed_places()

    def mark(self, row: Enrolment, attendance: str) -> None:
        """What a person says of one enrolment, whatever it was."""
        if row.attendance != attendance:
            self._require(row, attendance)
            self._set(row, Attendance(attendance))
            self.give_freed_places()

    def give_freed_places(self) -> None:
        if self.gives_by_itself:
            for row in self.waiting[: max(0, self.free)]:
                self._set(row, Attendance.EXPECTED)

    def put_back(self, client: int, state: State | None) -> None:
        """As it was before a decision; what did not exist is gone again, which the caller writes."""
        if state is None:
            del self.rows[client]
        else:
            put_state(self.rows[client], state)

    def changes(self) -> list[dict[str, Any]]:
        """What has become of whom, as a decision keeps it."""
        sides = ((client, self._before.get(client), state_of(row)) for client, row in self.rows.items())
        gone = [(client, state, None) for client, state in self._before.items() if client not in self.rows]
        return [
            {"lesson": self.lesson.pk, "client": client, "before": before, "after": after}
            for client, before, after in [*sides, *gone]
            if before != after
        ]

    # ── How ──

    def _row(self, client: int) -> Enrolment:
        """A new one has no place yet: it is as if it had been cancelled."""
        if client not in self.rows:
            self.rows[client] = Enrolment(lesson=self.lesson, client_id=client, attendance=Attendance.CANCELLED, charged=False)
        return self.rows[client]

    def _set(self, row: Enrolment, attendance: Attendance) -> None:
        row.attendance, row.charged = attendance, self._is_charged(attendance)
        row.attendance_at, row.attendance_by = self.now, self.by

    def _is_charged(self, attendance: Attendance) -> bool:
        rule = {Attendance.LATE_CANCELLED: self.club.late_cancellation_charged, Attendance.NO_SHOW: self.club.no_show_charged}
        return rule.get(attendance, attendance in HOLDING)

    def _require(self, row: Enrolment, attendance: str) -> None:
        holds = row.attendance in HOLDING
        match attendance:
            case Attendance.WAITING:
                raise NotPossible(_("Enrol the client: without a free place, the client waits."))
            case Attendance.LATE_CANCELLED if not (holds and self.is_late):
                raise NotPossible(_("A cancellation is late after the club’s cut-off, and of who has a place."))
            case Attendance.NO_SHOW if not self.has_begun:
                raise NotPossible(_("Absent can be marked once the lesson has begun."))
            case Attendance.NO_SHOW if not holds:
                raise NotPossible(_("This client has no place in the lesson."))
            case Attendance.ATTENDED if self._is_of_a_later_day:
                raise NotPossible(_("Present can be marked on the day of the lesson."))
            case Attendance.ATTENDED | Attendance.EXPECTED if not holds and self.free < 1:
                raise NotPossible(_no_place(self.lesson.capacity))

    @property
    def _is_of_a_later_day(self) -> bool:
        return self.lesson.starts_at.astimezone(self.club.zone).date() > self.now.astimezone(self.club.zone).date()


def state_of(row: Enrolment) -> State:
    at = row.attendance_at.isoformat() if row.attendance_at else None
    return {"attendance": str(row.attendance), "charged": row.charged, "at": at, "by": row.attendance_by_id}


def put_state(row: Enrolment, state: State) -> None:
    row.attendance, row.charged, row.attendance_by_id = state["attendance"], state["charged"], state["by"]
    row.attendance_at = datetime.fromisoformat(state["at"]) if state["at"] else None


def _no_place(capacity: int) -> str:
    words = ngettext("The only place is taken.", "All %(count)d places are taken.", capacity)
    return words % {"count": capacity}
