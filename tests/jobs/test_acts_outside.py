"""A job that acts outside: what it writes of that, and its own end."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.db import DEFAULT_DB_ALIAS, transaction

from jobs import claims, registry, runner, services
from jobs.models import Job
from jobs.progress import Progress
from jobs.registry import Kind
from jobs.worker import drain

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Progress], None]], Job]:
    def run(task: Callable[[Progress], None]) -> Job:
        monkeypatch.setitem(registry._kinds, "test.outside", Kind("test.outside", task, atomic=False, max_attempts=1))
        job = services.enqueue("test.outside")
        assert drain(1) == 1
        job.refresh_from_db()
        return job

    return run


def tell(progress: Progress) -> None:
    with transaction.atomic():
        Group.objects.create(name="told")
        progress.finish()


def test_it_may_end_together_with_the_rows_that_tell_of_it(run: Callable[..., Job]) -> None:
    def task(progress: Progress) -> None:
        tell(progress)
        raise ValueError("too late to fail")

    job = run(task)
    assert (job.status, job.attempts, job.error) == ("done", 1, "")
    assert Group.objects.filter(name="told").exists()


def test_what_it_tells_stands_though_the_job_was_cancelled_meanwhile(run: Callable[..., Job]) -> None:
    def task(progress: Progress) -> None:
        services.cancel(progress.job)
        tell(progress)

    assert run(task).status == "cancelled"
    assert Group.objects.filter(name="told").exists()


def test_an_end_that_is_rolled_back_is_none(run: Callable[..., Job]) -> None:
    def task(progress: Progress) -> None:
        with transaction.atomic():
            tell(progress)
            raise ValueError("the last of the rows cannot be written")

    assert run(task).status == "error"
    assert not Group.objects.exists()


def test_one_that_was_cancelled_while_it_waited_for_another_does_not_begin() -> None:
    first, second = (services.enqueue("test.outside", name) for name in ("first", "second"))
    hold = claims.open_claims(DEFAULT_DB_ALIAS)
    claimed = hold.claim({"default": 2})
    hold.claimed_at -= claims.JUST_CLAIMED_SECONDS
    services.cancel(second)
    for job in claimed:
        runner.run(job, hold)
    assert [group.name for group in Group.objects.all()] == ["first"]
    assert Job.objects.get(pk=first.pk).status == "done"
    hold.close()


@pytest.mark.parametrize(("status", "attempts", "held"), [("running", 1, True), ("running", 2, False), ("cancelled", 1, False)])
def test_whether_it_is_still_held_can_be_asked_by_the_statement_that_marks_the_effect(
    run: Callable[..., Job], status: str, attempts: int, held: bool
) -> None:
    seen = []

    def task(progress: Progress) -> None:
        Job.objects.update(status=status, attempts=attempts)
        seen.append(Job.objects.filter(progress.held).exists())
        Job.objects.update(status="running", attempts=1)

    run(task)
    assert seen == [held]
