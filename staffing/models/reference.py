"""The reference data. Triggers in the database count each write of them: no way of writing goes unnoticed by the cache."""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from lessons.models import Club

# Two places each, and this large at most: units × minutes then fits, in ten-thousandths, into the 64 bits of a database's integer.
UNITS_DIGITS = 9
MINUTES_DIGITS = 6
PLACES = 2


class Direction(models.Model):
    """A region: the sum of its centres."""

    club = models.ForeignKey(Club, models.CASCADE, related_name="directions", verbose_name=_("club"))
    code = models.CharField(_("code"), max_length=20)
    name = models.CharField(_("name"), max_length=120)

    class Meta:
        verbose_name = _("direction")
        verbose_name_plural = _("directions")
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["club", "code"], name="staffing_direction_code_once")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Centre(models.Model):
    direction = models.ForeignKey(Direction, models.CASCADE, db_index=False, related_name="centres", verbose_name=_("direction"))
    code = models.CharField(_("code"), max_length=20)
    name = models.CharField(_("name"), max_length=120)
    headcount = models.DecimalField(
        _("people in post"), max_digits=8, decimal_places=2, validators=[MinValueValidator(0)], help_text=_("In full-time equivalents.")
    )

    class Meta:
        verbose_name = _("centre")
        verbose_name_plural = _("centres")
        ordering = ["direction", "code"]
        constraints = [
            models.UniqueConstraint(fields=["direction", "code"], name="staffing_centre_code_once"),
            models.CheckConstraint(condition=Q(headcount__gte=0), name="staffing_headcount_not_below_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class ReferenceTask(models.Model):
    """How long one unit of a task takes, wherever it is done."""

    club = models.ForeignKey(Club, models.CASCADE, db_index=False, related_name="reference_tasks", verbose_name=_("club"))
    code = models.CharField(_("code"), max_length=20)
    label = models.CharField(_("label"), max_length=160)
    family = models.CharField(_("family"), max_length=80, blank=True)
    unit = models.CharField(_("unit"), max_length=40, blank=True)
    minutes = models.DecimalField(
        _("minutes a unit"), max_digits=MINUTES_DIGITS, decimal_places=PLACES, validators=[MinValueValidator(Decimal("0.01"))]
    )

    class Meta:
        verbose_name = _("reference task")
        verbose_name_plural = _("reference tasks")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["club", "code"], name="staffing_task_code_once"),
            models.CheckConstraint(condition=Q(minutes__gt=0), name="staffing_minutes_above_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.label}"


class Volume(models.Model):
    """How many units of a task a centre does in a year."""

    centre = models.ForeignKey(Centre, models.CASCADE, db_index=False, related_name="volumes", verbose_name=_("centre"))
    task = models.ForeignKey(ReferenceTask, models.CASCADE, related_name="volumes", verbose_name=_("task"))
    units = models.DecimalField(_("units a year"), max_digits=UNITS_DIGITS, decimal_places=PLACES, validators=[MinValueValidator(0)])

    class Meta:
        verbose_name = _("volume")
        verbose_name_plural = _("volumes")
        ordering = ["centre", "task"]
        constraints = [
            models.UniqueConstraint(fields=["centre", "task"], name="staffing_one_volume_a_task"),
            models.CheckConstraint(condition=Q(units__gte=0), name="staffing_units_not_below_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.centre_id} × {self.task_id}"


class ReferenceState(models.Model):
    """Of which version a club's reference data are. Written by triggers alone, in the transaction that writes the data.

    `version` counts writes, for people. `stamp` is new with each write: a count would come back after a rollback, and with it
    what a reader had cached in between.
    """

    club = models.OneToOneField(Club, models.CASCADE, primary_key=True, related_name="reference_state", verbose_name=_("club"))
    version = models.PositiveBigIntegerField(_("version"))
    stamp = models.CharField(_("stamp"), max_length=36)
    changed_at = models.DateTimeField(_("changed at"), db_default=Now())

    class Meta:
        verbose_name = _("state of the reference data")
        verbose_name_plural = _("states of the reference data")

    def __str__(self) -> str:
        return str(self.version)


class ReferenceReads(models.Model):
    """How often the cache had what was asked for."""

    club = models.OneToOneField(Club, models.CASCADE, primary_key=True, related_name="reference_reads", verbose_name=_("club"))
    hits = models.PositiveBigIntegerField(_("hits"), default=0)
    misses = models.PositiveBigIntegerField(_("misses"), default=0)

    class Meta:
        verbose_name = _("reads of the reference data")
        verbose_name_plural = _("reads of the reference data")

    def __str__(self) -> str:
        return f"{self.hits} / {self.misses}"
