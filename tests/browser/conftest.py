"""A real Chromium on a live server. The page must never complain in its console, nor break its own content security policy."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client as Visitor
from django.test import override_settings
from django.utils import translation
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.cluster import PATIENCE_SECONDS, wait_until
from tests.lessons.world import World

# Playwright keeps an event loop in the thread of the tests, which is all that Django looks at.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
DESK = {"width": 1280, "height": 900}
PATIENCE_MS = 1000 * PATIENCE_SECONDS
expect.set_options(timeout=PATIENCE_MS)
OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return {"executable_path": shutil.which("chromium"), "args": QUIET, "timeout": PATIENCE_MS}


@pytest.fixture(scope="session")
def live_server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """As pytest-django's own, with a directory of static files: it starts before any test could give it one."""
    with override_settings(STATIC_ROOT=tmp_path_factory.mktemp("static")):
        server = LiveServer("127.0.0.1")
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def in_english(settings: Settings) -> Iterator[None]:
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@pytest.fixture
def world(transactional_db: None) -> World:
    return World()


@pytest.fixture
def open_page(browser: Browser, live_server: LiveServer, world: World) -> Iterator[OpenPage]:
    """`open_page("/club/planning", …)`: logged in as the club's manager; keywords are those of a browser context."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_at(path: str, *, user: Any = world.manager, before: Callable[[Page], Any] | None = None, **options: Any) -> Page:
        context = browser.new_context(
            base_url=live_server.url, **{"locale": "en-GB", "viewport": DESK, "reduced_motion": "reduce", **options}
        )
        contexts.append(context)
        if user:
            context.add_cookies([{"name": django_settings.SESSION_COOKIE_NAME, "value": session_of(user), "url": live_server.url}])
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.extend(complaints_in(message)))
        if before:
            before(page)
        page.goto(path)
        return page

    yield open_at
    for context in contexts:
        context.close()
    wait_until(lambda: not requests_under_way())  # they read tables that are emptied next
    assert complaints == []


def requests_under_way() -> list[str]:
    """The live server has a thread for each connection of the browser, as long as it lasts."""
    return [thread.name for thread in threading.enumerate() if "process_request_thread" in thread.name]


def session_of(user: Any) -> str:
    visitor = Visitor()
    visitor.force_login(user)
    return visitor.cookies[django_settings.SESSION_COOKIE_NAME].value


def complaints_in(message: ConsoleMessage) -> list[str]:
    """Chromium notes each answer of 400 and more by itself; those the tests look at."""
    return [message.text] if message.type in ("error", "warning") and "Failed to load resource" not in message.text else []
