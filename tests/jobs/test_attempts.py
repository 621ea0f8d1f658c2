import pytest
from django.contrib.auth.models import Group
from django.db import DEFAULT_DB_ALIAS, connection

from jobs import claims, registry, services
from jobs.models import Attempt, Job
from jobs.worker import drain

pytestmark = pytest.mark.django_db


def run(kind: str, *args: object) -> Job:
    job = services.enqueue(kind, *args)
    drain()
    job.refresh_from_db()
    return job


def test_a_failing_attempt_leaves_nothing_behind() -> None:
    run("test.fail")
    assert not Group.objects.exists()


def test_a_failing_attempt_is_tried_again_later() -> None:
    job = run("test.fail")
    assert (job.status, job.attempts) == ("pending", 1)
    assert job.run_at


def test_only_the_operator_reads_the_traceback() -> None:
    job = run("test.fail")
    assert "secret" not in job.error
    assert "a secret of the inside" in Attempt.objects.get(job=job).traceback


def test_an_error_for_people_is_shown_to_them() -> None:
    assert run("test.fail_for_people").error == "The mail server does not answer."


def test_a_permanent_error_is_not_tried_again() -> None:
    job = run("test.refuse")
    assert (job.status, job.attempts, job.error) == ("error", 1, "The file is empty.")


def test_what_no_retry_can_help_is_remembered_until_somebody_tries_all_the_same() -> None:
    job = run("test.refuse_for_good")
    assert (job.status, job.retryable) == ("error", False)
    assert services.retry(job).retryable


def test_the_backoff_varies_by_a_fifth() -> None:
    kind = registry.Kind("x", backoff=(100, 200))
    assert all(80 <= kind.delay_after(1) <= 120 for _ in range(50))
    assert all(160 <= kind.delay_after(9) <= 240 for _ in range(50))


def test_without_a_backoff_the_delay_doubles_up_to_an_hour() -> None:
    kind = registry.Kind("x")
    assert 1.6 <= kind.delay_after(1) <= 2.4
    assert kind.delay_after(30) <= 3600 * 1.2


def test_whoever_asks_for_time_gets_it_and_an_hour_at_most() -> None:
    kind = registry.Kind("x", backoff=(1,))
    assert all(90 <= kind.delay_after(1, 90) <= 108 for _ in range(50))
    assert kind.delay_after(1, 1e9) <= 3600 * 1.2


def test_an_error_may_say_when_to_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(progress: object) -> None:
        raise registry.RetryableError("The service is busy.", after=1800)

    monkeypatch.setitem(registry._kinds, "test.write", registry.Kind("test.write", busy, backoff=(1,)))
    job = run("test.write")
    assert job.run_at
    assert (job.run_at - job.created_at).total_seconds() > 1700


@pytest.mark.django_db(transaction=True)
def test_a_job_that_outlasts_its_time_is_stopped() -> None:
    job = run("test.timeout")
    assert (job.status, job.failures.get().outcome) == ("error", "timeout")


def test_progress_is_kept_with_its_message_and_steps() -> None:
    job = run("test.steps")
    assert job.message == "two"
    assert [step["state"] for step in job.steps] == ["done", "done"]


def test_a_job_cancelled_while_it_runs_has_no_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    def cancel_then_write(progress: object) -> None:
        Group.objects.create(name="too late")
        Job.objects.update(status="cancelled", owner="")

    monkeypatch.setitem(registry._kinds, "test.write", registry.Kind("test.write", cancel_then_write))
    services.enqueue("test.write")
    drain()
    assert not Group.objects.exists()
    assert not connection.needs_rollback


def test_two_kinds_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="named"):
        registry.job("test.write")(lambda progress: None)


def die(job: Job) -> Job:
    """As rescue notes it when the worker that holds the job is gone."""
    Job.objects.update(run_at=None)
    hold = claims.open_claims(DEFAULT_DB_ALIAS)
    [claimed] = hold.claim({"default": 1})
    hold.fail(claimed, Attempt.Outcome.CRASHED, "died")
    job.refresh_from_db()
    return job


def test_each_death_of_a_worker_costs_an_attempt() -> None:
    job = services.enqueue("test.write")
    assert [die(job).status for _ in range(job.max_attempts)] == ["pending"] * (job.max_attempts - 1) + ["error"]


def test_a_kind_may_forgive_some_deaths_but_not_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry._kinds, "test.write", registry.Kind("test.write", max_attempts=2, forgiven_crashes=3))
    job = services.enqueue("test.write")
    seen = [(die(job).status, job.attempts) for _ in range(5)]
    assert seen == [("pending", 0), ("pending", 0), ("pending", 0), ("pending", 1), ("error", 2)]
    assert job.failures.filter(outcome="crashed").count() == 5


def test_only_the_first_death_of_a_worker_is_followed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry._kinds, "test.write", registry.Kind("test.write", forgiven_crashes=3))
    job = services.enqueue("test.write")
    assert die(job).run_at is None
    assert die(job).run_at
