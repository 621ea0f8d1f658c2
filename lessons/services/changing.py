"""Changing a lesson, alone or with its series: at once, or refused with the way out. What follows is a job."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, Count, F, Value, When, prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lessons import moves, planner, wording
from lessons.models import LONGEST_LESSON, Change, Enrolment, Lesson, Place, Teacher
from lessons.times import long_day

from .booking import Fix, Refused, lock_place, no_such_teacher, ways_out
from .deciding import Decided, bookings_near, finish, lock_lessons, lock_room, lock_teachers, seen_roll, slot_of, write_change
from .enrolling import promote_waiting, set_clients
from .series import bookings_of, days_of

MOST_DATES_SAID = 5
FIELDS = ("title", "teacher_id", "place_id", "starts_at", "ends_at", "capacity")


@dataclass(frozen=True)
class _Asked:
    """None: as it is."""

    title: str | None
    teacher: int | None
    place: str | None
    starts_at: datetime | None
    duration_minutes: int | None
    capacity: int | None


def change_lesson(
    *,
    lesson: Lesson,
    user: Any,
    scope: str = Change.Scope.THIS,
    version: str = "",
    leave_stuck: bool = False,
    title: str | None = None,
    teacher: int | None = None,
    place: str | None = None,
    starts_at: datetime | None = None,
    duration_minutes: int | None = None,
    capacity: int | None = None,
    clients: Sequence[int] | None = None,
) -> Decided:
    """Change what is named and nothing else. `version` is what the person had on the screen; without it the last one wins.

    `clients` are those who are to have a place (see `set_clients`); what follows is a job of its own, answered where it is the only one.

    With `leave_stuck`, lessons of the series that cannot follow stay as they are. Raises Refused with a message at each wrong
    field, OutOfDate when somebody was faster.
    """
    asked = _Asked(title and " ".join(title.split()), teacher, place and " ".join(place.split()), starts_at, duration_minutes, capacity)
    _check(asked)
    with transaction.atomic():
        enrolled: Decided | None = None
        room_first = capacity is not None and capacity > lesson.capacity
        if clients is not None and not room_first:
            enrolled = set_clients(lesson=lesson, clients=clients, user=user, scope=scope, version=version)
        decided = _change(lesson, user, scope, version, asked, leave_stuck)
        if clients is not None and room_first:
            roll = f"-{seen_roll(version)}"  # the rest has been compared, and counted on
            enrolled = set_clients(lesson=decided.lesson, clients=clients, user=user, scope=scope, version=roll)
        elif decided.change:  # not before: who had been given a place would have to be among the clients that are named
            promote_waiting(lessons=decided.change.lesson_ids, user=user)
        return enrolled if enrolled and not decided.change else decided


def _change(lesson: Lesson, user: Any, scope: str, version: str, asked: _Asked, leave_stuck: bool) -> Decided:
    lessons = lock_lessons(lesson, scope, version)
    checked = _check_moves(lessons, _moves_of(lessons, asked), leave_stuck)
    left = [each for each in checked if each.problem]
    changed = [each for each in checked if each.is_a_change and not each.problem]
    if left and not (leave_stuck and changed):
        raise _refusal(lessons[0], checked, left)
    return _write(lessons, changed, left, scope, user) if changed else Decided(lessons[0], None, None)


def _check(asked: _Asked) -> None:
    errors = {}
    if asked.title == "":
        errors["title"] = _("A lesson has a title.")
    if asked.place == "":
        errors["place"] = _("Say where the lesson takes place.")
    if asked.starts_at and not planner.FIRST_YEAR <= asked.starts_at.year < planner.LAST_YEAR:
        errors["starts_at"] = _("This date is too far away.")
    if asked.duration_minutes is not None and not 0 < asked.duration_minutes <= LONGEST_LESSON // timedelta(minutes=1):
        errors["duration_minutes"] = _("A lesson ends after its start, and within a day.")
    if asked.capacity is not None and asked.capacity < 1:
        errors["capacity"] = _("A lesson has at least one place.")
    if errors:
        raise Refused(errors)


def _moves_of(lessons: Sequence[Lesson], asked: _Asked) -> list[moves.Move]:
    in_hand, zone = lessons[0], lessons[0].club.zone
    lock_teachers([asked.teacher] if asked.teacher else [lesson.teacher_id for lesson in lessons])  # before the place, as a booking does
    wanted = moves.Wanted(
        title=asked.title,
        teacher_id=_known_teacher(in_hand, asked.teacher),
        place_id=lock_place(in_hand.club, asked.place).pk if asked.place else None,
        shift=moves.shift_between(in_hand.starts_at, asked.starts_at, zone) if asked.starts_at else moves.NOT_MOVED,
        minutes=asked.duration_minutes,
        capacity=asked.capacity,
    )
    first, *others = (moves.move(each.pk, slot_of(each), wanted, zone) for each in lessons)
    if asked.starts_at:  # the very instant that was named, of two that the clock shows alike
        after = replace(first.after, starts_at=asked.starts_at, ends_at=asked.starts_at + (first.after.ends_at - first.after.starts_at))
        first = replace(first, after=after)
    return [first, *others]


def _known_teacher(lesson: Lesson, pk: int | None) -> int | None:
    if pk is None or pk == lesson.teacher_id:
        return pk
    if not Teacher.objects.filter(club=lesson.club, active=True, pk=pk).exists():
        raise no_such_teacher()
    return pk


def _check_moves(lessons: Sequence[Lesson], asked: list[moves.Move], leave_stuck: bool) -> list[moves.Move]:
    club, roomy = lessons[0].club, [each.after for each in asked if each.takes_room]
    asked = _check_capacity(asked)
    if not roomy:
        return asked
    lock_room(roomy)
    days, now = days_of(club), timezone.now()
    asked = _check_series(lessons, asked)
    bookings = bookings_near(club, roomy, besides=[lesson.pk for lesson in lessons])
    if not leave_stuck:
        return moves.check(asked, days, bookings, now, club.zone)
    prefetch_related_objects(lessons, "teacher", "place")  # for the names of who is in the way
    standing = dict(zip((lesson.pk for lesson in lessons), bookings_of(lessons).rows, strict=True))
    return moves.settle(asked, days, bookings, standing, now, club.zone)


def _check_series(lessons: Sequence[Lesson], asked: list[moves.Move]) -> list[moves.Move]:
    """A series has one lesson a moment, whoever teaches it."""
    series, pks = lessons[0].series, [lesson.pk for lesson in lessons]
    moved = [each.after.starts_at for each in asked if each.after.starts_at != each.before.starts_at]
    if series is None or not moved:
        return asked
    others = Lesson.objects.planned().filter(series=series, starts_at__in=moved).exclude(pk__in=pks)
    taken = set(others.values_list("starts_at", flat=True))
    problem = _("the series has a lesson at this moment already")
    return [replace(each, problem=problem, field="starts_at") if each.after.starts_at in taken else each for each in asked]


def _check_capacity(asked: list[moves.Move]) -> list[moves.Move]:
    shrunk = [each.lesson_id for each in asked if each.after.capacity < each.before.capacity]
    if not shrunk:
        return asked
    enrolled = Enrolment.objects.holding().filter(lesson__in=shrunk).order_by().values_list("lesson").annotate(count=Count("id"))
    counts = dict(enrolled)
    return [_with_room(each, counts.get(each.lesson_id, 0)) for each in asked]


def _with_room(each: moves.Move, enrolled: int) -> moves.Move:
    if enrolled <= each.after.capacity:
        return each
    return replace(each, problem=enrolled_words(enrolled), field="capacity")


def enrolled_words(count: int) -> str:
    return ngettext("%(count)d client is enrolled", "%(count)d clients are enrolled", count) % {"count": count}


def _write(lessons: Sequence[Lesson], changed: list[moves.Move], left: list[moves.Move], scope: str, user: Any) -> Decided:
    by_pk = {lesson.pk: lesson for lesson in lessons}
    rows = [
        {
            "lesson": each.lesson_id,
            "version": by_pk[each.lesson_id].version + 1,
            "before": each.before.as_json(),
            "after": each.after.as_json(),
        }
        for each in changed
    ]
    in_hand = lessons[0]
    change = write_change(in_hand=in_hand, kind=Change.Kind.CHANGED, scope=scope, user=user, rows=rows, left=left)
    write_moves(in_hand, changed)
    return Decided(in_hand, in_hand.job, change)


def write_moves(in_hand: Lesson, changed: list[moves.Move]) -> None:
    """The lesson in hand last: saving it starts what follows."""
    kept = {"series": in_hand.series_id} if _step_aside(changed) else {}
    if others := [each for each in changed if each.lesson_id != in_hand.pk]:
        _update(others, **kept)
    if mine := next((each for each in changed if each.lesson_id == in_hand.pk), None):
        for name in FIELDS:
            setattr(in_hand, name, getattr(mine.after, name))
    finish(in_hand, [*FIELDS, "series", "status"])


def row_of(each: moves.Move, version: int) -> dict[str, Any]:
    return {"lesson": each.lesson_id, "version": version, "before": each.before.as_json(), "after": each.after.as_json()}


def _step_aside(changed: list[moves.Move]) -> bool:
    """Where one lesson of a series takes the moment of another that moves on, the database must never see both there."""
    if not {each.after.starts_at for each in changed if each.takes_room} & {each.before.starts_at for each in changed}:
        return False
    Lesson.objects.filter(pk__in=[each.lesson_id for each in changed]).update(series=None)
    return True


def _update(changed: list[moves.Move], **kept: Any) -> None:
    """One statement, whatever the number of lessons and however they differ."""
    Lesson.objects.filter(pk__in=[each.lesson_id for each in changed]).update(
        title=_each(changed, lambda move: move.after.title),
        teacher=_each(changed, lambda move: move.after.teacher_id),
        place=_each(changed, lambda move: move.after.place_id),
        capacity=_each(changed, lambda move: move.after.capacity),
        starts_at=_each(changed, lambda move: move.after.starts_at - move.before.starts_at, F("starts_at")),
        ends_at=_each(changed, lambda move: move.after.ends_at - move.before.ends_at, F("ends_at")),
        version=F("version") + 1,
        updated_at=timezone.now(),
        **kept,
    )


def _each(changed: list[moves.Move], value: Callable[[moves.Move], Any], base: F | None = None) -> Any:
    """The value of each lesson; mostly they share one, or two distances where the clocks change in between."""
    alike: dict[Any, list[int]] = defaultdict(list)
    for move in changed:
        alike[value(move)].append(move.lesson_id)
    shared = [(pks, Value(one) if base is None else base + one) for one, pks in alike.items()]
    return shared[0][1] if len(shared) == 1 else Case(*(When(pk__in=pks, then=one) for pks, one in shared))


def _refusal(in_hand: Lesson, checked: list[moves.Move], left: list[moves.Move]) -> Refused:
    first = left[0]
    if len(checked) > 1:
        return _refusal_of_some(checked, left)
    fixes: Sequence[Fix] = ()
    if first.field in ("place", "teacher"):
        after = first.after
        wish = planner.Wish(after.starts_at, after.minutes, after.teacher_id, after.place_id, in_hand.club.zone)
        fixes = ways_out(in_hand.club, wish, Place.objects.get(pk=after.place_id), {first.field}, besides=[in_hand.pk])
    return Refused({first.field: wording.as_sentence(first.problem)}, fixes)


def _refusal_of_some(checked: list[moves.Move], left: list[moves.Move]) -> Refused:
    """Each date with its reason; the others can change without them."""
    dates = "; ".join(f"{long_day(each.day)}, {each.problem}" for each in left[:MOST_DATES_SAID])
    if len(left) > MOST_DATES_SAID:
        dates += "; …"
    facts = {"count": len(left), "total": len(checked), "dates": dates}
    # Translators: "%(count)d cours sur %(total)d ne peut pas changer : %(dates)s."
    words = ngettext(
        "%(count)d lesson of %(total)d cannot change: %(dates)s.", "%(count)d lessons of %(total)d cannot change: %(dates)s.", len(left)
    )
    rest = len(checked) - len(left)
    # Translators: "Modifier les %(count)d autres"
    label = ngettext("Change the other one", "Change the other %(count)d", rest) % {"count": rest}
    return Refused({left[0].field: words % facts}, [Fix("leave_stuck", "true", label)] if rest else [])
