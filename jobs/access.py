"""Who may see a job, who may change it, and how one is found: by its whole token for a caller, by the beginning of it for an operator."""

import string
import uuid
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.module_loading import import_string

from . import services
from .models import Batch, Job, JobQuerySet, Queue


def is_operator(user: Any) -> bool:
    """Whoever watches and repairs the background work of every club."""
    return bool(user.is_active and (user.is_staff or user.is_superuser))


def may_see(user: Any, *, scope: str, asked_by: Any = None) -> bool:
    """A job with a scope is judged by it alone: who has left the club no longer sees what they asked for there."""
    if is_operator(user):
        return True
    if scope:
        return scope in import_string(settings.JOBS_SCOPES_OF)(user)
    return asked_by is not None and asked_by == user.pk


def may_change(user: Any, *, scope: str, asked_by: Any = None) -> bool:
    """Cancel, and try again. To see is for everybody in the scope; to change, for those whom `JOBS_MAY_CHANGE` names."""
    if scope and not is_operator(user):
        return bool(import_string(settings.JOBS_MAY_CHANGE)(user, scope))
    return may_see(user, scope=scope, asked_by=asked_by)


def find_job(user: Any, token: str) -> Job | None:
    """None for a token that never was, has expired, is malformed or is somebody else's: nobody can tell which."""
    key = parse_token(token)
    paused = Queue.objects.filter(name=OuterRef("queue"), paused=True)
    job = Job.objects.annotate(on_hold=Exists(paused)).filter(pk=key).first() if key else None
    if job is None or not may_see(user, scope=job.scope, asked_by=job.user_id):
        return None
    return None if job.ended and services.is_expired(job) else job


def find_batch(user: Any, token: str) -> Batch | None:
    key = parse_token(token)
    batch = Batch.objects.filter(pk=key).first() if key else None
    return batch if batch and may_see(user, scope=batch.scope) else None


def parse_token(token: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(token)
    except ValueError:
        return None


def jobs_beginning_with(prefix: str) -> JobQuerySet:
    return Job.objects.filter(_begins_with(prefix))


def batches_beginning_with(prefix: str) -> QuerySet[Batch]:
    return Batch.objects.filter(_begins_with(prefix))


def _begins_with(prefix: str) -> Q:
    """A range of keys, which the index serves; text that cannot begin a key finds nothing."""
    digits = prefix.replace("-", "").lower()
    if not digits or len(digits) > 32 or not set(digits) <= set(string.hexdigits):
        return Q(pk__in=[])
    return Q(id__gte=uuid.UUID(digits.ljust(32, "0")), id__lte=uuid.UUID(digits.ljust(32, "f")))
