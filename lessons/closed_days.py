"""A club's closed days as its page shows them: what is ahead, what lies within, the public holidays."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from .models import Closure, Club, Lesson
from .planner import FIRST_YEAR, LAST_YEAR, public_holidays

YEAR = timedelta(days=365)
MOST_PAST = 20
LONGEST_CLOSURE = timedelta(days=366)


@dataclass(frozen=True)
class ClosureRow:
    closure: Closure
    lessons: int  # planned on its days
    is_past: bool


def closure_problems(first: date, last: date) -> dict[str, str]:
    """What no club means, at its field."""
    days = {"first_day": first, "last_day": last}
    if far := [name for name, day in days.items() if not FIRST_YEAR <= day.year < LAST_YEAR]:
        return dict.fromkeys(far, _("This date is too far away."))
    if last < first:
        return {"last_day": _("The last day is before the first.")}
    # Translators: French “Une fermeture dure un an au plus.”
    return {"last_day": _("A closure lasts a year at most.")} if last - first > LONGEST_CLOSURE else {}


def closure_rows(club: Club, today: date) -> tuple[list[ClosureRow], list[ClosureRow]]:
    """Those to come, the next one first; and the last ones that are over."""
    closures = sorted(club.closures.all(), key=lambda closure: (closure.first_day, closure.pk))
    ahead = [closure for closure in closures if closure.last_day >= today]
    days = _lessons_by_day(club, ahead)
    past = [ClosureRow(closure, 0, is_past=True) for closure in reversed(closures) if closure.last_day < today]
    return [ClosureRow(each, _count_within(each, days), is_past=False) for each in ahead], past[:MOST_PAST]


def holidays_ahead(club: Club, today: date) -> list[tuple[date, str]]:
    """For a year."""
    language = get_language() or club.language
    found = {**public_holidays(club.country, today.year, language), **public_holidays(club.country, today.year + 1, language)}
    return sorted((day, name) for day, name in found.items() if today <= day <= today + YEAR)


def _lessons_by_day(club: Club, closures: list[Closure]) -> Counter[date]:
    if not closures:
        return Counter()
    end = max(closure.last_day for closure in closures)
    lessons = (
        Lesson.objects.planned().filter(club=club, starts_at__gt=timezone.now()).annotate(day=TruncDate("starts_at", tzinfo=club.zone))
    )
    return Counter(lessons.filter(day__lte=end).order_by().values_list("day", flat=True))


def _count_within(closure: Closure, days: Counter[date]) -> int:
    return sum(count for day, count in days.items() if closure.first_day <= day <= closure.last_day)
