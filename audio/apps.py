from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AudioConfig(AppConfig):
    name = "audio"
    verbose_name = _("Voice notes")

    def ready(self) -> None:
        from .services import files  # noqa: F401  the receiver that erases a note's recording with it
