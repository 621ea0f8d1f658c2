"""Who is in a lesson: enrolling, cancelling, marking who came, and giving a place that frees to who waits for it.

Each decision is one row of Change with the old and the new of each enrolment, so that people are told once and it can be taken back.
Credits and notices follow in a job (after_enrolment.py). The lesson's lock comes first: of two who want the last place, one waits.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs.services import enqueue
from lessons.models import HOLDING, Attendance, Change, Client, Enrolment, Lesson, Notice, Series
from lessons.places import kind_of_notice
from lessons.roll import NotPossible, Roll, state_of

from .booking import NotInClub, Refused, hold_clients, require_clients
from .deciding import Decided, OutOfDate, lock_for_undo, lock_lessons, lock_rows, lock_series_of, require_roll

NOTICES = (Notice.Kind.ENROLLED, Notice.Kind.PROMOTED, Notice.Kind.WAITING, Notice.Kind.WITHDRAWN, Notice.Kind.UNPAID)
WRITTEN = ("attendance", "charged", "attendance_at", "attendance_by")


def enrol_clients(
    *, lesson: Lesson, clients: Iterable[int], user: Any, scope: str = Change.Scope.THIS, version: str = "", present: bool = False
) -> Decided:
    """Whoever finds no place waits for one; who is in already stays. `present`: in a lesson that has begun, who came all the same.

    Raises NotInClub for another club's client, Refused for a lesson that has begun, OutOfDate for one that is cancelled or has changed.
    """
    wanted = list(dict.fromkeys(clients))
    require_clients(lesson.club, wanted)
    return _decide(lesson, scope, user, lambda roll: roll.enrol(wanted, present=present), field="clients", version=version)


def cancel_enrolments(*, lesson: Lesson, clients: Iterable[int], user: Any, scope: str = Change.Scope.THIS) -> Decided:
    """By the club's rule: in time the credit comes back, later it is the club's to say. Who is not in the lesson stays out."""
    leaving = list(dict.fromkeys(clients))
    return _decide(lesson, scope, user, lambda roll: roll.cancel(leaving), field="clients")


def set_clients(*, lesson: Lesson, clients: Iterable[int], user: Any, scope: str = Change.Scope.THIS, version: str = "") -> Decided:
    """Those have places, or wait for one, and nobody else has; who waits and is not named goes on waiting.

    Raises OutOfDate when somebody came or left since `version` was read: the list would undo what its writer never saw.
    """
    wanted = list(dict.fromkeys(clients))
    require_clients(lesson.club, wanted)

    def rearrange(roll: Roll) -> None:
        leaving = [client for client in roll.holding if client not in wanted]
        new = [client for client in wanted if client not in roll.holding]
        roll.cancel(leaving)
        roll.enrol(new)

    return _decide(lesson, scope, user, rearrange, field="clients", version=version)


def mark_attendance(*, lesson: Lesson, client: int, attendance: str, user: Any) -> Decided:
    """Present, absent, expected again; cancelled by a person who knows better than the cut-off. Raises Refused where it cannot be."""

    def mark(roll: Roll) -> None:
        if client not in roll.rows:
            raise NotInClub({"client": _("This client is not in the lesson.")})
        roll.mark(roll.rows[client], attendance)

    return _decide(lesson, Change.Scope.THIS, user, mark, field="attendance")


def promote_waiting(*, lessons: Iterable[int], user: Any) -> Change | None:
    """Give the free places of these lessons to those who wait. The caller holds the lessons' locks."""
    waiting = Enrolment.objects.waiting().filter(lesson__in=list(lessons)).order_by().values("lesson")
    found = list(Lesson.objects.planned().filter(pk__in=waiting).select_related("club").order_by("pk"))
    if not found:
        return None
    rolls = _rolls_of(found, user)
    for roll in rolls:
        roll.give_freed_places()
    return _write(rolls, found[0], user)


def leave_lessons(*, client: Client) -> None:
    """Before a client is erased: nobody waits for a place that nobody wants, and the places ahead are free for others."""
    ahead = Q(lesson__starts_at__gt=timezone.now(), attendance=Attendance.EXPECTED, lesson__status=Lesson.Status.PLANNED)
    theirs = Enrolment.objects.filter(ahead | Q(attendance=Attendance.WAITING), client=client)
    with transaction.atomic():
        named = Lesson.objects.filter(pk__in=theirs.values("lesson"))
        lock_series_of(named)
        found = list(lock_rows(named).select_related("club"))
        Enrolment.objects.waiting().filter(client=client, lesson__in=found).delete()
        rolls = _rolls_of(found, None)
        for roll in rolls:
            if roll.lesson.status == Lesson.Status.PLANNED:
                roll.cancel([client.pk])
        if found:
            _write(rolls, found[0], None)


def undo_enrolments(*, change: Change, user: Any) -> Decided:
    """Everybody as before: who was given the freed place waits again, in turn. Raises OutOfDate when somebody decided since."""
    with transaction.atomic():
        locked, lessons = lock_for_undo(change)
        rolls = _rolls_of(list(lessons.select_related("club", "job")), user)
        _put_back(rolls, locked.rows)
        Notice.objects.filter(change=locked, status=Notice.Status.PENDING).delete()
        undo = _write(rolls, change.lesson, user, undoes=locked)
    return Decided(change.lesson, _job_of(undo), undo)


def too_many_for(capacities: dict[int, int]) -> int:
    """How many have a place in the first of these lessons that would be too small for them; 0: they fit."""
    held = Enrolment.objects.holding().filter(lesson__in=list(capacities)).order_by().values_list("lesson").annotate(count=Count("id"))
    return next((count for lesson, count in held if count > capacities[lesson]), 0)


def _decide(lesson: Lesson, scope: str, user: Any, act: Callable[[Roll], None], *, field: str, version: str = "") -> Decided:
    with transaction.atomic():
        lessons = lock_lessons(lesson, scope, version)
        rolls = _rolls_of(lessons, user)
        try:
            for roll in rolls:
                act(roll)
        except NotPossible as problem:
            raise Refused({field: str(problem)}) from problem
        if any(roll.changes() for roll in rolls):  # the same click a second time is not late
            require_roll(lessons[0], scope, version)
        change = _write(rolls, lessons[0], user, scope=scope)
    return Decided(lessons[0], _job_of(change), change)


def _rolls_of(lessons: Sequence[Lesson], user: Any) -> list[Roll]:
    rows: dict[int, list[Enrolment]] = {lesson.pk: [] for lesson in lessons}
    for row in Enrolment.objects.filter(lesson__in=lessons).order_by("pk"):
        rows[row.lesson_id].append(row)
    now = timezone.now()
    return [Roll(lesson, lesson.club, rows[lesson.pk], now=now, by=user) for lesson in lessons]


def _put_back(rolls: Sequence[Roll], decided: list[dict[str, Any]]) -> None:
    by_lesson = {roll.lesson.pk: roll for roll in rolls}
    for each in decided:
        roll, client = by_lesson[each["lesson"]], each["client"]
        if client not in roll.rows or state_of(roll.rows[client]) != each["after"]:
            raise OutOfDate(_("This lesson has changed meanwhile. Nothing was written: look at it again."))
        roll.put_back(client, each["before"])
    if any(roll.free < 0 for roll in rolls):
        raise OutOfDate(_("This lesson has changed meanwhile. Nothing was written: look at it again."))
    for roll in rolls:
        roll.give_freed_places()


def _write(
    rolls: Sequence[Roll], in_hand: Lesson, user: Any, *, scope: str = Change.Scope.THIS, undoes: Change | None = None
) -> Change | None:
    """The enrolments; and where something follows, the decision on record and its job."""
    changed = [each for roll in rolls for each in roll.changes()]
    if not changed:
        return None
    rows = [roll.rows[each["client"]] for roll in rolls for each in roll.changes() if each["client"] in roll.rows]
    known, new = ([row for row in rows if row._state.adding is adding] for adding in (False, True))
    if new:
        hold_clients(in_hand.club, {row.client_id for row in new})
    Enrolment.objects.bulk_create(new)
    Enrolment.objects.bulk_update(known, WRITTEN, batch_size=500)
    for each in changed:
        if each["after"] is None:
            Enrolment.objects.filter(lesson=each["lesson"], client=each["client"]).delete()
    _count_versions(rolls, changed)
    if not any(_has_consequences(each) for each in changed):
        return None
    kind = Change.Kind.ENROLLED
    change = Change.objects.create(club=in_hand.club, lesson=in_hand, kind=kind, scope=scope, user=user, rows=changed, undoes=undoes)
    label = _("Enrolments: %(lesson)s") % {"lesson": in_hand.label}
    job = enqueue("lessons.after_enrolment", change.pk, scope=in_hand.club.scope, label=label, user=user)
    change.follow_up = job
    return change


def _count_versions(rolls: Sequence[Roll], changed: list[dict[str, Any]]) -> None:
    """Where somebody came or left. The series is locked, as deciding.py says."""
    moved = {each["lesson"] for each in changed if _holds(each["before"]) != _holds(each["after"])}
    series = {roll.lesson.series_id for roll in rolls if roll.lesson.pk in moved and roll.lesson.series_id}
    if moved:
        Lesson.objects.filter(pk__in=moved).update(roll_version=F("roll_version") + 1)
    if series:
        Series.objects.filter(pk__in=series).update(roll_version=F("roll_version") + 1)


def _holds(state: dict[str, Any] | None) -> bool:
    return state is not None and state["attendance"] in HOLDING


def _has_consequences(each: dict[str, Any]) -> bool:
    """For credit, or for somebody to be told; a mark on the roll usually has none, and is taken back by another."""
    before, after = each["before"], each["after"]
    return before is None or after is None or before["charged"] != after["charged"] or kind_of_notice(each) != ""


def _job_of(change: Change | None) -> Any:
    return change.follow_up if change else None
