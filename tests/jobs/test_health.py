"""The health endpoint says what is wrong and what to do about it; the details are for operators."""

import re
from contextlib import closing
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import DEFAULT_DB_ALIAS, connections
from django.utils import timezone
from pytest_django import Settings

from jobs import health, services

from .conftest import api, make_ended_job, make_job, make_worker

KEYS = ["status", "problems", "database", "workers", "queues", "cache", "slow_queries", "version"]
QUEUE_KEYS = ["pending", "running", "error", "oldest_pending_seconds", "paused"]
WORKER_KEYS = ["host", "pid", "queue", "state", "job_kind", "since"]


@pytest.fixture
def worker(db: None) -> None:
    make_worker()


def problems() -> str:
    return " ".join(health.take_snapshot().problems)


@pytest.mark.parametrize("path", ["/api/health/", "/api/async/health"])
def test_anybody_may_ask_and_learns_only_the_status(worker: None, path: str) -> None:
    response = api(None).get(path)
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_member_of_a_club_learns_no_more(worker: None, member: User) -> None:
    assert api(member).get("/api/health/").json() == {"status": "ok"}


@pytest.mark.parametrize("path", ["/api/health/", "/api/async/health"])
def test_operator_gets_exactly_the_keys_of_the_contract(worker: None, operator: User, path: str) -> None:
    body = api(operator).get(path).json()
    assert list(body) == KEYS
    assert list(body["queues"]["default"]) == QUEUE_KEYS
    assert list(body["workers"][0]) == WORKER_KEYS
    assert list(body["cache"]) == ["hits", "misses", "hit_rate"]
    assert list(body["slow_queries"]) == ["last_hour", "slowest_ms"]


def test_health_is_only_asked_for(worker: None) -> None:
    assert api(None).post("/api/health/").status_code in (401, 405)


def test_idle_system_with_a_worker_is_well(worker: None) -> None:
    snapshot = health.take_snapshot()
    assert (snapshot.status, snapshot.problems) == (health.OK, [])


def test_waiting_work_without_a_worker_is_down(db: None) -> None:
    make_job()
    response = api(None).get("/api/health/")
    assert (response.status_code, response.json()) == (503, {"status": "down"})
    assert "Work is waiting and no worker is alive: start one with manage.py qcluster." in problems()


def test_overdue_work_without_a_worker_is_down(db: None) -> None:
    make_job(run_at=timezone.now() - timedelta(seconds=1))
    assert health.take_snapshot().status == health.DOWN


def test_no_worker_is_not_down_while_nothing_waits(db: None) -> None:
    make_job(run_at=timezone.now() + timedelta(days=1))
    assert health.take_snapshot().status == health.DEGRADED


def test_worker_that_was_not_seen_for_long_is_not_alive(db: None) -> None:
    make_worker(seen_at=timezone.now() - timedelta(seconds=11))
    assert health.take_snapshot().workers == []
    assert not health.workers_alive()


def test_inline_jobs_need_no_worker(db: None, settings: Settings) -> None:
    settings.JOBS_INLINE = True
    assert health.take_snapshot().status == health.OK


def test_job_that_waits_too_long_is_told(worker: None) -> None:
    make_job(ready_at=timezone.now() - timedelta(minutes=5))
    assert health.take_snapshot().status == health.DEGRADED
    [seconds] = re.findall(r"The queue default has kept a job waiting for (\d+) s", problems())
    assert 299 <= int(seconds) < 400


def test_job_that_has_just_come_due_has_not_waited_since_its_creation(worker: None) -> None:
    make_job(created_at=timezone.now() - timedelta(days=7))
    assert health.take_snapshot().status == health.OK


def test_paused_queue_with_waiting_jobs_is_told(worker: None) -> None:
    services.pause("letters")
    make_job(queue="letters")
    assert "The queue letters is paused with 1 job waiting: manage.py jobs resume letters." in problems()


def test_kind_that_mostly_fails_is_told(worker: None) -> None:
    for _ in range(3):
        make_ended_job("error")
    assert "3 jobs of the kind test.write failed in the last hour" in problems()


def test_kind_that_seldom_fails_is_not(worker: None) -> None:
    for status in ["error"] * 3 + ["done"] * 4:
        make_ended_job(status)
    assert problems() == ""


def test_unknown_kind_is_parked_and_told(worker: None) -> None:
    make_job(kind="of.another.version", ready_at=timezone.now() - timedelta(days=1))
    assert problems() == "1 job of the unknown kind of.another.version is parked: deploy the code that knows it, or cancel it."


def test_queues_are_counted(worker: None) -> None:
    make_job(status="running")
    make_ended_job("error")
    make_job(ready_at=timezone.now() - timedelta(hours=1))
    queue = health.take_snapshot().queues["default"]
    assert queue.pop("oldest_pending_seconds") == pytest.approx(3600, abs=60)
    assert queue == {"pending": 1, "running": 1, "error": 1, "paused": False}


def test_workers_say_what_they_do(db: None) -> None:
    make_worker(state="busy", job_kind="letters.send", queues="letters,default")
    [worker] = health.take_snapshot().workers
    assert (worker["state"], worker["job_kind"], worker["queue"]) == ("busy", "letters.send", "letters,default")


def reads_of_a_cache() -> dict[str, int]:
    return {"hits": 3, "misses": 1}


def test_cache_figures_are_those_that_were_counted(worker: None, settings: Settings) -> None:
    settings.JOBS_CACHE_READS = f"{__name__}.reads_of_a_cache"
    assert health.take_snapshot().cache == {"hits": 3, "misses": 1, "hit_rate": 0.75}


def test_problems_are_in_the_language_of_the_caller(db: None, operator: User) -> None:
    response = api(operator).get("/api/health/", headers={"accept-language": "fr"})
    assert response["Content-Language"] == "fr"


def test_database_away_is_down_without_a_traceback(db: None, database_away: None) -> None:
    response = api(None).get("/api/health/")
    assert (response.status_code, response.json()) == (503, {"status": "down"})


def test_database_away_is_down_even_for_who_must_be_looked_up(operator: User, request: pytest.FixtureRequest) -> None:
    client = api(operator)
    request.getfixturevalue("database_away")
    response = client.get("/api/health/")
    assert (response.status_code, response.json()) == (503, {"status": "down"})


def test_database_away_is_a_problem_with_its_remedy(db: None, database_away: None) -> None:
    assert "Check that it runs, and DATABASE_URL" in problems()


def test_oldest_open_transaction_is_found_where_the_database_shows_it(worker: None) -> None:
    other = connections[DEFAULT_DB_ALIAS].copy()
    with closing(other), other.cursor() as cursor:
        other.set_autocommit(False)
        cursor.execute("SELECT 1")
        pid = other.connection.info.backend_pid if other.vendor == "postgresql" else None
        assert health.take_snapshot().database["oldest_transaction_pid"] == pid


def test_old_transaction_and_dead_rows_are_told(db: None) -> None:
    facts = {"oldest_transaction_seconds": 660.0, "oldest_transaction_pid": 42, "dead_rows": 60_000, "live_rows": 10}
    snapshot = health.Snapshot(database=facts)
    health.judge_database(snapshot)
    assert snapshot.problems == [
        "A transaction has been open for 11 min, and slows every claim: end it with pg_terminate_backend(42).",
        "The table of jobs holds 60000 dead rows: look for a long transaction, then run VACUUM jobs_job.",
    ]
