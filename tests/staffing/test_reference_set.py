"""The made-up organisation of the demo and of the benchmarks."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from lessons.models import Club
from staffing.models import Centre, Direction, ReferenceTask, Volume
from staffing.services import make_reference_set

pytestmark = pytest.mark.django_db


def made(**options: Any) -> list[Decimal]:
    """The units of a new club, in the order of their codes."""
    club = Club.objects.create(name="Demo")
    make_reference_set(club=club, **{"directions": 2, "centres": 3, "tasks": 4} | options)
    units = Volume.objects.filter(centre__direction__club=club).order_by("centre__code", "task__code")
    return list(units.values_list("units", flat=True))


def test_it_has_the_size_that_was_asked_for() -> None:
    assert len(made()) == 12
    assert [model.objects.count() for model in (Direction, Centre, ReferenceTask)] == [2, 3, 4]


def test_the_same_seed_makes_the_same_data_and_another_others() -> None:
    assert made(seed=7) == made(seed=7) != made(seed=8)


def test_a_club_that_has_data_keeps_them() -> None:
    club = Club.objects.create(name="Demo")
    for centres in (3, 5):
        make_reference_set(club=club, directions=2, centres=centres, tasks=4)
    assert Centre.objects.count() == 3


@pytest.mark.parametrize("options", [{"centres": 5001}, {"tasks": 201}, {"tasks": 0}, {"centres": 1}])
def test_sizes_out_of_range_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="centres up to 5000, tasks up to 200"):
        made(**options)


def test_the_demo_refuses_them_in_words() -> None:
    with pytest.raises(CommandError, match="tasks up to 200"):
        call_command("demo_data", tasks=201)
