"""What was told to whom, and when."""

import secrets
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from .changes import Change
from .club import Client, Club, Teacher
from .planning import Lesson
from .subscriptions import Subscription


def new_message_id() -> str:
    """A stable Message-ID: the same e-mail keeps it on each attempt, so that mailboxes can drop a double."""
    return f"<{secrets.token_hex(16)}@aussitot>"


def _once(fields: list[str], condition: Q, name: str) -> list[models.UniqueConstraint]:
    recipients = {"teacher": "a_teacher", "client": "a_client", "user": "a_manager"}
    return [
        models.UniqueConstraint(fields=[*fields, who], condition=condition, name=name.format(words)) for who, words in recipients.items()
    ]


class NoticeQuerySet(models.QuerySet["Notice"]):
    def with_details(self) -> "NoticeQuerySet":
        people = ("teacher", "client", "user")
        return self.select_related("club", "lesson__club", "lesson__place", "lesson__teacher", *people, "subscription", "change__undoes")

    def undelivered(self) -> "NoticeQuerySet":
        """What a person has to decide about."""
        return self.filter(status__in=[Notice.Status.FAILED, Notice.Status.UNSURE])


class Notice(models.Model):
    """What was told to whom, and when. The row comes first; the e-mail is a job of its own."""

    class Kind(models.TextChoices):
        PLANNED = "planned", _("Lesson planned")
        UNPAID = "unpaid", _("Lessons unpaid")
        REMINDER = "reminder", _("Reminder")
        CHANGED = "changed", _("Lesson changed")
        CANCELLED = "cancelled", _("Lesson cancelled")
        RESTORED = "restored", _("Lesson taking place after all")
        RENEWAL = "renewal", _("Subscription to renew")
        ENROLLED = "enrolled", _("Enrolment made")
        PROMOTED = "promoted", _("Place given to who waited")
        WAITING = "waiting", _("On the waiting list")
        WITHDRAWN = "withdrawn", _("Enrolment cancelled")

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting")
        SENDING = "sending", _("Being sent")  # marked before the mail server is spoken to
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        UNSURE = "unsure", _("Perhaps arrived")  # the worker died in the conversation: a person decides, nothing resends

    club = models.ForeignKey(Club, models.CASCADE, related_name="notices", verbose_name=_("club"))
    lesson = models.ForeignKey(Lesson, models.CASCADE, related_name="notices", verbose_name=_("lesson"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    change = models.ForeignKey(Change, models.CASCADE, null=True, blank=True, related_name="notices", verbose_name=_("change"))
    teacher = models.ForeignKey(Teacher, models.CASCADE, null=True, blank=True, related_name="notices", verbose_name=_("teacher"))
    client = models.ForeignKey(Client, models.CASCADE, null=True, blank=True, related_name="notices", verbose_name=_("client"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="notices", verbose_name=_("manager")
    )
    subscription = models.ForeignKey(
        Subscription, models.CASCADE, null=True, blank=True, related_name="notices", verbose_name=_("subscription")
    )  # what a renewal is about; its lesson is the last one that was paid
    recipient_email = models.EmailField(_("sent to"), blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    error_message = models.TextField(_("error"), blank=True)
    message_id = models.CharField(_("Message-ID"), max_length=120, unique=True, default=new_message_id)
    created_at = models.DateTimeField(_("created at"), db_default=Now())
    sending_since = models.DateTimeField(_("being sent since"), null=True, blank=True, editable=False)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-id"]
        indexes = [models.Index("status", name="lessons_notices_under_way", condition=Q(status__in=["pending", "sending"]))]
        constraints = [
            # NULLs are distinct: each constraint speaks of its own sort of recipient
            *_once(["lesson", "kind"], Q(change=None), "lessons_told_{}_once"),
            *_once(["lesson", "kind", "change"], Q(change__isnull=False), "lessons_told_{}_of_a_change"),
            models.UniqueConstraint(fields=["subscription", "kind"], name="lessons_told_of_a_subscription_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def recipient(self) -> Any:
        return self.teacher or self.client or self.user
