import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from jobs import services
from jobs.models import Job
from jobs.worker import drain

pytestmark = pytest.mark.django_db


def test_a_job_that_was_enqueued_is_run() -> None:
    job = services.enqueue("test.write", "effect")
    assert drain() == 1
    job.refresh_from_db()
    assert (job.status, job.progress, job.result) == ("done", 100, "effect")
    assert Group.objects.filter(name="effect").exists()


def test_a_rollback_takes_the_job_with_it() -> None:
    with transaction.atomic():
        services.enqueue("test.write")
        transaction.set_rollback(True)
    assert not Job.objects.exists()


def test_an_unknown_kind_is_refused_at_once() -> None:
    with pytest.raises(KeyError):
        services.enqueue("no.such.kind")


def test_a_unique_job_is_returned_while_it_is_unended() -> None:
    first = services.enqueue("test.unique", 1)
    assert services.enqueue("test.unique", 1) == first
    assert services.enqueue("test.unique", 2) != first


def test_a_unique_job_may_come_again_after_its_end() -> None:
    first = services.enqueue("test.unique", 1)
    drain()
    assert services.enqueue("test.unique", 1) != first


def test_a_unique_job_is_not_retried_beside_its_twin() -> None:
    first = services.enqueue("test.unique", 1)
    services.cancel(first)
    services.enqueue("test.unique", 1)
    with pytest.raises(services.StateConflict):
        services.retry(first)


def test_ten_thousand_jobs_take_no_more_statements_than_batches() -> None:
    with CaptureQueriesContext(
        connection,
    ) as few:
        services.enqueue_many("test.write", [["a"]] * 10)
    with CaptureQueriesContext(connection) as many:
        services.enqueue_many("test.write", [["a"]] * 6000)
    assert len(many) - len(few) <= 2


def test_a_batch_knows_how_many_jobs_it_has() -> None:
    batch = services.new_batch(label="Letters")
    services.enqueue_many("test.write", [["a"], ["b"]], batch=batch)
    assert services.batch_reference(batch)["total"] == 2
    assert batch.jobs.count() == 2


def test_the_job_speaks_the_language_of_who_asked() -> None:
    with translation.override("en"):
        assert services.enqueue("test.write").language == "en"


def test_a_cancelled_job_does_not_start() -> None:
    job = services.enqueue("test.write")
    services.cancel(job)
    assert drain() == 0


def test_clearing_cancels_what_waits_in_one_queue() -> None:
    services.enqueue("test.write")
    services.enqueue("test.letter")
    assert services.clear(queue="letters") == 1
    assert Job.objects.waiting().count() == 1


def test_flushing_deletes_only_what_failed() -> None:
    services.enqueue("test.refuse")
    services.enqueue("test.write")
    drain()
    assert services.flush() == 1
    assert Job.objects.get().status == "done"


def test_retrying_all_counts_what_it_retried() -> None:
    services.enqueue("test.refuse")
    services.enqueue("test.fail_for_people")
    drain()
    assert services.retry_all(kind="test.refuse") == 1


def test_a_waiting_job_cannot_be_discarded() -> None:
    with pytest.raises(services.StateConflict):
        services.discard(services.enqueue("test.write"))
