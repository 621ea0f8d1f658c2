"""What follows a new lesson, in four steps. Each is one transaction, and changes nothing when it is run again."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from lessons import planner
from lessons.credits import Purse
from lessons.models import Club, Enrolment, Lesson, Notice, Place, Reminder, Subscription, SubscriptionUse, Teacher

from .credit import debit, pay_lessons, write_down
from .deciding import lock_rows
from .mail import post
from .renewals import warn_of_renewals
from .series import plan_lesson, rule_of

LESSONS_AT_A_TIME = 26

Report = Callable[[int, int], None]  # done, total


def _silent(done: int, total: int) -> None:
    """For callers whom nobody watches."""


@dataclass
class Repeats:
    created: int = 0
    skipped: list[planner.PlannedDate] = field(default_factory=list)


@dataclass
class Told:
    told: int = 0
    untold: list[dict[str, int]] = field(default_factory=list)  # who has no e-mail address


def lock_new_lesson(pk: int) -> Lesson | None:
    """As it is now, and until the job ends: a job that failed is run again when somebody has changed the lesson meanwhile."""
    return lock_rows(Lesson.objects.filter(pk=pk)).select_related("club", "series", "teacher", "created_by").first()


def consume_subscriptions(*, lesson: Lesson, report: Report = _silent) -> None:
    """Debit each enrolled client's oldest valid subscription with credit; who has none is enrolled unpaid."""
    decided = pay_lessons(lessons=[lesson.pk])
    report(decided, decided)


def repeat_lesson(*, lesson: Lesson, report: Report = _silent) -> Repeats:
    """Make the other lessons of the series, enrolments and debits with them, up to the last date of its rule."""
    if lesson.series is None:
        return Repeats()
    with transaction.atomic():
        if changed := _made_and_changed(lesson):
            return Repeats(changed)
        purse = _open_purse(lesson)
        _lock(lesson)
        made = set(Lesson.objects.filter(series=lesson.series).values_list("starts_at", flat=True))
        rule = rule_of(lesson.series)
        wish = planner.Wish(lesson.starts_at, lesson.duration_minutes, lesson.teacher_id, lesson.place_id, lesson.club.zone)
        repeats = plan_lesson(club=lesson.club, wish=wish, rule=rule, series=lesson.series)[1:]
        free = [planned.starts_at for planned in repeats if planned.ok and planned.starts_at]
        missing = [starts_at for starts_at in free if starts_at not in made]
        clients = list(lesson.enrolments.holding().order_by("client_id").values_list("client_id", flat=True))
        done = len(free) - len(missing)
        for some in _batched(missing, LESSONS_AT_A_TIME):
            _make(lesson, some, clients, purse)
            done += len(some)
            report(done, len(free))
        warn_of_renewals(cards=write_down(purse))
    return Repeats(len(free), [planned for planned in repeats if not (planned.ok or planned.left_out or planned.starts_at in made)])


def write_notices(*, lesson: Lesson) -> Told:
    """One notice a person and one job a notice; the manager is told who has not paid. Nobody speaks to a mail server here."""
    with transaction.atomic():
        Lesson.objects.select_for_update(no_key=True).get(pk=lesson.pk)  # one at a time, so that nobody is told twice
        people = _people_to_tell(lesson)
        post([Notice(club=lesson.club, lesson=lesson, **who) for who in people if who["recipient_email"]])
    untold = [_reference(who) for who in people if not who["recipient_email"]]
    return Told(len(people) - len(untold), untold)


def plan_reminders(*, lesson: Lesson) -> int:
    """One reminder a lesson, the club's lead before its start; none for a lesson that is too near. Returns how many are planned."""
    lead = timedelta(hours=lesson.club.reminder_lead_hours)
    if not lead:
        return 0
    now = timezone.now()
    with transaction.atomic():
        due = [Reminder(lesson_id=pk, due_at=starts_at - lead) for pk, starts_at in _planned(lesson)]
        Reminder.objects.bulk_create([reminder for reminder in due if reminder.due_at > now], ignore_conflicts=True)
    return Reminder.objects.filter(lesson__in=_all_of(lesson)).count()


def _planned(lesson: Lesson) -> list[tuple[int, datetime]]:
    return list(_all_of(lesson).planned().values_list("pk", "starts_at"))


def plan_reminders_anew(*, club: Club) -> int:
    """After the club's lead time has changed: what is not sent yet moves; what is due by now goes out at once. Returns how many."""
    now, lead = timezone.now(), timedelta(hours=club.reminder_lead_hours)
    with transaction.atomic():
        lessons = lock_rows(Lesson.objects.filter(club=club, starts_at__gt=now))  # first, as whoever moves one and its reminder does
        unsent = Reminder.objects.filter(lesson__club=club, sent_at=None, lesson__starts_at__gt=now)
        waiting = set(unsent.select_for_update(of=("self",)).values_list("lesson", flat=True))
        unsent.filter(lesson__in=waiting).delete()
        ahead = lessons.planned().values_list("pk", "starts_at") if lead else []
        due = {pk: max(starts_at - lead, now) for pk, starts_at in ahead if pk in waiting or starts_at - lead > now}
        Reminder.objects.bulk_create([Reminder(lesson_id=pk, due_at=at) for pk, at in due.items()], ignore_conflicts=True)
    return len(due)


def summarise(*, lesson: Lesson, repeats: Repeats, told: Told, reminders: int) -> dict[str, Any]:
    """What happened, for the page that follows the job: counts and ids."""
    lessons = _all_of(lesson)
    unpaid = Enrolment.objects.charged().filter(lesson__in=lessons, status=Enrolment.Status.UNPAID)
    return {
        "consumed": SubscriptionUse.objects.standing().filter(lesson__in=lessons).count(),
        "unpaid": list(unpaid.values("client").annotate(lessons=Count("id")).order_by("client")),
        "created": repeats.created,
        "skipped": [{"date": planned.day.isoformat(), "reason": planned.reason} for planned in repeats.skipped],
        "told": told.told,
        "untold": told.untold,
        "reminders": reminders,
    }


def _all_of(lesson: Lesson) -> Any:
    """The lesson with its repeats."""
    return Lesson.objects.filter(series=lesson.series) if lesson.series_id else Lesson.objects.filter(pk=lesson.pk)


def _made_and_changed(lesson: Lesson) -> int:
    """How many repeats somebody has decided about since: the rule no longer says where they belong."""
    return Lesson.objects.filter(series=lesson.series, series__version__gt=1).exclude(pk=lesson.pk).count()


def _open_purse(lesson: Lesson) -> Purse:
    """Locked in order of their ids, so that two lessons with the same clients wait for each other and not in a ring."""
    clients = lesson.enrolments.values("client")
    cards = Subscription.objects.select_for_update(no_key=True).filter(club=lesson.club, client__in=clients)
    return Purse(cards.order_by("id"))


def _lock(lesson: Lesson) -> None:
    """Teacher before place, as a booking does."""
    Teacher.objects.select_for_update(no_key=True).get(pk=lesson.teacher_id)
    Place.objects.select_for_update(no_key=True).get(pk=lesson.place_id)


def _make(first: Lesson, starts: list[datetime], clients: list[int], purse: Purse) -> None:
    lessons = Lesson.objects.bulk_create(_copy(first, starts_at) for starts_at in starts)
    enrolments = [Enrolment(lesson=lesson, client_id=client) for lesson in lessons for client in clients]
    zone = first.club.zone
    debit(enrolments, {lesson.pk: lesson.starts_at.astimezone(zone).date() for lesson in lessons}, purse)
    Enrolment.objects.bulk_create(enrolments)


def _copy(first: Lesson, starts_at: datetime) -> Lesson:
    return Lesson(
        club=first.club,
        title=first.title,
        teacher_id=first.teacher_id,
        place_id=first.place_id,
        starts_at=starts_at,
        ends_at=starts_at + (first.ends_at - first.starts_at),
        capacity=first.capacity,
        series=first.series,
        created_by_id=first.created_by_id,
    )


def _people_to_tell(lesson: Lesson) -> list[dict[str, Any]]:
    planned, unpaid = Notice.Kind.PLANNED, Notice.Kind.UNPAID
    people: list[dict[str, Any]] = [{"kind": planned, "teacher_id": lesson.teacher_id, "recipient_email": lesson.teacher.email}]
    for pk, email in lesson.enrolments.holding().order_by("client").values_list("client", "client__email"):
        people.append({"kind": planned, "client_id": pk, "recipient_email": email})
    manager = lesson.created_by
    if manager and Enrolment.objects.charged().filter(lesson__in=_all_of(lesson), status=Enrolment.Status.UNPAID).exists():
        people.append({"kind": unpaid, "user_id": manager.pk, "recipient_email": manager.email})
    return people


def _reference(who: dict[str, Any]) -> dict[str, int]:
    names = {"teacher_id": "teacher", "client_id": "client", "user_id": "manager"}
    return {name: who[key] for key, name in names.items() if key in who}


def _batched(rows: list[datetime], size: int) -> Iterable[list[datetime]]:
    rest = iter(rows)
    while some := list(islice(rest, size)):
        yield some
