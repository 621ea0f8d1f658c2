"""A batch whose jobs another job enqueues: until they are there it says how many will come, and it can be stopped."""

import pytest

from jobs import services
from jobs.models import Batch, Job
from jobs.serializers import batch_body

pytestmark = pytest.mark.django_db


def promise(count: int) -> tuple[Batch, Job]:
    token = services.new_token()
    batch = services.new_batch(label="Letters", promised=count, filled_by=token)
    return batch, services.enqueue("test.write", 1, token=token)


def fill(batch: Batch, count: int) -> None:
    services.fill_batch(batch, "test.write", [[number] for number in range(count)])


def counts(batch: Batch) -> tuple[int, ...]:
    body = batch_body(batch)
    return tuple(body[key] for key in ("total", "pending", "running", "done", "error", "cancelled"))


@pytest.mark.parametrize(
    ("filler", "status", "numbers"),
    [
        ("pending", "pending", (5, 5, 0, 0, 0, 0)),
        ("running", "pending", (5, 5, 0, 0, 0, 0)),
        ("error", "error", (5, 0, 0, 0, 5, 0)),
        ("cancelled", "cancelled", (5, 0, 0, 0, 0, 5)),
    ],
)
def test_what_is_promised_is_as_the_job_that_fills_it(filler: str, status: str, numbers: tuple[int, ...]) -> None:
    batch, job = promise(5)
    Job.objects.filter(pk=job.pk).update(status=filler)
    assert (batch_body(batch)["status"], counts(batch)) == (status, numbers)


def test_a_promise_is_not_finished_before_it_is_kept() -> None:
    batch, _job = promise(5)
    body = batch_body(batch)
    assert (body["progress"], body["finished_at"]) == (0, None)
    assert body["poll_after_ms"] > 0


@pytest.mark.parametrize("came", [0, 3, 5, 7])
def test_the_jobs_that_come_take_the_place_of_those_promised(came: int) -> None:
    batch, _job = promise(5)
    fill(batch, came)
    assert counts(batch) == (came, came, 0, 0, 0, 0)
    assert (batch.total, batch.promised) == (came, 0)


def test_a_promise_that_is_stopped_starts_nothing_when_it_is_kept_after_all() -> None:
    batch, job = promise(5)
    assert services.cancel_batch(batch.pk) == 5
    job.refresh_from_db()
    assert (job.status, counts(batch)) == ("cancelled", (5, 0, 0, 0, 0, 5))
    fill(batch, 5)
    assert counts(batch) == (5, 0, 0, 0, 0, 5)


def test_a_stop_after_the_promise_was_kept_counts_each_job_once() -> None:
    batch, _job = promise(5)
    fill(batch, 5)
    assert services.cancel_batch(batch.pk) == 5


def test_nothing_starts_when_the_job_that_fills_is_gone() -> None:
    batch, job = promise(5)
    job.delete()
    batch.refresh_from_db()
    fill(batch, 5)
    assert counts(batch) == (5, 0, 0, 0, 0, 5)


def test_a_promise_is_not_pruned() -> None:
    batch, _job = promise(5)
    Batch.objects.update(created_at="2020-01-01T00:00Z")
    services.prune()
    assert Batch.objects.filter(pk=batch.pk).exists()
