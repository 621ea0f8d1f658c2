"""Statements that took too long: each is logged once, with its fingerprint, time and origin, never with a value; and counted.

They are noted in memory as they happen, for the transaction that they belong to may be rolled back, and stored when the request,
or the worker's round, is over.
"""

import hashlib
import logging
import re
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.signals import request_finished
from django.db import InterfaceError, OperationalError, connection
from django.db.backends.signals import connection_created
from django.db.models import Count, Max
from django.db.models.functions import Now
from django.utils import timezone

from .models import SlowStatement

LONGEST_SHAPE = 1000
MOST_NOTED = 200  # between two stores; a database so slow has been noticed
LITERALS = re.compile(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b")
LISTS = re.compile(r"\((?:\s*(?:%s|\?)\s*,)+\s*(?:%s|\?)\s*\)")
SPACES = re.compile(r"\s+")

logger = logging.getLogger(__name__)
_guard = threading.Lock()
_noted: list[SlowStatement] = []


def watch(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    began = time.perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        seconds = time.perf_counter() - began
        if seconds >= settings.SLOW_QUERY_SECONDS:
            _note(str(sql), seconds)


def shape_of(sql: str) -> str:
    """The statement without its values, alike for lists of any length."""
    return LISTS.sub("(…)", SPACES.sub(" ", LITERALS.sub("?", sql))).strip()[:LONGEST_SHAPE]


def store(**kwargs: Any) -> None:
    """Not within a transaction, whose end nobody knows."""
    if not _noted or connection.in_atomic_block:
        return
    with _guard:
        noted = _noted[:]
        _noted.clear()
    try:
        SlowStatement.objects.bulk_create(noted)
    except (OperationalError, InterfaceError) as error:  # a database in trouble is when statements are slow
        logger.warning("%d slow statements could not be counted: %s", len(noted), str(error).partition("\n")[0])


def last_hour() -> dict[str, Any]:
    rows = SlowStatement.objects.filter(ended_at__gt=Now() - timedelta(hours=1))
    found = rows.aggregate(count=Count("pk"), slowest=Max("seconds"))
    return {"last_hour": found["count"], "slowest_ms": round(1000 * (found["slowest"] or 0))}


def _note(sql: str, seconds: float) -> None:
    shape = shape_of(sql)
    fingerprint = hashlib.sha256(shape.encode()).hexdigest()[:12]
    origin = _origin(sys._getframe(2))
    logger.warning("Slow statement %s: %.2f s at %s: %s", fingerprint, seconds, origin, shape)
    with _guard:
        if len(_noted) < MOST_NOTED:
            _noted.append(SlowStatement(fingerprint=fingerprint, shape=shape, origin=origin, seconds=seconds, ended_at=timezone.now()))


def _origin(frame: FrameType | None) -> str:
    """The innermost line of ours that led to it."""
    while frame:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(settings.BASE_DIR) and ".venv" not in path.parts and path.name != "slow_statements.py":
            return f"{path.relative_to(settings.BASE_DIR)}:{frame.f_lineno} {frame.f_code.co_name}"
        frame = frame.f_back
    return "?"


def _begin(sender: Any, connection: Any, **kwargs: Any) -> None:
    if watch not in connection.execute_wrappers:  # a connection that came back has them still
        connection.execute_wrappers.append(watch)


connection_created.connect(_begin, dispatch_uid="jobs.slow_statements.watch")
request_finished.connect(store, dispatch_uid="jobs.slow_statements.store")
