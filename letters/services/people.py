"""What the letters say of the volunteers, kept with the club's teachers."""

import itertools
from collections.abc import Iterable
from typing import Any

from django.db import transaction

from lessons.models import Club, Teacher
from lessons.services import change
from lessons.services.people import SILKS
from letters.models import VolunteerFacts

from .words import save_facts

FACTS = ["address", "activity", "employed_as"]
WORDS = ["first_name", "last_name", "email", "phone", "volunteer", "active"]
ROWS_A_STATEMENT = 500


def save_volunteer(*, teacher: Teacher, facts: dict[str, str], **values: Any) -> Teacher:
    with transaction.atomic():
        save_facts(teacher=teacher, **facts)
        return change(teacher, **values)


def import_volunteers(*, club: Club, people: Iterable[tuple[int | None, dict[str, str]]]) -> int:
    """All of them, or none; each checked before. An id names whom to change; what is empty stays as it was. Returns how many."""
    with transaction.atomic():
        Club.objects.select_for_update(no_key=True).get(pk=club.pk)
        present = {teacher.pk: teacher for teacher in Teacher.objects.filter(club=club).select_related("volunteer_facts")}
        teachers, facts, arrivals = [], [], itertools.count(len(present))  # silks are given in order of arrival
        for pk, values in people:
            teacher = present.get(pk or 0) or Teacher(club=club, silk=next(arrivals) % SILKS + 1)
            teachers.append(_fill(teacher, {**values, "volunteer": True, "active": True}, WORDS))
            facts.append(_fill(getattr(teacher, "volunteer_facts", None) or VolunteerFacts(), values, FACTS))
        _write(teachers, WORDS)
        for row, teacher in zip(facts, teachers, strict=True):
            row.teacher = teacher
        _write(facts, FACTS)
    return len(teachers)


def _fill(row: Any, values: dict[str, Any], names: list[str]) -> Any:
    for name in names:
        if values.get(name):
            setattr(row, name, values[name])
    return row


def _write(rows: list[Any], names: list[str]) -> None:
    if rows:
        manager = type(rows[0])._default_manager
        known = [row for row in rows if row.pk]
        manager.bulk_create([row for row in rows if not row.pk], batch_size=ROWS_A_STATEMENT)
        manager.bulk_update(known, names, batch_size=ROWS_A_STATEMENT)
