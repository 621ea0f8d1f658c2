"""What changing, cancelling and taking back have in common: which lessons, under which locks, and what says no.

Everybody locks in one order: club, series, change, lessons by id, cards by id, teachers by id, places by id, clients. Of two managers who
decide about the same lessons, the second waits, then sees that they are no longer what was on the screen.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from lessons import moves, planner, wording
from lessons.models import LONGEST_LESSON, Change, Club, Lesson, LessonQuerySet, Place, Series, SettingsChange, Teacher
from lessons.times import long_day

from .booking import Refused

RECENT = 20  # changes of a series, among which the last one of a lesson is looked for


class OutOfDate(Exception):
    """Somebody else was faster; the text says who, and nothing was written."""


@dataclass(frozen=True)
class Decided:
    lesson: Lesson
    job: Any  # what follows; None when nothing changed
    change: Change | None


def lock_lessons(lesson: Lesson, scope: str, version: str) -> list[Lesson]:
    """The lessons that are meant, the one in hand among them. Those of a series that have begun stay as they were."""
    series = Series.objects.select_for_update(no_key=True).filter(pk=lesson.series_id).first() if lesson.series_id else None
    if scope != Change.Scope.THIS and series is None:
        raise Refused({"scope": _("This lesson is not repeated.")})
    lessons = list(Lesson.objects.select_for_update(no_key=True).filter(_meant(lesson, scope)).order_by("pk"))
    in_hand = next(row for row in lessons if row.pk == lesson.pk)
    for row in lessons:
        row.club, row.series = lesson.club, series
    _require_decidable(in_hand, scope, version)
    return [in_hand, *(row for row in lessons if row is not in_hand)]


def lock_series_of(meant: LessonQuerySet) -> None:
    """Before the lessons themselves; found without a join, which would lock them."""
    of_lessons = meant.order_by().values("series")
    list(Series.objects.select_for_update(no_key=True).filter(pk__in=of_lessons).order_by("pk"))


def lock_rows(meant: LessonQuerySet) -> LessonQuerySet:
    """Locked first and read after that: a row whose teacher has changed while it was waited for would fall out of a join."""
    locked = meant.select_for_update(no_key=True).order_by("pk")
    return Lesson.objects.filter(pk__in=list(locked.values_list("pk", flat=True))).order_by("pk")


def lock_for_undo(change: Change) -> tuple[Change, LessonQuerySet]:
    """The change and its lessons, in the order above. Raises OutOfDate when it is undone already, or people are being told."""
    lock_series_of(Lesson.objects.filter(pk__in=change.lesson_ids))
    locked = Change.objects.select_for_update(no_key=True).get(pk=change.pk)
    if hasattr(locked, "undone_by"):
        raise OutOfDate(_("This change is already undone."))
    if not locked.may_be_undone:
        raise OutOfDate(_("It is too late to take this back: people are being told."))
    return locked, lock_rows(Lesson.objects.filter(pk__in=locked.lesson_ids))


def _meant(lesson: Lesson, scope: str) -> Q:
    this = Q(pk=lesson.pk)
    others = Q(series=lesson.series_id, status=Lesson.Status.PLANNED)
    if scope == Change.Scope.FOLLOWING:
        return this | (others & Q(starts_at__gt=lesson.starts_at))
    return this | (others & Q(starts_at__gt=timezone.now())) if scope == Change.Scope.ALL else this


def _require_decidable(lesson: Lesson, scope: str, version: str) -> None:
    seen, now = (text.partition("-")[0] for text in (version, lesson.full_version))
    if _is_stale(seen, now, scope):
        raise OutOfDate(_who_was_faster(lesson, scope, ~Q(kind=Change.Kind.ENROLLED)))
    if lesson.status == Lesson.Status.CANCELLED:
        raise OutOfDate(_("This lesson is cancelled."))
    if is_being_planned(lesson):
        raise OutOfDate(_("This lesson is still being planned. Try again in a moment."))


def require_roll(lesson: Lesson, scope: str, version: str) -> None:
    """Nobody has come or gone since, in this lesson or, where more than it is meant, in its series."""
    if _is_stale(seen_roll(version), seen_roll(lesson.full_version), scope):
        raise OutOfDate(_who_was_faster(lesson, scope, Q(kind=Change.Kind.ENROLLED)))


def seen_roll(version: str) -> str:
    """The second half of a version; empty where it was read before there was one."""
    return version.partition("-")[2]


def _is_stale(seen: str, now: str, scope: str) -> bool:
    """Each is a count of the lesson, then of its series; who saw nothing is not late."""
    own, _dot, of_series = seen.partition(".")
    own_now, _dot, of_series_now = now.partition(".")
    return bool(seen) and (own != own_now or (scope != Change.Scope.THIS and of_series != of_series_now))


def is_being_planned(lesson: Lesson) -> bool:
    return bool(lesson.job and lesson.job.kind == "lessons.after_create" and not lesson.job.ended)


def _who_was_faster(lesson: Lesson, scope: str, kind: Q) -> str:
    of_series = Q(lesson__series=lesson.series_id) if lesson.series_id else Q(lesson=lesson)
    recent = Change.objects.filter(of_series, kind).select_related("user")[:RECENT]
    last = next((change for change in recent if scope != Change.Scope.THIS or lesson.pk in change.lesson_ids), None)
    if last is None:
        return _("This lesson has changed meanwhile. Nothing was written: look at it again.")
    facts, is_today = who_and_when(last, lesson.club.zone)
    if is_today:
        # Translators: "%(name)s a modifié ce cours à %(time)s…"
        return _("%(name)s changed this lesson at %(time)s. Nothing was written: look at it again.") % facts
    # Translators: French “%(name)s a modifié ce cours le %(day)s à %(time)s. Rien n’a été enregistré : regardez-le à nouveau.”
    return _("%(name)s changed this lesson on %(day)s at %(time)s. Nothing was written: look at it again.") % facts


def who_and_when(change: Change | SettingsChange, zone: ZoneInfo) -> tuple[dict[str, str], bool]:
    """In words, and whether it was today."""
    at = change.created_at.astimezone(zone)
    is_today = at.date() == timezone.now().astimezone(zone).date()
    return {"name": wording.who(change.user), "time": wording.clock(at), "day": long_day(at.date())}, is_today


def slot_of(lesson: Lesson) -> moves.Slot:
    return moves.Slot(lesson.title, lesson.teacher_id, lesson.place_id, lesson.starts_at, lesson.ends_at, lesson.capacity)


def lock_room(slots: Iterable[moves.Slot]) -> None:
    wanted = list(slots)
    lock_teachers({slot.teacher_id for slot in wanted})
    list(Place.objects.select_for_update(no_key=True).filter(pk__in={slot.place_id for slot in wanted}).order_by("pk"))


def lock_teachers(pks: Iterable[int]) -> None:
    list(Teacher.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk"))


def bookings_near(club: Club, slots: Sequence[moves.Slot], besides: Iterable[int]) -> planner.Bookings:
    """What stands where these slots are to be; `besides` are the lessons that leave. Rows, not instances: there may be thousands."""
    start, end = moves.span(slots)
    lessons = Lesson.objects.planned().filter(club=club, starts_at__gt=start - LONGEST_LESSON, starts_at__lt=end)
    taken = Q(teacher__in={slot.teacher_id for slot in slots}) | Q(place__in={slot.place_id for slot in slots})
    rows = lessons.filter(taken).exclude(pk__in=list(besides)).values_list(
        "starts_at", "ends_at", "teacher_id", "place_id", "teacher__first_name", "teacher__last_name", "place__name", "title"
    )  # fmt: skip
    return planner.Bookings(
        planner.Booking(start, end, teacher, place, f"{first} {last}".strip(), name, title)
        for start, end, teacher, place, first, last, name, title in rows
    )


def write_change(
    *,
    in_hand: Lesson,
    kind: str,
    scope: str,
    user: Any,
    rows: list[dict[str, Any]],
    left: Sequence[moves.Move] = (),
    undoes: Change | None = None,
) -> Change:
    """The decision on record, and one version more for the series."""
    change = Change.objects.create(
        club=in_hand.club,
        lesson=in_hand,
        kind=kind,
        scope=scope,
        user=user,
        rows=rows,
        left=[{"date": each.day.isoformat(), "reason": each.problem} for each in left],
        undoes=undoes,
    )
    if in_hand.series:
        in_hand.series.version += 1
        in_hand.series.save(update_fields=["version"])
    in_hand.change_id, in_hand.changed_by = change.pk, user
    return change


def count_in_other_series(in_hand: Lesson, lessons: Iterable[Lesson]) -> None:
    """One version more for each series but that of the lesson in hand: a decision may take lessons of several."""
    if others := {lesson.series_id for lesson in lessons if lesson.series_id} - {in_hand.series_id}:
        Series.objects.filter(pk__in=others).update(version=F("version") + 1)


def finish(in_hand: Lesson, fields: Iterable[str]) -> None:
    """Saving it starts the job that follows (models.py says so)."""
    in_hand.version += 1
    in_hand.save(update_fields=[*fields, "version", "job", "updated_at"])
