"""What the engine promises, on a real qcluster whose processes really die."""

import os
import signal
import time

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import Schedule
from django_q.scheduler import scheduler
from django_q.tasks import async_task

from jobs import claims, services
from jobs.models import Job
from tests.cluster import PATIENCE_SECONDS, Cluster, ended, has_begun, wait_until, worker_of

pytestmark = pytest.mark.django_db(transaction=True)


def effects(name: str) -> int:
    return Group.objects.filter(name=name).count()


def test_a_job_runs_and_ends_in_the_cluster() -> None:
    with Cluster():
        job = services.enqueue("test.write", "done")
        wait_until(lambda: ended(job))
    assert effects("done") == 1


def test_a_plain_task_of_django_q_still_runs() -> None:
    with Cluster():
        async_task("tests.jobs.tasks.plain", "plain", save=False)
        wait_until(lambda: effects("plain") == 1)


def test_a_schedule_of_django_q_still_runs() -> None:
    Schedule.objects.create(func="tests.jobs.tasks.plain", args="'scheduled'", schedule_type=Schedule.ONCE, next_run=timezone.now())
    scheduler(broker=get_broker())  # the sentinel does this each half minute
    with Cluster():
        wait_until(lambda: effects("scheduled") == 1)


def test_the_job_of_a_killed_worker_is_resumed_within_moments_and_has_one_effect() -> None:
    with Cluster():
        job = services.enqueue("test.linger", 60, "effect")
        pid = wait_until(lambda: worker_of(job))
        os.kill(pid, signal.SIGKILL)
        killed_at = time.monotonic()
        wait_until(lambda: ended(job))
        assert time.monotonic() - killed_at < claims.STALE_AFTER_SECONDS, "its death was not seen, only its silence"
    assert effects("effect") == 1
    assert [failure.outcome for failure in job.failures.all()] == ["crashed"]


def test_a_job_that_kills_its_worker_is_stopped_and_the_others_go_on() -> None:
    with Cluster():
        killer = services.enqueue("test.kill")
        others = services.enqueue_many("test.write", [[f"other {number}"] for number in range(200)])
        wait_until(lambda: ended(killer))
        wait_until(lambda: not Job.objects.unended().exclude(kind="jobs.prune").exists())
    killer.refresh_from_db()
    assert (killer.status, killer.attempts) == ("error", 2)
    assert Group.objects.count() == len(others)


@pytest.mark.parametrize("victim", ["main", "sentinel", "monitor", "pusher", "worker"])
def test_whoever_is_killed_the_work_goes_on(victim: str) -> None:
    with Cluster() as cluster:
        pids = {
            "main": cluster.main.pid,
            "sentinel": cluster.sentinel,
            "monitor": cluster.monitor,
            "pusher": cluster.pusher,
            "worker": cluster.worker_pids()[0],
        }
        os.kill(pids[victim], signal.SIGKILL)
        job = services.enqueue("test.write", victim)
        wait_until(lambda: ended(job) or not cluster.pids())
        if not ended(job):  # the cluster ended itself: its supervisor starts it anew
            cluster.start()
            wait_until(lambda: ended(job))
    assert effects(victim) == 1


def test_a_stop_waits_for_a_short_job() -> None:
    with Cluster(JOBS_STOP_SECONDS=str(PATIENCE_SECONDS)) as cluster:
        job = services.enqueue("test.slow", 1, "finished")
        wait_until(lambda: has_begun(job))
        cluster.stop()
    job.refresh_from_db()
    assert (job.status, effects("finished")) == ("done", 1)


def test_a_stop_gives_a_long_job_back_with_its_attempt() -> None:
    with Cluster(JOBS_STOP_SECONDS="1") as cluster:
        job = services.enqueue("test.slow", 10 * PATIENCE_SECONDS, "never")
        wait_until(lambda: has_begun(job))
        cluster.stop()
    job.refresh_from_db()
    assert (job.status, job.attempts, effects("never")) == ("pending", 0, 0)
    assert [failure.outcome for failure in job.failures.all()] == ["released"]


def test_a_running_job_hears_that_it_was_cancelled() -> None:
    with Cluster():
        job = services.enqueue("test.slow", 300, "never")
        wait_until(lambda: has_begun(job))
        services.cancel(job)
        after = services.enqueue_many("test.slow", [[0, "first"], [0, "second"]])
        wait_until(lambda: all(ended(other) for other in after))
    job.refresh_from_db()
    assert (job.status, effects("never")) == ("cancelled", 0)


def test_two_clusters_share_the_work_and_run_each_job_once() -> None:
    jobs = services.enqueue_many("test.write", [[f"job {number}"] for number in range(1000)])
    with Cluster(workers=2), Cluster(workers=2):
        wait_until(lambda: not Job.objects.unended().exclude(kind="jobs.prune").exists())
    assert Group.objects.count() == len(jobs)


def test_a_restart_finishes_what_runs_and_ends_the_cluster() -> None:
    with Cluster(JOBS_STOP_SECONDS=str(PATIENCE_SECONDS)) as cluster:
        job = services.enqueue("test.slow", 1, "finished")
        wait_until(lambda: has_begun(job))
        services.restart()
        wait_until(lambda: not cluster.pids())
    assert effects("finished") == 1
