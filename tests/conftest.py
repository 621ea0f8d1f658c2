"""What every test gets: files of its own, fast passwords, no manifest of static files to build first."""

from pathlib import Path

import hypothesis
import pytest
from pytest_django import Settings

# The same examples each time, however long one takes: a slow machine is no finding.
hypothesis.settings.register_profile("certain", deadline=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("certain")


@pytest.fixture(autouse=True)
def own_files(settings: Settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STATIC_ROOT.mkdir()
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MAILBOX_DIR = tmp_path / "mailbox"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: once Playwright runs its event loop, Django takes the whole thread for an asynchronous one."""
    items.sort(key=lambda item: "browser" in item.path.parts)
