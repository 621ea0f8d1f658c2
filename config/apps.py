from contextlib import suppress

from django.apps import AppConfig
from django.conf import settings


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        with suppress(OSError):  # the check of VAR_DIR says what is wrong
            settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
        from . import checks, middleware  # noqa: F401  the system checks; the signal that marks a request without a database
