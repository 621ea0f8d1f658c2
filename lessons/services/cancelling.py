"""Cancelling lessons, and taking a decision back within its thirty seconds."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from lessons import moves, planner, wording
from lessons.models import Change, Closure, Lesson, LessonQuerySet, Notice

from .booking import Refused
from .changing import enrolled_words, row_of, write_moves
from .deciding import (
    Decided,
    OutOfDate,
    bookings_near,
    count_in_other_series,
    finish,
    is_being_planned,
    lock_for_undo,
    lock_lessons,
    lock_room,
    lock_rows,
    lock_series_of,
    slot_of,
    write_change,
)
from .enrolling import promote_waiting, too_many_for, undo_enrolments


def cancel_lesson(*, lesson: Lesson, user: Any, scope: str = Change.Scope.THIS, version: str = "") -> Decided:
    """The lesson stays on record, cancelled. Raises Refused for a lesson that has begun, OutOfDate when somebody was faster."""
    with transaction.atomic():
        lessons = lock_lessons(lesson, scope, version)
        in_hand = lessons[0]
        if in_hand.starts_at <= timezone.now():
            raise Refused({"starts_at": _("A lesson that has begun cannot be cancelled.")})
        return _cancel(lessons, user, scope)


def cancel_lessons_of_closure(*, closure: Closure, user: Any, lessons: Collection[int] | None = None) -> Decided:
    """Those of these lessons that are planned on its days (None: all that are), as one decision: each person is told once.

    Raises OutOfDate when none is left, or when one is still being planned.
    """
    with transaction.atomic():
        rows = lessons_of_closure(closure) if lessons is None else lessons_of_closure(closure).filter(pk__in=lessons)
        lock_series_of(rows)
        locked = list(lock_rows(rows).select_related("club", "series", "job"))
        if not locked:
            raise OutOfDate(_("No lesson of these is left to cancel."))
        if any(is_being_planned(row) for row in locked):
            raise OutOfDate(_("One of these lessons is still being planned. Try again in a moment."))
        return _cancel(sorted(locked, key=lambda row: row.starts_at), user, Change.Scope.THIS)


def lessons_of_closure(closure: Closure) -> LessonQuerySet:
    """Planned on its days, and not begun."""
    start, end = planner.day_bounds(closure.first_day, closure.last_day + timedelta(days=1), closure.club.zone)
    lessons = Lesson.objects.planned().filter(club=closure.club, starts_at__gte=start, starts_at__lt=end)
    return lessons.filter(starts_at__gt=timezone.now())


def _cancel(lessons: Sequence[Lesson], user: Any, scope: str) -> Decided:
    """Locked lessons, the one in hand first."""
    in_hand = lessons[0]
    rows = [{"lesson": row.pk, "version": row.version + 1, "before": slot_of(row).as_json()} for row in lessons]
    change = write_change(in_hand=in_hand, kind=Change.Kind.CANCELLED, scope=scope, user=user, rows=rows)
    count_in_other_series(in_hand, lessons)
    others = Lesson.objects.filter(pk__in=[row.pk for row in lessons[1:]])
    others.update(status=Lesson.Status.CANCELLED, version=F("version") + 1, updated_at=timezone.now())
    in_hand.status = Lesson.Status.CANCELLED
    finish(in_hand, ["status"])
    return Decided(in_hand, in_hand.job, change)


def undo_change(*, change: Change, user: Any) -> Decided:
    """Everything as it was. Raises OutOfDate when it is too late or something has changed since, Refused when the room is taken."""
    if change.kind == Change.Kind.ENROLLED:
        return undo_enrolments(change=change, user=user)
    with transaction.atomic():
        lessons = _lock_changed(change)
        back = [_move_back(lesson, row) for lesson, row in zip(lessons, _rows_by_lesson(change), strict=True)]
        _require_places(back)
        _require_free(lessons, [each.after for each in back])
        in_hand = next((lesson for lesson in lessons if lesson.pk == change.lesson_id), lessons[0])
        rows = [row_of(each, lesson.version + 1) for each, lesson in zip(back, lessons, strict=True)]
        kind = Change.Kind.RESTORED
        undo = write_change(in_hand=in_hand, kind=kind, scope=change.scope, user=user, rows=rows, undoes=change)
        count_in_other_series(in_hand, lessons)
        Notice.objects.filter(change=change, status=Notice.Status.PENDING).delete()
        Lesson.objects.filter(pk__in=[lesson.pk for lesson in lessons]).update(status=Lesson.Status.PLANNED)
        in_hand.status = Lesson.Status.PLANNED
        write_moves(in_hand, back)
        promote_waiting(lessons=[lesson.pk for lesson in lessons], user=user)
    return Decided(in_hand, in_hand.job, undo)


def _rows_by_lesson(change: Change) -> list[dict[str, Any]]:
    return sorted(change.rows, key=lambda row: int(row["lesson"]))


def _move_back(lesson: Lesson, row: dict[str, Any]) -> moves.Move:
    return moves.Move(lesson.pk, slot_of(lesson), moves.Slot.from_json(row["before"]), lesson.local_start.date())


def _lock_changed(change: Change) -> list[Lesson]:
    locked, rows = lock_for_undo(change)
    lessons = list(rows.select_related("club", "series"))
    versions = {row["lesson"]: row["version"] for row in locked.rows}
    if {lesson.pk: lesson.version for lesson in lessons} != versions:
        raise OutOfDate(_("This lesson has changed meanwhile. Nothing was written: look at it again."))
    return lessons


def why_not_undone(change: Change) -> str:
    """What would stand in the way, so that nobody is offered what is refused then; empty: nothing that is known beforehand."""
    before = {row["lesson"]: row["before"]["capacity"] for row in change.rows if change.kind == Change.Kind.CHANGED}
    more_room = any(row["after"]["capacity"] > before[row["lesson"]] for row in change.rows if row["lesson"] in before)
    return _no_room_again(before) if more_room else ""


def _require_places(back: Sequence[moves.Move]) -> None:
    """Who was given a place meanwhile keeps it."""
    if problem := _no_room_again({each.lesson_id: each.after.capacity for each in back}):
        raise Refused({"capacity": problem})


def _no_room_again(capacities: dict[int, int]) -> str:
    count = too_many_for(capacities)
    return wording.as_sentence(enrolled_words(count)) if count else ""


def _require_free(lessons: Sequence[Lesson], slots: Sequence[moves.Slot]) -> None:
    """For these lessons, which are to be in these slots."""
    lock_room(slots)
    club, pks = lessons[0].club, [lesson.pk for lesson in lessons]
    wanted = {(lesson.series_id, slot.starts_at) for lesson, slot in zip(lessons, slots, strict=True) if lesson.series_id}
    others = Lesson.objects.planned().filter(
        series__in={series for series, _start in wanted}, starts_at__in={start for _series, start in wanted}
    )
    if wanted & set(others.exclude(pk__in=pks).values_list("series", "starts_at")):
        raise Refused({"starts_at": _("The series has a lesson at this moment already.")})
    bookings = bookings_near(club, slots, pks)
    for slot in slots:
        if row := bookings.of_place(slot.place_id, slot.starts_at, slot.ends_at):
            raise Refused({"place": wording.as_sentence(planner.place_taken(row, club.zone))})
        if row := bookings.of_teacher(slot.teacher_id, slot.starts_at, slot.ends_at):
            raise Refused({"teacher": wording.as_sentence(planner.teacher_taken(row, club.zone))})
