"""What the planning shows of a week. One query as a rule: the closed days come with the lessons."""

from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, FilteredRelation, OuterRef, Q
from django.utils.translation import get_language

from .models import Change, Closure, Club, JSONRows, Lesson, Notice, places_held, places_wanted
from .planner import Closing, Days, day_bounds

WEEK = timedelta(days=7)
NOT_SHOWN = ("teacher__created_at", "teacher__updated_at", "teacher__email", "teacher__phone", "created_at", "updated_at", "request_key")


def read_week(club: Club, monday: date, change: int | None) -> tuple[list[Lesson], Days, Change | None]:
    """The week's lessons, its closed days, and the change of that id if it is the club's."""
    lessons: list[Any] = list(_lessons(club, monday).annotate(closures=_closures(club.pk, monday)))
    if lessons and change is None:
        return lessons, _days(club, lessons[0].closures), None
    clubs: Any = Club.objects.filter(pk=club.pk).annotate(week_closures=_closures(OuterRef("pk"), monday))
    if change is not None:
        clubs = clubs.annotate(made=FilteredRelation("lesson_changes", condition=Q(lesson_changes__pk=change)))
        clubs = clubs.select_related("made__undone_by", "made__lesson__job")
    found = clubs.get()
    return lessons, _days(club, found.week_closures), getattr(found, "made", None)


def _lessons(club: Club, monday: date) -> Any:
    start, end = day_bounds(monday, monday + WEEK, club.zone)
    lessons = Lesson.objects.planned().filter(club=club, starts_at__gte=start, starts_at__lt=end)
    undelivered = Exists(Notice.objects.undelivered().filter(lesson=OuterRef("pk")))
    lessons = lessons.annotate(enrolled=places_held(), waiting=places_wanted(), undelivered=undelivered)
    return lessons.select_related("teacher", "place", "job").defer(*NOT_SHOWN).order_by("starts_at", "id")


def _closures(club: Any, monday: date) -> JSONRows:
    of_week = Closure.objects.filter(club=club, first_day__lt=monday + WEEK, last_day__gte=monday).order_by("first_day", "pk")
    return JSONRows(of_week, first_day="first_day", last_day="last_day", reason="reason")


def _days(club: Club, closures: list[dict[str, str]]) -> Days:
    closings = [Closing(date.fromisoformat(row["first_day"]), date.fromisoformat(row["last_day"]), row["reason"]) for row in closures]
    return Days(closings, club.country if club.closed_on_public_holidays else "", get_language() or club.language)
