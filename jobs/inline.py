"""JOBS_INLINE: run jobs in the request that enqueued them, for debugging. A system check forbids it where DEBUG is off."""

from functools import partial
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, transaction
from django.dispatch import receiver

from . import claims, runner
from .models import Job
from .signals import enqueued


@receiver(enqueued)
def run_at_commit(jobs: list[Job], **kwargs: Any) -> None:
    if settings.JOBS_INLINE:
        for job in jobs:
            if job.run_at is None:
                transaction.on_commit(partial(run_here, job))


def run_here(job: Job) -> None:
    """Claim and run exactly this job on the caller's own connection."""
    hold = claims.open_claims(DEFAULT_DB_ALIAS)
    try:
        if hold.claim_one(job):
            runner.run(job, hold)
    finally:
        hold.close()
