"""manage.py jobs, as an operator or a script calls it."""

import io
import json
import re
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.utils import timezone, translation

from jobs import services
from jobs.models import Attempt, Intervention, Job

from .conftest import make_ended_job, make_job, make_worker

Run = Callable[..., str]


@pytest.fixture
def run(db: None) -> Run:
    def call(*arguments: str) -> str:
        out = io.StringIO()
        with translation.override("en"):
            call_command("jobs", *arguments, stdout=out)
        return out.getvalue()

    return call


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(text))


def status(job: Job) -> str:
    job.refresh_from_db()
    return job.status


def test_monitor_shows_workers_and_queues(run: Run) -> None:
    make_worker(state="busy", job_kind="letters.send")
    out = run("monitor")
    assert "All is well" in out
    assert "letters.send" in out
    assert re.search(r"default +0 +0 +0", out)


def test_states_are_said_in_words(run: Run) -> None:
    make_worker(state="stopping")
    job = make_job(steps=[{"name": "First", "state": "pending", "progress": 0}])
    assert "Stopping" in run("monitor")
    assert "First: Waiting (0 %)" in run("show", job.token)


def test_monitor_speaks_json(run: Run) -> None:
    make_worker()
    assert json.loads(run("monitor", "--json"))["status"] == "ok"


def test_monitor_ends_with_1_when_no_work_gets_done(run: Run) -> None:
    make_job()
    with pytest.raises(SystemExit, match="1"):
        run("monitor")


def test_list_shows_the_latest_first(run: Run) -> None:
    older, newer = make_job(), make_ended_job()
    lines = run("list").splitlines()[2:]
    assert [line.split()[0] for line in lines] == [newer.token, older.token]


@pytest.mark.parametrize("choice", ["--status=error", "--kind=test.fail", "--queue=letters"])
def test_list_is_narrowed(run: Run, choice: str) -> None:
    make_job()
    wanted = make_ended_job("error", kind="test.fail", queue="letters")
    lines = run("list", choice).splitlines()[2:]
    assert [line.split()[0] for line in lines] == [wanted.token]


def test_list_says_when_there_are_more(run: Run) -> None:
    make_job()
    make_job()
    assert "There are more: --limit shows them." in run("list", "--limit=1")


def test_list_of_nothing_says_so(run: Run) -> None:
    assert run("list") == "There are none.\n"


def test_columns_stay_aligned(run: Run) -> None:
    make_job(kind="a.kind.with.a.long.name")
    make_job(kind="short")
    lines = run("list").splitlines()
    column = lines[0].index("queue")
    assert {line[column : column + 7] for line in lines[2:]} == {"default"}


@pytest.mark.parametrize(("seconds", "words"), [(0.25, "250 ms"), (59.9, "59.9 s"), (61, "1:01"), (3661, "1:01:01")])
def test_list_says_how_long_a_job_ran(run: Run, seconds: float, words: str) -> None:
    now = timezone.now()
    make_ended_job(started_at=now - timedelta(seconds=seconds), finished_at=now)
    assert f" {words}\n" in run("list")


def test_failed_shows_why(run: Run) -> None:
    make_job()
    make_ended_job("error", error="The file is empty.")
    out = run("failed")
    assert "The file is empty." in out
    assert len(out.splitlines()) == 3


def test_show_brings_the_attempts_with_their_tracebacks(run: Run) -> None:
    job = make_ended_job("error", args=[42], label="Galop 4")
    Attempt.objects.create(job=job, number=1, outcome="error", owner="here:1", traceback="ValueError: a secret of the inside")
    out = run("show", job.token)
    for text in ("Galop 4", "[42]", "Attempt 1: Failed", "ValueError: a secret of the inside"):
        assert text in out


def test_beginning_of_an_id_is_enough(run: Run) -> None:
    make_job(id="01234567-89ab-7def-8123-456789abcdef")
    make_job(id="01239999-89ab-7def-8123-456789abcdef")
    assert "01234567-89ab" in run("show", "01234")


def test_beginning_of_several_ids_is_refused(run: Run) -> None:
    make_job(id="01234567-89ab-7def-8123-456789abcdef")
    make_job(id="01239999-89ab-7def-8123-456789abcdef")
    with pytest.raises(CommandError, match=r"Several jobs have an ID that begins with 0123, such as .* and .*: give more of it"):
        run("show", "0123")


@pytest.mark.parametrize("id", ["ffff", "no-such", "%"])
def test_id_of_no_job_is_refused(run: Run, id: str) -> None:
    with pytest.raises(CommandError, match="No job has an ID that begins with"):
        run("show", id)


def test_retry_takes_several_ids(run: Run) -> None:
    jobs = [make_ended_job("error"), make_ended_job("cancelled")]
    assert run("retry", *(job.token for job in jobs)) == "2 jobs tried again.\n"
    assert [status(job) for job in jobs] == ["pending", "pending"]


def test_retry_names_what_it_left_and_fails(run: Run) -> None:
    failed, done = make_ended_job("error"), make_ended_job("done")
    with pytest.raises(CommandError, match=f"{done.token}: Only failed.*\n1 left as they were, 1 done"):
        run("retry", failed.token, done.token)
    assert [status(failed), status(done)] == ["pending", "done"]


def test_retry_touches_nothing_when_an_id_is_wrong(run: Run) -> None:
    failed = make_ended_job("error")
    with pytest.raises(CommandError):
        run("retry", failed.token, "ffff")
    assert status(failed) == "error"


def test_retry_all_takes_the_failed_of_a_kind(run: Run) -> None:
    wanted, other = make_ended_job("error", kind="test.fail"), make_ended_job("error")
    assert run("retry", "--all", "--kind=test.fail") == "1 job tried again.\n"
    assert [status(wanted), status(other)] == ["pending", "error"]


@pytest.mark.parametrize("arguments", [[], ["ffff", "--all"]])
def test_retry_wants_ids_or_all(run: Run, arguments: list[str]) -> None:
    with pytest.raises(CommandError, match="Name the jobs to try again, or say --all"):
        run("retry", *arguments)


def test_cancel_stops_what_waits(run: Run) -> None:
    job = make_job()
    assert run("cancel", job.token) == "1 job cancelled.\n"
    assert status(job) == "cancelled"


def test_cancel_of_a_batch_leaves_what_runs(run: Run) -> None:
    batch = services.new_batch(label="Letters of 2026")
    jobs = [make_job(batch=batch), make_job(batch=batch, status="running"), make_ended_job("error", batch=batch), make_job()]
    assert run("cancel", "--batch", str(batch.pk), "--yes") == "1 job cancelled.\n"
    assert [status(job) for job in jobs] == ["cancelled", "running", "error", "pending"]


@pytest.mark.parametrize(("text", "after"), [("n\n", "pending"), ("y\n", "cancelled")])
def test_cancel_of_a_batch_asks_with_the_count(run: Run, monkeypatch: pytest.MonkeyPatch, text: str, after: str) -> None:
    job = make_job(batch=services.new_batch(label="Letters of 2026"))
    answer(monkeypatch, text)
    with nullcontext() if after == "cancelled" else pytest.raises(CommandError, match="Nothing was done"):
        assert "Cancel 1 waiting job? [y/N]" in run("cancel", "--batch", str(job.batch_id))
    assert status(job) == after


@pytest.mark.parametrize("arguments", [[], ["ffff", "--batch=ffff"]])
def test_cancel_wants_ids_or_a_batch(run: Run, arguments: list[str]) -> None:
    with pytest.raises(CommandError, match="Name the jobs to cancel, or say --batch"):
        run("cancel", *arguments)


def test_batch_that_is_not_there_is_refused(run: Run) -> None:
    with pytest.raises(CommandError, match="No batch, or more than one, has an ID that begins with ffff"):
        run("cancel", "--batch=ffff")


def test_flush_deletes_the_failed(run: Run) -> None:
    make_ended_job("error")
    kept = make_ended_job("done")
    assert run("flush", "--yes") == "1 job deleted.\n"
    assert list(Job.objects.all()) == [kept]


def test_clear_cancels_what_waits_in_a_queue(run: Run) -> None:
    here, there = make_job(queue="letters"), make_job()
    assert run("clear", "--queue=letters", "--yes") == "1 job cancelled.\n"
    assert [status(here), status(there)] == ["cancelled", "pending"]


@pytest.mark.parametrize(("text", "left"), [("y\n", 0), ("oui\n", 0), ("n\n", 2), ("\n", 2), ("", 2)])
def test_flush_asks_with_the_count(run: Run, monkeypatch: pytest.MonkeyPatch, text: str, left: int) -> None:
    make_ended_job("error")
    make_ended_job("error")
    answer(monkeypatch, text)
    if left:
        with pytest.raises(CommandError, match="Nothing was done"):
            run("flush")
    else:
        assert run("flush").startswith("Delete 2 failed jobs? [y/N]")
    assert Job.objects.count() == left


@pytest.mark.parametrize("action", ["flush", "clear"])
def test_destroying_without_a_terminal_needs_yes(run: Run, monkeypatch: pytest.MonkeyPatch, action: str) -> None:
    make_ended_job("error")
    make_job()
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(CommandError, match="--yes does it without a question"):
        run(action)
    assert Job.objects.exclude(status="cancelled").count() == 2


@pytest.mark.parametrize("action", ["flush", "clear"])
def test_nothing_to_destroy_is_no_question(run: Run, monkeypatch: pytest.MonkeyPatch, action: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert run(action).startswith("0 jobs")


def test_paused_queue_is_worked_on_after_resume(run: Run) -> None:
    run("pause", "default")
    make_job()
    assert run("work", "--drain") == "0 jobs run.\n"
    run("resume", "default")
    assert run("work", "--drain") == "1 job run.\n"


@pytest.mark.parametrize("action", ["pause", "resume"])
def test_queue_that_is_not_there_is_refused(run: Run, action: str) -> None:
    with pytest.raises(CommandError, match=r"There is no queue leters; there are .*letters"):
        run(action, "leters")


def test_work_once_runs_one_job(run: Run) -> None:
    services.enqueue("test.write", "first")
    services.enqueue("test.write", "second")
    assert run("work", "--once") == "1 job run.\n"
    assert list(Group.objects.values_list("name", flat=True)) == ["first"]


def test_work_drains_every_queue(run: Run) -> None:
    services.enqueue("test.write")
    services.enqueue("test.letter")
    assert run("work", "--drain") == "2 jobs run.\n"


def test_work_goes_on_until_it_is_interrupted(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    services.enqueue("test.write")

    def interrupt(seconds: float) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupt)
    assert run("work").endswith("1 job run.\n")


def test_prune_deletes_what_has_expired(run: Run) -> None:
    make_ended_job(finished_at=timezone.now() - timedelta(seconds=3601))
    make_ended_job()
    assert run("prune") == "1 expired job deleted.\n"


def test_restart_asks_the_workers_that_live(run: Run) -> None:
    make_worker()
    gone = make_worker(owner="gone:1", seen_at=timezone.now() - timedelta(minutes=1))
    assert run("restart") == "1 worker was asked to restart.\n"
    gone.refresh_from_db()
    assert gone.restart_asked_at is None


def test_restart_without_a_worker_says_what_to_do(run: Run) -> None:
    with pytest.raises(CommandError, match=r"start one with manage.py qcluster"):
        run("restart")


def test_database_away_is_one_sentence(run: Run, database_away: None) -> None:
    with pytest.raises(CommandError, match=r"^The database does not answer: .+$"):
        run("list")


def interventions() -> list[tuple[str, str, int | None]]:
    return list(Intervention.objects.order_by("id").values_list("deed", "target", "count"))


def test_who_intervened_and_how_is_kept(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "anne")
    waiting, failed = make_job(), make_ended_job("error")
    run("cancel", waiting.token)
    run("retry", failed.token)
    run("retry", "--all", "--kind", "test.write")
    run("pause", "default")
    run("clear", "--yes")
    assert interventions() == [
        ("cancel", waiting.token, 1),
        ("retry", failed.token, 1),
        ("retry", "kind=test.write", 0),
        ("pause", "default", None),
        ("clear", "", 1),
    ]
    assert {row.who.partition("@")[0] for row in Intervention.objects.all()} == {"anne"}


def test_what_was_refused_is_no_intervention(run: Run) -> None:
    with pytest.raises(CommandError):
        run("cancel", make_ended_job("done").token)
    assert interventions() == []
