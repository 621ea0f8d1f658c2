import pytest

from tests.lessons.conftest import Use, caught, in_english, own_connection_to_the_mail_server, refusing_port, use, world
from tests.lessons.world import World
from tests.letters.office import Office

__all__ = ["Use", "caught", "in_english", "own_connection_to_the_mail_server", "refusing_port", "use", "world"]


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)
