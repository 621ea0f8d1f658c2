"""An e-mail leaves at most once; what became of it is known, or said to be unsure."""

from datetime import timedelta

import pytest
from django.core.mail import EmailMessage
from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone

from jobs import claims
from jobs import services as jobs
from jobs.models import Attempt, Job
from jobs.worker import drain
from lessons import mailer, services
from lessons.models import Notice
from tests.clock import assert_delay
from tests.lessons.conftest import Use
from tests.lessons.mailservers import Catcher, ScriptedServer
from tests.lessons.world import World


@pytest.fixture
def notice(world: World) -> Notice:
    """To a client, of a lesson that is planned; its job waits."""
    lesson = world.plan(clients=[world.camille.pk]).lesson
    services.write_notices(lesson=lesson)
    Notice.objects.exclude(client=world.camille).delete()
    Job.objects.exclude(kind="lessons.send_notice", args=[Notice.objects.get().pk]).delete()
    return Notice.objects.get()


def attempt() -> Job:
    """Let the one job have its next attempt, however long it should wait."""
    Job.objects.waiting().update(run_at=None)
    drain()
    return Job.objects.get(kind="lessons.send_notice")


def test_an_accepted_mail_is_sent(notice: Notice, caught: Catcher) -> None:
    assert attempt().status == "done"
    [(recipients, message)] = caught.caught
    assert recipients == ["camille@example.org"]
    assert message["Message-ID"] == notice.message_id
    notice.refresh_from_db()
    assert notice.status == "sent"
    assert notice.sent_at is not None


def test_running_the_job_of_a_sent_notice_again_sends_nothing(notice: Notice, caught: Catcher) -> None:
    attempt()
    jobs.enqueue("lessons.send_notice", notice.pk)
    drain()
    assert len(caught.caught) == 1


def test_a_backend_that_is_not_smtp_sends_too(notice: Notice, mailoutbox: list[EmailMessage]) -> None:
    assert attempt().status == "done"
    assert [message.to for message in mailoutbox] == [["camille@example.org"]]


def test_one_connection_serves_many_mails(world: World, use: Use) -> None:
    world.plan(clients=[world.camille.pk, world.hugo.pk, world.noe.pk])
    with ScriptedServer() as server:
        use(server.port)
        drain()
        assert Notice.objects.filter(status="sent").count() == server.accepted == 5
        assert server.calls == 1


def test_a_connection_that_the_server_closed_meanwhile_is_renewed(world: World, use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailer, "STALE_SECONDS", 0)
    world.plan(clients=[world.camille.pk])
    with ScriptedServer(RSET="DROP") as server:
        use(server.port)
        drain()
        assert server.accepted == server.calls == Notice.objects.filter(status="sent").count() == 3


def test_a_server_that_was_restarted_meanwhile_costs_no_attempt(world: World, use: Use) -> None:
    first, second = (world.plan(place=place, teacher=teacher.pk) for place, teacher in (("A", world.sophie), ("B", world.lea)))
    with ScriptedServer() as before:
        use(before.port)
        services.write_notices(lesson=first.lesson)
        drain()
    services.write_notices(lesson=second.lesson)
    with ScriptedServer() as after:
        use(after.port)
        drain()
    assert Job.objects.get(kind="lessons.send_notice", args=[Notice.objects.get(lesson=second.lesson).pk]).attempts == 1


BEFORE_THE_DOT = [
    {"HELLO": "DROP"}, {"HELLO": "554 closed"}, {"HELLO": "421 busy"}, {"MAIL": "DROP"}, {"MAIL": "451 later"}, {"RCPT": "450 greylisted"},
    {"RCPT": "DROP"}, {"DATA": "451 later"}, {"DATA": "DROP"}, {"END": "452 disk full"}, {"END": "421 closing"},
]  # fmt: skip


@pytest.mark.parametrize("script", BEFORE_THE_DOT)
def test_what_was_certainly_not_accepted_is_tried_again(notice: Notice, use: Use, script: dict[str, str]) -> None:
    with ScriptedServer(**script) as bad:
        use(bad.port)
        job = attempt()
    notice.refresh_from_db()
    assert (job.status, notice.status) == ("pending", "pending")
    with ScriptedServer() as good:
        use(good.port)
        assert attempt().status == "done"
        assert (bad.accepted, good.accepted) == (0, 1)


def test_a_server_that_is_away_is_tried_again_later(notice: Notice, use: Use, refusing_port: int) -> None:
    use(refusing_port)
    asked_at = timezone.now()
    job = attempt()
    assert job.status == "pending"
    assert_delay(job.run_at, asked_at=asked_at, least=24, most=36)


def test_after_the_last_attempt_the_notice_has_failed(notice: Notice, use: Use, refusing_port: int) -> None:
    use(refusing_port)
    assert [attempt().status for _ in range(3)] == ["pending", "pending", "error"]
    notice.refresh_from_db()
    assert (notice.status, notice.error_message) == ("failed", "The mail server could not be reached, or broke off the conversation.")


@pytest.mark.parametrize("script", [{"MAIL": "550 no"}, {"RCPT": "550 no such user"}, {"DATA": "554 no"}, {"END": "554 looks like spam"}])
def test_a_refusal_is_final_with_the_servers_own_words(notice: Notice, use: Use, script: dict[str, str]) -> None:
    with ScriptedServer(**script) as server:
        use(server.port)
        job = attempt()
    notice.refresh_from_db()
    [words] = script.values()
    assert (job.status, job.attempts, job.error) == ("error", 1, words)
    assert (notice.status, notice.error_message) == ("failed", words)


def test_a_refused_mail_does_not_spoil_the_next(world: World, use: Use) -> None:
    world.plan(clients=[world.camille.pk])
    with ScriptedServer(RCPT="550 no such user") as server:
        use(server.port)
        drain()
        server.script = {}
        services.resend_notice(notice=Notice.objects.get(client=world.camille))
        drain()
        assert (server.accepted, server.calls) == (1, 1)


@pytest.mark.parametrize("answer", ["DROP", "nonsense"])
def test_no_answer_after_the_dot_is_unsure_and_never_sent_again(notice: Notice, use: Use, answer: str) -> None:
    with ScriptedServer(END=answer) as server:
        use(server.port)
        job = attempt()
        assert (job.status, job.error) == ("error", "It may have arrived: it will not be sent again by itself.")
        jobs.retry(job)
        assert attempt().status == "error"
        assert server.calls == 1
    notice.refresh_from_db()
    assert notice.status == "unsure"


def test_a_notice_found_in_the_conversation_becomes_unsure(notice: Notice, caught: Catcher) -> None:
    Notice.objects.update(status="sending", sending_since=timezone.now())
    assert attempt().status == "error"
    notice.refresh_from_db()
    assert notice.status == "unsure"
    assert not caught.caught


def test_a_person_can_send_an_unsure_mail_again(notice: Notice, caught: Catcher) -> None:
    Notice.objects.update(status="unsure")
    Job.objects.all().delete()
    assert services.resend_notice(notice=notice)
    assert attempt().status == "done"
    assert len(caught.caught) == 1


def test_a_sent_mail_is_not_sent_again_by_a_click(notice: Notice, caught: Catcher) -> None:
    attempt()
    assert not services.resend_notice(notice=notice)


def test_an_operators_retry_sends_what_the_server_had_refused(notice: Notice, use: Use) -> None:
    with ScriptedServer(RCPT="550 no such user") as server:
        use(server.port)
        job = attempt()
        server.script = {}
        jobs.retry(job)
        assert attempt().status == "done"
        assert server.accepted == 1


def test_a_cancelled_job_sends_nothing(notice: Notice, caught: Catcher) -> None:
    jobs.cancel(Job.objects.get())
    drain()
    assert not caught.caught


def test_a_conversation_that_nobody_came_back_from_is_told(notice: Notice) -> None:
    Notice.objects.update(status="sending", sending_since=timezone.now() - timedelta(minutes=11))
    assert services.mark_lost_notices() == 1
    notice.refresh_from_db()
    assert notice.status == "unsure"


def test_a_conversation_that_goes_on_is_left_alone(notice: Notice) -> None:
    Notice.objects.update(status="sending", sending_since=timezone.now() - timedelta(seconds=50))
    assert services.mark_lost_notices() == 0


def test_a_notice_whose_job_was_cancelled_says_so_and_can_be_sent_again(notice: Notice, caught: Catcher) -> None:
    assert services.mark_lost_notices() == 0
    jobs.cancel(Job.objects.get())
    assert services.mark_lost_notices() == 1
    notice.refresh_from_db()
    assert (notice.status, notice.error_message) == ("failed", "Its sending was cancelled, or broke off before it began.")
    assert services.resend_notice(notice=notice)
    assert services.mark_lost_notices() == 0
    drain()
    assert len(caught.caught) == 1


@pytest.mark.parametrize("address", ["x@example.org\r\nBcc: all@example.org", "not an address\n"])
def test_an_address_that_cannot_be_one_is_refused(notice: Notice, caught: Catcher, address: str) -> None:
    Notice.objects.update(recipient_email=address)
    assert attempt().error == "This e-mail address cannot be used."
    assert not caught.caught
    assert Attempt.objects.count() == 1


def die_with_the_notice() -> str:
    """As rescue notes it; the worker had not spoken to the mail server yet."""
    Job.objects.update(run_at=None)
    hold = claims.open_claims(DEFAULT_DB_ALIAS)
    [job] = hold.claim({"letters": 1})
    hold.fail(job, "crashed", "The work was interrupted.")
    return Job.objects.get().status


def test_workers_that_die_before_the_notice_is_sent_cost_it_no_attempt(notice: Notice, caught: Catcher) -> None:
    assert {die_with_the_notice() for _ in range(4)} == {"pending"}
    job = attempt()
    assert (job.status, job.attempts, len(caught.caught)) == ("done", 1, 1)
