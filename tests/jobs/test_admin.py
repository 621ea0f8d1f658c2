"""The admin of background work: all is shown, nothing is edited, and every action goes through a service."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from jobs import services
from jobs.models import Attempt, Job, Queue

from .conftest import make_ended_job, make_job, make_worker

JOBS = "/admin/jobs/job/"


@pytest.fixture
def admin(operator: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(operator)
    return client


def act(client: Client, action: str, *rows: Any, url: str = JOBS, **more: str) -> str:
    """The page that an operator reads after choosing an action."""
    data = {"action": action, "_selected_action": [str(row.pk) for row in rows], **more}
    return page(client.post(url, data, follow=True))


def page(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content, "utf-8")


def statuses(*jobs: Job) -> list[str]:
    return [Job.objects.get(pk=job.pk).status for job in jobs]


def test_list_shows_what_an_operator_looks_for(admin: Client) -> None:
    make_ended_job("error", label="Galop 4", error="The file is empty.", attempts=2)
    html = page(admin.get(JOBS))
    for text in ("test.write", "Galop 4", "The file is empty.", "2/3", "Failed"):
        assert text in html


def test_number_of_queries_does_not_grow_with_the_list(admin: Client) -> None:
    make_job()
    admin.get(JOBS)  # what is looked up once a process
    with CaptureQueriesContext(connection) as few:
        admin.get(JOBS)
    for _ in range(20):
        make_ended_job(batch=services.new_batch(label="Letters"))
    with CaptureQueriesContext(connection) as many:
        admin.get(JOBS)
    assert len(many) == len(few)


@pytest.mark.parametrize("query", ["status__exact=error", "kind=test.fail", "queue=letters", "q=Galop", "q=test.fail"])
def test_list_is_narrowed(admin: Client, query: str) -> None:
    wanted = make_ended_job("error", kind="test.fail", queue="letters", label="Galop 4")
    other = make_job()
    html = page(admin.get(f"{JOBS}?{query}"))
    assert wanted.token in html
    assert other.token not in html


def test_job_is_found_by_the_beginning_of_its_id(admin: Client) -> None:
    wanted, other = make_job(id="01234567-89ab-7def-8123-456789abcdef"), make_job(id="11234567-89ab-7def-8123-456789abcdef")
    html = page(admin.get(f"{JOBS}?q=01234567-89"))
    assert wanted.token in html
    assert other.token not in html


@pytest.mark.parametrize("text", ["O'Brien", "%", "é", "{", "0" * 500])
def test_odd_search_finds_nothing_and_breaks_nothing(admin: Client, text: str) -> None:
    job = make_job()
    assert job.token not in page(admin.get(JOBS, {"q": text}))


def test_unknown_kinds_can_be_listed(admin: Client) -> None:
    parked, known = make_job(kind="of.another.version"), make_job()
    html = page(admin.get(JOBS, {"kind": "?"}))
    assert parked.token in html
    assert known.token not in html


def test_list_begins_with_what_needs_the_operator(admin: Client) -> None:
    make_job()
    assert "Work is waiting and no worker is alive" in page(admin.get(JOBS))


def test_detail_shows_attempts_and_arguments_without_running_them(admin: Client) -> None:
    job = make_ended_job("error", args=["<script>alert(1)</script>"])
    Attempt.objects.create(job=job, number=1, outcome="error", owner="here:1", traceback="ValueError: <b>inside</b>")
    html = page(admin.get(f"{JOBS}{job.pk}/change/"))
    assert "ValueError: &lt;b&gt;inside&lt;/b&gt;" in html
    assert "<script>alert(1)" not in html


def test_nothing_can_be_added_edited_or_deleted_by_hand(admin: Client) -> None:
    job = make_job()
    for path in ("add/", f"{job.pk}/delete/"):
        assert admin.get(JOBS + path).status_code == 403
    assert admin.post(f"{JOBS}{job.pk}/change/", {"status": "done"}).status_code == 403
    assert statuses(job) == ["pending"]


@pytest.mark.parametrize("action", ["retry_selected", "cancel_selected", "discard_selected"])
def test_list_offers_the_actions(admin: Client, action: str) -> None:
    make_job()
    assert f'<option value="{action}">' in page(admin.get(JOBS))


def test_retry_says_what_was_done_and_what_was_left(admin: Client) -> None:
    jobs = [make_ended_job("error"), make_ended_job("cancelled"), make_ended_job("done")]
    html = act(admin, "retry_selected", *jobs)
    assert "2 jobs tried again." in html
    assert "1 left as it was: Only failed or cancelled work can be tried again." in html
    assert statuses(*jobs) == ["pending", "pending", "done"]


def test_cancel_says_what_was_done_and_what_was_left(admin: Client) -> None:
    jobs = [make_job(), make_ended_job()]
    html = act(admin, "cancel_selected", *jobs)
    assert "1 job cancelled." in html
    assert "1 left as it was: This work has already ended." in html
    assert statuses(*jobs) == ["cancelled", "done"]


def test_discard_asks_first(admin: Client) -> None:
    job = make_ended_job("error")
    assert "Delete 1 job with its attempts?" in act(admin, "discard_selected", job)
    assert statuses(job) == ["error"]


def test_confirmed_discard_deletes_what_has_ended(admin: Client) -> None:
    ended, waiting = make_ended_job("error"), make_job()
    html = act(admin, "discard_selected", ended, waiting, confirmed="yes")
    assert "1 job deleted." in html
    assert "1 left as it was: Cancel this work before it is deleted." in html
    assert list(Job.objects.all()) == [waiting]


def test_who_may_only_look_is_offered_no_action(member: User) -> None:
    member.is_staff = True
    member.save()
    member.user_permissions.add(Permission.objects.get(codename="view_job"))
    client, job = Client(headers={"accept-language": "en"}), make_ended_job("error")
    client.force_login(member)
    assert "retry_selected" not in page(client.get(f"{JOBS}{job.pk}/change/")) + page(client.get(JOBS))
    client.post(JOBS, {"action": "retry_selected", "_selected_action": job.token})
    assert statuses(job) == ["error"]


@pytest.mark.parametrize(("status", "offered"), [("pending", "cancel_selected"), ("error", "retry_selected"), ("done", "discard_selected")])
def test_detail_offers_what_the_state_allows(admin: Client, status: str, offered: str) -> None:
    html = page(admin.get(f"{JOBS}{make_job(status=status).pk}/change/"))
    assert f'value="{offered}"' in html


def test_every_queue_can_be_paused_and_resumed(admin: Client) -> None:
    admin.get("/admin/jobs/queue/")
    letters = Queue.objects.get(name="letters")
    assert "Paused: letters." in act(admin, "pause_selected", letters, url="/admin/jobs/queue/")
    assert Queue.objects.get(name="letters").paused
    assert "They go on: letters." in act(admin, "resume_selected", letters, url="/admin/jobs/queue/")
    assert not Queue.objects.get(name="letters").paused


def test_batch_shows_its_counts_and_leads_to_its_jobs(admin: Client) -> None:
    batch = services.new_batch(label="Letters of 2026")
    job, other = make_ended_job("error", batch=batch), make_job()
    html = page(admin.get(f"/admin/jobs/batch/{batch.pk}/change/"))
    link = f"{JOBS}?batch__id__exact={batch.pk}"
    assert link in html
    assert job.token in page(admin.get(link))
    assert other.token not in page(admin.get(link))


def test_batch_is_stopped_and_what_runs_goes_on(admin: Client) -> None:
    batch = services.new_batch(label="Letters of 2026")
    jobs = [make_job(batch=batch), make_job(batch=batch, status="running"), make_job()]
    assert "1 job cancelled." in act(admin, "cancel_waiting", batch, url="/admin/jobs/batch/")
    assert statuses(*jobs) == ["cancelled", "running", "pending"]


def test_history_keeps_who_did_what(admin: Client, operator: User) -> None:
    done, batch = make_ended_job(), services.new_batch(label="Letters of 2026")
    failed = make_ended_job("error")
    act(admin, "retry_selected", failed, done)
    act(admin, "cancel_waiting", batch, url="/admin/jobs/batch/")
    kept = LogEntry.objects.filter(user=operator).order_by("pk").values_list("object_id", "change_message")
    assert list(kept) == [(failed.token, "Try again"), (str(batch.pk), "Cancel what still waits: 0")]
    assert "Try again" in page(admin.get(f"{JOBS}{failed.pk}/history/"))


def test_workers_are_listed_with_what_they_do(admin: Client) -> None:
    make_worker(state="busy", job_kind="letters.send")
    assert "letters.send" in page(admin.get("/admin/jobs/worker/"))


def test_plain_tasks_of_django_q2_stay_in_the_admin(admin: Client) -> None:
    assert admin.get("/admin/django_q/success/").status_code == 200
