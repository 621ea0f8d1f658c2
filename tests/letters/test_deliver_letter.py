"""One letter: a PDF in a mailbox, at most once; what became of it is known, or said to be unsure."""

import hashlib
import os
import signal
from datetime import timedelta
from decimal import Decimal
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from jobs import services as jobs
from jobs.models import Attempt, Job
from jobs.worker import drain
from lessons.models import Teacher
from letters import services, tasks
from letters.models import Sending, VolunteerLetterSend
from letters.services import delivery
from tests.clock import assert_delay
from tests.cluster import Cluster, ended, wait_until, worker_of
from tests.lessons.mailservers import Catcher, ScriptedServer, real_server
from tests.lessons.world import World
from tests.letters.conftest import Use
from tests.letters.killing import is_waiting, kill_in_a_letter
from tests.letters.office import Office, attempt, statuses, text_of


@pytest.fixture
def letter(office: Office) -> VolunteerLetterSend:
    return office.letter_to(office.lea)


def has_caught(catcher: Catcher, count: int) -> bool:
    return len(catcher.caught) >= count


def pdf_in(message: EmailMessage) -> bytes:
    [attachment] = message.iter_attachments()
    content: bytes = attachment.get_content()
    return content


def test_a_letter_arrives_with_its_pdf(letter: VolunteerLetterSend, caught: Catcher) -> None:
    assert attempt().status == "done"
    [(recipients, message)] = caught.caught
    assert recipients == ["t@example.org"]
    assert (message["Message-ID"], message["Reply-To"]) == (letter.message_id, "club@example.org")
    assert message["Subject"] == f"Your volunteer letter {letter.year}"
    letter.refresh_from_db()
    assert (letter.status, letter.attempts, letter.error_message) == ("sent", 1, "")
    assert letter.sent_at is not None


def test_it_speaks_plain_text_and_html(letter: VolunteerLetterSend, caught: Catcher) -> None:
    attempt()
    [(_recipients, message)] = caught.caught
    for kind in ("plain", "html"):
        body = message.get_body((kind,))
        assert body is not None
        assert "Hello Léa," in body.get_content()


def test_the_attached_pdf_is_the_one_that_is_kept(letter: VolunteerLetterSend, caught: Catcher) -> None:
    attempt()
    pdf = pdf_in(caught.caught[0][1])
    letter.refresh_from_db()
    assert hashlib.sha256(pdf).hexdigest() == letter.pdf_sha256
    with letter.pdf.open() as kept:
        assert kept.read() == pdf
    assert "Léa Dumont" in text_of(pdf)


def test_the_file_has_a_plain_name(letter: VolunteerLetterSend, caught: Catcher) -> None:
    VolunteerLetterSend.objects.update(teacher_name='Zoë "x";\r\n../../é 中 <b>')
    attempt()
    [attachment] = caught.caught[0][1].iter_attachments()
    assert attachment.get_filename() == f"volunteer-letter-{letter.year}-zoe-x-e-b.pdf"


def test_the_mail_speaks_the_language_of_the_club(office: Office, caught: Catcher) -> None:
    office.club.language = "fr"
    office.club.save()
    office.letter_to(office.lea)
    attempt()
    [(_recipients, message)] = caught.caught
    assert message["Subject"] == f"Votre lettre de volontariat {office.year}"
    assert "Note d’information au volontaire" in text_of(pdf_in(message))


def test_the_club_can_be_called_anything(office: Office, caught: Catcher) -> None:
    type(office.club).objects.update(name='Club "A" <evil@example.org>,\r\nBcc: all@example.org')
    office.letter_to(office.lea)
    assert attempt().status == "done"
    [(recipients, message)] = caught.caught
    assert (recipients, message["Bcc"]) == (["t@example.org"], None)


@pytest.mark.parametrize("address", ["x@example.org\r\nBcc: all@example.org", "A <x@example.org>", "x@example.org,y@example.org", ""])
def test_an_address_that_cannot_be_one_fails_at_once(letter: VolunteerLetterSend, caught: Catcher, address: str) -> None:
    VolunteerLetterSend.objects.update(recipient_email=address)
    words = "This e-mail address cannot be used." if address else "No e-mail address."
    assert (attempt().error, statuses()) == (words, {"Léa Dumont": "failed"})
    assert not caught.caught


def test_a_teacher_deleted_meanwhile_gets_no_letter(office: Office, letter: VolunteerLetterSend, caught: Catcher) -> None:
    office.lea.delete()
    assert attempt().error == "This teacher has been deleted meanwhile."
    letter.refresh_from_db()
    assert (letter.status, letter.error_message) == ("failed", "This teacher has been deleted meanwhile.")
    assert not caught.caught


@pytest.mark.parametrize("read_before", [True, False])
def test_a_club_deleted_while_its_letter_is_in_hand_ends_the_job_quietly(
    letter: VolunteerLetterSend, caught: Catcher, read_before: bool
) -> None:
    if read_before:
        delivery.papers_of(letter.sending_id, delivery.this_moment())
    Sending.objects.all().delete()  # as with its club
    services.deliver(letter=letter, held=Q(), finish=pytest.fail, last_attempt=False)
    assert not caught.caught


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"active": False}, "Not a volunteer."),
        ({"volunteer": False}, "Not a volunteer."),
        ({"facts": {"employed_as": "Teaching riders"}}, "Employed by the club for the same activity: no volunteer letter."),
    ],
)
def test_who_is_no_volunteer_any_more_is_held_back(
    office: Office, letter: VolunteerLetterSend, caught: Catcher, change: dict[str, Any], words: str
) -> None:
    services.save_volunteer(teacher=office.lea, **{"facts": {}, **change})
    assert attempt().error == words
    letter.refresh_from_db()
    assert (letter.status, letter.error_message, caught.caught) == ("held", words, [])


BEFORE_THE_DOT = [
    {"HELLO": "DROP"}, {"HELLO": "421 busy"}, {"MAIL": "DROP"}, {"RCPT": "450 greylisted"}, {"DATA": "451 later"}, {"DATA": "DROP"},
    {"END": "452 disk full"},
]  # fmt: skip


@pytest.mark.parametrize("script", BEFORE_THE_DOT)
def test_what_was_certainly_not_accepted_is_tried_again(letter: VolunteerLetterSend, use: Use, script: dict[str, str]) -> None:
    with ScriptedServer(**script) as bad:
        use(bad.port)
        assert (attempt().status, statuses()) == ("pending", {"Léa Dumont": "pending"})
    with ScriptedServer() as good:
        use(good.port)
        assert (attempt().status, statuses()) == ("done", {"Léa Dumont": "sent"})
        assert (bad.accepted, good.accepted) == (0, 1)


def test_each_attempt_sends_the_same_bytes(letter: VolunteerLetterSend, use: Use) -> None:
    with ScriptedServer(DATA="451 later") as bad:
        use(bad.port)
        attempt()
    letter.refresh_from_db()
    Teacher.objects.update(first_name="Renamed")
    with real_server() as (port, catcher):
        use(port)
        attempt()
    assert hashlib.sha256(pdf_in(catcher.caught[0][1])).hexdigest() == letter.pdf_sha256


def test_the_waits_are_those_of_the_kind(letter: VolunteerLetterSend, use: Use, refusing_port: int) -> None:
    use(refusing_port)
    for least, most in ((24, 36), (48, 72)):
        asked_at = timezone.now()
        assert_delay(attempt().run_at, asked_at=asked_at, least=least, most=most)


def test_after_three_attempts_it_has_failed(letter: VolunteerLetterSend, use: Use, refusing_port: int) -> None:
    use(refusing_port)
    assert [attempt().status for _ in range(3)] == ["pending", "pending", "error"]
    letter.refresh_from_db()
    assert (letter.status, letter.attempts) == ("failed", 3)
    assert letter.error_message == "The mail server could not be reached, or broke off the conversation."


@pytest.mark.parametrize("script", [{"MAIL": "550 no"}, {"RCPT": "550 no such user"}, {"DATA": "554 no"}, {"END": "554 looks like spam"}])
def test_a_refusal_is_final_with_the_servers_own_words(letter: VolunteerLetterSend, use: Use, script: dict[str, str]) -> None:
    with ScriptedServer(**script) as server:
        use(server.port)
        job = attempt()
    letter.refresh_from_db()
    [words] = script.values()
    assert (job.status, job.attempts, job.error) == ("error", 1, words)
    assert (letter.status, letter.error_message) == ("failed", words)


@pytest.mark.parametrize("script", [{"END": "200 taken"}, {"RCPT": "265 fine"}])
def test_any_yes_of_a_server_is_a_yes(letter: VolunteerLetterSend, use: Use, script: dict[str, str]) -> None:
    with ScriptedServer(**script) as server:
        use(server.port)
        assert (attempt().status, statuses()) == ("done", {"Léa Dumont": "sent"})


@pytest.mark.parametrize("answer", ["DROP", "nonsense", "354 go on"])
def test_no_answer_after_the_dot_is_unsure_and_never_sent_again(letter: VolunteerLetterSend, use: Use, answer: str) -> None:
    with ScriptedServer(END=answer) as server:
        use(server.port)
        job = attempt()
        assert job.error == "The letter may have arrived: it will not be sent again by itself."
        jobs.retry(job)
        assert attempt().status == "error"
        assert server.calls == 1
    assert statuses() == {"Léa Dumont": "unsure"}


def test_a_letter_found_in_the_conversation_becomes_unsure(letter: VolunteerLetterSend, caught: Catcher) -> None:
    VolunteerLetterSend.objects.update(sending_since=timezone.now())
    assert (attempt().status, statuses()) == ("error", {"Léa Dumont": "unsure"})
    assert not caught.caught


def test_running_the_job_of_a_sent_letter_again_sends_nothing(letter: VolunteerLetterSend, caught: Catcher) -> None:
    job = attempt()
    Job.objects.filter(pk=job.pk).update(status="pending", attempts=0)
    assert attempt().status == "done"
    assert len(caught.caught) == 1


def test_one_connection_serves_many_letters(office: Office, use: Use) -> None:
    office.volunteers(3)
    office.send()
    with ScriptedServer() as server:
        use(server.port)
        drain()
        assert (server.accepted, server.calls) == (5, 1)


def test_a_letter_names_the_figures_that_it_was_made_with(office: Office, caught: Catcher) -> None:
    office.send()
    for letter, ceiling in zip(VolunteerLetterSend.objects.order_by("pk"), ["45.01", "46.02"], strict=True):
        office.figures.daily_ceiling = Decimal(ceiling)  # mended while the batch runs
        office.figures.save()
        delivery.papers_of.cache_clear()  # a moment passes
        held: Any = SimpleNamespace(job=letter.job, attempt=1, held=Q(), finish=lambda: None)
        tasks.send(held, letter.sending_id, letter.teacher_id or 0)
        letter.refresh_from_db()
        assert letter.figures_version == office.figures.version
        assert ceiling in text_of(services.read_pdf(letter))


def test_the_statements_of_a_letter_are_few(letter: VolunteerLetterSend, caught: Catcher) -> None:
    held: Any = SimpleNamespace(job=Job.objects.get(), attempt=1, held=Q(), finish=lambda: None)
    with CaptureQueriesContext(connection) as captured:
        tasks.send(held, letter.sending_id, letter.teacher_id or 0)
    statements = [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]]  # of the test's own transaction
    assert len(statements) == 4  # the letter, what its sending shares (once a process), the mark, the outcome
    assert statuses() == {"Léa Dumont": "sent"}


@pytest.mark.django_db(transaction=True)
def test_sent_and_done_are_one_commit(letter: VolunteerLetterSend, caught: Catcher) -> None:
    with CaptureQueriesContext(connection) as captured:
        assert attempt().status == "done"
    statements = [query["sql"] for query in captured]
    outcome = next(number for number, sql in enumerate(statements) if '"sent_at" = ' in sql)
    assert "finished_at = " in statements[outcome + 1]
    assert (statements[outcome - 1], statements[outcome + 2]) == ("BEGIN", "COMMIT")


def test_a_full_disk_leaves_no_file_and_is_tried_again(letter: VolunteerLetterSend, caught: Catcher, settings: Settings) -> None:
    folder = Path(settings.MEDIA_ROOT) / "letters" / str(letter.club_id)
    folder.mkdir(parents=True)
    (folder / str(letter.year)).write_text("a file stands where the folder should be")
    assert (attempt().status, statuses()) == ("pending", {"Léa Dumont": "pending"})
    (folder / str(letter.year)).unlink()
    assert attempt().status == "done"
    assert [path.suffix for path in folder.rglob("*") if path.is_file()] == [".pdf"]


def test_a_half_written_file_of_a_dead_worker_is_replaced(letter: VolunteerLetterSend, caught: Catcher) -> None:
    name = f"letters/{letter.club_id}/{letter.year}/{letter.pk}.pdf"
    path = Path(default_storage.path(name))
    path.parent.mkdir(parents=True)
    path.write_bytes(b"%PDF-half")
    attempt()
    assert [path.read_bytes()] == [pdf_in(message) for _to, message in caught.caught]
    assert len(list(path.parent.iterdir())) == 1


def test_a_kept_file_that_was_spoilt_is_made_anew(letter: VolunteerLetterSend, use: Use) -> None:
    with ScriptedServer(DATA="451 later") as bad:
        use(bad.port)
        attempt()
    letter.refresh_from_db()
    Path(letter.pdf.path).write_bytes(b"spoilt")
    with real_server() as (port, catcher):
        use(port)
        attempt()
    assert pdf_in(catcher.caught[0][1]).startswith(b"%PDF")


def test_a_cancelled_job_sends_nothing_and_the_log_says_so(letter: VolunteerLetterSend, caught: Catcher) -> None:
    jobs.cancel(Job.objects.get())
    drain()
    assert services.settle_lost_letters() == 1
    letter.refresh_from_db()
    assert (letter.status, letter.error_message) == ("cancelled", "It was stopped before it was sent.")
    assert not caught.caught


def test_a_letter_whose_job_was_cleared_away_is_settled(letter: VolunteerLetterSend) -> None:
    Job.objects.all().delete()
    assert (services.settle_lost_letters(), statuses()) == (1, {"Léa Dumont": "failed"})


def test_a_letter_whose_job_failed_for_good_says_what_the_job_says(letter: VolunteerLetterSend) -> None:
    Job.objects.update(status="error", error="The work was interrupted.")
    services.settle_lost_letters()
    letter.refresh_from_db()
    assert (letter.status, letter.error_message) == ("failed", "The work was interrupted.")


def test_a_conversation_that_nobody_came_back_from_is_unsure(letter: VolunteerLetterSend) -> None:
    VolunteerLetterSend.objects.update(sending_since=timezone.now() - timedelta(minutes=11))
    assert (services.settle_lost_letters(), statuses()) == (1, {"Léa Dumont": "unsure"})


def test_a_letter_that_waits_or_is_being_sent_is_left_alone(office: Office) -> None:
    office.send()
    VolunteerLetterSend.objects.filter(teacher=office.lea).update(sending_since=timezone.now() - timedelta(seconds=50))
    assert (services.settle_lost_letters(), set(statuses().values())) == (0, {"pending"})


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_conversation_leaves_an_unsure_letter_and_no_second_mail(transactional_db: None) -> None:
    office = Office(World())
    letter = office.letter_to(office.lea)
    assert letter.job
    with ScriptedServer(END="HANG") as server, Cluster(EMAIL_URL=f"smtp://127.0.0.1:{server.port}"):
        wait_until(server.hanging.is_set)
        os.kill(wait_until(lambda: worker_of(letter.job)), signal.SIGKILL)  # type: ignore[arg-type]  # asserted above
        wait_until(lambda: ended(letter.job))  # type: ignore[arg-type]  # asserted above
        assert server.calls == 1
    assert statuses() == {"Léa Dumont": "unsure"}


@pytest.mark.django_db(transaction=True)
def test_workers_killed_among_many_letters_send_each_at_most_once(transactional_db: None) -> None:
    office = Office(World())
    office.volunteers(60)
    plan = office.send()
    with real_server() as (port, catcher), Cluster(EMAIL_URL=f"smtp://127.0.0.1:{port}") as cluster:
        for threshold in (3, 9, 15):
            wait_until(partial(has_caught, catcher, threshold))
            wait_until(lambda: kill_in_a_letter(cluster) or not is_waiting())
        wait_until(lambda: not is_waiting())
    assert Attempt.objects.filter(outcome="crashed").exists()
    assert set(statuses().values()) <= {"sent", "unsure"}
    arrived = [message["Message-ID"] for _to, message in catcher.caught]
    assert len(arrived) == len(set(arrived)) <= plan.count
    sent = set(VolunteerLetterSend.objects.filter(status="sent").values_list("message_id", flat=True))
    assert sent <= set(arrived)


def test_a_test_letter_goes_to_the_one_who_asks_and_leaves_no_row(office: Office, caught: Catcher) -> None:
    services.request_test(club=office.club, user=office.manager, teacher=office.lea)
    drain()
    [(recipients, message)] = caught.caught
    assert (recipients, message["Subject"]) == ([office.manager.email], f"Test: volunteer letter {office.year}")
    assert "Léa Dumont" in text_of(pdf_in(message))
    assert not VolunteerLetterSend.objects.exists()


def test_a_test_letter_that_is_refused_says_why(office: Office, use: Use) -> None:
    with ScriptedServer(RCPT="550 no such user") as server:
        use(server.port)
        job: Any = services.request_test(club=office.club, user=office.manager, teacher=office.lea)
        drain()
    job.refresh_from_db()
    assert (job.status, job.error) == ("error", "550 no such user")
