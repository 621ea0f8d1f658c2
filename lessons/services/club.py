"""What a club decides for itself: its rules, its closed days."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from lessons.models import Club, Enrolment, Lesson

from .deciding import lock_rows
from .enrolling import promote_waiting
from .follow_up import plan_reminders_anew
from .people import change

OF_WAITING_LISTS = ("waiting_list_automatic", "promotion_cutoff_hours")


def change_club(*, club: Club, **values: Any) -> Club:
    """A new lead time moves the reminders that are not sent yet; a new rule of the waiting lists holds for the places that are free."""
    with transaction.atomic():
        before = Club.objects.select_for_update(no_key=True).get(pk=club.pk)
        change(club, **values)
        if club.reminder_lead_hours != before.reminder_lead_hours:  # first: it locks all lessons, of which the other needs some
            plan_reminders_anew(club=club)
        if any(getattr(club, name) != getattr(before, name) for name in OF_WAITING_LISTS):
            awaited = Enrolment.objects.waiting().order_by().values("lesson")
            ahead = Lesson.objects.filter(club=club, starts_at__gt=timezone.now(), pk__in=awaited)
            promote_waiting(lessons=lock_rows(ahead).values_list("pk", flat=True), user=None)
    return club
