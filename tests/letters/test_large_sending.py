"""A click on many letters promises them; a job, or whoever looks first, writes them: all of them, once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from django.test import Client as Visitor
from django.test.utils import CaptureQueriesContext

from jobs import services as jobs
from jobs.models import Batch, Job
from jobs.serializers import batch_body
from jobs.worker import drain
from lessons.models import Teacher
from letters import services
from letters.models import Sending, VolunteerLetterSend
from tests.cluster import Cluster, wait_until
from tests.lessons.mailservers import real_server
from tests.lessons.world import World, api, visitor_of
from tests.letters.office import Office

MANY = 120


@pytest.fixture
def office(world: World) -> Office:
    office = Office(world)
    office.volunteers(MANY - 2)
    return office


@pytest.fixture
def visitor(office: Office) -> Visitor:
    return visitor_of(office.manager)


def written() -> int:
    return VolunteerLetterSend.objects.count()


def states() -> set[tuple[str, str]]:
    return set(VolunteerLetterSend.objects.values_list("status", "job__status"))


def write() -> None:
    """As a worker does: the one job that waits in its queue."""
    assert drain(1) == 1


def counts(batch: Batch) -> dict[str, object]:
    return {
        key: value for key, value in batch_body(batch).items() if key in ("status", "total", "pending", "done", "cancelled", "progress")
    }


def test_a_click_writes_one_job_and_the_job_writes_the_letters(office: Office) -> None:
    plan = office.send()
    assert (plan.count, plan.skipped, plan.batch.total, written()) == (MANY, [], MANY, 0)
    assert list(Job.objects.values_list("kind", "queue")) == [("letters.write", "default")]
    write()
    assert (written(), states()) == (MANY, {("pending", "pending")})
    assert Job.objects.filter(kind="letters.send", batch=plan.batch).count() == MANY


def test_the_batch_counts_what_is_promised_as_waiting(office: Office) -> None:
    batch = office.send().batch
    waiting = {"status": "pending", "total": MANY, "pending": MANY, "done": 0, "cancelled": 0, "progress": 0}
    assert counts(batch) == waiting
    write()
    assert counts(batch) == waiting


def test_letters_written_by_the_job_are_as_those_written_by_the_click(office: Office) -> None:
    office.send()
    write()
    letter = VolunteerLetterSend.objects.select_related("sending", "job").get(teacher=office.lea)
    assert (letter.teacher_name, letter.recipient_email, letter.sent_by_user) == ("Léa Dumont", office.lea.email, office.manager)
    assert (letter.year, letter.figures_version, letter.sending.wording) == (office.year, office.figures.version, office.wording)
    assert letter.job
    assert (letter.job.args, letter.job.scope, letter.job.label) == ([letter.sending_id, office.lea.pk], office.club.scope, "Letter")


def test_a_second_run_of_the_job_writes_nothing(office: Office) -> None:
    office.send()
    for _ in range(2):
        services.complete_sendings(club=office.club.pk)
    write()
    assert (written(), Sending.objects.get().promised) == (MANY, None)


def test_the_statements_of_a_click_do_not_grow(office: Office) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            office.send()
        return len(captured)

    few = statements()
    drain(1)
    VolunteerLetterSend.objects.all().delete()
    office.volunteers(500)
    assert statements() == few <= 10


def test_a_teacher_deleted_since_the_click_leaves_the_numbers_right(office: Office) -> None:
    plan, lea = office.send(request_key="k"), office.lea.pk
    office.lea.delete()
    write()
    again = office.send(request_key="k")
    assert (written(), again.count, counts(plan.batch)["total"]) == (MANY - 1, MANY - 1, MANY - 1)
    assert again.skipped == [{"teacher": lea, "reason": "This teacher has been deleted meanwhile."}]


def test_when_all_are_gone_the_batch_ends_with_nothing(office: Office) -> None:
    batch = office.send().batch
    Teacher.objects.all().delete()
    write()
    assert counts(batch) == {"status": "done", "total": 0, "pending": 0, "done": 0, "cancelled": 0, "progress": 100}


def test_a_teacher_whose_older_letter_an_operator_revived_is_left_out(office: Office) -> None:
    letter = office.letter_to(office.lea)
    VolunteerLetterSend.objects.update(status="failed")
    plan = office.send()
    VolunteerLetterSend.objects.update(status="pending")
    services.complete_sendings(club=office.club.pk)
    assert VolunteerLetterSend.objects.get(teacher=office.lea) == letter
    assert batch_body(plan.batch)["total"] == MANY - 1


def test_who_is_held_back_stands_in_the_log_at_once(office: Office) -> None:
    Teacher.objects.filter(last_name="X", first_name__in=["V1", "V2"]).update(email="")
    Teacher.objects.filter(first_name="V3").update(email="no address")
    plan = office.send()
    held = VolunteerLetterSend.objects.filter(status="held").order_by("teacher_name")
    assert list(held.values_list("teacher_name", "error_message")) == [
        ("V1 X", "No e-mail address."),
        ("V2 X", "No e-mail address."),
        ("V3 X", "This e-mail address cannot be used."),
    ]
    assert (plan.count, written(), held.filter(job=None).count()) == (MANY - 3, 3, 3)


def test_an_archived_volunteer_is_held_back_by_the_letters_own_job(office: Office) -> None:
    office.send()
    Teacher.objects.filter(pk=office.lea.pk).update(active=False)
    write()
    letter = VolunteerLetterSend.objects.get(teacher=office.lea)
    VolunteerLetterSend.objects.exclude(pk=letter.pk).delete()
    drain()
    letter.refresh_from_db()
    assert (letter.status, letter.error_message) == ("held", "Not a volunteer.")


# ── Before the job has come to it ──


def test_a_second_click_sends_nothing_and_shows_the_first_batch(office: Office) -> None:
    first, second = office.send(), office.send()
    assert (second.count, second.batch, Sending.objects.count()) == (0, first.batch, 1)
    assert written() == MANY


def test_the_dry_run_knows_what_is_promised(office: Office) -> None:
    office.send()
    plan = services.preview_sending(club=office.club)
    assert (plan.count, {row["reason"] for row in plan.skipped}) == (0, {"This year’s letter is already on its way."})


def test_a_stop_cancels_every_letter(office: Office) -> None:
    batch = office.send().batch
    done = services.cancel_waiting(club=office.club, batch=batch.pk)
    drain()
    assert (done.count, done.running, states()) == (MANY, 0, {("cancelled", "cancelled")})


def test_a_retry_of_the_failed_does_not_double_what_is_promised(office: Office) -> None:
    office.letter_to(office.lea)
    VolunteerLetterSend.objects.update(status="failed")
    office.send()
    done = services.retry_failed(club=office.club, user=office.manager)
    assert (done.count, done.delivered) == (0, 1)
    to_lea = VolunteerLetterSend.objects.filter(teacher=office.lea).order_by("pk")
    assert list(to_lea.values_list("status", flat=True)) == ["failed", "pending"]


@pytest.mark.parametrize("path", ["summary/", "?status=pending"])
def test_whoever_asks_over_the_api_sees_every_letter(office: Office, path: str) -> None:
    office.send()
    body = api(office.manager).get(f"/api/letters/{path}").json()
    assert body.get("pending", body.get("count")) == MANY


def test_the_page_shows_the_batch_and_its_letters_at_once(office: Office, visitor: Visitor) -> None:
    answer = visitor.post("/club/letters/send/", {"teachers": "all", "request_key": "k"}, follow=True)
    page = answer.content.decode()
    assert f"0 letters of {MANY} handled" in page
    assert f"Waiting <span>{MANY}</span>" in page


def test_the_log_holds_every_letter(office: Office, visitor: Visitor) -> None:
    office.send()
    assert len(visitor.get("/club/letters/log.csv").content.decode().splitlines()) == MANY + 1


# ── What operators do to the job ──


def test_a_batch_that_an_operator_stops_sends_nothing(office: Office) -> None:
    batch = office.send().batch
    assert jobs.cancel_batch(batch.pk) == MANY
    assert counts(batch) == {"status": "cancelled", "total": MANY, "pending": 0, "done": 0, "cancelled": MANY, "progress": 100}
    drain()
    services.complete_lost_sendings()
    services.settle_lost_letters()
    assert states() == {("cancelled", "cancelled")}


def test_a_manager_who_looks_does_not_revive_what_an_operator_stopped(office: Office, visitor: Visitor) -> None:
    office.send()
    jobs.clear()
    assert f"Not sent yet <span>{MANY}</span>" in visitor.get("/club/letters/").content.decode()
    assert states() == {("pending", "cancelled")}


def test_the_job_of_a_stopped_sending_that_was_deleted_sends_nothing(office: Office) -> None:
    office.send()
    Job.objects.all().delete()
    services.complete_lost_sendings()
    services.settle_lost_letters()
    assert states() == {("cancelled", "cancelled")}


def test_a_writing_that_failed_for_good_is_done_by_the_settling(office: Office) -> None:
    batch = office.send().batch
    Job.objects.update(status="error")
    assert batch_body(batch)["error"] == MANY
    services.complete_lost_sendings()
    assert (states(), batch_body(batch)["pending"]) == ({("pending", "pending")}, MANY)


def test_what_a_job_is_about_to_write_is_left_to_it(office: Office) -> None:
    office.send()
    services.complete_lost_sendings()
    assert written() == 0


# ── Several at once, and processes that die ──


@pytest.fixture
def at_large(transactional_db: None) -> Office:
    office = Office(World())
    office.volunteers(MANY - 2)
    return office


def test_20_clicks_and_a_worker_at_once_make_one_batch(at_large: Office) -> None:
    def click(number: int) -> int:
        try:
            return at_large.send().count
        finally:
            connection.close()

    with Cluster(EMAIL_URL="smtp://127.0.0.1:1"), ThreadPoolExecutor(20) as people:
        assert sorted(people.map(click, range(20))) == [0] * 19 + [MANY]
        wait_until(lambda: Job.objects.get(kind="letters.write").status == "done")
    assert (Batch.objects.count(), written(), Job.objects.filter(kind="letters.send").count()) == (1, MANY, MANY)


def test_a_stop_beside_the_writing_leaves_nothing_waiting(at_large: Office) -> None:
    batch = at_large.send().batch

    def act(number: int) -> None:
        try:
            if number % 2:
                services.complete_sendings(club=at_large.club.pk)
            else:
                jobs.cancel_batch(batch.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as people:
        list(people.map(act, range(8)))
    services.complete_lost_sendings()
    assert states() == {("pending", "cancelled")}


@contextmanager
def held_in_the_middle(office: Office) -> Iterator[None]:
    """The jobs are inserted, and the letters wait behind one of ours, which is never committed."""
    with transaction.atomic():
        sending = Sending.objects.get()
        VolunteerLetterSend.objects.create(club=office.club, teacher=office.lea, teacher_name="x", year=office.year, sending=sending)
        yield
        transaction.set_rollback(True)


def somebody_waits_for_us() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid")
        return cursor.fetchone() is not None


def test_a_worker_killed_while_it_writes_leaves_all_or_nothing(at_large: Office) -> None:
    at_large.send()
    with real_server() as (port, catcher):
        # Not waiting for all of its workers to show themselves: the one that writes is held by us.
        with held_in_the_middle(at_large), Cluster(wait=False, EMAIL_URL=f"smtp://127.0.0.1:{port}") as cluster:
            wait_until(somebody_waits_for_us)
            cluster.kill()
        assert (written(), Job.objects.filter(kind="letters.send").count()) == (0, 0)
        with Cluster(EMAIL_URL=f"smtp://127.0.0.1:{port}"):
            wait_until(lambda: VolunteerLetterSend.objects.filter(status="sent").count() == MANY)
    assert len({message["Message-ID"] for _to, message in catcher.caught}) == len(catcher.caught) == MANY
