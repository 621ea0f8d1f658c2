"""What becomes of lessons when one of them is changed, alone or with its series. Data in, data out: no database, no clock.

A move is a move on the wall clock: a series taken from 16:00 to 17:00 is at 17:00 in winter and in summer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from . import planner

NOT_MOVED = timedelta(0)


@dataclass(frozen=True)
class Slot:
    """What of a lesson can be changed."""

    title: str
    teacher_id: int
    place_id: int
    starts_at: datetime
    ends_at: datetime
    capacity: int

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds() // 60)

    @property
    def room(self) -> tuple[int, int, datetime, datetime]:
        """Whose time and which place it takes, and when."""
        return self.teacher_id, self.place_id, self.starts_at, self.ends_at

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "starts_at": self.starts_at.isoformat(), "ends_at": self.ends_at.isoformat()}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> "Slot":
        times = {name: datetime.fromisoformat(row[name]) for name in ("starts_at", "ends_at")}
        return cls(**{**row, **times})


@dataclass(frozen=True)
class Wanted:
    """What a person asks of one lesson, and of those that go with it. None: as it is."""

    title: str | None = None
    teacher_id: int | None = None
    place_id: int | None = None
    shift: timedelta = NOT_MOVED  # on the wall clock
    minutes: int | None = None
    capacity: int | None = None


@dataclass(frozen=True)
class Move:
    lesson_id: int
    before: Slot
    after: Slot
    day: date  # of the club, before
    problem: str = ""  # why it cannot be; its words can stand within a sentence
    field: str = ""

    @property
    def is_a_change(self) -> bool:
        return self.before != self.after

    @property
    def takes_room(self) -> bool:
        """Whether somebody or something else may be in the way now."""
        return self.after.room != self.before.room


def shift_between(before: datetime, after: datetime, zone: ZoneInfo) -> timedelta:
    """How far a person moved it on the wall clock."""
    return after.astimezone(zone).replace(tzinfo=None) - before.astimezone(zone).replace(tzinfo=None)


def move(lesson_id: int, before: Slot, wanted: Wanted, zone: ZoneInfo) -> Move:
    local = before.starts_at.astimezone(zone).replace(tzinfo=None)
    try:
        starts_at = planner.instant(local + wanted.shift, zone, first_of_two=True) if wanted.shift else before.starts_at
    except (planner.NotOneInstant, OverflowError) as error:
        return Move(lesson_id, before, before, local.date(), str(error).removesuffix("."), "starts_at")
    after = Slot(
        title=before.title if wanted.title is None else wanted.title,
        teacher_id=wanted.teacher_id or before.teacher_id,
        place_id=wanted.place_id or before.place_id,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=wanted.minutes or before.minutes),
        capacity=wanted.capacity or before.capacity,
    )
    return Move(lesson_id, before, after, local.date())


def check(moves: Sequence[Move], days: planner.Days, bookings: planner.Bookings, now: datetime, zone: ZoneInfo) -> list[Move]:
    """The same moves, each with what is in its way. `bookings` are the lessons that stay where they are."""
    return _apart([each if each.problem else _checked(each, days, bookings, now, zone) for each in moves])


def _apart(moves: Sequence[Move]) -> list[Move]:
    """Lessons of one series may differ, and come to stand in each other's way: of two, the later one cannot be, if it is it that moves."""
    problem = _("the series would have two lessons at once")
    stuck: set[int] = set()
    kept: list[Move] = []
    for each in sorted((each for each in moves if not each.problem), key=lambda each: (each.after.starts_at, each.lesson_id)):
        rivals = [other for other in kept if _share_room(other.after, each.after)]
        if each.takes_room and rivals:
            stuck.add(each.lesson_id)
        else:
            stuck |= {other.lesson_id for other in rivals if other.takes_room}
            kept = [other for other in kept if other.after.ends_at > each.after.starts_at] + [each]
    return [replace(each, problem=problem, field="starts_at") if each.lesson_id in stuck else each for each in moves]


def _share_room(one: Slot, other: Slot) -> bool:
    same = one.teacher_id == other.teacher_id or one.place_id == other.place_id
    return same and one.starts_at < other.ends_at and other.starts_at < one.ends_at


def _checked(each: Move, days: planner.Days, bookings: planner.Bookings, now: datetime, zone: ZoneInfo) -> Move:
    after, day = each.after, each.after.starts_at.astimezone(zone).date()
    if not each.takes_room:
        return each
    if after.starts_at != each.before.starts_at and after.starts_at < now:
        return replace(each, problem=_("this moment has passed"), field="starts_at")
    if not planner.FIRST_YEAR <= day.year < planner.LAST_YEAR:
        return replace(each, problem=_("this date is too far away"), field="starts_at")
    if day != each.day and (closed := days.closed_because(day)):
        return replace(each, problem=closed, field="starts_at")
    if row := bookings.of_place(after.place_id, after.starts_at, after.ends_at):
        return replace(each, problem=planner.place_taken(row, zone), field="place")
    if row := bookings.of_teacher(after.teacher_id, after.starts_at, after.ends_at):
        return replace(each, problem=planner.teacher_taken(row, zone), field="teacher")
    return each


def settle(
    moves: Sequence[Move],
    days: planner.Days,
    bookings: planner.Bookings,
    standing: Mapping[int, planner.Booking],
    now: datetime,
    zone: ZoneInfo,
) -> list[Move]:
    """As `check`, for a person who said to leave where it is what cannot move: it is then in the way of the others, too.

    `standing` are the lessons themselves, by id, as they are now.
    """
    checked, stuck = check(moves, days, bookings, now, zone), -1
    while len(left := [each.lesson_id for each in checked if each.problem]) > max(stuck, 0):
        stuck = len(left)
        stay = [standing[pk] for pk in left]
        checked = check(_off_the_moments(checked, stay), days, planner.Bookings([*bookings.rows, *stay]), now, zone)
    return checked


def _off_the_moments(moves: Sequence[Move], stay: Sequence[planner.Booking]) -> list[Move]:
    """A series has one lesson a moment, whoever teaches it and wherever."""
    taken, problem = {row.starts_at for row in stay}, _("the series has a lesson at this moment already")
    return [
        replace(each, problem=problem, field="starts_at") if not each.problem and each.after.starts_at in taken else each for each in moves
    ]


def span(slots: Iterable[Slot]) -> tuple[datetime, datetime]:
    """From the first start to the last end."""
    kept = list(slots)
    return min(slot.starts_at for slot in kept).astimezone(UTC), max(slot.ends_at for slot in kept).astimezone(UTC)
