"""Addresses under which a calendar program reads the planning."""

import secrets

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from .club import Club, Teacher

SECRET_BYTES = 24


def new_secret() -> str:
    return secrets.token_urlsafe(SECRET_BYTES)


class CalendarFeed(models.Model):
    """Whoever knows the secret reads the lessons of a teacher, or of the whole club. A new secret closes the old address."""

    club = models.ForeignKey(Club, models.CASCADE, related_name="calendar_feeds", verbose_name=_("club"))
    teacher = models.ForeignKey(Teacher, models.CASCADE, null=True, blank=True, related_name="calendar_feeds", verbose_name=_("teacher"))
    secret = models.CharField(_("secret"), max_length=64, unique=True, default=new_secret, editable=False)
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    class Meta:
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")
        constraints = [
            models.UniqueConstraint(fields=["teacher"], name="lessons_one_feed_a_teacher"),
            models.UniqueConstraint(fields=["club"], condition=Q(teacher=None), name="lessons_one_feed_a_club"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
