from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LettersConfig(AppConfig):
    name = "letters"
    verbose_name = _("Volunteer letters")

    def ready(self) -> None:
        from . import tasks  # noqa: F401  registers the kinds
