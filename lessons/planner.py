"""Which dates a lesson falls on, and which of them are free. Data in, data out: no database, no clock.

A series is a wall-clock time in the club's zone: a weekly lesson at 18:00 stays at 18:00 when the clocks change.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays
from django.utils.translation import gettext as _

from . import wording

MOST_DATES = 260  # five years of a weekly lesson
FIRST_YEAR, LAST_YEAR = 2000, 2100  # a date outside is a slip of the keyboard


class NotOneInstant(ValueError):
    """A local time that the change of clocks skips or repeats; the text says so to a person."""


@dataclass(frozen=True)
class Rule:
    until: date  # included
    every_weeks: int = 1
    without: frozenset[date] = frozenset()  # dates that a person left out
    despite: frozenset[date] = frozenset()  # closed days on which a person wants the lesson all the same


@dataclass(frozen=True)
class Closing:
    first_day: date
    last_day: date  # included
    reason: str = ""


@dataclass(frozen=True)
class Days:
    """When the club is closed. Without a country, public holidays are ordinary days."""

    closings: Sequence[Closing] = ()
    holidays_of: str = ""
    language: str = "fr"

    def closed_because(self, day: date) -> str:
        for closing in self.closings:
            if closing.first_day <= day <= closing.last_day:
                return _("club closed (%(reason)s)") % {"reason": closing.reason} if closing.reason else _("club closed")
        name = public_holidays(self.holidays_of, day.year, self.language).get(day) if self.holidays_of else None
        return _("public holiday (%(name)s)") % {"name": name} if name else ""


@dataclass(frozen=True)
class Booking:
    """A lesson that already stands on the planning."""

    starts_at: datetime
    ends_at: datetime
    teacher_id: int
    place_id: int
    teacher: str = ""
    place: str = ""
    title: str = ""


@dataclass
class Bookings:
    """Found by day, so that five years of dates against five years of lessons stay quick. No lesson lasts more than a day."""

    rows: Iterable[Booking] = ()
    _by_day: dict[date, list[Booking]] = field(default_factory=lambda: defaultdict(list), init=False)

    def __post_init__(self) -> None:
        self.rows = list(self.rows)
        for row in self.rows:
            self._by_day[row.starts_at.astimezone(UTC).date()].append(row)

    def between(self, starts_at: datetime, ends_at: datetime) -> list[Booking]:
        first, last = starts_at.astimezone(UTC).date() - timedelta(days=1), ends_at.astimezone(UTC).date()
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        near = [row for day in days for row in self._by_day.get(day, ())]
        return sorted((row for row in near if row.starts_at < ends_at and row.ends_at > starts_at), key=lambda row: row.starts_at)

    def of_teacher(self, teacher_id: int, starts_at: datetime, ends_at: datetime) -> Booking | None:
        return next((row for row in self.between(starts_at, ends_at) if row.teacher_id == teacher_id), None)

    def of_place(self, place_id: int | None, starts_at: datetime, ends_at: datetime) -> Booking | None:
        return next((row for row in self.between(starts_at, ends_at) if row.place_id == place_id), None)


@dataclass(frozen=True)
class Wish:
    """The lesson to plan. `place_id` is None for a place that is not there yet."""

    starts_at: datetime
    minutes: int
    teacher_id: int
    place_id: int | None
    zone: ZoneInfo

    @property
    def local_start(self) -> datetime:
        return self.starts_at.astimezone(self.zone)

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.minutes)


@dataclass(frozen=True)
class PlannedDate:
    """`reason` says why the date is skipped, or what to know about one that is kept; its words can stand within a sentence."""

    day: date
    starts_at: datetime | None  # None: this time does not exist on that day
    ok: bool = True
    reason: str = ""
    switchable: bool = False  # whether a person may decide otherwise
    left_out: bool = False  # a person did


def instant(local: datetime, zone: ZoneInfo, *, first_of_two: bool = False) -> datetime:
    """The one instant at which the clocks of `zone` show the naive `local`."""
    earlier, later = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if earlier.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
        raise NotOneInstant(_("%(time)s does not exist on this day: the clocks go forward.") % {"time": wording.clock(local)})
    if earlier.utcoffset() != later.utcoffset() and not first_of_two:
        raise NotOneInstant(
            _("%(time)s comes twice on this day: the clocks go back. Give the time with its offset from UTC.")
            % {"time": wording.clock(local)}
        )
    return earlier.astimezone(UTC)


def count_dates(first: date, rule: Rule) -> int:
    """Without making them: 10,000 repeats are refused at once."""
    return max(0, (rule.until - first).days // (7 * rule.every_weeks) + 1)


def dates_of(first: date, rule: Rule) -> list[date]:
    return [first + timedelta(weeks=n * rule.every_weeks) for n in range(count_dates(first, rule))]


def plan(wish: Wish, rule: Rule | None, days: Days, bookings: Bookings) -> list[PlannedDate]:
    """Every date of the series. The first one is the person's own choice: a closed day is told there, not refused."""
    first = PlannedDate(wish.local_start.date(), wish.starts_at)
    conflict = conflict_at(wish, wish.starts_at, bookings)
    planned = [PlannedDate(first.day, first.starts_at, not conflict, conflict or days.closed_because(first.day))]
    if rule:
        planned += [_plan_repeat(wish, rule, day, days, bookings) for day in dates_of(first.day, rule)[1:]]
    return planned


def _plan_repeat(wish: Wish, rule: Rule, day: date, days: Days, bookings: Bookings) -> PlannedDate:
    try:
        starts_at = instant(datetime.combine(day, wish.local_start.time()), wish.zone, first_of_two=True)
    except NotOneInstant as error:
        return PlannedDate(day, None, False, str(error).removesuffix("."))
    closed, conflict = days.closed_because(day), conflict_at(wish, starts_at, bookings)
    if day in rule.without:
        return PlannedDate(day, starts_at, False, _("you left it out"), switchable=not conflict, left_out=True)
    if conflict:
        return PlannedDate(day, starts_at, False, closed or conflict)
    return PlannedDate(day, starts_at, not closed or day in rule.despite, closed, switchable=True)


def conflict_at(wish: Wish, starts_at: datetime, bookings: Bookings) -> str:
    """Who or what is taken then, by whom and when; empty when both are free."""
    ends_at = starts_at + timedelta(minutes=wish.minutes)
    if row := bookings.of_place(wish.place_id, starts_at, ends_at):
        return place_taken(row, wish.zone)
    if row := bookings.of_teacher(wish.teacher_id, starts_at, ends_at):
        return teacher_taken(row, wish.zone)
    return ""


def place_taken(row: Booking, zone: ZoneInfo) -> str:
    return wording.place_taken(row.place, row.teacher, row.title, row.starts_at.astimezone(zone), row.ends_at.astimezone(zone))


def teacher_taken(row: Booking, zone: ZoneInfo) -> str:
    return wording.teacher_taken(row.teacher, row.place, row.title, row.starts_at.astimezone(zone), row.ends_at.astimezone(zone))


def next_free_start(wish: Wish, bookings: Bookings) -> datetime | None:
    """The first later start, on the same local day, at which both teacher and place are free."""
    starts_at = wish.starts_at
    while starts_at.astimezone(wish.zone).date() == wish.local_start.date():
        ends_at = starts_at + timedelta(minutes=wish.minutes)
        taken = bookings.of_place(wish.place_id, starts_at, ends_at) or bookings.of_teacher(wish.teacher_id, starts_at, ends_at)
        if not taken:
            return starts_at
        starts_at = taken.ends_at
    return None


@lru_cache(maxsize=64)
def public_holidays(country: str, year: int, language: str) -> dict[date, str]:
    return dict(holidays.country_holidays(country, years=year, language={"en": "en_US"}.get(language, language)))


def day_bounds(first: date, after_last: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The instants at which the first local day begins and the last one has ended."""
    return datetime.combine(first, time(), zone), datetime.combine(after_last, time(), zone)
