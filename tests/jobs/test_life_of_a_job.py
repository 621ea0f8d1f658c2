"""Every arrow of the table in `Job.Status` is taken here, and every other one is refused."""

from collections.abc import Callable

import pytest
from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone

from jobs import claims, services
from jobs.models import Attempt, Job
from tests.clock import assert_delay

pytestmark = pytest.mark.django_db
S = Job.Status


def job_in(status: str, *, attempts: int = 1, max_attempts: int = 3) -> Job:
    ended = status in (S.DONE, S.ERROR, S.CANCELLED)
    return Job.objects.create(
        kind="test.write",
        queue="default",
        status=status,
        attempts=attempts,
        max_attempts=max_attempts,
        owner="host:1:1:1" if status == S.RUNNING else "",
        started_at=timezone.now() if status == S.RUNNING else None,
        finished_at=timezone.now() if ended else None,
    )


def hold() -> claims.Claims:
    return claims.open_claims(DEFAULT_DB_ALIAS)


def attempt(action: Callable[[], object]) -> None:
    """A refusal is an answer too: what counts is where the job stands afterwards."""
    try:
        action()
    except (services.StateConflict, claims.ClaimLost):
        return


ACTIONS: dict[str, Callable[[Job], object]] = {
    "claim": lambda job: hold().claim({"default": 1}),
    "finish": lambda job: hold().finish(job, None),
    "fail": lambda job: hold().fail(job, Attempt.Outcome.ERROR, "no"),
    "give up": lambda job: hold().fail(job, Attempt.Outcome.ERROR, "no", permanent=True),
    "release": lambda job: hold().release(job),
    "cancel": services.cancel,
    "retry": services.retry,
}
ARROWS = {
    (S.PENDING, "claim"): S.RUNNING,
    (S.RUNNING, "finish"): S.DONE,
    (S.RUNNING, "fail"): S.PENDING,
    (S.RUNNING, "give up"): S.ERROR,
    (S.RUNNING, "release"): S.PENDING,
    (S.PENDING, "cancel"): S.CANCELLED,
    (S.RUNNING, "cancel"): S.CANCELLED,
    (S.ERROR, "retry"): S.PENDING,
    (S.CANCELLED, "retry"): S.PENDING,
}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("status", S.values)
def test_a_job_goes_where_its_life_allows_and_nowhere_else(status: str, action: str) -> None:
    job = job_in(status)
    attempt(lambda: ACTIONS[action](job))
    job.refresh_from_db()
    assert job.status == ARROWS.get((S(status), action), status)


def test_the_last_attempt_that_fails_ends_in_error() -> None:
    job = job_in(S.RUNNING, attempts=3, max_attempts=3)
    hold().fail(job, Attempt.Outcome.ERROR, "no")
    job.refresh_from_db()
    assert job.status == S.ERROR
    assert job.finished_at


def test_an_attempt_that_fails_waits_for_its_backoff() -> None:
    job = job_in(S.RUNNING, attempts=1)
    asked_at = timezone.now()
    hold().fail(job, Attempt.Outcome.ERROR, "no")
    job.refresh_from_db()
    assert_delay(job.run_at, asked_at=asked_at, least=0.08, most=0.12)


def test_a_first_crash_is_followed_at_once() -> None:
    job = job_in(S.RUNNING, attempts=1)
    hold().fail(job, Attempt.Outcome.CRASHED, "no")
    job.refresh_from_db()
    assert job.run_at is None


def test_a_released_job_gets_its_attempt_back_and_a_note() -> None:
    job = job_in(S.RUNNING, attempts=2)
    hold().release(job)
    job.refresh_from_db()
    assert job.attempts == 1
    assert [failure.outcome for failure in job.failures.all()] == [Attempt.Outcome.RELEASED]


def test_a_retry_starts_the_attempts_anew_and_keeps_the_history() -> None:
    job = job_in(S.RUNNING, attempts=3, max_attempts=3)
    hold().fail(job, Attempt.Outcome.ERROR, "no", traceback="where")
    job = services.retry(Job.objects.get(pk=job.pk))
    assert (job.attempts, job.error, job.failures.count()) == (0, "", 1)


def test_a_late_worker_cannot_finish_a_job_that_was_rescued_from_it() -> None:
    services.enqueue("test.write")
    frozen, other = hold(), hold()
    [late] = frozen.claim({"default": 1})
    other.fail(late, Attempt.Outcome.CRASHED, "")
    [again] = other.claim({"default": 1})
    with pytest.raises(claims.ClaimLost):
        frozen.finish(late, "late")
    other.finish(again, "in time")
    assert Job.objects.get(pk=late.pk).result == "in time"


def test_a_batch_dies_of_its_first_job_and_the_others_get_their_attempts_back() -> None:
    jobs = [job_in(S.RUNNING) for _ in range(3)]
    hold()._rescue_from("host:1:1:1", Job.objects.running())
    assert [Job.objects.get(pk=job.pk).attempts for job in jobs] == [1, 0, 0]
