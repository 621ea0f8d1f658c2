"""So many uploads of one person in any minute, counted without a lock: of two at once the slower one looks again."""

import time
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from audio.models import UploadPace

WINDOW_SECONDS = 60


def take_turn(*, user: Any) -> float:
    """0: the upload is let in, and counts. Otherwise the seconds until the next one will be."""
    most: int = settings.AUDIO_UPLOADS_A_MINUTE
    while True:
        now, pace = time.time(), UploadPace.objects.filter(user=user).first()
        recent: list[float] = [moment for moment in (pace.moments if pace else ()) if abs(now - moment) < WINDOW_SECONDS]
        if len(recent) >= most:
            return max(1.0, recent[-most] + WINDOW_SECONDS - now)
        if _remember(user, pace, [*recent, now]):
            return 0.0


def _remember(user: Any, pace: UploadPace | None, moments: list[float]) -> bool:
    """Unless somebody else did since the look."""
    if pace:
        seen = UploadPace.objects.filter(user=user, version=pace.version)
        return bool(seen.update(moments=moments, version=F("version") + 1))
    try:
        with transaction.atomic():
            UploadPace.objects.create(user=user, moments=moments)
    except IntegrityError:
        return False
    return True
