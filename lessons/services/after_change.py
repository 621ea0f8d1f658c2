"""What follows a change, a cancellation and an undo, in three steps. Each changes nothing when it is run again."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from lessons.models import Change, Client, Enrolment, Lesson, Notice, Reminder, Teacher

from .credit import pay_lessons, return_credits
from .mail import post

AFTER_UNDO = timedelta(seconds=2)  # nobody is told of what is being taken back at this very moment
TIMES = ("starts_at", "ends_at", "teacher_id", "place_id", "title")


@dataclass(frozen=True)
class Told:
    told: int
    untold: list[dict[str, int]]  # who has no e-mail address


def settle_credits(*, change: Change) -> int:
    """Give the credits of cancelled lessons back, up to the club's cut-off; let those of a lesson that takes place after all pay.

    Returns how many credits were given back.
    """
    if change.took_back_a_cancellation:
        pay_lessons(lessons=change.lesson_ids)
    if change.kind != Change.Kind.CANCELLED:
        return 0
    with transaction.atomic():
        lessons = Lesson.objects.select_for_update(no_key=True).filter(pk__in=change.lesson_ids, status=Lesson.Status.CANCELLED)
        in_time = lessons.filter(starts_at__gte=change.created_at + timedelta(hours=change.club.cancellation_cutoff_hours))
        return return_credits(lessons=list(in_time.order_by("pk").values_list("pk", flat=True)))


def move_reminders(*, change: Change) -> int:
    """Each lesson's reminder at the club's lead before its start as it is now; none for what is cancelled or too near. Returns how many."""
    lead, now = timedelta(hours=change.club.reminder_lead_hours), timezone.now()
    with transaction.atomic():
        lessons = list(Lesson.objects.select_for_update(no_key=True).filter(pk__in=change.lesson_ids).order_by("pk"))
        due = {lesson.pk: lesson.starts_at - lead for lesson in lessons if lead and lesson.status == Lesson.Status.PLANNED}
        due = {pk: moment for pk, moment in due.items() if moment > now}
        right = {row.lesson_id for row in Reminder.objects.filter(lesson__in=lessons) if due.get(row.lesson_id) == row.due_at}
        Reminder.objects.filter(lesson__in=[lesson for lesson in lessons if lesson.pk not in right]).delete()
        Reminder.objects.bulk_create(Reminder(lesson_id=pk, due_at=due[pk], change=change) for pk in due if pk not in right)
        gone = [lesson for lesson in lessons if lesson.status == Lesson.Status.CANCELLED]
        Notice.objects.filter(lesson__in=gone, kind=Notice.Kind.REMINDER, status=Notice.Status.PENDING).delete()
    return len(due)


def tell_of_change(*, change: Change) -> Told:
    """One notice a person, whatever the number of lessons, sent when the time to undo is over."""
    with transaction.atomic():
        locked = Change.objects.select_for_update(of=("self",), no_key=True).select_related("club", "lesson", "undoes").get(pk=change.pk)
        people = [] if hasattr(locked, "undone_by") else _people_to_tell(locked)
        kind = _kind_of_notice(locked)
        about = {"club": locked.club, "lesson": locked.lesson, "change": locked, "kind": kind}
        when = max(locked.undo_until + AFTER_UNDO, timezone.now())
        is_undo = locked.kind == Change.Kind.RESTORED
        post(
            [Notice(**about, **{role: person}, recipient_email=person.email) for role, person in people if person.email],
            run_at=None if is_undo or settings.JOBS_INLINE else when,
        )
    untold = [{role: person.pk} for role, person in people if not person.email]
    return Told(len(people) - len(untold), untold)


def _kind_of_notice(change: Change) -> str:
    if change.kind == Change.Kind.CANCELLED:
        return Notice.Kind.CANCELLED
    return Notice.Kind.RESTORED if change.took_back_a_cancellation else Notice.Kind.CHANGED


def _people_to_tell(change: Change) -> list[tuple[str, Teacher | Client]]:
    """Of an undo, only who had been told before; of a change in nothing but the capacity, nobody."""
    if change.undoes:
        notices = change.undoes.notices.exclude(status=Notice.Status.PENDING).select_related("teacher", "client").order_by("pk")
        return [(role, person) for notice in notices for role in ("teacher", "client") if (person := getattr(notice, role))]
    rows = [row for row in change.rows if "after" not in row or any(row["after"][name] != row["before"][name] for name in TIMES)]
    teachers = Teacher.objects.filter(pk__in={pk for row in rows for pk in Change.teachers_of(row)}).order_by("pk")
    concerned = Enrolment.objects.concerned().filter(lesson__in=[row["lesson"] for row in rows])
    clients = Client.objects.filter(pk__in=concerned.values("client")).order_by("pk")
    return [*(("teacher", teacher) for teacher in teachers), *(("client", client) for client in clients)]
