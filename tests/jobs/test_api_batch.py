"""GET /api/batches/{token}/"""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jobs import services
from jobs.models import Batch

from .conftest import api, make_job

KEYS = [
    "token",
    "label",
    "status",
    "total",
    "pending",
    "running",
    "done",
    "error",
    "cancelled",
    "progress",
    "eta_seconds",
    "poll_after_ms",
    "created_at",
    "finished_at",
]


def make_batch(*statuses: str, **fields: Any) -> Batch:
    batch = Batch.objects.create(label="Letters of 2026", scope="club:7", total=len(statuses))
    now = timezone.now()
    for status in statuses:
        ended = status in ("done", "error", "cancelled")
        make_job(status=status, batch=batch, started_at=None if status == "pending" else now, finished_at=now if ended else None, **fields)
    return batch


def ask(user: User, batch: Batch) -> dict[str, Any]:
    body: dict[str, Any] = api(user).get(f"/api/batches/{batch.pk}/").json()
    return body


def test_body_has_exactly_the_keys_of_the_contract(member: User) -> None:
    assert list(ask(member, make_batch("pending"))) == KEYS


def test_counts_come_from_its_jobs(member: User) -> None:
    body = ask(member, make_batch("pending", "pending", "running", "done", "done", "done", "error", "cancelled"))
    assert [body[key] for key in ("total", "pending", "running", "done", "error", "cancelled")] == [8, 2, 1, 3, 1, 1]


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        (["pending", "pending"], "pending"),
        (["pending", "done"], "running"),
        (["running", "pending"], "running"),
        (["done", "done"], "done"),
        (["done", "cancelled"], "done"),
        (["done", "error", "cancelled"], "error"),
        (["cancelled", "cancelled"], "cancelled"),
        ([], "done"),
    ],
)
def test_status_is_derived_from_its_jobs(member: User, statuses: list[str], status: str) -> None:
    assert ask(member, make_batch(*statuses))["status"] == status


def test_progress_is_the_mean_of_its_jobs(member: User) -> None:
    batch = make_batch("done", "error")
    make_job(status="running", progress=50, batch=batch)
    make_job(batch=batch)
    assert ask(member, batch)["progress"] == 62


def test_progress_is_not_100_before_the_end(member: User) -> None:
    batch = make_batch("done")
    make_job(status="running", progress=100, batch=batch)
    assert ask(member, batch)["progress"] == 99


def test_ended_batch_says_when_and_needs_no_more_polling(member: User) -> None:
    body = ask(member, make_batch("done", "error"))
    assert (body["progress"], body["eta_seconds"], body["poll_after_ms"]) == (100, 0, 0)
    assert body["finished_at"]


def test_time_left_follows_the_pace_so_far(member: User) -> None:
    batch = make_batch("done", "done", "running", "pending", "pending", "pending")
    batch.jobs.filter(status="done").update(started_at=timezone.now() - timedelta(seconds=1000))
    assert ask(member, batch)["eta_seconds"] == pytest.approx(2000, rel=0.1)


def test_time_left_is_unknown_before_the_first_has_ended(member: User) -> None:
    assert ask(member, make_batch("running", "pending"))["eta_seconds"] is None


def test_number_of_queries_does_not_grow_with_its_jobs(member: User) -> None:
    client, small, large = api(member), make_batch("pending"), make_batch(*["done"] * 30)
    with CaptureQueriesContext(connection) as few:
        client.get(f"/api/batches/{small.pk}/")
    with CaptureQueriesContext(connection) as many:
        client.get(f"/api/batches/{large.pk}/")
    assert len(many) == len(few)


def test_token_that_never_was_is_unknown(member: User) -> None:
    response = api(member).get("/api/batches/nonsense/")
    assert (response.status_code, response.json()["status"]) == (404, "unknown")


def test_reference_leads_to_the_batch(member: User) -> None:
    reference = services.batch_reference(make_batch("pending", "pending"))
    assert reference["total"] == 2
    assert api(member).get(reference["status_url"]).status_code == 200


def test_batch_is_stopped_and_what_runs_goes_on(member: User) -> None:
    batch = make_batch("pending", "pending", "running", "done")
    body = api(member).post(f"/api/batches/{batch.pk}/cancel/").json()
    assert (list(body), body["status"]) == (KEYS, "running")
    assert [body[key] for key in ("pending", "running", "done", "cancelled")] == [0, 1, 1, 2]


def test_batch_of_another_club_is_not_stopped(stranger: User) -> None:
    batch = make_batch("pending")
    answer = api(stranger).post(f"/api/batches/{batch.pk}/cancel/")
    assert (answer.status_code, answer.json()["status"]) == (404, "unknown")
    assert batch.jobs.waiting().exists()
