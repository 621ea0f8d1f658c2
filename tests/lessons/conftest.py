from collections.abc import Callable, Iterator

import pytest
from django.utils import translation
from pytest_django import Settings

from lessons import mailer
from tests.lessons import mailservers
from tests.lessons.mailservers import Catcher, real_server
from tests.lessons.world import World

Use = Callable[[int], None]


@pytest.fixture(autouse=True)
def in_english(settings: Settings) -> Iterator[None]:
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def own_connection_to_the_mail_server() -> Iterator[None]:
    yield
    mailer.hang_up()


@pytest.fixture
def world(db: None) -> World:
    return World()


@pytest.fixture
def use(settings: Settings) -> Use:
    """Send through the server at this port."""

    def use(port: int) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 60

    return use


@pytest.fixture
def refusing_port() -> Iterator[int]:
    with mailservers.refusing_port() as port:
        yield port


@pytest.fixture
def caught(use: Use) -> Iterator[Catcher]:
    with real_server() as (port, catcher):
        use(port)
        yield catcher
        mailer.hang_up()
