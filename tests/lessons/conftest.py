from collections.abc import Iterator

import pytest
from django.utils import translation
from pytest_django import Settings

from lessons import mailer
from tests.lessons.world import World


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
