"""A decision about enrolments, read again: what of it still stands, and what that is to the people."""

from collections.abc import Iterable
from typing import Any

from .models import GONE, HOLDING, Attendance, Change, Enrolment, Lesson, Notice, waiting_order
from .roll import state_of


def still_stands(change: Change, client: int | None = None) -> list[dict[str, Any]]:
    """The rows that nobody has decided otherwise since; of this client, where one is named."""
    rows = [row for row in change.rows if client in (None, row["client"])]
    found = Enrolment.objects.filter(lesson__in={row["lesson"] for row in rows}, client__in={row["client"] for row in rows})
    now = {(row.lesson_id, row.client_id): state_of(row) for row in found}
    return [row for row in rows if row["after"] and now.get((row["lesson"], row["client"])) == row["after"]]


def kind_of_notice(row: dict[str, Any]) -> str:
    """What the client is told; nothing of a mark on the roll."""
    before = row["before"]["attendance"] if row["before"] else None
    after = row["after"]["attendance"]
    if after == Attendance.WAITING:
        return Notice.Kind.WAITING
    if after in GONE and before not in (None, *GONE):
        return Notice.Kind.WITHDRAWN
    if after not in HOLDING or before in HOLDING:
        return ""
    return Notice.Kind.PROMOTED if before == Attendance.WAITING else Notice.Kind.ENROLLED


def lessons_told(notice: Notice) -> list[Any]:
    """In the order of time, each with `position` (on its waiting list) and `charged`."""
    if notice.change is None or notice.client_id is None:
        return []
    rows = {row["lesson"]: row for row in still_stands(notice.change, notice.client_id) if kind_of_notice(row) == notice.kind}
    lessons: Any = Lesson.objects.filter(pk__in=rows).select_related("club", "place", "teacher").order_by("starts_at")
    places = positions(rows) if notice.kind == Notice.Kind.WAITING else {}
    for lesson in lessons:
        lesson.position = places.get((lesson.pk, notice.client_id))
        lesson.charged = rows[lesson.pk]["after"]["charged"]
        lesson.held = (rows[lesson.pk]["before"] or {}).get("attendance") in HOLDING
    return list(lessons)


def positions(lessons: Iterable[int]) -> dict[tuple[int, int], int]:
    """On the waiting lists of these lessons, by lesson and client."""
    waiting: dict[int, list[Enrolment]] = {}
    for row in Enrolment.objects.waiting().filter(lesson__in=list(lessons)):
        waiting.setdefault(row.lesson_id, []).append(row)
    lines = {lesson: sorted(rows, key=waiting_order) for lesson, rows in waiting.items()}
    return {(lesson, row.client_id): place for lesson, rows in lines.items() for place, row in enumerate(rows, start=1)}
