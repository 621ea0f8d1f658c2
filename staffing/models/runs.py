"""Runs, with all it takes to repeat them to the digit."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from lessons.models import Club
from staffing.simulation import Assumptions, Figures, Workload, simulate

from .reference import Centre, Direction, ReferenceState


class SimulationQuerySet(models.QuerySet["Simulation"]):
    def with_details(self) -> "SimulationQuerySet":
        """Their jobs, and as `current_version` what the reference data have become meanwhile."""
        state = ReferenceState.objects.filter(club=models.OuterRef("club")).values("version")
        return self.select_related("job", "direction").annotate(current_version=models.Subquery(state))

    def like(self, task_id: UUID) -> "SimulationQuerySet":
        """The run itself first, then the finished ones of the same centres, newest first: what it may be compared with."""
        itself = Simulation.objects.filter(task_id=task_id)
        same = models.Q(**{name: models.Subquery(itself.values(name)) for name in ("scope", "scope_name", "centre_ids")})
        wanted = self.filter(models.Q(task_id=task_id) | (same & models.Q(finished_at__isnull=False)))
        return wanted.order_by(models.Case(models.When(task_id=task_id, then=0), default=1), "-id")


class Simulation(models.Model):
    class Scope(models.TextChoices):
        DIRECTION = "direction", _("A direction")
        NATIONAL = "national", _("All directions")
        CENTRES = "centres", _("A choice of centres")

    club = models.ForeignKey(Club, models.CASCADE, related_name="simulations", verbose_name=_("club"))
    scope = models.CharField(_("scope"), max_length=10, choices=Scope)
    direction = models.ForeignKey(Direction, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("direction"))
    scope_name = models.CharField(_("of"), max_length=160, blank=True, help_text=_("As it was when asked."))
    centre_ids = models.JSONField(_("centres"), default=list, blank=True)
    working_days = models.DecimalField(_("working days a year"), max_digits=5, decimal_places=2)
    hours_a_day = models.DecimalField(_("net hours a day"), max_digits=4, decimal_places=2)
    productivity = models.DecimalField(_("productivity"), max_digits=5, decimal_places=4)
    absence_rate = models.DecimalField(_("absence rate"), max_digits=5, decimal_places=4)
    reference_version = models.PositiveBigIntegerField(_("version of the reference data"), null=True, blank=True)
    work = models.BigIntegerField(_("work"), null=True, blank=True, help_text=_("In ten-thousandths of a minute."))
    headcount = models.DecimalField(_("people in post"), max_digits=12, decimal_places=2, null=True, blank=True)
    job = models.ForeignKey("jobs.Job", models.SET_NULL, null=True, blank=True, editable=False, related_name="+")
    task_id = models.UUIDField(_("task"), unique=True, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("asked by"))
    created_at = models.DateTimeField(_("created at"), db_default=Now())
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    objects = SimulationQuerySet.as_manager()

    class Meta:
        verbose_name = _("simulation")
        verbose_name_plural = _("simulations")
        ordering = ["-id"]
        indexes = [models.Index("club", models.F("id").desc(), name="staffing_newest_runs")]

    def __str__(self) -> str:
        return f"{self.get_scope_display()} {self.pk}"

    @property
    def assumptions(self) -> Assumptions:
        return Assumptions(self.working_days, self.hours_a_day, self.productivity, self.absence_rate)

    @property
    def state(self) -> str:
        """Of a run without a result, its job's; `unknown` once that has been cleaned away."""
        if self.finished_at:
            return "done"
        return str(self.job.status) if self.job else "unknown"

    @property
    def figures(self) -> Figures | None:
        if self.work is None or self.headcount is None:
            return None
        return simulate(Workload(self.work, self.headcount), self.assumptions)


class CentreResultQuerySet(models.QuerySet["CentreResult"]):
    def by_direction(self) -> list[dict[str, Any]]:
        """Code, name, work and headcount of each direction, in one query."""
        rows: Any = self.order_by("direction_code").values("direction_code", "direction_name")
        return list(rows.annotate(work=models.Sum("work"), headcount=models.Sum("headcount"), centres=models.Count("id")))


class CentreResult(models.Model):
    """What one run found in one centre: exact integers, from which the run's assumptions make all figures."""

    simulation = models.ForeignKey(Simulation, models.CASCADE, db_index=False, related_name="centre_results", verbose_name=_("simulation"))
    centre = models.ForeignKey(Centre, models.SET_NULL, null=True, related_name="+", verbose_name=_("centre"))
    direction_code = models.CharField(_("code of the direction"), max_length=20)
    direction_name = models.CharField(_("name of the direction"), max_length=120)
    code = models.CharField(_("code"), max_length=20)
    name = models.CharField(_("name"), max_length=120)
    work = models.BigIntegerField(_("work"), help_text=_("In ten-thousandths of a minute."))
    headcount = models.DecimalField(_("people in post"), max_digits=8, decimal_places=2)

    objects = CentreResultQuerySet.as_manager()

    class Meta:
        verbose_name = _("result of a centre")
        verbose_name_plural = _("results of centres")
        ordering = ["direction_code", "code"]
        constraints = [models.UniqueConstraint(fields=["simulation", "direction_code", "code"], name="staffing_centre_once_a_run")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def workload(self) -> Workload:
        return Workload(self.work, Decimal(self.headcount))
