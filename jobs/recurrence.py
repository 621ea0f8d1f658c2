"""Kinds that come again and again: the cluster enqueues them itself, whoever of its workers looks first."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Now

from . import registry, services
from .models import Job, Recurrence


def enqueue_due() -> int:
    """Returns how many were enqueued. A kind that still waits or runs is left to it: work does not pile up."""
    kinds = {kind.name: kind for kind in registry.recurring()}
    known = set(Recurrence.objects.values_list("kind", flat=True))
    if missing := kinds.keys() - known:
        Recurrence.objects.bulk_create([Recurrence(kind=name, next_at=Now()) for name in missing], ignore_conflicts=True)
    due = Recurrence.objects.filter(kind__in=kinds, next_at__lte=Now()).values_list("kind", flat=True)
    return sum(_enqueue_if_due(kinds[name]) for name in due)


def _enqueue_if_due(kind: registry.Kind) -> bool:
    with transaction.atomic():
        mine = Recurrence.objects.filter(kind=kind.name, next_at__lte=Now())
        moved = mine.update(next_at=Now() + Value(timedelta(seconds=kind.every_seconds or 0)))
        if not moved or Job.objects.unended().filter(kind=kind.name).exists():
            return False
        services.enqueue(kind.name)
    return True
