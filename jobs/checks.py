"""A wrong setting is a message with its remedy at start, not a surprise at night."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from . import registry


@register()
def check_queues(**kwargs: Any) -> list[CheckMessage]:
    """Every kind needs a queue that somebody may work on."""
    known = {"default", "letters", "audio", "staffing", *settings.JOBS_QUEUES}
    return [
        Error(
            f"The kind {kind.name!r} goes to the queue {kind.queue!r}, which nobody works on.",
            hint="Add the queue to JOBS_QUEUES, or give the kind another one.",
            id="jobs.E001",
        )
        for kind in map(registry.get, registry.names())
        if kind.queue not in known
    ]


@register(deploy=False)
def check_inline(**kwargs: Any) -> list[CheckMessage]:
    if settings.JOBS_INLINE and not settings.DEBUG:
        return [
            Error(
                "JOBS_INLINE makes everyone wait for the background work.",
                hint="Unset JOBS_INLINE, or set DEBUG=1 on a development machine.",
                id="jobs.E002",
            )
        ]
    return []
