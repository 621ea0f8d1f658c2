"""Nobody waits for more than their turn: a job that is due, a job beside plain tasks, a server whose request runs a job."""

import os
import signal
from datetime import timedelta
from unittest.mock import Mock

import pytest
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task
from pytest_django import Settings

from jobs import registry, services
from jobs.models import Job, JobQuerySet, Worker
from jobs.progress import Progress
from tests.cluster import Cluster, ended, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def seconds_late() -> float:
    job = services.enqueue("test.write", run_at=timezone.now() + timedelta(seconds=0.2))
    wait_until(lambda: ended(job))
    job.refresh_from_db()
    assert job.started_at
    return (job.started_at - job.ready_at).total_seconds()


def test_a_job_that_is_due_in_a_moment_starts_at_its_moment() -> None:
    """Not at the workers' next look, 0.8 s later. A busy machine may be late more than once."""
    with Cluster():
        wait_until(lambda: seconds_late() < 0.4)


def test_a_job_does_not_wait_for_all_the_plain_tasks_before_it() -> None:
    for _ in range(60):
        async_task("time.sleep", 0.3, save=False)
    with Cluster():
        wait_until(lambda: OrmQ.objects.count() < 60)
        job = services.enqueue("test.write")
        wait_until(lambda: ended(job))
        assert OrmQ.objects.exists(), "it waited for all of them"


def test_an_inline_job_sets_no_alarm_in_a_process_that_does_not_expect_one(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.JOBS_INLINE = True
    alarms: list[float] = []

    def task(progress: Progress) -> None:
        alarms.append(signal.getitimer(signal.ITIMER_REAL)[0])

    monkeypatch.setitem(registry._kinds, "test.write", registry.Kind("test.write", task))
    services.enqueue("test.write")
    assert alarms == [0.0]


def test_a_plain_task_signed_with_another_key_stays_and_stops_no_other() -> None:
    async_task("tests.jobs.tasks.plain", "unreadable", save=False)
    OrmQ.objects.update(payload="signed:elsewhere")
    async_task("tests.jobs.tasks.plain", "readable", save=False)
    with Cluster():
        wait_until(lambda: OrmQ.objects.count() == 1)
    assert OrmQ.objects.get().payload == "signed:elsewhere"


def test_a_unique_kind_can_be_asked_for_while_its_twins_come_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    first = services.enqueue("test.unique", 1)
    monkeypatch.setattr(JobQuerySet, "first", Mock(side_effect=[None] * 5 + [first]))  # each had ended before we looked
    assert services.enqueue("test.unique", 1) == first


def test_a_lesson_does_not_wait_behind_letters_that_keep_every_worker_busy() -> None:
    with Cluster(workers=2):
        letters = services.enqueue_many("test.slow_letter", [[300]] * 4)
        wait_until(lambda: Job.objects.running().filter(kind="test.slow_letter").count() == 2)
        lesson = services.enqueue("test.write", "lesson")
        wait_until(lambda: ended(lesson))
        assert not any(ended(letter) for letter in letters)


def test_the_seat_of_an_express_worker_that_died_is_taken_again() -> None:
    with Cluster(workers=1):
        services.enqueue_many("test.slow_letter", [[300]] * 4)
        wait_until(lambda: Job.objects.running().exists())
        express = Worker.objects.get(queues="default")
        os.kill(express.pid, signal.SIGKILL)
        lesson = services.enqueue("test.write", "lesson")
        wait_until(lambda: ended(lesson))


def test_a_worker_that_stops_in_order_is_no_longer_shown() -> None:
    with Cluster() as cluster:
        cluster.stop()
    assert not Worker.objects.exists()
