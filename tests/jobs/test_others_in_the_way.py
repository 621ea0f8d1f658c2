"""Locks, lost sessions, dead processes and wrong clocks beside the queue: no job waits for ever, and none is lost."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from unittest.mock import Mock

import pytest
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, transaction
from django.utils import timezone

from jobs import claims, services, tray
from jobs.models import Job
from jobs.worker import WorkLoop, drain
from tests.cluster import PATIENCE_SECONDS
from tests.jobs.conftest import make_ended_job, make_job, make_worker

pytestmark = pytest.mark.django_db(transaction=True)
NO_PROCESS = 2**22 + 1  # Linux counts no further than 2**22
needs_row_locks = pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite locks the whole database")


@contextmanager
def another_transaction(job: Job, **changes: object) -> Iterator[threading.Event]:
    """Changes the row in another session, and commits when the event is set, at the latest at the end of the block."""
    changed, commit = threading.Event(), threading.Event()

    def change() -> None:
        with transaction.atomic():
            Job.objects.filter(pk=job.pk).update(**changes)
            changed.set()
            commit.wait(PATIENCE_SECONDS)
        connection.close()

    thread = threading.Thread(target=change)
    thread.start()
    assert changed.wait(PATIENCE_SECONDS)
    yield commit
    commit.set()
    thread.join()


@needs_row_locks
def test_a_deferred_job_that_a_long_transaction_holds_stops_no_other() -> None:
    held = make_job(run_at=timezone.now() - timedelta(seconds=1))
    services.enqueue("test.write")
    with another_transaction(held, label="held"):
        assert drain() == 1
    held.refresh_from_db()
    assert (held.status, held.label) == ("pending", "held"), "it was not waited for"


@needs_row_locks
@pytest.mark.parametrize("delete", [services.flush, lambda: services.discard(Job.objects.get())])
def test_a_job_that_is_being_retried_is_not_deleted(delete: Callable[[], object]) -> None:
    job = make_ended_job("error")
    with another_transaction(job, status="pending") as commit:
        threading.Timer(0.3, commit.set).start()
        with suppress(services.StateConflict):
            delete()
    assert Job.objects.get().status == "pending"


def test_work_without_a_cluster_takes_over_from_a_dead_process() -> None:
    job = make_job(status="running", attempts=1, owner=f"{socket.gethostname()}:{NO_PROCESS}:1:1")
    assert drain() == 1
    job.refresh_from_db()
    assert (job.status, [failure.outcome for failure in job.failures.all()]) == ("done", ["crashed"])


def test_a_claim_that_its_own_process_forgot_is_found_again() -> None:
    job = services.enqueue("test.write")
    hold = claims.open_claims(DEFAULT_DB_ALIAS)
    hold.claim({"default": 1})
    hold.rescue()
    job.refresh_from_db()
    assert (job.status, job.attempts) == ("pending", 0)


def test_jobs_that_could_not_be_given_back_are_still_held(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, hold = WorkLoop(), claims.open_claims(DEFAULT_DB_ALIAS)
    job = services.enqueue("test.write")
    loop.claimed = hold.claim({"default": 1})
    monkeypatch.setattr(hold, "give_back", Mock(side_effect=OperationalError))
    with pytest.raises(OperationalError):
        loop.give_back_claimed(hold)
    assert loop.claimed == [job]


@pytest.mark.parametrize("minutes", [-5, 5])
def test_workers_live_whatever_the_clock_of_the_web_says(minutes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    make_worker(seen_at=timezone.now())
    now = timezone.now() + timedelta(minutes=minutes)
    monkeypatch.setattr(timezone, "now", lambda: now)
    assert services.workers_alive()
    assert tray.look_at("club:7").workers_alive


def test_a_dead_worker_is_dead_whatever_the_clock_of_the_web_says(monkeypatch: pytest.MonkeyPatch) -> None:
    make_worker(seen_at=timezone.now() - timedelta(minutes=1))
    now = timezone.now() - timedelta(minutes=5)
    monkeypatch.setattr(timezone, "now", lambda: now)
    assert not services.workers_alive()
    assert not tray.look_at("club:7").workers_alive
