"""The tables of a lesson's page, read with the lesson itself: one query for who comes, what was decided and what is to decide."""

import json
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import OuterRef, Q

from . import change_words
from .lesson_roll import enrolled
from .models import Change, Client, Club, JSONRows, LessonQuerySet, Notice, Teacher

LAST_CHANGES = 5
NAMES = ("first_name", "last_name")


def with_tables(lessons: LessonQuerySet, club: Club, *, made: int = 0) -> Any:
    """For the functions below; `made` is the decision about enrolments that led to the page."""
    tables = {"enrolled": enrolled(club), "decisions": _decisions(), "to_decide": _to_decide(), "made": _made(made)}
    return lessons.annotate(**tables)


def made_on(lesson: Any) -> Change | None:
    """For as long as it can be taken back."""
    for row in lesson.made:
        moment, rows = _moment(row["created_at"]), _as_json(row["decided"])
        change = Change(pk=row["pk"], club_id=lesson.club_id, kind=Change.Kind.ENROLLED, rows=rows, created_at=moment)
        change.is_undone = False
        return change
    return None


def changes_of(lesson: Any) -> list[tuple[Change, list[change_words.Line]]]:
    """The last decisions about this lesson, each with what it was and what it became."""
    found = [(row, [each for each in _as_json(row["changed"]) if each["lesson"] == lesson.pk]) for row in lesson.decisions]
    told = [(_change(row), mine) for row, mine in found if mine][:LAST_CHANGES]
    lines = change_words.lines_as_given([each for _change, mine in told for each in mine], lesson.club.zone)
    return [(change, [lines.pop(0) for _each in mine]) for change, mine in told]


def undelivered_of(lesson: Any) -> list[Notice]:
    """What failed before what is unsure."""
    return [_notice(row) for row in lesson.to_decide]


def _made(pk: int) -> JSONRows:
    rows = Change.objects.filter(pk=pk, lesson=OuterRef("pk"), kind=Change.Kind.ENROLLED, undoes=None, undone_by=None)
    return JSONRows(rows, pk="pk", created_at="created_at", decided="rows")


def _decisions() -> JSONRows:
    """Of the lesson, and of its series."""
    near = Change.objects.filter(Q(lesson=OuterRef("pk")) | Q(lesson__series=OuterRef("series")))
    near = near.exclude(kind=Change.Kind.ENROLLED).order_by("-id")
    by = {name: f"user__{name}" for name in (*NAMES, "username")}
    return JSONRows(near[: 10 * LAST_CHANGES], kind="kind", changed="rows", created_at="created_at", **by)


def _to_decide() -> JSONRows:
    rows = Notice.objects.undelivered().filter(lesson=OuterRef("pk")).order_by("status", "-id")
    own = {name: name for name in ("pk", "status", "kind", "recipient_email", "error_message", "teacher_id", "client_id")}
    people = {f"{who}_{name}": f"{who}__{name}" for who in ("teacher", "client", "user") for name in NAMES}
    return JSONRows(rows, **own, **people, user_username="user__username")


def _change(row: dict[str, Any]) -> Change:
    user = User(username=row["username"], **_names(row)) if row["username"] else None
    return Change(kind=row["kind"], created_at=_moment(row["created_at"]), user=user)


def _notice(row: dict[str, Any]) -> Notice:
    own = {name: row[name] for name in ("pk", "status", "kind", "recipient_email", "error_message")}
    if row["teacher_id"]:
        return Notice(**own, teacher=Teacher(**_names(row, "teacher_")))
    if row["client_id"]:
        return Notice(**own, client=Client(**_names(row, "client_")))
    return Notice(**own, user=User(username=row["user_username"], **_names(row, "user_")))


def _names(row: dict[str, Any], prefix: str = "") -> dict[str, str]:
    return {name: row[prefix + name] for name in NAMES}


def _as_json(value: Any) -> Any:
    """SQLite nests it as text."""
    return json.loads(value) if isinstance(value, str) else value


def _moment(text: str) -> datetime:
    """SQLite's are without offset, in UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
