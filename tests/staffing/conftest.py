from collections.abc import Iterator

import pytest

from staffing import counters, reference
from tests.lessons.conftest import in_english, world
from tests.lessons.world import World
from tests.staffing.organisation import Organisation

__all__ = ["in_english", "world"]


@pytest.fixture
def organisation(world: World) -> Organisation:
    return Organisation(world)


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    reference.forget()
    counters.forget()
    yield
    reference.forget()
    counters.forget()
