"""What a club decides for itself: its rules, its closed days."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lessons.models import Club, Enrolment, Lesson, SettingsChange

from .deciding import OutOfDate, lock_rows, lock_series_of, who_and_when
from .enrolling import promote_waiting
from .follow_up import plan_reminders_anew
from .people import change

OF_WAITING_LISTS = {"waiting_list_automatic", "promotion_cutoff_hours"}


def change_club(*, club: Club, user: Any = None, version: int | None = None, **values: Any) -> Club:
    """A new lead time moves the reminders that are not sent yet; a new rule of the waiting lists holds for the places that are free.

    `version` is the one that the person has read: where somebody has changed the settings since, OutOfDate says who. What is set
    already is no change, so the same click a second time is not late.
    """
    with transaction.atomic():
        locked = Club.objects.select_for_update(no_key=True).get(pk=club.pk)
        changed = {name: value for name, value in values.items() if getattr(locked, name) != value}
        if not changed:
            return locked
        if version not in (None, locked.settings_version):
            raise OutOfDate(_who_was_faster(locked))
        _record(locked, user, changed)
        change(locked, **changed, settings_version=locked.settings_version + 1)
        of_lists = changed.keys() & OF_WAITING_LISTS
        awaited = Enrolment.objects.waiting().order_by().values("lesson")
        ahead = Lesson.objects.filter(club=locked, starts_at__gt=timezone.now(), pk__in=awaited)
        if of_lists:
            lock_series_of(ahead)
        if "reminder_lead_hours" in changed:  # before the lists: it locks all lessons, of which they need some
            plan_reminders_anew(club=locked)
        if of_lists:
            promote_waiting(lessons=lock_rows(ahead).values_list("pk", flat=True), user=None)
    return locked


def _record(club: Club, user: Any, after: dict[str, Any]) -> None:
    before = {name: getattr(club, name) for name in after}
    SettingsChange.objects.create(club=club, version=club.settings_version + 1, before=before, after=after, user=user)


def _who_was_faster(club: Club) -> str:
    last = SettingsChange.objects.filter(club=club).select_related("user").last()
    if last is None:
        return _("The settings have changed meanwhile. Nothing was written: look at them again.")
    facts, is_today = who_and_when(last, club.zone)
    if is_today:
        # Translators: French “%(name)s a modifié les réglages à %(time)s. Rien n’a été enregistré : regardez-les à nouveau.”
        return _("%(name)s changed the settings at %(time)s. Nothing was written: look at them again.") % facts
    # Translators: French “%(name)s a modifié les réglages le %(day)s à %(time)s. Rien n’a été enregistré : regardez-les à nouveau.”
    return _("%(name)s changed the settings on %(day)s at %(time)s. Nothing was written: look at them again.") % facts
