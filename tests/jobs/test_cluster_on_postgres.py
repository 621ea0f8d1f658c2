"""The database goes away and comes back under a real qcluster, and what SQLite's one write lock does not allow."""

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.utils import timezone

from jobs import claims, services
from jobs.models import Job, Worker
from tests.cluster import Cluster, database_url, ended, wait_until, worker_after_the_effect_of
from tests.proxy import Proxy

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    settings = connection.settings_dict
    with Proxy(settings["HOST"], int(settings["PORT"])) as proxy:
        yield proxy


def through(proxy: Proxy) -> dict[str, Any]:
    return {"DATABASE_URL": database_url().replace(f":{connection.settings_dict['PORT']}/", f":{proxy.port}/")}


def nothing_left() -> bool:
    return not Job.objects.unended().exclude(kind="jobs.prune").exists()


def test_a_cluster_started_without_its_database_works_when_it_comes(proxy: Proxy) -> None:
    proxy.cut()
    job = services.enqueue("test.write", "late")
    with Cluster(wait=False, **through(proxy)) as cluster:
        wait_until(lambda: len(cluster.pids()) >= 5)
        proxy.mend()
        wait_until(lambda: ended(job))
    assert Group.objects.filter(name="late").count() == 1


def test_a_cut_wire_loses_nothing_and_doubles_nothing(proxy: Proxy) -> None:
    with Cluster(**through(proxy)):
        jobs = services.enqueue_many("test.write", [[f"job {number}"] for number in range(3000)])
        wait_until(Group.objects.exists)
        proxy.cut()
        proxy.mend()
        wait_until(nothing_left)
    assert Group.objects.count() == len(jobs)
    assert set(Job.objects.filter(kind="test.write").values_list("status", flat=True)) == {"done"}


def test_ended_sessions_lose_nothing_and_double_nothing() -> None:
    with Cluster():
        jobs = services.enqueue_many("test.write", [[f"job {number}"] for number in range(3000)])
        for _ in range(5):
            wait_until(lambda: terminate_sessions() > 0)
        wait_until(nothing_left)
    assert Group.objects.count() == len(jobs)


def terminate_sessions() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        return int(cursor.fetchone()[0])


def test_a_frozen_worker_that_thaws_changes_nothing() -> None:
    with Cluster():
        job = services.enqueue("test.linger", 1, "effect")
        pid = wait_until(lambda: worker_after_the_effect_of(job))
        os.kill(pid, signal.SIGSTOP)
        Job.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now() - timedelta(minutes=1))
        wait_until(lambda: ended(job))
        thawed_at = timezone.now()
        os.kill(pid, signal.SIGCONT)
        wait_until(lambda: Worker.objects.filter(pid=pid, seen_at__gt=thawed_at).exists())
    assert Group.objects.filter(name="effect").count() == 1
    assert Job.objects.get(pk=job.pk).attempts == 2


def test_a_claim_reads_the_index_of_what_waits_also_where_few_did_when_it_was_prepared() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE jobs_job")  # Postgres knows that it is empty
    with closing(claims.open_claims()) as hold, transaction.atomic(using=claims.SIDE), hold.side.cursor() as cursor:
        for _ in range(10):  # it keeps the plan from the sixth on
            hold.claim({"default": 1, "letters": 1})
        cursor.execute("SELECT seq_scan, idx_scan > 0 FROM pg_stat_xact_user_tables WHERE relname = 'jobs_job'")
        assert cursor.fetchall() == [(0, True)]
