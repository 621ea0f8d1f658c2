"""Planning a lesson: at once, or refused with the way out."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jobs.services import job_reference
from lessons import planner, wording
from lessons.models import LONGEST_LESSON, Client, Club, Enrolment, Lesson, Place, Teacher

from .series import bookings_of, lessons_on_day, new_series, plan_lesson

MOST_FREE_PLACES = 2


@dataclass(frozen=True)
class Fix:
    """A way out that a page offers as a button: give `field` this `value`."""

    field: str
    value: str
    label: str


class Refused(ValidationError):
    """`errors` are keyed by the names of create_lesson's arguments; `until` stands for the last date of `repeat`."""

    def __init__(self, errors: dict[str, str], fixes: Sequence[Fix] = ()) -> None:
        super().__init__({name: [text] for name, text in errors.items()})
        self.fixes = list(fixes)

    @property
    def fix_rows(self) -> list[dict[str, str]]:
        return [asdict(fix) for fix in self.fixes]


class NotInClub(Refused):
    """A teacher or client that this club does not have. Whether another club has it is nobody's business."""


@dataclass(frozen=True)
class CreatedLesson:
    lesson: Lesson
    job: Any  # the after-create job; None once its retention is over
    created: bool  # False: this request had been answered before

    @property
    def job_reference(self) -> dict[str, str] | None:
        return job_reference(self.job) if self.job else None


@dataclass(frozen=True)
class _Request:
    """What was asked, checked as far as that goes without the database."""

    club: Club
    user: Any
    title: str
    teacher: int
    place: str
    starts_at: datetime
    duration_minutes: int
    capacity: int
    clients: list[int]
    repeat: planner.Rule | None
    request_key: str | None

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.duration_minutes)


def create_lesson(
    *,
    club: Club,
    user: AbstractBaseUser | AnonymousUser | None,
    title: str = "",
    teacher: int,
    place: str,
    starts_at: datetime,
    duration_minutes: int,
    capacity: int,
    clients: Iterable[int] = (),
    repeat: planner.Rule | None = None,
    request_key: str | None = None,
) -> CreatedLesson:
    """Plan a lesson and start what follows it. The same `request_key` again answers with the same lesson.

    Raises Refused with a message at each wrong field, NotInClub for a teacher or client of another club.
    """
    request = _Request(
        club=club,
        user=user,
        title=" ".join(title.split()) or _("Lesson"),
        teacher=teacher,
        place=" ".join(place.split()),
        starts_at=starts_at,
        duration_minutes=duration_minutes,
        capacity=capacity,
        clients=list(dict.fromkeys(clients)),
        repeat=repeat,
        request_key=request_key or None,
    )
    _check(request)
    try:
        with transaction.atomic():
            return _book(request)
    except IntegrityError:
        # The same key came twice at one instant, with different teachers: the other one was first.
        if earlier := Lesson.objects.filter(club=club, request_key=request.request_key or "").with_details().first():
            return CreatedLesson(earlier, earlier.job, created=False)
        require_clients(club, request.clients)  # or one of them was erased at this moment
        raise


def preview_lesson(
    *,
    club: Club,
    teacher: int,
    place: str,
    starts_at: datetime,
    duration_minutes: int,
    repeat: planner.Rule | None = None,
    **the_rest: Any,
) -> list[planner.PlannedDate]:
    """What create_lesson and its after-create job would make of the same arguments. Nothing is written."""
    if errors := _time_problems(club, starts_at, duration_minutes, repeat):
        raise Refused(errors)
    known_place = Place.objects.filter(club=club, name__iexact=" ".join(place.split())).values("pk")[:1]
    found = Teacher.objects.filter(club=club, active=True, pk=teacher).values_list(Subquery(known_place)).first()
    if found is None:
        raise no_such_teacher()
    wish = planner.Wish(starts_at, duration_minutes, teacher, found[0], club.zone)
    return plan_lesson(club=club, wish=wish, rule=repeat)


def no_such_teacher() -> NotInClub:
    return NotInClub({"teacher": _("This club has no such teacher.")})


def _check(request: _Request) -> None:
    errors = _time_problems(request.club, request.starts_at, request.duration_minutes, request.repeat)
    if not request.place:
        errors["place"] = _("Say where the lesson takes place.")
    if request.capacity < max(1, len(request.clients)):
        errors["capacity"] = _too_small(request.capacity, len(request.clients))
    if errors:
        raise Refused(errors)


def _time_problems(club: Club, starts_at: datetime, minutes: int, repeat: planner.Rule | None) -> dict[str, str]:
    errors = {}
    if not planner.FIRST_YEAR <= starts_at.year < planner.LAST_YEAR:
        errors["starts_at"] = _("This date is too far away.")
    elif repeat and (problem := _rule_problem(repeat, starts_at, club)):
        errors["until"] = problem
    if not 0 < minutes <= LONGEST_LESSON // timedelta(minutes=1):
        errors["duration_minutes"] = _("A lesson ends after its start, and within a day.")
    return errors


def _too_small(capacity: int, clients: int) -> str:
    if capacity < 1:
        return _("A lesson has at least one place.")
    said = ngettext("%(clients)d client for a capacity of %(capacity)s.", "%(clients)d clients for a capacity of %(capacity)s.", clients)
    return said % {"clients": clients, "capacity": capacity}


def _rule_problem(rule: planner.Rule, starts_at: datetime, club: Club) -> str:
    """What is wrong with a rule, or nothing."""
    first = starts_at.astimezone(club.zone).date()
    if rule.until < first:
        return _("The last date is before the first lesson.")
    count = planner.count_dates(first, rule)
    if count > planner.MOST_DATES:
        return _("This makes %(count)d lessons; a series has at most %(most)d.") % {"count": count, "most": planner.MOST_DATES}
    return _("This date is too far away.") if rule.until.year >= planner.LAST_YEAR else ""


def _book(request: _Request) -> CreatedLesson:
    """The locks come first, always teacher before place: of two who book the same instant, the second waits and then sees."""
    teacher = _lock_teacher(request.club, request.teacher)
    place = lock_place(request.club, request.place)
    require_clients(request.club, request.clients)
    overlap = Lesson.objects.planned().overlapping(request.starts_at, request.ends_at).filter(Q(teacher=teacher) | Q(place=place))
    answered = Lesson.objects.filter(club=request.club, request_key=request.request_key or "")
    standing = list((overlap | answered).select_related("teacher", "place"))
    if request.request_key and any(lesson.request_key == request.request_key for lesson in standing):
        earlier = answered.with_details().get()
        return CreatedLesson(earlier, earlier.job, created=False)
    if standing:
        raise _refusal(request, teacher, place, standing)
    lesson = _insert(request, teacher, place)
    return CreatedLesson(lesson, lesson.job, created=True)


def _lock_teacher(club: Club, pk: int) -> Teacher:
    """no_key: rows that merely refer to the teacher need not wait."""
    teacher = Teacher.objects.select_for_update(no_key=True).filter(club=club, active=True, pk=pk).first()
    if teacher is None:
        raise no_such_teacher()
    return teacher


def lock_place(club: Club, name: str) -> Place:
    """Found by its name in any case, or made; either way locked, in one statement."""
    sql = """
        INSERT INTO lessons_place (club_id, name) VALUES (%s, %s)
        ON CONFLICT (club_id, lower(name)) DO UPDATE SET name = lessons_place.name
        RETURNING id, club_id, name"""
    return Place.objects.raw(sql, [club.pk, name])[0]


def require_clients(club: Club, ids: Collection[int], named: str = "clients") -> None:
    if ids:
        _require_found(ids, Client.objects.filter(club=club, pk__in=ids), named)


def hold_clients(club: Club, ids: Collection[int]) -> None:
    """As `require_clients`, until the transaction ends: whoever deletes one waits, and finds the enrolment; or was first."""
    _require_found(ids, Client.objects.select_for_update(no_key=True).filter(club=club, pk__in=ids).order_by("pk"), "clients")


def _require_found(ids: Iterable[int], found: QuerySet[Client], named: str) -> None:
    if unknown := set(ids) - set(found.values_list("pk", flat=True)):
        numbers = ", ".join(map(str, sorted(unknown)))
        raise NotInClub({named: _("This club has no such client: %(numbers)s.") % {"numbers": numbers}})


def _insert(request: _Request, teacher: Teacher, place: Place) -> Lesson:
    """Saving the lesson starts its after-create job (models.py says so)."""
    rule = request.repeat
    lesson = Lesson(
        club=request.club,
        title=request.title,
        teacher=teacher,
        place=place,
        starts_at=request.starts_at,
        ends_at=request.ends_at,
        capacity=request.capacity,
        series=new_series(request.club, rule) if rule else None,
        request_key=request.request_key,
        created_by=request.user,
    )
    lesson.save()
    lesson.enrolment_rows = Enrolment.objects.bulk_create(Enrolment(lesson=lesson, client_id=pk) for pk in request.clients)
    lesson.reminder_due_at = lesson.reminder_sent_at = None
    return lesson


def _refusal(request: _Request, teacher: Teacher, place: Place, standing: list[Lesson]) -> Refused:
    """Who or what is taken, by whom and when; and what would be free."""
    wish = planner.Wish(request.starts_at, request.duration_minutes, teacher.pk, place.pk, request.club.zone)
    errors, bookings = {}, bookings_of(standing)
    if row := bookings.of_place(place.pk, wish.starts_at, wish.ends_at):
        errors["place"] = wording.as_sentence(planner.place_taken(row, wish.zone))
    if row := bookings.of_teacher(teacher.pk, wish.starts_at, wish.ends_at):
        errors["teacher"] = wording.as_sentence(planner.teacher_taken(row, wish.zone))
    return Refused(errors, ways_out(request.club, wish, place, errors))


def ways_out(club: Club, wish: planner.Wish, place: Place, wrong: Iterable[str], besides: Iterable[int] = ()) -> list[Fix]:
    """What would be free, when teacher or place is not. `besides` are lessons that would not be in their own way."""
    bookings = bookings_of(lessons_on_day(club, wish).exclude(pk__in=list(besides)))
    fixes: list[Fix] = []
    if "teacher" not in wrong:
        for free in Place.objects.filter(club=club).exclude(pk=place.pk):
            if len(fixes) < MOST_FREE_PLACES and not bookings.of_place(free.pk, wish.starts_at, wish.ends_at):
                # Translators: "Prendre %(place)s"; the place comes with its article
                fixes.append(Fix("place", free.name, _("Take %(place)s") % {"place": wording.with_article(free.name)}))
    if later := planner.next_free_start(wish, bookings):
        local = later.astimezone(club.zone)
        # Translators: "Décaler à %(time)s"
        fixes.append(Fix("starts_at", local.isoformat(), _("Move to %(time)s") % {"time": wording.clock(local)}))
    return fixes
