"""A sending that was a mistake is stopped: what has not begun to leave stays here, and can be sent later."""

import pytest
from django.test import Client as Visitor

from jobs import services as jobs
from jobs.models import Job
from jobs.worker import drain
from letters import services
from letters.models import VolunteerLetterSend
from tests.cluster import Cluster, wait_until
from tests.lessons.mailservers import Catcher, real_server
from tests.lessons.world import World, visitor_of
from tests.letters.conftest import Use
from tests.letters.office import Office, statuses
from tests.letters.test_page import post, see


@pytest.fixture
def visitor(office: Office) -> Visitor:
    return visitor_of(office.manager)


def stop(office: Office, batch: object) -> services.Stop:
    return services.cancel_waiting(club=office.club, batch=batch.pk)  # type: ignore[attr-defined]  # a batch


def begin(office: Office) -> None:
    """A worker has just taken Léa's letter."""
    Job.objects.filter(pk__in=VolunteerLetterSend.objects.filter(teacher=office.lea).values("job")).update(status="running")


def test_what_waits_is_cancelled_and_what_is_being_sent_goes(office: Office) -> None:
    plan = office.send()
    begin(office)
    done = stop(office, plan.batch)
    assert (done.count, done.running, done.message) == (1, 1, "1 letter cancelled ; 1 already being sent: it goes")
    assert statuses() == {"Sophie Lambert": "cancelled", "Léa Dumont": "pending"}
    assert set(Job.objects.values_list("status", flat=True)) == {"cancelled", "running"}


def test_nothing_leaves_after_a_stop(office: Office, caught: Catcher) -> None:
    stop(office, office.send().batch)
    drain()
    assert (caught.caught, set(statuses().values())) == ([], {"cancelled"})


def test_a_letter_that_waits_for_its_next_attempt_is_stopped_too(office: Office) -> None:
    plan = office.send()
    Job.objects.update(attempts=1, run_at="2099-01-01T12:00Z")
    assert stop(office, plan.batch).count == 2


def test_another_sending_goes_on(office: Office) -> None:
    office.letter_to(office.lea)
    stop(office, office.send([office.sophie.pk]).batch)
    assert statuses() == {"Sophie Lambert": "cancelled", "Léa Dumont": "pending"}


def test_what_was_stopped_goes_with_the_next_sending(office: Office, caught: Catcher) -> None:
    stop(office, office.send().batch)
    assert office.send().count == 2
    drain()
    assert len(caught.caught) == 2


def test_a_second_stop_finds_nothing(office: Office) -> None:
    batch = office.send().batch
    assert [stop(office, batch).count for _ in range(2)] == [2, 0]


def test_an_operators_stop_is_seen_at_once_and_noted_within_a_minute(office: Office, visitor: Visitor) -> None:
    jobs.cancel_batch(office.send().batch.pk)
    assert "Not sent yet <span>2</span>" in see(visitor)
    services.settle_lost_letters()
    assert set(statuses().values()) == {"cancelled"}


def test_an_operators_retry_of_a_stopped_letter_sends_it(office: Office, caught: Catcher) -> None:
    letter = office.letter_to(office.lea)
    services.cancel_letter(letter=letter)
    jobs.retry(Job.objects.get())
    drain()
    assert (statuses(), len(caught.caught)) == ({"Léa Dumont": "sent"}, 1)


@pytest.mark.django_db(transaction=True)
def test_among_workers_at_full_speed_each_letter_is_sent_or_stays(transactional_db: None) -> None:
    office = Office(World())
    office.volunteers(300)
    batch = office.send().batch
    with real_server() as (port, catcher), Cluster(EMAIL_URL=f"smtp://127.0.0.1:{port}"):
        wait_until(lambda: len(catcher.caught) >= 3)
        done = stop(office, batch)
        wait_until(lambda: not VolunteerLetterSend.objects.filter(status="pending").exists())
    counts = VolunteerLetterSend.objects.all().counts()
    assert counts["cancelled"] == done.count > 0
    assert counts["sent"] == len(catcher.caught) == 302 - done.count


# ── The page ──


def test_a_stop_says_beforehand_what_it_will_do(office: Office, visitor: Visitor) -> None:
    batch = office.send().batch
    begin(office)
    assert f'href="/club/letters/stop/{batch.pk}/"' in see(visitor)
    page = see(visitor, f"stop/{batch.pk}/")
    assert "<b>1 letter</b> will not go" in page
    assert "1 is already being sent: it goes." in page
    assert statuses() == {"Sophie Lambert": "pending", "Léa Dumont": "pending"}


def test_a_confirmed_stop_shows_the_letters_as_cancelled(office: Office, visitor: Visitor) -> None:
    assert post(visitor, f"stop/{office.send().batch.pk}/")["Location"] == "/club/letters/"
    page = see(visitor)
    assert "2 letters cancelled" in page
    assert "Not sent yet <span>2</span>" in page
    assert "Cancelled" in page.split(f'id="row-{office.lea.pk}"')[1].split("</tr>")[0]


def test_a_sending_that_is_over_is_not_stopped(office: Office, visitor: Visitor, use: Use) -> None:
    batch = office.send().batch
    VolunteerLetterSend.objects.update(status="failed")
    Job.objects.update(status="error")
    assert 'id="stop" href=' in see(visitor)
    assert "Nothing waits any more" in see(visitor, f"stop/{batch.pk}/")


@pytest.mark.parametrize("path", ["stop/x/", "stop/00000000-0000-7000-8000-000000000000/"])
def test_a_sending_that_never_was_is_not_there(visitor: Visitor, path: str) -> None:
    assert visitor.get(f"/club/letters/{path}").status_code == 404
