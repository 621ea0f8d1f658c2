"""The environment, read so that a wrong value becomes a message of the system checks instead of a traceback."""

import math
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import environ
from django.core.exceptions import ImproperlyConfigured

DATABASE_SCHEMES = ("postgres", "postgresql", "psql", "pgsql", "sqlite")
TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}
T = TypeVar("T")
EXPECTED = {bool: "1 or 0", int: "a whole number", float: "a number such as 20 or 2.5"}


@dataclass(frozen=True)
class Problem:
    """The value itself is not kept: it may hold a password."""

    name: str
    expected: str


class CheckedEnv(environ.Env):
    """A value that cannot be read is noted and its default is used; the system checks then refuse to start."""

    def __init__(self) -> None:
        super().__init__()
        self.problems: list[Problem] = []

    def get_value(self, var: str, cast: Any = None, default: Any = None, parse_default: bool = False) -> Any:
        expected = EXPECTED.get(cast, "a plain value") if isinstance(cast, type) else "a list such as one,two"
        return self._read(var, expected, default, lambda: super(CheckedEnv, self).get_value(var, cast, default, parse_default))

    @classmethod
    def parse_value(cls, value: str, cast: Any) -> Any:
        """Stricter than django-environ, which takes `DEBUG=treu` for false and `JOBS_STOP_SECONDS=1O` for 1."""
        if cast is float:
            number = float(value)
            if not math.isfinite(number):
                raise ValueError(value)
            return number
        if cast is bool:
            word = value.strip().lower()
            if word not in TRUE | FALSE:
                raise ValueError(word)
            return word in TRUE
        return super().parse_value(value, cast)

    def choice(self, var: str, *, default: str, choices: tuple[str, ...]) -> str:
        value: str = self.str(var, default=default)
        if value in choices:
            return value
        self.problems.append(Problem(var, f"one of {', '.join(choices)}"))
        return default

    def directory(self, var: str, *, default: Path) -> Path:
        """Made here, because the database and the caches are opened in it before any check runs."""
        path = Path(self.str(var, default="") or default).resolve()
        with suppress(OSError):
            path.mkdir(parents=True, exist_ok=True)
        if path.is_dir() and os.access(path, os.W_OK | os.X_OK):
            return path
        self.problems.append(Problem(var, "a directory that the user who runs Aussitôt may write to"))
        return Path(tempfile.gettempdir())

    def database(self, url: str) -> dict[str, Any]:
        expected = "postgres://user:password@host:5432/name or sqlite:////absolute/path.sqlite3"
        return self._read("DATABASE_URL", expected, {"ENGINE": "django.db.backends.dummy"}, lambda: _parse_database(url))

    def email(self, url: str) -> dict[str, Any]:
        expected = "smtp://user:password@host:587, smtp+tls://… or smtp+ssl://…"
        default = {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
        return self._read("EMAIL_URL", expected, default, lambda: _parse_email(url))

    def cache(self, url: str) -> dict[str, Any]:
        expected = "redis://host:6379/0, or nothing for the database cache"
        default = {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}
        return self._read("CACHE_URL", expected, default, lambda: environ.Env.cache_url_config(url))

    def _read(self, var: str, expected: str, default: T, read: Callable[[], T]) -> T:
        try:
            return read()
        except (ValueError, ImproperlyConfigured):
            self.problems.append(Problem(var, expected))
            return default


def _parse_database(url: str) -> dict[str, Any]:
    if url.partition(":")[0] not in DATABASE_SCHEMES:
        raise ValueError("scheme")
    config: dict[str, Any] = environ.Env.db_url_config(url)
    if not config["NAME"]:
        raise ValueError("name")
    return config


def _parse_email(url: str) -> dict[str, Any]:
    config: dict[str, Any] = environ.Env.email_url_config(url)
    if url.startswith("smtp") and not config["EMAIL_HOST"]:
        raise ValueError("host")
    return config
