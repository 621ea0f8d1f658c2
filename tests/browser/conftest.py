"""Debian's Chromium, headless; nothing is downloaded."""

from collections.abc import Iterator
from typing import Any

import pytest

QUIET = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return {"executable_path": "/usr/bin/chromium", "args": QUIET.split()}


@pytest.fixture(scope="session", autouse=True)
def synchronous_database() -> Iterator[None]:
    """Playwright's event loop makes Django refuse the ORM in this thread, although nothing here is asynchronous."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield
