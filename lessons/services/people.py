"""The club's people, cards and closed days."""

from contextlib import suppress
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


class _HistoryHasGrown(Exception):
    """While its locks were waited for."""


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
    """The club, what names the client, and the client, in the order that deciding.py says.

    Somebody may enrol the client while this waits. That lesson cannot be locked any more, after the cards: all is let go, and
    begun again. From the client's lock on, nobody adds anything.
    """
    Club.objects.select_for_update(no_key=True).get(pk=client.club_id)
    while True:
        with suppress(_HistoryHasGrown), transaction.atomic():
            return _lock_history(client)


def _lock_history(client: Client) -> None:
    enrolled = client.enrolments.order_by().values_list("lesson", flat=True)
    cards, evaluations = (rows.objects.filter(client=client).values_list("pk", flat=True) for rows in (Subscription, Evaluation))
    lessons = Lesson.objects.filter(pk__in=list(enrolled))
    lock_series_of(lessons)
    locked = [
        set(lessons.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True)),
        set(cards.select_for_update().order_by("pk")),
        set(evaluations.select_for_update().order_by("pk")),
    ]
    list(Client.objects.select_for_update().filter(pk=client.pk))
    if any(set(rows.all()) - known for rows, known in zip((enrolled, cards, evaluations), locked, strict=True)):
        raise _HistoryHasGrown


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
