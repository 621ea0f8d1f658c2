"""What a club decides for itself: its rules, its closed days."""

from typing import Any

from django.db import transaction

from lessons.models import Club

from .follow_up import plan_reminders_anew
from .people import change


def change_club(*, club: Club, **values: Any) -> Club:
    """A new lead time moves the reminders that are not sent yet."""
    with transaction.atomic():
        lead = Club.objects.select_for_update(no_key=True).get(pk=club.pk).reminder_lead_hours
        change(club, **values)
        if club.reminder_lead_hours != lead:
            plan_reminders_anew(club=club)
    return club
