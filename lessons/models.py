"""The club itself: people, lessons, what was paid with, and what was told to whom."""

import secrets
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Prefetch, Q
from django.db.models.functions import Lower, Now
from django.utils import formats
from django.utils.translation import gettext_lazy as _

from jobs.hooks import after_job, follow
from jobs.services import new_token

LONGEST_LESSON = timedelta(days=1)


def validate_time_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError) as error:
        raise ValidationError(_("This time zone is not known. Example: Europe/Brussels.")) from error


def new_message_id() -> str:
    """A stable Message-ID: the same e-mail keeps it on each attempt, so that mailboxes can drop a double."""
    return f"<{secrets.token_hex(16)}@aussitot>"


class Club(models.Model):
    class Country(models.TextChoices):
        BELGIUM = "BE", _("Belgium")
        FRANCE = "FR", _("France")

    name = models.CharField(_("name"), max_length=120)
    country = models.CharField(_("country"), max_length=2, choices=Country, default=Country.BELGIUM)
    time_zone = models.CharField(_("time zone"), max_length=40, default="Europe/Brussels", validators=[validate_time_zone])
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="fr")
    email = models.EmailField(_("e-mail"), blank=True, help_text=_("Answers to the club's e-mails go there."))
    reminder_lead_hours = models.PositiveSmallIntegerField(_("reminder, hours before"), default=24, help_text=_("0: no reminders."))
    closed_on_public_holidays = models.BooleanField(_("closed on public holidays"), default=True)
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    class Meta:
        verbose_name = _("club")
        verbose_name_plural = _("clubs")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def scope(self) -> str:
        """The name under which background jobs know whose they are."""
        return f"club:{self.pk}"


class Membership(models.Model):
    class Role(models.TextChoices):
        MANAGER = "manager", _("Manager")
        TEACHER = "teacher", _("Teacher")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships", verbose_name=_("user"))
    club = models.ForeignKey(Club, models.CASCADE, related_name="memberships", verbose_name=_("club"))
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.MANAGER)
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [models.UniqueConstraint(fields=["user", "club"], name="lessons_one_membership_a_club")]

    def __str__(self) -> str:
        return f"{self.user} · {self.club}"


class Person(models.Model):
    """What teachers and clients have in common."""

    club = models.ForeignKey(Club, models.CASCADE, related_name="%(class)ss", verbose_name=_("club"))
    first_name = models.CharField(_("first name"), max_length=150)
    last_name = models.CharField(_("last name"), max_length=150, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    created_at = models.DateTimeField(_("created at"), db_default=Now())
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        abstract = True
        ordering = ["last_name", "first_name", "id"]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class Teacher(Person):
    volunteer = models.BooleanField(_("volunteer"), default=True)
    silk = models.PositiveSmallIntegerField(_("colours"), default=1, help_text=_("1 to 8: hue and weave on the planning, kept for good."))
    active = models.BooleanField(_("active"), default=True)

    class Meta(Person.Meta):
        verbose_name = _("teacher")
        verbose_name_plural = _("teachers")
        constraints = [models.CheckConstraint(condition=Q(silk__range=(1, 8)), name="lessons_eight_silks")]


class Client(Person):
    birth_date = models.DateField(_("birth date"), null=True, blank=True)
    notes = models.TextField(_("notes"), blank=True)

    class Meta(Person.Meta):
        verbose_name = _("client")
        verbose_name_plural = _("clients")


class Place(models.Model):
    club = models.ForeignKey(Club, models.CASCADE, related_name="places", verbose_name=_("club"))
    name = models.CharField(_("name"), max_length=60)

    class Meta:
        verbose_name = _("place")
        verbose_name_plural = _("places")
        ordering = ["name"]
        constraints = [models.UniqueConstraint("club", Lower("name"), name="lessons_place_named_once")]

    def __str__(self) -> str:
        return self.name


class Subscription(models.Model):
    """A pack of N lessons, or a period without a count."""

    class Kind(models.TextChoices):
        PACK = "pack", _("Pack of lessons")
        PERIOD = "period", _("Period")

    club = models.ForeignKey(Club, models.CASCADE, related_name="subscriptions", verbose_name=_("club"))
    client = models.ForeignKey(Client, models.CASCADE, related_name="subscriptions", verbose_name=_("client"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.PACK)
    credits = models.PositiveSmallIntegerField(_("lessons bought"), null=True, blank=True)
    used = models.PositiveSmallIntegerField(_("lessons used"), default=0, editable=False)
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        ordering = ["valid_from", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="pack", credits__isnull=False) | Q(kind="period", credits__isnull=True), name="lessons_only_packs_count"
            ),
            models.CheckConstraint(condition=Q(credits__isnull=True) | Q(used__lte=F("credits")), name="lessons_credit_never_below_zero"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")), name="lessons_validity_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.client}: {self.get_kind_display()}"

    def clean(self) -> None:
        if self.client_id and self.club_id and self.client.club_id != self.club_id:
            raise ValidationError({"client": _("This client is of another club.")})

    @property
    def remaining(self) -> int | None:
        """Lessons left; None for a period, which does not count them."""
        return None if self.credits is None else self.credits - self.used


class Closure(models.Model):
    """Days, both included, on which no lesson is given."""

    club = models.ForeignKey(Club, models.CASCADE, related_name="closures", verbose_name=_("club"))
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    reason = models.CharField(_("reason"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("closure")
        verbose_name_plural = _("closures")
        ordering = ["first_day"]
        constraints = [models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="lessons_closure_in_order")]

    def __str__(self) -> str:
        return self.reason or f"{self.first_day} – {self.last_day}"


class Series(models.Model):
    """The recurrence rule that lessons share."""

    club = models.ForeignKey(Club, models.CASCADE, related_name="series", verbose_name=_("club"))
    every_weeks = models.PositiveSmallIntegerField(_("every N weeks"), default=1)
    until = models.DateField(_("until"))

    class Meta:
        verbose_name = _("series")
        verbose_name_plural = _("series")
        constraints = [models.CheckConstraint(condition=Q(every_weeks__gte=1), name="lessons_series_moves_on")]

    def __str__(self) -> str:
        return str(self.pk)


class LessonQuerySet(models.QuerySet["Lesson"]):
    def planned(self) -> "LessonQuerySet":
        return self.filter(status=Lesson.Status.PLANNED)

    def overlapping(self, starts_at: datetime, ends_at: datetime) -> "LessonQuerySet":
        """Without the lower bound on the start, the index would be read from the club's first day."""
        return self.filter(starts_at__lt=ends_at, ends_at__gt=starts_at, starts_at__gt=starts_at - LONGEST_LESSON)

    def with_details(self) -> "LessonQuerySet":
        """All that an answer shows, in three queries whatever the number of lessons."""
        rows: list[Prefetch[Any]] = [
            Prefetch("enrolments", Enrolment.objects.order_by("id"), to_attr="enrolment_rows"),
            Prefetch("reminders", Reminder.objects.order_by("id"), to_attr="reminder_rows"),
        ]
        return self.select_related("teacher", "place", "job").prefetch_related(*rows)


@follow(create="lessons.after_create")
class Lesson(models.Model):
    class Status(models.TextChoices):
        PLANNED = "planned", _("Planned")
        CANCELLED = "cancelled", _("Cancelled")

    enrolment_rows: list["Enrolment"]  # filled by with_details() and by the service that creates a lesson
    reminder_rows: list["Reminder"]

    club = models.ForeignKey(Club, models.CASCADE, related_name="lessons", verbose_name=_("club"))
    title = models.CharField(_("title"), max_length=120)
    teacher = models.ForeignKey(Teacher, models.PROTECT, related_name="lessons", verbose_name=_("teacher"))
    place = models.ForeignKey(Place, models.PROTECT, related_name="lessons", verbose_name=_("place"))
    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(_("ends at"))
    capacity = models.PositiveSmallIntegerField(_("capacity"), default=8)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PLANNED)
    series = models.ForeignKey(Series, models.SET_NULL, null=True, blank=True, related_name="lessons", verbose_name=_("series"))
    clients = models.ManyToManyField(Client, through="Enrolment", related_name="lessons", verbose_name=_("clients"))
    request_key = models.CharField(_("request key"), max_length=100, null=True, blank=True, editable=False)  # noqa: DJ001  NULL: no key
    job = models.ForeignKey("jobs.Job", models.SET_NULL, null=True, blank=True, editable=False, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+")
    created_at = models.DateTimeField(_("created at"), db_default=Now())
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects = LessonQuerySet.as_manager()

    class Meta:
        verbose_name = _("lesson")
        verbose_name_plural = _("lessons")
        ordering = ["starts_at", "id"]
        indexes = [
            models.Index("club", "starts_at", name="lessons_by_week"),
            models.Index("teacher", "starts_at", name="lessons_by_teacher"),
            models.Index("place", "starts_at", name="lessons_by_place"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="lessons_end_after_start"),
            models.UniqueConstraint(fields=["series", "starts_at"], name="lessons_one_a_date_of_a_series"),
            models.UniqueConstraint(fields=["club", "request_key"], name="lessons_one_a_request_key"),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        """The token of the after-create job is chosen first: it goes into the row without a second statement."""
        if self._state.adding and self.job_id is None:
            self.job_id = new_token()
        adding = self._state.adding
        with transaction.atomic(savepoint=False):
            super().save(*args, **kwargs)
        if adding:
            self.job = after_job(self)

    def after_job_options(self, event: str) -> dict[str, Any]:
        return {"token": self.job_id, "scope": self.club.scope, "label": self.label, "user": self.created_by}

    @property
    def local_start(self) -> datetime:
        return self.starts_at.astimezone(self.club.zone)

    @property
    def local_end(self) -> datetime:
        return self.ends_at.astimezone(self.club.zone)

    @property
    def label(self) -> str:
        return f"{self.title}, {formats.date_format(self.local_start, 'l G:i')}"

    @property
    def duration_minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds() // 60)


class Enrolment(models.Model):
    class Status(models.TextChoices):
        BOOKED = "booked", _("Booked")  # the after-create job has not decided yet
        PAID = "paid", _("Paid")
        UNPAID = "unpaid", _("Unpaid")

    lesson = models.ForeignKey(Lesson, models.CASCADE, related_name="enrolments", verbose_name=_("lesson"))
    client = models.ForeignKey(Client, models.PROTECT, related_name="enrolments", verbose_name=_("client"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.BOOKED)
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    class Meta:
        verbose_name = _("enrolment")
        verbose_name_plural = _("enrolments")
        constraints = [models.UniqueConstraint(fields=["lesson", "client"], name="lessons_enrolled_once")]

    def __str__(self) -> str:
        return f"{self.lesson_id} × {self.client_id}"


class SubscriptionUse(models.Model):
    """The ledger: one row a lesson that a subscription paid, so that the debit can be proved and never happens twice."""

    subscription = models.ForeignKey(Subscription, models.PROTECT, related_name="uses", verbose_name=_("subscription"))
    lesson = models.ForeignKey(Lesson, models.PROTECT, related_name="uses", verbose_name=_("lesson"))
    client = models.ForeignKey(Client, models.PROTECT, related_name="uses", verbose_name=_("client"))
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    class Meta:
        verbose_name = _("use of a subscription")
        verbose_name_plural = _("uses of subscriptions")
        constraints = [models.UniqueConstraint(fields=["lesson", "client"], name="lessons_debited_once")]

    def __str__(self) -> str:
        return f"{self.subscription_id}: {self.lesson_id} × {self.client_id}"


class NoticeQuerySet(models.QuerySet["Notice"]):
    def with_details(self) -> "NoticeQuerySet":
        return self.select_related("club", "lesson__club", "lesson__place", "lesson__teacher", "teacher", "client")


class Notice(models.Model):
    """What was told to whom, and when. The row comes first; the e-mail is a job of its own."""

    class Kind(models.TextChoices):
        PLANNED = "planned", _("Lesson planned")
        UNPAID = "unpaid", _("Lessons unpaid")
        REMINDER = "reminder", _("Reminder")

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting")
        SENDING = "sending", _("Being sent")  # marked before the mail server is spoken to
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        UNSURE = "unsure", _("Perhaps arrived")  # the worker died in the conversation: a person decides, nothing resends

    club = models.ForeignKey(Club, models.CASCADE, related_name="notices", verbose_name=_("club"))
    lesson = models.ForeignKey(Lesson, models.CASCADE, related_name="notices", verbose_name=_("lesson"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    teacher = models.ForeignKey(Teacher, models.CASCADE, null=True, blank=True, related_name="notices", verbose_name=_("teacher"))
    client = models.ForeignKey(Client, models.CASCADE, null=True, blank=True, related_name="notices", verbose_name=_("client"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="notices", verbose_name=_("manager")
    )
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
        constraints = [
            # NULLs are distinct: each constraint speaks of its own sort of recipient
            models.UniqueConstraint(fields=["lesson", "kind", "teacher"], name="lessons_told_a_teacher_once"),
            models.UniqueConstraint(fields=["lesson", "kind", "client"], name="lessons_told_a_client_once"),
            models.UniqueConstraint(fields=["lesson", "kind", "user"], name="lessons_told_a_manager_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class Reminder(models.Model):
    lesson = models.ForeignKey(Lesson, models.CASCADE, related_name="reminders", verbose_name=_("lesson"))
    due_at = models.DateTimeField(_("due at"))
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        ordering = ["due_at"]
        indexes = [models.Index("due_at", name="lessons_reminders_due", condition=Q(sent_at=None))]
        constraints = [models.UniqueConstraint(fields=["lesson"], name="lessons_one_reminder_a_lesson")]

    def __str__(self) -> str:
        return f"{self.lesson_id} {self.due_at:%F %R}"
