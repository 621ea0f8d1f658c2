from django.db import models


class Row(models.Model):
    """What a tiny job changes: its own row."""

    asked_at = models.FloatField(default=0)
    begun_at = models.FloatField(default=0)

    objects = models.Manager["Row"]()

    def __str__(self) -> str:
        return str(self.pk)
