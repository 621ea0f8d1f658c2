"""Tasks that do what no task should: the engine ends them like any other, and goes on."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection, connections
from django.db.utils import IntegrityError

from jobs import limits, registry, services
from jobs.models import Job
from jobs.progress import Progress
from jobs.registry import Kind, RetryableError
from jobs.worker import drain

pytestmark = pytest.mark.django_db(transaction=True)
AWKWARD = "a\x00b\ud800c"  # Postgres keeps no NUL, and no encoding knows half a surrogate pair


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Job]:
    def run(task: Callable[[Progress], Any], **policy: Any) -> Job:
        monkeypatch.setitem(registry._kinds, "test.write", Kind("test.write", task, **{"max_attempts": 1, **policy}))
        job = services.enqueue("test.write")
        assert drain(1) == 1
        job.refresh_from_db()
        return job

    return run


def fail_with(error: BaseException) -> Callable[[Progress], None]:
    def task(progress: Progress) -> None:
        raise error

    return task


def test_an_error_whose_text_no_database_keeps_is_still_an_error(run: Callable[..., Job]) -> None:
    job = run(fail_with(RetryableError(AWKWARD)))
    assert (job.status, job.attempts, job.error) == ("error", 1, "a�b?c")
    assert "a�b?c" in job.failures.get().traceback


def test_a_message_and_a_result_that_no_database_keeps_are_mended(run: Callable[..., Job]) -> None:
    def task(progress: Progress) -> dict[str, list[str]]:
        progress(1, 2, AWKWARD)
        return {AWKWARD: [AWKWARD]}

    job = run(task)
    assert (job.status, job.message, job.result) == ("done", "a�b?c", {"a�b?c": ["a�b?c"]})


def test_an_endless_error_is_cut(run: Callable[..., Job]) -> None:
    job = run(fail_with(RetryableError("x" * 5_000_000)))
    assert job.status == "error"
    assert len(job.error) < 3_000
    assert len(job.failures.get().traceback) < 200_000


@pytest.mark.parametrize("error", [SystemExit(3), GeneratorExit(), asyncio.CancelledError()])
def test_a_job_that_wants_to_end_the_process_ends_only_itself(run: Callable[..., Job], error: BaseException) -> None:
    job = run(fail_with(error))
    assert (job.status, [failure.outcome for failure in job.failures.all()]) == ("error", ["error"])


def test_ctrl_c_gives_the_job_back_with_its_attempt(run: Callable[..., Job]) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(fail_with(KeyboardInterrupt()))
    job = Job.objects.get()
    assert (job.status, job.attempts) == ("pending", 0)


def interrupt_within_a_statement(error: BaseException) -> Callable[[Progress], None]:
    def task(progress: Progress) -> None:
        if connection.vendor == "postgresql":
            progress._hold.side.connection.pgconn.send_query(b"SELECT 1")  # whose answer nobody reads any more
        raise error

    return task


def test_a_stop_that_strikes_within_a_report_gives_the_job_back(run: Callable[..., Job]) -> None:
    job = run(interrupt_within_a_statement(limits.Released()))
    assert (job.status, job.attempts) == ("pending", 0)


def test_a_time_limit_that_strikes_within_a_report_is_noted(run: Callable[..., Job]) -> None:
    job = run(interrupt_within_a_statement(limits.TimedOut()))
    assert (job.status, [failure.outcome for failure in job.failures.all()]) == ("error", ["timeout"])


@pytest.mark.parametrize("result", [object(), float("nan"), {1: {2}}])
def test_an_act_outside_is_not_repeated_because_its_result_cannot_be_kept(run: Callable[..., Job], result: object) -> None:
    job = run(lambda progress: result, atomic=False, max_attempts=3)
    assert (job.status, job.attempts) == ("error", 1)


def test_an_act_outside_whose_session_was_lost_meanwhile_is_done(run: Callable[..., Job]) -> None:
    def task(progress: Progress) -> None:
        if connection.vendor == "postgresql":
            list(Group.objects.all())
            connection.connection.close()

    assert run(task, atomic=False, max_attempts=3).status == "done"


def test_an_effect_in_a_broken_transaction_is_a_failure(run: Callable[..., Job]) -> None:
    def task(progress: Progress) -> None:
        for _ in range(2):
            with suppress(IntegrityError):
                Group.objects.create(name="twice")

    assert (run(task).status, Group.objects.count()) == ("error", 0)


@pytest.mark.parametrize("close", [connection.close, connections.close_all])
def test_a_job_that_closes_its_connection_has_no_effect(run: Callable[..., Job], close: Callable[[], None]) -> None:
    def task(progress: Progress) -> None:
        Group.objects.create(name="lost")
        close()

    assert (run(task).status, Group.objects.count()) == ("error", 0)
    assert run(lambda progress: None).status == "done"
