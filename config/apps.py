from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from . import checks, middleware  # noqa: F401  the system checks; the signal that marks a request without a database
