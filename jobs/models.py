"""The queue, the status and the history of background work are these rows: there is no second truth."""

import secrets
import time
import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


def time_ordered_uuid() -> uuid.UUID:
    """UUID version 7: too random to guess, and in order of creation, so the key is also the order of the queue."""
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = rest * 4096 // 1_000_000
    return uuid.UUID(int=milliseconds << 80 | 7 << 76 | fraction << 64 | 2 << 62 | secrets.randbits(62))


class Queue(models.Model):
    """A queue that an operator paused: its jobs wait, those that run go on. A queue without a row is not paused."""

    name = models.CharField(_("name"), max_length=40, unique=True)
    paused = models.BooleanField(_("paused"), default=False)
    changed_at = models.DateTimeField(_("changed at"), auto_now=True)

    class Meta:
        verbose_name = _("queue")
        verbose_name_plural = _("queues")

    def __str__(self) -> str:
        return self.name


class Recurrence(models.Model):
    """When a recurring kind is next enqueued: whoever moves `next_at` on, and only that one, enqueues it."""

    kind = models.CharField(_("kind"), max_length=100, primary_key=True)
    next_at = models.DateTimeField(_("next at"))

    class Meta:
        verbose_name = _("recurrence")
        verbose_name_plural = _("recurrences")

    def __str__(self) -> str:
        return self.kind


class Batch(models.Model):
    """A fan-out of many jobs under one token. Its counts come from its jobs, so they cannot disagree with them.

    Where the jobs are many, another job enqueues them: until then the batch has promised them, and they count as what that job is.
    """

    id = models.UUIDField(primary_key=True, default=time_ordered_uuid, editable=False)
    label = models.CharField(_("label"), max_length=200)
    total = models.PositiveIntegerField(_("total"), default=0)
    promised = models.PositiveIntegerField(_("promised"), default=0, help_text=_("Jobs that are yet to be enqueued."))
    filled_by = models.ForeignKey("jobs.Job", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("enqueued by"))
    scope = models.CharField(_("scope"), max_length=60, blank=True, help_text=_("Who may see it, such as club:7."))
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.label


class JobQuerySet(models.QuerySet["Job"]):
    def waiting(self) -> "JobQuerySet":
        return self.filter(status=Job.Status.PENDING)

    def running(self) -> "JobQuerySet":
        return self.filter(status=Job.Status.RUNNING)

    def failed(self) -> "JobQuerySet":
        return self.filter(status=Job.Status.ERROR)

    def unended(self) -> "JobQuerySet":
        return self.filter(status__in=[Job.Status.PENDING, Job.Status.RUNNING])


class Job(models.Model):
    """One piece of background work. Its key is the token that callers follow it by."""

    class Status(models.TextChoices):
        """The life of a job.

        | from → to | who | when |
        |---|---|---|
        | – → `pending` | `enqueue` | in the caller's transaction: a rollback takes the job with it |
        | `pending` → `running` | worker | the claim: attempt + 1, owner, started_at; one UPDATE, so never twice |
        | `running` → `done` | worker | in the same transaction as the job's database effects, so they happen exactly once |
        | `running` → `pending` | worker, rescue | failed, timed out or its worker died, and attempts are left: after the backoff ± 20 % \
(a first crash: at once); a graceful stop gives the attempt back |
        | `running` → `error` | worker, rescue | no attempts are left, or the task raised `PermanentError` |
        | `pending` → `cancelled` | user, operator | it never starts |
        | `running` → `cancelled` | user, operator | the task sees it at its next `progress` call, and its finish is refused |
        | `error` → `pending` | operator | retry: attempts start anew, history stays |
        | `cancelled` → `pending` | operator | retry: attempts start anew, history stays |
        | ended → – | prune | after the retention; the token answers `unknown` |
        """

        PENDING = "pending", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        ERROR = "error", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    id = models.UUIDField(primary_key=True, default=time_ordered_uuid, editable=False)
    kind = models.CharField(_("kind"), max_length=100)
    queue = models.CharField(_("queue"), max_length=40)
    args = models.JSONField(_("arguments"), default=list, help_text=_("Ids and scalars, never personal data."))
    priority = models.SmallIntegerField(_("priority"), default=0)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    progress = models.PositiveSmallIntegerField(_("progress"), default=0)
    message = models.CharField(_("message"), max_length=200, blank=True)
    steps = models.JSONField(_("steps"), default=list, blank=True)
    result = models.JSONField(_("result"), null=True, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    error = models.TextField(_("error"), blank=True, help_text=_("What a person may read of the last failure."))
    retryable = models.BooleanField(_("a retry may help"), default=True, db_default=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    max_attempts = models.PositiveSmallIntegerField(_("most attempts"))
    run_at = models.DateTimeField(_("not before"), null=True, blank=True)
    unique_key = models.CharField(_("unique key"), max_length=64, blank=True)
    label = models.CharField(_("label"), max_length=200, blank=True)
    scope = models.CharField(_("scope"), max_length=60, blank=True, help_text=_("Who may see it, such as club:7."))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("asked by"))
    batch = models.ForeignKey(Batch, models.CASCADE, null=True, blank=True, related_name="jobs", verbose_name=_("batch"))
    owner = models.CharField(_("worker"), max_length=100, blank=True)
    heartbeat_at = models.DateTimeField(_("last sign of life"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), db_default=Now())
    ready_at = models.DateTimeField(_("ready at"), db_default=Now(), help_text=_("Since when it has waited its turn, once it is due."))
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-id"]
        indexes = [
            models.Index("queue", F("priority").desc(), "id", name="jobs_ready", condition=Q(status="pending", run_at=None)),
            models.Index("run_at", name="jobs_due", condition=Q(status="pending", run_at__isnull=False)),
            models.Index("owner", name="jobs_running", condition=Q(status="running")),
            models.Index("finished_at", name="jobs_ended", condition=Q(finished_at__isnull=False)),
            models.Index(fields=["scope", "-id"], name="jobs_scope"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "unique_key"],
                condition=Q(status__in=["pending", "running"]) & ~Q(unique_key=""),
                name="jobs_unique_while_unended",
            ),
            models.CheckConstraint(condition=Q(progress__lte=100), name="jobs_progress_at_most_100"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def token(self) -> str:
        return str(self.pk)

    @property
    def ended(self) -> bool:
        return self.status in (self.Status.DONE, self.Status.ERROR, self.Status.CANCELLED)


class Attempt(models.Model):
    """An attempt that did not succeed."""

    class Outcome(models.TextChoices):
        ERROR = "error", _("Failed")
        TIMEOUT = "timeout", _("Took too long")
        CRASHED = "crashed", _("Worker died")
        RELEASED = "released", _("Given back")

    job = models.ForeignKey(Job, models.CASCADE, related_name="failures", verbose_name=_("job"))
    number = models.PositiveSmallIntegerField(_("number"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome)
    owner = models.CharField(_("worker"), max_length=100)
    traceback = models.TextField(_("traceback"), blank=True)
    started_at = models.DateTimeField(_("started at"), null=True)
    ended_at = models.DateTimeField(_("ended at"), db_default=Now())

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.number}: {self.get_outcome_display()}"


class Worker(models.Model):
    """A process that runs jobs, as it last described itself; it writes its row about once a second."""

    class State(models.TextChoices):
        IDLE = "idle", _("Idle")
        BUSY = "busy", _("Busy")
        STOPPING = "stopping", _("Stopping")

    owner = models.CharField(_("name"), max_length=100, unique=True)
    host = models.CharField(_("host"), max_length=100)
    pid = models.PositiveIntegerField(_("process"))
    queues = models.CharField(_("queues"), max_length=200)
    job_kind = models.CharField(_("kind of its job"), max_length=100, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.IDLE)
    since = models.DateTimeField(_("since"))
    seen_at = models.DateTimeField(_("last seen"))
    restart_asked_at = models.DateTimeField(_("restart asked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")
        ordering = ["host", "pid"]

    def __str__(self) -> str:
        return self.owner


class SlowStatement(models.Model):
    """A statement that took longer than SLOW_QUERY_SECONDS. Its values are not kept."""

    fingerprint = models.CharField(_("fingerprint"), max_length=12, help_text=_("Alike for the same statement with other values."))
    shape = models.TextField(_("statement"))
    origin = models.CharField(_("origin"), max_length=300)
    seconds = models.FloatField(_("seconds"))
    ended_at = models.DateTimeField(_("ended at"), db_index=True)

    class Meta:
        verbose_name = _("slow statement")
        verbose_name_plural = _("slow statements")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.fingerprint


class Intervention(models.Model):
    """What a person did to jobs from a terminal or over the API. What is done in the administration stands in its own history."""

    acted_at = models.DateTimeField(_("when"), db_default=Now(), db_index=True)
    who = models.CharField(_("who"), max_length=200, help_text=_("An account of the site, or of the operating system with its host."))
    deed = models.CharField(_("what"), max_length=20)
    target = models.CharField(_("of what"), max_length=200, blank=True)
    count = models.PositiveIntegerField(_("jobs"), null=True)

    class Meta:
        verbose_name = _("intervention")
        verbose_name_plural = _("interventions")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.deed} {self.target}".strip()
