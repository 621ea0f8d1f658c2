"""Lessons, their series, and who is enrolled."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Count, F, Prefetch, Q, Value
from django.db.models.functions import Now
from django.utils import formats
from django.utils.translation import gettext_lazy as _

from jobs.hooks import after_job, follow
from jobs.services import new_token

from .club import Client, Club, Place, Teacher

LONGEST_LESSON = timedelta(days=1)


class Series(models.Model):
    """The recurrence rule that lessons share."""

    club = models.ForeignKey(Club, models.CASCADE, related_name="series", verbose_name=_("club"))
    every_weeks = models.PositiveSmallIntegerField(_("every N weeks"), default=1)
    until = models.DateField(_("until"))
    without = models.JSONField(_("dates left out"), default=list, db_default=Value([], models.JSONField()), blank=True)
    despite = models.JSONField(_("closed days kept"), default=list, db_default=Value([], models.JSONField()), blank=True)
    version = models.PositiveIntegerField(_("version"), default=1, db_default=1, editable=False)  # of whichever lesson changes last
    roll_version = models.PositiveIntegerField(_("version of the rolls"), default=1, db_default=1, editable=False)  # of its lessons

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
        """All that an answer shows, in two queries whatever the number of lessons."""
        enrolled: Prefetch[Any] = Prefetch("enrolments", Enrolment.objects.concerned().order_by("id"), to_attr="enrolment_rows")
        reminder = {"reminder_due_at": F("reminders__due_at"), "reminder_sent_at": F("reminders__sent_at")}  # one a lesson
        return self.select_related("teacher", "place", "series", "job").annotate(**reminder).prefetch_related(enrolled)


@follow(create="lessons.after_create", update="lessons.after_update", delete="lessons.after_delete")
class Lesson(models.Model):
    class Status(models.TextChoices):
        PLANNED = "planned", _("Planned")
        CANCELLED = "cancelled", _("Cancelled")

    enrolment_rows: list["Enrolment"]  # filled by with_details() and by the service that creates a lesson
    reminder_due_at: datetime | None  # likewise
    reminder_sent_at: datetime | None
    change_id: int | None = None  # the decision that the next save writes down, and who made it: for the job that follows
    changed_by: Any = None
    next_token: Any = None

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
    version = models.PositiveIntegerField(_("version"), default=1, db_default=1, editable=False)
    roll_version = models.PositiveIntegerField(_("version of the roll"), default=1, db_default=1, editable=False)  # of who has a place
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
            models.UniqueConstraint(fields=["series", "starts_at"], condition=Q(status="planned"), name="lessons_one_a_date_of_a_series"),
            models.UniqueConstraint(fields=["club", "request_key"], name="lessons_one_a_request_key"),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        """The token of the job that follows is chosen first: it goes into the row without a second statement."""
        if not self._state.adding or self.job_id is None:
            self.job_id = new_token()
        self.next_token = self.job_id
        with transaction.atomic(savepoint=False):
            super().save(*args, **kwargs)
        self.job = after_job(self)

    def after_job_options(self, event: str) -> dict[str, Any]:
        args, token = [self.change_id] if self.change_id else [], self.next_token
        self.next_token = None
        return {"token": token, "scope": self.club.scope, "label": self.label, "user": self.changed_by or self.created_by, "args": args}

    @property
    def is_deleted(self) -> bool:
        """For what follows a save: a lesson that is cancelled stays on record, and is gone all the same."""
        return self.status == self.Status.CANCELLED

    @property
    def local_start(self) -> datetime:
        return self.starts_at.astimezone(self.club.zone)

    @property
    def local_end(self) -> datetime:
        return self.ends_at.astimezone(self.club.zone)

    @property
    def holding_rows(self) -> list["Enrolment"]:
        """Of `enrolment_rows`: a place each."""
        return [row for row in self.enrolment_rows if row.attendance in HOLDING]

    @property
    def waiting_rows(self) -> list["Enrolment"]:
        """Of `enrolment_rows`, in their turn."""
        waiting = [row for row in self.enrolment_rows if row.attendance == Attendance.WAITING]
        return sorted(waiting, key=waiting_order)

    @property
    def full_version(self) -> str:
        """Of the lesson and its roll, and of the series that it is one of: what a form that stood open is compared with."""
        if self.series is None:
            return f"{self.version}-{self.roll_version}"
        return f"{self.version}.{self.series.version}-{self.roll_version}.{self.series.roll_version}"

    @property
    def label(self) -> str:
        return f"{self.title}, {formats.date_format(self.local_start, 'l G:i')}"

    @property
    def duration_minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds() // 60)


class Attendance(models.TextChoices):
    """Whether a client has a place in a lesson, and took it."""

    EXPECTED = "expected", _("Expected")
    WAITING = "waiting", _("Waiting for a place")
    CANCELLED = "cancelled", _("Cancelled in time")
    LATE_CANCELLED = "late_cancelled", _("Cancelled late")
    ATTENDED = "attended", _("Present")
    NO_SHOW = "no_show", _("Absent")


HOLDING = (Attendance.EXPECTED, Attendance.ATTENDED, Attendance.NO_SHOW)  # a place
GONE = (Attendance.CANCELLED, Attendance.LATE_CANCELLED)
ALWAYS_CHARGED = (Attendance.EXPECTED, Attendance.ATTENDED)
NEVER_CHARGED = (Attendance.WAITING, Attendance.CANCELLED)
BY_THE_RULE = (Attendance.LATE_CANCELLED, Attendance.NO_SHOW)  # of the club, as it was when it was marked


def places_held(enrolments: str = "enrolments") -> Count:
    """For `annotate`: how many places of a lesson are taken."""
    return Count(enrolments, filter=Q(**{f"{enrolments}__attendance__in": HOLDING}))


def places_wanted(enrolments: str = "enrolments") -> Count:
    """For `annotate`: how many wait for one."""
    return Count(enrolments, filter=Q(**{f"{enrolments}__attendance": Attendance.WAITING}))


def waiting_order(row: "Enrolment") -> tuple[Any, float]:
    """The longest first; of those who came at one moment, in the order of the rows."""
    return row.attendance_at, row.pk or float("inf")


class EnrolmentQuerySet(models.QuerySet["Enrolment"]):
    def holding(self) -> "EnrolmentQuerySet":
        """A place in the lesson."""
        return self.filter(attendance__in=HOLDING)

    def waiting(self) -> "EnrolmentQuerySet":
        """For a place, the first to get one first."""
        return self.filter(attendance=Attendance.WAITING).order_by("attendance_at", "id")

    def concerned(self) -> "EnrolmentQuerySet":
        """Who is told what becomes of the lesson."""
        return self.exclude(attendance__in=GONE)

    def charged(self) -> "EnrolmentQuerySet":
        """Who pays for the lesson, or owes it."""
        return self.filter(charged=True)


class Enrolment(models.Model):
    """A client in a lesson, whatever became of it: `attendance` says whether there is a place, `status` whether it is paid."""

    class Status(models.TextChoices):
        BOOKED = "booked", _("Booked")  # the after-create job has not decided yet
        PAID = "paid", _("Paid")
        UNPAID = "unpaid", _("Unpaid")

    lesson = models.ForeignKey(Lesson, models.CASCADE, related_name="enrolments", verbose_name=_("lesson"))
    client = models.ForeignKey(Client, models.PROTECT, related_name="enrolments", verbose_name=_("client"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.BOOKED)
    attendance = models.CharField(
        _("attendance"), max_length=14, choices=Attendance, default=Attendance.EXPECTED, db_default=Attendance.EXPECTED
    )
    attendance_at = models.DateTimeField(_("attendance since"), null=True, blank=True)  # a waiting list is in this order
    attendance_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("marked by")
    )
    charged = models.BooleanField(_("charged"), default=True, db_default=True, help_text=_("Whether the client pays for the lesson."))
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("enrolment")
        verbose_name_plural = _("enrolments")
        constraints = [
            models.UniqueConstraint(fields=["lesson", "client"], name="lessons_enrolled_once"),
            models.CheckConstraint(
                condition=Q(charged=True, attendance__in=[*ALWAYS_CHARGED, *BY_THE_RULE])
                | Q(charged=False, attendance__in=[*NEVER_CHARGED, *BY_THE_RULE]),
                name="lessons_charged_for_a_place",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lesson_id} × {self.client_id}"


class Reminder(models.Model):
    lesson = models.ForeignKey(Lesson, models.CASCADE, related_name="reminders", verbose_name=_("lesson"))
    change = models.ForeignKey("lessons.Change", models.SET_NULL, null=True, blank=True, editable=False, related_name="+")  # what moved it
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
