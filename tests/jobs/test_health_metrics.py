"""GET /metrics, for Prometheus."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from jobs.models import Attempt

from .conftest import api, make_ended_job, make_job, make_worker

LINE = re.compile(r'^[a-z_:]+(\{[a-z_]+="([^"\\]|\\.)*"(,[a-z_]+="([^"\\]|\\.)*")*\})? -?[0-9.e+]+$')


def metrics(settings: Settings) -> str:
    settings.METRICS_TOKEN = "secret"
    response = APIClient().get("/metrics", headers={"authorization": "Bearer secret", "accept": "text/plain"})
    assert response.status_code == 200
    assert response["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return str(response.content, "utf-8")


def test_every_line_is_a_comment_or_a_sample(db: None, settings: Settings) -> None:
    make_ended_job(kind='with "quotes" and \\ and\nlines')
    for line in metrics(settings).splitlines():
        assert re.match(r"^# (HELP|TYPE) [a-z_]+ \S", line) or LINE.match(line)


def test_every_family_is_described_once(db: None, settings: Settings) -> None:
    described = re.findall(r"^# TYPE (\S+) gauge$", metrics(settings), re.MULTILINE)
    assert len(described) == len(set(described)) > 5


def test_jobs_are_counted_by_queue_and_status(db: None, settings: Settings) -> None:
    make_job(queue="letters")
    assert 'aussitot_jobs{queue="letters",status="pending"} 1\n' in metrics(settings)


def test_oldest_waiting_job_is_timed(db: None, settings: Settings) -> None:
    make_job(ready_at=timezone.now() - timedelta(hours=1))
    [seconds] = re.findall(r'^aussitot_jobs_oldest_pending_seconds\{queue="default"\} (\S+)$', metrics(settings), re.MULTILINE)
    assert float(seconds) == pytest.approx(3600, abs=60)


def test_workers_are_counted_by_state(db: None, settings: Settings) -> None:
    make_worker(state="busy")
    assert 'aussitot_jobs_workers{state="busy"} 1\n' in metrics(settings)


def test_run_time_is_summed_by_kind(db: None, settings: Settings) -> None:
    now = timezone.now()
    for seconds in (1.5, 2.5):
        make_ended_job(started_at=now - timedelta(seconds=seconds), finished_at=now)
    assert 'aussitot_jobs_run_seconds_last_hour{kind="test.write",status="done"} 4.0\n' in metrics(settings)


def test_failed_attempts_are_counted_by_outcome(db: None, settings: Settings) -> None:
    Attempt.objects.create(job=make_job(), number=1, outcome="timeout", owner="here:1")
    assert 'aussitot_jobs_failed_attempts_last_hour{outcome="timeout"} 1\n' in metrics(settings)


def test_operator_may_read_them(operator: User) -> None:
    assert api(operator).get("/metrics").status_code == 200


def test_member_may_not(member: User) -> None:
    assert api(member).get("/metrics").status_code == 403


@pytest.mark.parametrize(("token", "header"), [("secret", "Bearer wrong"), ("secret", ""), ("", "Bearer "), ("secret", "Bearer é")])
def test_wrong_or_missing_token_is_refused(db: None, settings: Settings, token: str, header: str) -> None:
    settings.METRICS_TOKEN = token
    assert APIClient().get("/metrics", HTTP_AUTHORIZATION=header).status_code == 401
