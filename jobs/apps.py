from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    name = "jobs"
    verbose_name = _("Background work")

    def ready(self) -> None:
        autodiscover_modules("tasks")  # importing an app's tasks.py registers its kinds
        from . import checks, inline, slow_statements, worker  # noqa: F401  system checks; receivers of signals
