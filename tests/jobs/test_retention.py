from datetime import timedelta
from unittest.mock import Mock

import pytest
from django.utils import timezone

from jobs import recurrence, services
from jobs.models import Batch, Job, Recurrence
from jobs.worker import drain

pytestmark = pytest.mark.django_db


def ended(kind: str = "test.write", *, seconds_ago: int, status: str = "done", batch: Batch | None = None) -> Job:
    at = timezone.now() - timedelta(seconds=seconds_ago)
    return Job.objects.create(kind=kind, queue="default", status=status, max_attempts=1, finished_at=at, batch=batch)


def test_a_token_lives_an_hour_after_the_end() -> None:
    assert not services.is_expired(ended(seconds_ago=3500))
    assert services.is_expired(ended(seconds_ago=3700))


def test_what_has_expired_is_pruned() -> None:
    ended(seconds_ago=3700)
    kept = ended(seconds_ago=3500)
    assert services.prune() == 1
    assert Job.objects.get() == kept


def test_a_failed_job_waits_for_a_person() -> None:
    ended(seconds_ago=3700, status="error")
    assert services.prune() == 0


def test_a_kind_may_be_forgotten_sooner() -> None:
    ended("test.short_lived", seconds_ago=11)
    assert services.prune() == 1


def test_a_batch_goes_as_a_whole() -> None:
    batch = services.new_batch(label="Letters")
    Batch.objects.update(created_at=timezone.now() - timedelta(days=1))
    ended(seconds_ago=3700, batch=batch)
    late = ended(seconds_ago=10, batch=batch)
    assert services.prune() == 0
    Job.objects.filter(pk=late.pk).update(finished_at=timezone.now() - timedelta(days=1))
    assert services.prune() == 2
    assert not Batch.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_pruning_that_is_interrupted_keeps_what_it_has_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "BATCH_SIZE", 1)
    monkeypatch.setattr(services, "_locked", Mock(side_effect=[[ended(seconds_ago=3700).pk], RuntimeError]))
    ended(seconds_ago=3700)
    services.enqueue("jobs.prune")
    drain()
    assert Job.objects.filter(kind="test.write").count() == 1


def test_what_recurs_is_enqueued_once_a_period() -> None:
    recurrence.enqueue_due()
    drain()
    assert recurrence.enqueue_due() == 0
    Recurrence.objects.update(next_at=timezone.now() - timedelta(seconds=1))
    recurrence.enqueue_due()
    assert Job.objects.filter(kind="jobs.prune").count() == 2


def test_what_recurs_does_not_pile_up() -> None:
    recurrence.enqueue_due()
    Recurrence.objects.update(next_at=timezone.now() - timedelta(seconds=1))
    assert recurrence.enqueue_due() == 0
