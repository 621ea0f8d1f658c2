"""What the planner needs to know of a club, read from the database."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db.models import Q
from django.utils.translation import get_language

from lessons import planner
from lessons.models import LONGEST_LESSON, Club, Lesson, LessonQuerySet, Series


def plan_lesson(*, club: Club, wish: planner.Wish, rule: planner.Rule | None, series: Series | None = None) -> list[planner.PlannedDate]:
    """Every date of a lesson and why some are skipped; what `series` itself has already made is not in its own way."""
    day = wish.local_start.date()
    last_day = rule.until if rule else day
    near = _planned_between(club, *planner.day_bounds(day, last_day + timedelta(days=2), wish.zone))
    near = near.filter(Q(teacher=wish.teacher_id) | Q(place=wish.place_id))
    if series:
        near = near.exclude(series=series)
    return planner.plan(wish, rule, days_of(club), bookings_of(near.select_related("teacher", "place")))


def rule_of(series: Series) -> planner.Rule:
    without, despite = (frozenset(map(date.fromisoformat, days)) for days in (series.without, series.despite))
    return planner.Rule(series.until, series.every_weeks, without, despite)


def new_series(club: Club, rule: planner.Rule) -> Series:
    without, despite = (sorted(day.isoformat() for day in days) for days in (rule.without, rule.despite))
    return Series.objects.create(club=club, every_weeks=rule.every_weeks, until=rule.until, without=without, despite=despite)


def lessons_on_day(club: Club, wish: planner.Wish) -> LessonQuerySet:
    """What could stand in the way of this wish, or of a later one on the same day, in any place."""
    day = wish.local_start.date()
    start, end = planner.day_bounds(day, day + timedelta(days=1), wish.zone)
    return _planned_between(club, start, end + LONGEST_LESSON).select_related("teacher", "place")


def bookings_of(lessons: Iterable[Lesson]) -> planner.Bookings:
    return planner.Bookings(
        planner.Booking(
            starts_at=lesson.starts_at,
            ends_at=lesson.ends_at,
            teacher_id=lesson.teacher_id,
            place_id=lesson.place_id,
            teacher=str(lesson.teacher),
            place=lesson.place.name,
            title=lesson.title,
        )
        for lesson in lessons
    )


def _planned_between(club: Club, start: datetime, end: datetime) -> LessonQuerySet:
    return Lesson.objects.planned().filter(club=club, starts_at__gt=start - LONGEST_LESSON, starts_at__lt=end)


def days_of(club: Club) -> planner.Days:
    closings = [planner.Closing(*row) for row in club.closures.values_list("first_day", "last_day", "reason")]
    return planner.Days(closings, club.country if club.closed_on_public_holidays else "", get_language() or club.language)
