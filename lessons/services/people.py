"""The club's people, cards and closed days."""

from datetime import date
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from lessons.models import Client, Closure, Club, Evaluation, Lesson, Subscription, Teacher

from .deciding import lock_series_of

SILKS = 8
Row = TypeVar("Row", bound=models.Model)


class InUse(Exception):
    """The row is part of the club's history; the text says what to do instead."""


def create_teacher(*, club: Club, **values: Any) -> Teacher:
    """Silks are given in order of arrival and kept."""
    with transaction.atomic():
        Club.objects.select_for_update(no_key=True).get(pk=club.pk)
        silk = Teacher.objects.filter(club=club).count() % SILKS + 1
        return Teacher.objects.create(club=club, silk=silk, **values)


def create_client(*, club: Club, **values: Any) -> Client:
    return Client.objects.create(club=club, **values)


def create_subscription(*, club: Club, client: Client, **values: Any) -> Subscription:
    return Subscription.objects.create(club=club, client=client, **values)


def create_closure(*, club: Club, first_day: date, last_day: date, reason: str = "") -> Closure:
    """The same days for the same reason a second time, as a double click asks, are those that stand."""
    with transaction.atomic():
        Club.objects.select_for_update(no_key=True).get(pk=club.pk)
        return Closure.objects.get_or_create(club=club, first_day=first_day, last_day=last_day, reason=reason)[0]


def change(row: Row, **values: Any) -> Row:
    """Only what changed is written: what a job writes at the same time, such as a card's counter, stays."""
    for name, value in values.items():
        setattr(row, name, value)
    if values:
        touched = ["updated_at"] if hasattr(row, "updated_at") else []
        row.save(update_fields=[*values, *touched])
    return row


def lock_history(*, client: Client) -> None:
    """The club and what names the client, in the order that deciding.py says: whoever locks the client does this before, and once."""
    Club.objects.select_for_update(no_key=True).get(pk=client.club_id)
    lessons = Lesson.objects.filter(pk__in=client.enrolments.values("lesson"))
    lock_series_of(lessons)
    list(lessons.select_for_update(no_key=True).order_by("pk"))
    list(Subscription.objects.select_for_update().filter(client=client).order_by("pk"))
    list(Evaluation.objects.select_for_update().filter(client=client).order_by("pk"))


def remove(row: models.Model) -> None:
    """Locked first, club before row as everybody does: what somebody writes about it at this moment goes with it, or protects it."""
    with transaction.atomic():
        if isinstance(row, Client):
            lock_history(client=row)
        else:
            Club.objects.select_for_update(no_key=True).get(pk=row.club_id)  # type: ignore[attr-defined]  # each has one
        if type(row)._default_manager.select_for_update().filter(pk=row.pk).order_by().exists():
            remove_locked(row)


def remove_locked(row: models.Model) -> None:
    """As `remove`, for who has locked it."""
    try:
        with transaction.atomic():
            row.delete()
    except ProtectedError as error:
        raise InUse(_("There are lessons with it, so it cannot be deleted.")) from error
