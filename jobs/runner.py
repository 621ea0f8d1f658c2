"""One attempt of one job: run its task, finish it, or note why not."""

import logging
import traceback
from contextlib import nullcontext
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from . import claims, limits, registry, storable
from .models import Attempt, Job
from .progress import Progress

logger = logging.getLogger(__name__)


def run(job: Job, hold: claims.Claims) -> None:
    """The job must have been claimed by `hold`. Raises only what means that the database is away."""
    kind = registry.get(job.kind)
    with translation.override(job.language or None):
        try:
            _attempt(job, kind, hold)
        except claims.ClaimLost:
            logger.warning("%s was cancelled or rescued; its result is dropped", job)
        except limits.Released:
            _leave_interrupted_statements(hold)
            hold.release(job)
        except limits.TimedOut:
            _leave_interrupted_statements(hold)
            error = _("It took longer than %(seconds)s seconds and was stopped.") % {"seconds": f"{kind.timeout_seconds:g}"}
            hold.fail(job, Attempt.Outcome.TIMEOUT, error, traceback=traceback.format_exc())
        except KeyboardInterrupt:  # Ctrl-C, where a person runs jobs in a terminal
            _leave_interrupted_statements(hold)
            hold.release(job)
            raise
        except BaseException as error:  # sys.exit() and its like end the task, not the worker
            if not connection.in_atomic_block:  # a test, or a request that wraps us, owns the connection
                connection.close_if_unusable_or_obsolete()
            _note_failure(job, error, hold)


def _leave_interrupted_statements(hold: claims.Claims) -> None:
    connection.close()
    hold.reopen()


def _attempt(job: Job, kind: registry.Kind, hold: claims.Claims) -> None:
    progress = Progress(job, hold)
    if not (kind.atomic or hold.has_just_claimed()):
        progress.confirm()  # what it does cannot be undone: see first that it is still ours
    with transaction.atomic() if kind.atomic else nullcontext():
        with limits.time_limit(kind.timeout_seconds):
            result = kind.function(progress, *job.args)
        if not progress.finished:
            _finish(job, result, hold)


def _finish(job: Job, result: Any, hold: claims.Claims) -> None:
    """A session that was lost while the job acted outside is no reason to act again."""
    try:
        hold.finish(job, result)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        connection.close()
        hold.finish(job, result)


def _note_failure(job: Job, error: BaseException, hold: claims.Claims) -> None:
    known = isinstance(error, registry.PermanentError | registry.RetryableError)
    if known:
        logger.info("%s did not succeed in attempt %d", job, job.attempts)
    else:
        logger.error("%s failed in attempt %d", job, job.attempts, exc_info=error)
    hold.fail(
        job,
        Attempt.Outcome.ERROR,
        error_for_people(error),
        traceback=traceback.format_exc(),
        permanent=isinstance(error, registry.PermanentError | storable.Unstorable),
        retryable=getattr(error, "retryable", True) if known else True,
        after=getattr(error, "after", None) if known else None,
    )


def error_for_people(error: Any) -> str:
    """Known errors verbatim; of the rest nobody but the operator may read more than this."""
    if isinstance(error, registry.PermanentError | registry.RetryableError):
        return str(error)
    return _("Something went wrong on our side. The details are with the operator.")
