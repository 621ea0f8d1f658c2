"""Hits and misses of the cache: counted in memory, and added to the database now and then, so that a hit writes nothing."""

import logging
import threading
import time
from typing import Any

from django.core.signals import request_finished
from django.db import DatabaseError, connection
from django.db.models import Sum

from .models import ReferenceReads

logger = logging.getLogger(__name__)
ADD_EVERY_SECONDS = 5
ADD = """
    INSERT INTO staffing_referencereads (club_id, hits, misses) VALUES (%s, %s, %s) ON CONFLICT (club_id) DO UPDATE
    SET hits = staffing_referencereads.hits + excluded.hits, misses = staffing_referencereads.misses + excluded.misses"""

_guard = threading.Lock()
_counted: dict[int, list[int]] = {}
_added_at = 0.0


def count(club: int, *, hits: int = 0, misses: int = 0) -> None:
    with _guard:
        counted = _counted.setdefault(club, [0, 0])
        counted[0] += hits
        counted[1] += misses


def read(club: int) -> tuple[int, int]:
    """Of all processes; what others counted in the last seconds may be missing."""
    add_to_database()
    stored = ReferenceReads.objects.filter(club=club).values_list("hits", "misses").first() or (0, 0)
    with _guard:
        here = _counted.get(club, [0, 0])
        return stored[0] + here[0], stored[1] + here[1]


def read_all() -> dict[str, int]:
    """For the operator: of all clubs."""
    add_to_database()
    total = ReferenceReads.objects.aggregate(hits=Sum("hits"), misses=Sum("misses"))
    return {name: value or 0 for name, value in total.items()}


def hit_rate(hits: int, misses: int) -> float | None:
    return round(hits / (hits + misses), 3) if hits + misses else None


def forget() -> None:
    """What this process has counted and not added yet."""
    with _guard:
        _counted.clear()


def add_now_and_then(**kwargs: Any) -> None:
    if time.monotonic() - _added_at > ADD_EVERY_SECONDS:
        add_to_database()


def add_to_database() -> None:
    """Not within a transaction: it would keep the row locked, and a rollback would take the figures with it."""
    global _added_at
    if not _counted or connection.in_atomic_block:
        return
    with _guard:
        counted, _added_at = dict(_counted), time.monotonic()
        _counted.clear()
    try:
        with connection.cursor() as cursor:
            cursor.executemany(ADD, [[club, hits, misses] for club, (hits, misses) in sorted(counted.items())])
    except DatabaseError as error:  # the club has just been deleted, or the database is away: figures are not worth a failed request
        logger.warning("Reads of the cache were not counted: %s", str(error).partition("\n")[0])


request_finished.connect(add_now_and_then, dispatch_uid="staffing.counters")
