"""GET /api/jobs/{token}/ and what may be done there."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from knox.models import AuthToken
from rest_framework.test import APIClient

from jobs import services, status
from jobs.models import Intervention, Job

from .conftest import api, make_ended_job, make_job

KEYS = [
    "token",
    "kind",
    "status",
    "progress",
    "message",
    "steps",
    "error",
    "retryable",
    "attempt",
    "max_attempts",
    "next_attempt_at",
    "position",
    "poll_after_ms",
    "result",
    "created_at",
    "started_at",
    "finished_at",
]


def url(job: Job, action: str = "") -> str:
    return f"/api/jobs/{job.token}/{action}"


def test_body_has_exactly_the_keys_of_the_contract(member: User) -> None:
    assert list(api(member).get(url(make_job())).json()) == KEYS


def test_first_job_of_an_idle_queue_is_next_in_line(member: User) -> None:
    body = api(member).get(url(make_job())).json()
    assert (body["status"], body["position"], body["message"]) == ("pending", 1, "Next in line")


def test_position_counts_the_ready_jobs_that_are_taken_first(member: User) -> None:
    make_job(priority=-1)
    make_job(queue="letters")
    make_job(run_at=timezone.now() + timedelta(hours=1))
    make_job()
    job = make_job()
    make_job()
    make_job(priority=5)
    body = api(member).get(url(job)).json()
    assert (body["position"], body["message"]) == (3, "3rd in line")


@pytest.mark.parametrize(("before", "words"), [(1, "2nd in line"), (10, "11th in line"), (20, "21st in line")])
def test_place_in_line_is_said_in_words(member: User, before: int, words: str) -> None:
    for _ in range(before):
        make_job()
    assert api(member).get(url(make_job())).json()["message"] == words


def test_waiting_for_the_next_attempt_says_when_it_comes(member: User) -> None:
    job = make_job(attempts=1, run_at=timezone.now() + timedelta(minutes=48), error="The mail server does not answer.")
    body = api(member).get(url(job)).json()
    assert re.fullmatch(r"Next attempt in 4[78]:\d\d", body["message"])
    assert (parse_datetime(body["next_attempt_at"]), body["position"], body["attempt"]) == (job.run_at, None, 1)


@pytest.mark.parametrize(("delay", "words"), [(timedelta(minutes=48), r"Starts in 4[78]:\d\d"), (timedelta(days=400), r"Starts on \S+ .*")])
def test_waiting_for_its_first_time_says_when_it_starts(member: User, delay: timedelta, words: str) -> None:
    job = make_job(run_at=timezone.now() + delay)
    assert re.fullmatch(words, api(member).get(url(job)).json()["message"])


@pytest.mark.parametrize(("seconds", "words"), [(0.4, "0:00"), (48.4, "0:48"), (65.4, "1:05"), (3599, "59:59")])
def test_a_span_is_said_in_minutes_and_seconds(seconds: float, words: str) -> None:
    assert status.minutes_and_seconds(timedelta(seconds=seconds)) == words


def test_job_of_a_paused_queue_is_on_hold(member: User) -> None:
    services.pause("default")
    assert api(member).get(url(make_job())).json()["message"] == "On hold"


def test_running_job_tells_what_its_task_says(member: User) -> None:
    job = make_job(status="running", attempts=1, started_at=timezone.now(), progress=60, message="18 of 30")
    body = api(member).get(url(job)).json()
    assert (body["status"], body["progress"], body["message"], body["position"]) == ("running", 60, "18 of 30", None)


def test_done_job_brings_its_result_and_needs_no_more_polling(member: User) -> None:
    response = api(member).get(url(make_ended_job(result={"made": 12}, progress=100)))
    assert (response.json()["result"], response.json()["poll_after_ms"]) == ({"made": 12}, 0)
    assert "Retry-After" not in response


def test_failed_job_says_why(member: User) -> None:
    body = api(member).get(url(make_ended_job("error", error="The file is empty."))).json()
    assert (body["status"], body["error"], body["message"]) == ("error", "The file is empty.", "The file is empty.")


def test_steps_are_named_in_the_language_of_who_asks(member: User) -> None:
    job = make_job(kind="test.steps", steps=[{"name": name, "state": "pending", "progress": 0} for name in ("Un", "Deux")])
    steps = api(member).get(url(job)).json()["steps"]
    assert steps[0] == {"name": "First", "state": "pending", "progress": 0}


def test_no_step_runs_while_the_job_waits_for_its_next_attempt(member: User) -> None:
    steps = [{"name": "First", "state": "done", "progress": 100}, {"name": "Second", "state": "running", "progress": 50}]
    waiting = api(member).get(url(make_job(steps=steps, attempts=1))).json()["steps"]
    assert [step["state"] for step in waiting] == ["done", "pending"]
    again = api(member).get(url(make_job(steps=steps, attempts=0))).json()["steps"]
    assert [(step["state"], step["progress"]) for step in again] == [("pending", 0), ("pending", 0)]


def test_message_of_ours_follows_the_language_of_the_caller(member: User) -> None:
    response = api(member).get(url(make_job()), headers={"accept-language": "fr"})
    assert response["Content-Language"] == "fr"


@pytest.mark.parametrize(("age", "pace"), [(0, 500), (11, 1000), (61, 2000), (601, 5000)])
def test_older_jobs_are_asked_for_less_often(member: User, age: int, pace: int) -> None:
    response = api(member).get(url(make_job(ready_at=timezone.now() - timedelta(seconds=age))))
    assert response.json()["poll_after_ms"] == pace
    assert response["Retry-After"] == str(max(1, pace // 1000))


def test_answer_is_never_cached(member: User) -> None:
    assert api(member).get(url(make_job()))["Cache-Control"] == "no-store"


@pytest.mark.parametrize("token", ["00000000-0000-0000-0000-000000000000", "nonsense", "%00", "é" * 300, "'; drop table--"])
def test_token_that_never_was_is_unknown(member: User, token: str) -> None:
    response = api(member).get(f"/api/jobs/{token}/")
    assert response.status_code == 404
    assert list(response.json()) == ["token", "status", "progress", "message"]
    assert (response.json()["status"], response.json()["progress"]) == ("unknown", 0)


def test_expired_token_is_unknown_before_it_is_pruned(member: User) -> None:
    job = make_ended_job(finished_at=timezone.now() - timedelta(seconds=3601))
    assert api(member).get(url(job)).json()["status"] == "unknown"


def test_asking_needs_a_log_in(db: None) -> None:
    assert api(None).get(url(make_job())).status_code == 401


def test_status_is_not_changed_by_posting_to_it(member: User) -> None:
    assert api(member).post(url(make_job())).status_code == 405


@pytest.mark.parametrize("job_fields", [{}, {"status": "done"}, {"status": "running"}])
def test_asking_takes_at_most_three_queries_beside_session_and_user(member: User, job_fields: dict[str, str]) -> None:
    client, job = api(member), make_job(**job_fields)
    with CaptureQueriesContext(connection) as queries:
        client.get(url(job))
    asked = [query["sql"] for query in queries if "django_session" not in query["sql"] and '"auth_user"."password"' not in query["sql"]]
    assert len(asked) <= 3


def test_cancelling_a_waiting_job_answers_with_it(member: User) -> None:
    body = api(member).post(url(make_job(), "cancel/")).json()
    assert list(body) == KEYS
    assert body["status"] == "cancelled"


def test_cancelling_what_has_ended_is_a_conflict(member: User) -> None:
    response = api(member).post(url(make_ended_job(), "cancel/"))
    assert response.status_code == 409
    assert response.json()["status"] == "done"
    assert response.json()["detail"] == "This work has already ended."


def test_failed_job_is_tried_again(member: User) -> None:
    job = make_ended_job("error", error="The mail server does not answer.", created_at=timezone.now() - timedelta(days=1))
    body = api(member).post(url(job, "retry/")).json()
    assert (body["status"], body["error"], body["attempt"], body["poll_after_ms"]) == ("pending", "", 0, 500)


def test_done_job_is_not_tried_again(member: User) -> None:
    job = make_ended_job()
    assert api(member).post(url(job, "retry/")).status_code == 409
    job.refresh_from_db()
    assert job.status == Job.Status.DONE


@pytest.mark.parametrize("action", ["cancel/", "retry/"])
def test_looking_at_an_action_does_nothing(member: User, action: str) -> None:
    job = make_job()
    assert api(member).get(url(job, action)).status_code == 405
    job.refresh_from_db()
    assert job.status == Job.Status.PENDING


def test_browser_needs_its_csrf_token(member: User) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(member)
    assert client.post(url(make_job(), "cancel/")).status_code == 403


def test_token_log_in_opens_the_same_doors(member: User) -> None:
    _row, token = AuthToken.objects.create(member)
    client = APIClient(enforce_csrf_checks=True, headers={"authorization": f"Token {token}"})
    assert client.post(url(make_job(), "cancel/")).status_code == 200


@pytest.mark.parametrize(
    ("status", "may_help", "offered"), [("error", True, True), ("error", False, False), ("cancelled", True, True), ("done", True, False)]
)
def test_it_says_whether_a_retry_may_help(member: User, status: str, may_help: bool, offered: bool) -> None:
    job = make_ended_job(status, retryable=may_help)
    assert api(member).get(url(job)).json()["retryable"] is offered


def test_who_changed_a_job_is_kept_and_shown_to_the_operator(member: User, operator: User, client: Client) -> None:
    job = make_job()
    api(member).post(url(job, "cancel/"))
    assert Intervention.objects.values_list("who", "deed", "target").get() == ("member", "cancel", job.token)
    client.force_login(operator, "django.contrib.auth.backends.ModelBackend")
    assert "member: cancel" in client.get(f"/admin/jobs/job/{job.token}/change/").content.decode()
    assert job.token in client.get("/admin/jobs/intervention/").content.decode()
