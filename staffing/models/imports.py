"""A file of reference data on its way in: checked first, and written only when somebody has seen what it would do."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from lessons.models import Club


class ReferenceImport(models.Model):
    class State(models.TextChoices):
        CHECKING = "checking", _("Being checked")
        READY = "ready", _("Ready")
        REFUSED = "refused", _("To correct")
        APPLIED = "applied", _("Imported")

    club = models.ForeignKey(Club, models.CASCADE, related_name="reference_imports", verbose_name=_("club"))
    name = models.CharField(_("name of the file"), max_length=200)
    file = models.FileField(_("file"), max_length=200, upload_to="staffing/imports/")
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.CHECKING)
    error = models.TextField(_("error"), blank=True, help_text=_("Of the file as a whole."))
    line_errors = models.JSONField(_("errors by line"), default=list, blank=True)
    error_count = models.PositiveIntegerField(_("lines to correct"), default=0)
    counts = models.JSONField(_("lines"), default=dict, blank=True, help_text=_("New, changed and same, by kind."))
    job = models.ForeignKey("jobs.Job", models.SET_NULL, null=True, blank=True, editable=False, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("asked by"))
    created_at = models.DateTimeField(_("created at"), db_default=Now())
    applied_at = models.DateTimeField(_("imported at"), null=True, blank=True)

    class Meta:
        verbose_name = _("import of reference data")
        verbose_name_plural = _("imports of reference data")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name
