"""Notices: written first, sent by a job of their own, at most once. What perhaps arrived is left to a person."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Prefetch, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs.registry import PermanentError, RetryableError
from jobs.services import arguments_under_way, enqueue_many
from lessons import mailer, notices
from lessons.models import Enrolment, Lesson, Notice, Reminder

REMINDERS_AT_A_TIME = 500
LOST_AFTER_SECONDS = 600  # no conversation with a mail server lasts so long: its job ends after a minute

_MAY_BEGIN = [Notice.Status.PENDING, Notice.Status.FAILED]  # failed: the server said no, so an operator's retry doubles nothing


def post(rows: Iterable[Notice], *, run_at: datetime | None = None) -> list[Notice]:
    """Write the notices that are not there yet, and a job to send each. The caller holds the lock on their lessons."""
    rows = list(rows)
    standing = Notice.objects.filter(lesson__in={row.lesson_id for row in rows})
    known = set(standing.values_list("lesson_id", "kind", "change_id", "teacher_id", "client_id", "user_id"))
    new = [row for row in rows if (row.lesson_id, row.kind, row.change_id, row.teacher_id, row.client_id, row.user_id) not in known]
    written = Notice.objects.bulk_create(new)
    by_scope: dict[str, list[int]] = {}
    for notice in written:
        by_scope.setdefault(notice.club.scope, []).append(notice.pk)
    for scope, pks in by_scope.items():
        enqueue_many("lessons.send_notice", [[pk] for pk in pks], scope=scope, label=_("Notice"), run_at=run_at)
    return written


def send_notice(*, notice: Notice, confirm: Callable[[], None], last_attempt: bool) -> None:
    """Speak to the mail server, once. Raises what the job should make of the outcome.

    The notice says `sending` before the conversation begins: whoever finds it so knows that somebody died in there.
    """
    if not _may_send(notice):
        return
    if notices.is_overtaken(notice):
        notice.delete()
        return
    message = notices.compose(notice)
    try:
        mailer.connect()
        confirm()
        if _begin(notice):
            mailer.send(message)
            _end(notice, Notice.Status.SENT)
    except mailer.TemporaryFailure as error:
        _end(notice, Notice.Status.FAILED if last_attempt else Notice.Status.PENDING, str(error))
        raise RetryableError(str(error)) from error
    except mailer.Refusal as error:
        _end(notice, Notice.Status.FAILED, str(error))
        raise PermanentError(str(error)) from error
    except mailer.UnknownOutcome as error:
        _end(notice, Notice.Status.UNSURE, str(error))
        raise PermanentError(_unsure_text(), retryable=False) from error


def resend_notice(*, notice: Notice, user: Any = None) -> bool:
    """A person decided: send again what failed or perhaps arrived, to the address that its recipient has now.

    False when its state has changed meanwhile.
    """
    address = notice.recipient.email or notice.recipient_email
    with transaction.atomic():
        undelivered = Notice.objects.undelivered().filter(pk=notice.pk)
        if not undelivered.update(status=Notice.Status.PENDING, recipient_email=address, error_message="", sending_since=None):
            return False
        label = _("Notice: %(lesson)s") % {"lesson": notice.lesson.label}
        enqueue_many("lessons.send_notice", [[notice.pk]], scope=notice.club.scope, label=label, user=user)
    return True


def confirm_notice_arrived(*, notice: Notice) -> bool:
    """A person asked the recipient: what perhaps arrived did. False when its state has changed meanwhile."""
    unsure = Notice.objects.filter(pk=notice.pk, status=Notice.Status.UNSURE)
    return bool(unsure.update(status=Notice.Status.SENT, error_message="", sending_since=None, sent_at=Now()))


def send_due_reminders() -> int:
    """Turn due reminders into notices, once each; returns how many reminders. A lesson that has begun is no longer announced."""
    count = last = _send_some_reminders()
    while last == REMINDERS_AT_A_TIME:
        last = _send_some_reminders()
        count += last
    return count


def mark_lost_notices() -> int:
    """Say what nobody is left to say: of a worker that died within its last conversation, of a job that was cancelled before one."""
    lost = Notice.objects.filter(status=Notice.Status.SENDING, sending_since__lt=timezone.now() - timedelta(seconds=LOST_AFTER_SECONDS))
    return lost.update(status=Notice.Status.UNSURE, error_message=_unsure_text()) + _mark_forgotten()


def _mark_forgotten() -> int:
    """A notice and its job are written together, and it is read before them: what waits without a job waits in vain."""
    waiting = set(Notice.objects.filter(status=Notice.Status.PENDING).values_list("pk", flat=True))
    forgotten = waiting and waiting - {pk for [pk] in arguments_under_way("lessons.send_notice")}
    unsent = Notice.objects.filter(pk__in=forgotten, status=Notice.Status.PENDING)
    # Translators: "Son envoi a été annulé, ou interrompu avant de commencer."
    return unsent.update(status=Notice.Status.FAILED, error_message=_("Its sending was cancelled, or broke off before it began."))


def _send_some_reminders() -> int:
    with transaction.atomic():
        now = timezone.now()
        due = Reminder.objects.filter(due_at__lte=now, sent_at=None, lesson__status=Lesson.Status.PLANNED, lesson__starts_at__gt=now)
        # with their lessons: nobody who is in one is erased meanwhile; whoever has one now lets go before the next look
        due = due.select_for_update(of=("self", "lesson"), skip_locked=True, no_key=True).order_by("due_at")[:REMINDERS_AT_A_TIME]
        coming = Enrolment.objects.holding().filter(client__wants_reminders=True).exclude(client__email="").select_related("client")
        reminders = list(due.select_related("lesson__club", "lesson__teacher").prefetch_related(
            Prefetch("lesson__enrolments", coming.order_by("client"))
        ))  # fmt: skip
        if reminders:
            Reminder.objects.filter(pk__in=[reminder.pk for reminder in reminders]).update(sent_at=Now())
            post([notice for reminder in reminders for notice in _notices_of(reminder)])
    return len(reminders)


def _may_send(notice: Notice) -> bool:
    if notice.status == Notice.Status.SENDING:
        _end(notice, Notice.Status.UNSURE, _unsure_text())
    if notice.status == Notice.Status.UNSURE:
        raise PermanentError(_unsure_text(), retryable=False)
    return notice.status in _MAY_BEGIN


def _begin(notice: Notice) -> bool:
    """Of two who hold the same notice, one."""
    mine = Notice.objects.filter(pk=notice.pk, status__in=_MAY_BEGIN)
    return bool(mine.update(status=Notice.Status.SENDING, sending_since=Now(), error_message=""))


def _end(notice: Notice, status: Notice.Status, error: str = "") -> None:
    """What the server answered outweighs what somebody concluded from our silence."""
    notice.status = status
    unended = Notice.objects.filter(pk=notice.pk).filter(~Q(status=Notice.Status.SENT))
    unended.update(status=status, error_message=error, sending_since=None, sent_at=Now() if status == Notice.Status.SENT else None)


def _unsure_text() -> str:
    # Translators: "Peut-être arrivé : il ne repartira pas tout seul."
    return _("It may have arrived: it will not be sent again by itself.")


def _notices_of(reminder: Reminder) -> list[Notice]:
    """A reminder that a change has moved is another one: who was reminded of the old time is reminded of the new one."""
    lesson = reminder.lesson
    about: dict[str, Any] = {"club": lesson.club, "lesson": lesson, "kind": Notice.Kind.REMINDER, "change_id": reminder.change_id}
    told = [Notice(**about, client=row.client, recipient_email=row.client.email) for row in lesson.enrolments.all()]
    if lesson.teacher.email:
        told.insert(0, Notice(**about, teacher=lesson.teacher, recipient_email=lesson.teacher.email))
    return told
