from collections.abc import Callable, Iterator

import pytest
from pytest_django import Settings

from lessons import mailer
from letters.services.delivery import papers_of
from tests.lessons.conftest import in_english, own_connection_to_the_mail_server, world
from tests.lessons.mailservers import Catcher, real_server
from tests.lessons.world import World
from tests.letters.office import Office

__all__ = ["in_english", "own_connection_to_the_mail_server", "world"]
Use = Callable[[int], None]


@pytest.fixture
def office(world: World) -> Office:
    papers_of.cache_clear()  # after a rollback SQLite gives the same ids again
    return Office(world)


@pytest.fixture
def use(settings: Settings) -> Use:
    """Send through the server at this port."""

    def use(port: int) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 5

    return use


@pytest.fixture
def caught(use: Use) -> Iterator[Catcher]:
    with real_server() as (port, catcher):
        use(port)
        yield catcher
        mailer.hang_up()
