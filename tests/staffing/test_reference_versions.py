"""Every write of the reference data is counted, whoever makes it; a rollback takes the count with it."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection, transaction

from staffing.models import Centre, Direction, ReferenceState, ReferenceTask, Volume
from staffing.reference import stamp_of, version_of
from tests.lessons.world import World
from tests.staffing.organisation import Organisation

pytestmark = pytest.mark.django_db


def by_sql(sql: str) -> Callable[[Organisation], object]:
    def write(organisation: Organisation) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql)

    return write


WRITES: dict[str, Callable[[Organisation], object]] = {
    "save": lambda it: it.call.save(),
    "bulk update": lambda it: Centre.objects.update(headcount=3),
    "update of nothing but one volume": lambda it: Volume.objects.filter(task=it.call, centre=it.farm).update(units=5),
    "bulk create": lambda it: Volume.objects.bulk_create([Volume(centre=it.farm, task=it.visit, units=Decimal(1))]),
    "delete": lambda it: it.visit.delete(),
    "delete of a direction": lambda it: it.south.delete(),
    "rename of a direction": lambda it: Direction.objects.filter(pk=it.south.pk).update(name="Midi"),
    "SQL of an operator": by_sql("UPDATE staffing_volume SET units = units + 1"),
    "deletion by SQL": by_sql("DELETE FROM staffing_volume"),
}


@pytest.mark.parametrize("name", WRITES)
def test_each_way_of_writing_makes_a_new_version(organisation: Organisation, name: str) -> None:
    version, stamp = version_of(organisation.club.pk), stamp_of(organisation.club.pk)
    WRITES[name](organisation)
    assert version_of(organisation.club.pk) > version
    assert stamp_of(organisation.club.pk) != stamp


def test_reading_makes_no_version(organisation: Organisation) -> None:
    version = version_of(organisation.club.pk)
    list(Volume.objects.select_related("centre", "task"))
    assert version_of(organisation.club.pk) == version


def test_another_club_keeps_its_version(organisation: Organisation) -> None:
    other = Organisation(World("Elsewhere", "other-"))
    stamp = stamp_of(other.club.pk)
    WRITES["save"](organisation)
    assert stamp_of(other.club.pk) == stamp


def test_a_rolled_back_write_leaves_the_version_that_was(organisation: Organisation) -> None:
    stamp = stamp_of(organisation.club.pk)
    with transaction.atomic():
        organisation.call.save()
        transaction.set_rollback(True)
    assert stamp_of(organisation.club.pk) == stamp


def test_the_stamp_of_a_rolled_back_write_never_comes_back(organisation: Organisation) -> None:
    """Its number does: what a reader kept of the write that never was must not be found under it."""
    with transaction.atomic():
        organisation.call.save()
        number, stamp = version_of(organisation.club.pk), stamp_of(organisation.club.pk)
        transaction.set_rollback(True)
    organisation.call.save()
    assert version_of(organisation.club.pk) == number
    assert stamp_of(organisation.club.pk) != stamp


def test_a_deleted_club_leaves_nothing_behind(organisation: Organisation) -> None:
    organisation.club.delete()
    connection.check_constraints()
    assert not ReferenceState.objects.exists()
    assert not ReferenceTask.objects.exists()
