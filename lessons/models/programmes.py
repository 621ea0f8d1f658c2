"""What clients learn: programmes, to whom they are assigned, and how far each client is."""

from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Lower, Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from jobs.hooks import after_job, follow
from jobs.services import new_token

from .club import Client, Club


class ProgrammeQuerySet(models.QuerySet["Programme"]):
    def with_counts(self) -> "ProgrammeQuerySet":
        """`skill_count`, `client_count`, and `acquired` of `expected` realisations: each a subquery, for a join would multiply."""
        evaluations = Evaluation.objects.filter(programme=OuterRef("pk")).order_by().values("programme")
        return self.annotate(
            skill_count=_number(Skill.objects.filter(programme=OuterRef("pk")).order_by().values("programme"), Count("pk")),
            client_count=_number(evaluations, Count("pk")),
            acquired=_number(evaluations, models.Sum("acquired")),
            expected=_number(evaluations, models.Sum("total")),
        )


class Programme(models.Model):
    """A list of skills, in the order in which they are learnt."""

    club = models.ForeignKey(Club, models.CASCADE, related_name="programmes", verbose_name=_("club"))
    name = models.CharField(_("name"), max_length=120)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False, help_text=_("Counts the changes."))
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+")
    created_at = models.DateTimeField(_("created at"), db_default=Now())
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects = ProgrammeQuerySet.as_manager()

    class Meta:
        verbose_name = _("programme")
        verbose_name_plural = _("programmes")
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint("club", Lower("name"), name="lessons_programme_named_once")]

    def __str__(self) -> str:
        return self.name


class Skill(models.Model):
    """Named once a programme: the service sees to it, since two that change their names with each other pass through a double."""

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="skills", verbose_name=_("programme"))
    name = models.CharField(_("name"), max_length=120)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("skill")
        verbose_name_plural = _("skills")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name


@follow(create="lessons.assign_programme")
class ProgrammeAssignment(models.Model):
    """One click: this programme for these clients. The job makes what is missing of it."""

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="assignments", verbose_name=_("programme"))
    client_ids = models.JSONField(_("clients"), default=list)  # one row a click, however large the group
    joined_ids = models.JSONField(_("clients added"), default=list, editable=False)  # whom the job found without the programme
    job = models.ForeignKey("jobs.Job", models.SET_NULL, null=True, blank=True, editable=False, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+")
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    class Meta:
        verbose_name = _("programme assignment")
        verbose_name_plural = _("programme assignments")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.programme_id} × {len(self.client_ids)}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """The token of the after-create job is chosen first: it goes into the row without a second statement."""
        adding = self._state.adding
        if adding and self.job_id is None:
            self.job_id = new_token()
        with transaction.atomic(savepoint=False):
            super().save(*args, **kwargs)
        if adding:
            self.job = after_job(self)

    def after_job_options(self, event: str) -> dict[str, Any]:
        # Translators: French “Programme : %(name)s”
        label = gettext("Programme: %(name)s") % {"name": self.programme.name}
        return {"token": self.job_id, "scope": self.programme.club.scope, "label": label, "user": self.created_by}


class TaskAssignment(models.Model):
    """A skill that is given to clients, since its first assignment; once a skill, whoever is added later."""

    skill = models.OneToOneField(Skill, models.CASCADE, related_name="task", verbose_name=_("skill"))
    assignment = models.ForeignKey(
        ProgrammeAssignment, models.SET_NULL, null=True, related_name="tasks", verbose_name=_("programme assignment")
    )
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    class Meta:
        verbose_name = _("task assignment")
        verbose_name_plural = _("task assignments")
        ordering = ["skill__position", "id"]

    def __str__(self) -> str:
        return str(self.skill)


class Realisation(models.Model):
    """How far one client is with one skill."""

    class Status(models.TextChoices):
        # Translators: a skill not begun; French “À travailler”
        TODO = "todo", _("To learn")
        STARTED = "started", _("Under way")
        # Translators: a skill that is mastered; French “Acquis”
        ACQUIRED = "acquired", _("Acquired")

    task = models.ForeignKey(TaskAssignment, models.CASCADE, related_name="realisations", verbose_name=_("task assignment"))
    client = models.ForeignKey(Client, models.CASCADE, related_name="realisations", verbose_name=_("client"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.TODO)
    marked_at = models.DateTimeField(_("marked at"), null=True, blank=True)
    marked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("marked by")
    )

    class Meta:
        verbose_name = _("realisation")
        verbose_name_plural = _("realisations")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["task", "client"], name="lessons_one_realisation_a_task")]

    def __str__(self) -> str:
        return f"{self.task_id} × {self.client_id}"


class Evaluation(models.Model):
    """A client's realisations of one programme, counted; kept in step by the services."""

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="evaluations", verbose_name=_("programme"))
    client = models.ForeignKey(Client, models.CASCADE, related_name="evaluations", verbose_name=_("client"))
    total = models.PositiveSmallIntegerField(_("skills"), default=0)
    started = models.PositiveSmallIntegerField(_("under way"), default=0)
    acquired = models.PositiveSmallIntegerField(_("acquired"), default=0)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        verbose_name = _("evaluation")
        verbose_name_plural = _("evaluations")
        ordering = ["client__last_name", "client__first_name", "client_id"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "client"], name="lessons_one_evaluation_a_client"),
            models.CheckConstraint(condition=Q(total__gte=F("started") + F("acquired")), name="lessons_evaluation_adds_up"),
        ]

    def __str__(self) -> str:
        return f"{self.programme_id} × {self.client_id}"

    @property
    def progress(self) -> int:
        """Per cent, never 100 before the last skill."""
        return 100 * self.acquired // self.total if self.total else 0


def _number(rows: Any, of: Any) -> Coalesce:
    return Coalesce(Subquery(rows.annotate(number=of).values("number"), output_field=models.IntegerField()), 0)
