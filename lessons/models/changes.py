"""What was changed or cancelled, by whom: the old and the new side by side, to tell people and to take it back."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from .club import Club
from .planning import Lesson

UNDO_TIME = timedelta(seconds=30)  # until then nobody is told


class Change(models.Model):
    """One decision about a lesson, or about several of its series. It names the lesson that the person had in hand."""

    class Kind(models.TextChoices):
        CHANGED = "changed", _("Changed")
        CANCELLED = "cancelled", _("Cancelled")
        RESTORED = "restored", _("Taken back")  # an undo: of a change or of a cancellation
        ENROLLED = "enrolled", _("Enrolments changed")  # who has a place, who waits, who leaves; or the undo of that

    class Scope(models.TextChoices):
        THIS = "this", _("This lesson only")
        FOLLOWING = "following", _("This lesson and the following ones")
        ALL = "all", _("The whole series, from now on")

    club = models.ForeignKey(Club, models.CASCADE, related_name="lesson_changes", verbose_name=_("club"))
    lesson = models.ForeignKey(Lesson, models.CASCADE, related_name="changes", verbose_name=_("lesson"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    scope = models.CharField(_("scope"), max_length=10, choices=Scope, default=Scope.THIS)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("user"))
    rows = models.JSONField(_("lessons"), default=list, help_text=_("Of each its id, its version since, what it was and is."))
    left = models.JSONField(_("lessons left as they were"), default=list, help_text=_("The dates that could not follow, with the reason."))
    undoes = models.OneToOneField("self", models.SET_NULL, null=True, blank=True, related_name="undone_by", verbose_name=_("takes back"))
    created_at = models.DateTimeField(_("created at"), default=timezone.now)

    follow_up: Any = None  # the job of a decision about enrolments, for the answer of the moment

    class Meta:
        verbose_name = _("change of lessons")
        verbose_name_plural = _("changes of lessons")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def undo_until(self) -> datetime:
        return self.created_at + UNDO_TIME

    @cached_property
    def is_undone(self) -> bool:
        return hasattr(self, "undone_by")

    @property
    def may_be_undone(self) -> bool:
        return self.undoes_id is None and timezone.now() <= self.undo_until and not self.is_undone

    @property
    def lesson_ids(self) -> list[int]:
        return list(dict.fromkeys(row["lesson"] for row in self.rows))

    @property
    def took_back_a_cancellation(self) -> bool:
        return self.kind == self.Kind.RESTORED and self.undoes is not None and self.undoes.kind == self.Kind.CANCELLED

    @staticmethod
    def teachers_of(row: dict[str, Any]) -> set[int]:
        return {row[side]["teacher_id"] for side in ("before", "after") if side in row}
