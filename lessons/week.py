"""A week as the planning shows it: hour rows by day columns. Lessons in, rows and columns out; nothing is fetched here."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from .models import Lesson, Teacher
from .planner import FIRST_YEAR, LAST_YEAR, Days

FIRST_HOUR, LAST_HOUR = 9, 19  # shown even when nothing happens then
OPEN = Days()  # every day
LONGEST_ID = 18  # digits
VIEWS = ("semaine", "jour", "liste")


@dataclass
class Card:
    lesson: Lesson
    starts_at: datetime
    teacher: str

    @property
    def enrolled(self) -> int:
        """As the query counted them."""
        return int(getattr(self.lesson, "enrolled", 0))

    @property
    def waiting(self) -> int:
        return int(getattr(self.lesson, "waiting", 0))

    @property
    def has_undelivered(self) -> bool:
        return bool(getattr(self.lesson, "undelivered", False))

    @property
    def is_sharp(self) -> bool:
        """On the hour: the row already says it."""
        return self.starts_at.minute == 0

    @property
    def is_followed(self) -> bool:
        """Whether something goes on behind this lesson, or went wrong and waits for a person."""
        job = self.lesson.job
        return job is not None and job.status in ("pending", "running", "error")


@dataclass
class Slot:
    hour: int
    is_now: bool
    cards: list[Card] = field(default_factory=list)


@dataclass
class Day:
    date: date
    is_today: bool
    is_shown: bool  # the one day that a phone shows
    slots: list[Slot]
    closed: str = ""  # why nobody teaches then, where that is known

    @property
    def count(self) -> int:
        return sum(len(slot.cards) for slot in self.slots)

    @property
    def cards(self) -> list[Card]:
        return [card for slot in self.slots for card in slot.cards]


@dataclass
class Week:
    days: list[Day]
    teachers: list[tuple[Teacher, str]]  # with the name that sets them apart
    now: datetime

    @property
    def first(self) -> date:
        return self.days[0].date

    @property
    def last(self) -> date:
        return self.days[-1].date

    @property
    def previous(self) -> date:
        return self.first - timedelta(days=7)

    @property
    def next(self) -> date:
        return self.first + timedelta(days=7)

    @property
    def day_before(self) -> date:
        return self.shown.date - timedelta(days=1)

    @property
    def day_after(self) -> date:
        return self.shown.date + timedelta(days=1)

    @property
    def shown(self) -> Day:
        return next(day for day in self.days if day.is_shown)

    @property
    def hours(self) -> list[int]:
        return [slot.hour for slot in self.days[0].slots]

    @property
    def count(self) -> int:
        return sum(day.count for day in self.days)

    def find(self, pk: str | None) -> Lesson | None:
        return next((card.lesson for day in self.days for slot in day.slots for card in slot.cards if str(card.lesson.pk) == pk), None)


@dataclass(frozen=True)
class Choice:
    """How a person looks at the planning: which view, whose lessons, where. It travels in the address, so it can be kept and printed."""

    view: str = "semaine"
    teacher: int | None = None
    place: int | None = None

    def keeps(self, lesson: Lesson) -> bool:
        return self.teacher in (None, lesson.teacher_id) and self.place in (None, lesson.place_id)

    @property
    def query(self) -> str:
        """For other addresses of the planning; empty for the week of everybody."""
        parts = {"vue": self.view if self.view != VIEWS[0] else None, "enseignant": self.teacher, "lieu": self.place}
        return "".join(f"&{name}={value}" for name, value in parts.items() if value)

    @property
    def start(self) -> str:
        return self.query.replace("&", "?", 1)


def read_choice(query: Mapping[str, str]) -> Choice:
    """What is not known is as if it were not there."""
    view = query.get("vue", "")
    return Choice(view if view in VIEWS else VIEWS[0], read_id(query, "enseignant"), read_id(query, "lieu"))


def read_id(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name, "")
    return int(text) if text.isdecimal() and len(text) <= LONGEST_ID else None


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def parse_day(text: str | None) -> date | None:
    """None for what is not a day of our times."""
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None


def lay_out(lessons: Sequence[Lesson], *, monday: date, shown: date, now: datetime, closed: Days = OPEN) -> Week:
    """`now` is in the club's time zone, and so will be what the page says."""
    teachers = list({lesson.teacher_id: lesson.teacher for lesson in lessons}.values())
    names = _short_names(teachers)
    cards = [Card(lesson, lesson.starts_at.astimezone(now.tzinfo), names[lesson.teacher_id]) for lesson in lessons]
    starts = [card.starts_at.hour for card in cards]
    hours = range(min([FIRST_HOUR, *starts]), max([LAST_HOUR, *starts]) + 1)
    days = [_empty_day(monday + timedelta(days=offset), hours, shown=shown, now=now) for offset in range(7)]
    for card in sorted(cards, key=lambda card: card.starts_at):
        days[(card.starts_at.date() - monday).days].slots[card.starts_at.hour - hours.start].cards.append(card)
    for day in days:
        day.closed = closed.closed_because(day.date)
    teachers.sort(key=lambda teacher: (teacher.silk, teacher.pk))
    return Week(days=days, teachers=[(teacher, names[teacher.pk]) for teacher in teachers], now=now)


def _empty_day(day: date, hours: range, *, shown: date, now: datetime) -> Day:
    is_today = day == now.date()
    slots = [Slot(hour, is_now=is_today and hour == now.hour) for hour in hours]
    return Day(day, is_today=is_today, is_shown=day == shown, slots=slots)


def _short_names(teachers: Sequence[Teacher]) -> dict[int, str]:
    """By first name; two of one name get their initial too."""
    namesakes = Counter(teacher.first_name for teacher in teachers)
    initials = {teacher.pk: f" {teacher.last_name[:1]}." for teacher in teachers if namesakes[teacher.first_name] > 1 and teacher.last_name}
    return {teacher.pk: teacher.first_name + initials.get(teacher.pk, "") for teacher in teachers}
