"""A change in words: of each lesson what it was and what it is, as the person reads it whose lesson it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Value

from .models import Change, Enrolment, Notice, Place, Teacher
from .times import clock, long_day


@dataclass(frozen=True)
class Line:
    was: str
    now: str  # empty: cancelled


def lines_for(notice: Notice) -> list[Line]:
    """Of the notice's change, what is its recipient's business: lessons taught before or after, enrolled in, or waited for."""
    change = notice.change
    if change is None:
        return []
    if notice.teacher_id:
        return lines_of([row for row in change.rows if notice.teacher_id in Change.teachers_of(row)], notice.club.zone)
    enrolled = Enrolment.objects.concerned().filter(lesson__in=change.lesson_ids, client=notice.client_id)
    mine = set(enrolled.values_list("lesson", flat=True))
    return lines_of([row for row in change.rows if row["lesson"] in mine], notice.club.zone)


def lines_of(rows: Sequence[dict[str, Any]], zone: ZoneInfo) -> list[Line]:
    """In the order of time."""
    return lines_as_given(sorted(rows, key=lambda row: datetime.fromisoformat(row["before"]["starts_at"])), zone)


def lines_as_given(rows: Sequence[dict[str, Any]], zone: ZoneInfo) -> list[Line]:
    sides = [row[side] for row in rows for side in ("before", "after") if side in row]
    places, teachers = _names({side["place_id"] for side in sides}, {side["teacher_id"] for side in sides})

    def words(side: dict[str, Any] | None) -> str:
        if side is None:
            return ""
        starts_at, ends_at = (datetime.fromisoformat(side[name]).astimezone(zone) for name in ("starts_at", "ends_at"))
        when = f"{long_day(starts_at.date())}, {clock(starts_at)}–{clock(ends_at)}"
        where = (places.get(side["place_id"]), teachers.get(side["teacher_id"]))
        return ", ".join([side["title"], when, *(found for found in where if found)])

    return [Line(words(row["before"]), words(row.get("after"))) for row in rows]


def _names(places: set[int], teachers: set[int]) -> tuple[dict[int, str], dict[int, str]]:
    """Of those that are still there, by id, in one query."""
    of_places = Place.objects.filter(pk__in=places).order_by().values_list(Value(True), "pk", "name", Value(""))
    of_teachers = Teacher.objects.filter(pk__in=teachers).order_by().values_list(Value(False), "pk", "first_name", "last_name")
    rows = list(of_places.union(of_teachers, all=True)) if places or teachers else []
    names: dict[bool, dict[int, str]] = {True: {}, False: {}}
    for is_place, pk, *words in rows:
        names[bool(is_place)][pk] = " ".join(words).strip()
    return names[True], names[False]
