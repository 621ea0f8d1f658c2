"""What can be said of a delay that somebody else's clock counted, however slow the machine is."""

from datetime import datetime

from django.utils import timezone

GRAIN_SECONDS = 0.002  # SQLite's clock counts whole milliseconds


def assert_delay(until: datetime | None, *, asked_at: datetime, least: float, most: float) -> None:
    """`until` was set some time between `asked_at` and now, so many seconds ahead."""
    assert until
    assert (until - asked_at).total_seconds() > least - GRAIN_SECONDS
    assert (until - timezone.now()).total_seconds() < most + GRAIN_SECONDS
