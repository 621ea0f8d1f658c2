"""A second chance is a person's decision, says beforehand what it will do, and doubles nothing."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from jobs.models import Batch, Job
from jobs.services import StateConflict
from jobs.worker import drain
from lessons.models import Teacher
from letters import services
from letters.models import VolunteerLetterSend
from tests.lessons.mailservers import Catcher
from tests.lessons.world import World, visitor_of
from tests.letters.office import Office, statuses, text_of


def fail_all(office: Office) -> None:
    office.send()
    VolunteerLetterSend.objects.update(status="failed", error_message="550 no")
    Job.objects.all().delete()


def test_the_failed_go_again_in_one_batch(office: Office, caught: Catcher) -> None:
    fail_all(office)
    done = services.retry_failed(club=office.club, user=office.manager)
    drain()
    assert (done.count, done.batch.total, len(caught.caught)) == (2, 2, 2)
    assert set(statuses().values()) == {"sent"}


def test_the_dry_run_tells_and_changes_nothing(office: Office) -> None:
    fail_all(office)
    Teacher.objects.filter(pk=office.sophie.pk).update(email="")
    plan = services.retry_failed(club=office.club, user=office.manager, dry_run=True)
    assert plan.message == "1 letter to send again ; 1 blocked: mend the card"
    assert set(statuses().values()) == {"failed"}
    assert not Job.objects.exists()


def test_what_a_newer_letter_replaced_is_left_out(office: Office) -> None:
    fail_all(office)
    office.send([office.lea.pk])
    VolunteerLetterSend.objects.filter(status="pending").update(status="sent", sent_at=timezone.now())
    plan = services.retry_failed(club=office.club, user=office.manager)
    assert plan.message == "1 letter to send again ; 1 already delivered, left out"


def test_of_two_failed_letters_to_one_teacher_only_the_newer_goes(office: Office) -> None:
    fail_all(office)
    fail_all(office)
    assert services.retry_failed(club=office.club, user=office.manager).count == 2


def test_a_retry_goes_to_the_address_as_it_is_now(office: Office, caught: Catcher) -> None:
    fail_all(office)
    Teacher.objects.filter(pk=office.lea.pk).update(email="new@example.org")
    services.retry_letter(letter=VolunteerLetterSend.objects.get(teacher=office.lea), user=office.manager)
    drain()
    assert [recipients for recipients, _message in caught.caught] == [["new@example.org"]]


def test_a_retry_carries_the_wording_and_figures_of_now(office: Office, caught: Catcher) -> None:
    office.letter_to(office.lea)
    VolunteerLetterSend.objects.update(status="failed")
    office.reword(purpose="to jump")
    office.figures.daily_ceiling = Decimal("45.01")
    office.figures.save()
    done = services.retry_failed(club=office.club, user=office.manager)
    drain()
    letter = VolunteerLetterSend.objects.select_related("sending").get()
    assert (letter.sending.wording, letter.sending.batch, letter.sending.count) == (office.wording, done.batch, 1)
    words = text_of(services.read_pdf(letter))
    assert "to jump" in words
    assert "45.01" in words


def test_a_retry_with_a_wording_that_became_incomplete_keeps_its_own(office: Office, caught: Catcher) -> None:
    letter = office.letter_to(office.lea)
    VolunteerLetterSend.objects.update(status="failed")
    office.reword(insurer="")
    services.retry_letter(letter=letter, user=office.manager)
    drain()
    assert VolunteerLetterSend.objects.get().sending_id == letter.sending_id
    assert "Pré Insurance" in text_of(services.read_pdf(VolunteerLetterSend.objects.get()))


@pytest.mark.parametrize(
    ("insurer", "words"), [("Pré", "The wording, the legal"), ("", "Today’s wording is incomplete: each letter keeps its own.")]
)
def test_the_page_says_whose_wording_goes(office: Office, insurer: str, words: str) -> None:
    fail_all(office)
    office.reword(insurer=insurer)
    assert words in visitor_of(office.manager).get("/club/letters/retry/").content.decode()


def test_an_unsure_letter_sent_again_keeps_the_wording_that_may_have_arrived(office: Office, caught: Catcher) -> None:
    letter = office.letter_to(office.lea)
    VolunteerLetterSend.objects.update(status="unsure")
    office.reword(purpose="to jump")
    services.resolve_unsure(letter=letter, arrived=False, user=office.manager)
    drain()
    assert VolunteerLetterSend.objects.get().sending_id == letter.sending_id
    assert "to jump" not in text_of(services.read_pdf(VolunteerLetterSend.objects.get()))


@pytest.mark.parametrize("status", ["pending", "sent", "unsure", "held"])
def test_only_a_failed_letter_is_retried(office: Office, status: str) -> None:
    office.send()
    VolunteerLetterSend.objects.update(status=status, sent_at=timezone.now())
    with pytest.raises(StateConflict, match="Only a failed letter"):
        services.retry_letter(letter=VolunteerLetterSend.objects.all()[0], user=office.manager)


def test_a_letter_without_an_address_says_why_it_stays(office: Office) -> None:
    fail_all(office)
    Teacher.objects.update(email="")
    with pytest.raises(StateConflict, match="No e-mail address"):
        services.retry_letter(letter=VolunteerLetterSend.objects.all()[0], user=office.manager)


def test_an_unsure_letter_that_arrived_is_sent(office: Office) -> None:
    letter = office.letter_to(office.lea)
    VolunteerLetterSend.objects.update(status="unsure")
    services.resolve_unsure(letter=letter, arrived=True, user=office.manager)
    letter.refresh_from_db()
    assert letter.status == "sent"
    assert letter.sent_at is not None


def test_an_unsure_letter_sent_again_is_the_very_same(office: Office, caught: Catcher) -> None:
    letter = office.letter_to(office.lea)
    drain()
    VolunteerLetterSend.objects.update(status="unsure", sent_at=None)
    services.resolve_unsure(letter=letter, arrived=False, user=office.manager)
    drain()
    (_to, first), (_again, second) = caught.caught
    assert first["Message-ID"] == second["Message-ID"]
    pdfs = {part.get_content() for message in (first, second) for part in message.iter_attachments()}
    assert len(pdfs) == 1


def test_somebody_who_decides_second_is_told(office: Office) -> None:
    letter = office.letter_to(office.lea)
    VolunteerLetterSend.objects.update(status="unsure")
    services.resolve_unsure(letter=letter, arrived=True, user=office.manager)
    for arrived in (True, False):
        with pytest.raises(StateConflict, match="not waiting for a decision"):
            services.resolve_unsure(letter=letter, arrived=arrived, user=office.manager)


def test_a_waiting_letter_can_be_stopped(office: Office, caught: Catcher) -> None:
    letter = office.letter_to(office.lea)
    services.cancel_letter(letter=letter)
    drain()
    assert (statuses(), len(caught.caught)) == ({"Léa Dumont": "cancelled"}, 0)


def test_a_bounce_is_noted_once_and_can_be_retried(office: Office) -> None:
    letter = office.letter_to(office.lea)
    VolunteerLetterSend.objects.update(status="sent", sent_at=timezone.now())
    assert services.mark_bounced(message_id=letter.message_id, reason="mailbox full")
    assert not services.mark_bounced(message_id=letter.message_id, reason="mailbox full")
    assert services.retry_failed(club=office.club, user=office.manager).count == 1


def test_another_years_failures_stay_unless_their_year_is_named(office: Office) -> None:
    fail_all(office)
    VolunteerLetterSend.objects.update(year=office.year - 1)
    assert services.retry_failed(club=office.club, user=office.manager).count == 0
    assert services.retry_failed(club=office.club, user=office.manager, year=office.year - 1).count == 2


def test_what_would_hold_a_new_letter_back_holds_a_retry_back(office: Office) -> None:
    fail_all(office)
    services.save_facts(teacher=office.sophie, employed_as="teaching riders")
    Teacher.objects.filter(pk=office.lea.pk).update(active=False)
    plan = services.retry_failed(club=office.club, user=office.manager, dry_run=True)
    reasons = {letter.teacher_name: reason for letter, reason in plan.blocked}
    assert reasons == {
        "Sophie Lambert": "Employed by the club for the same activity: no volunteer letter.",
        "Léa Dumont": "Not a volunteer.",
    }


def test_what_a_person_stopped_goes_again_alone_and_not_with_the_failed(office: Office) -> None:
    letter = office.letter_to(office.lea)
    services.cancel_letter(letter=letter)
    assert services.retry_failed(club=office.club, user=office.manager).count == 0
    assert services.retry_letter(letter=VolunteerLetterSend.objects.get(), user=office.manager).count == 1


def test_letters_of_another_club_stay(office: Office) -> None:
    fail_all(office)
    other = World("Other", prefix="other-")
    assert services.retry_failed(club=other.club, user=other.manager).count == 0


@pytest.mark.django_db(transaction=True)
def test_20_clicks_on_retry_make_one_batch(transactional_db: None) -> None:
    office = Office(World())
    fail_all(office)
    Batch.objects.all().delete()

    def click(number: int) -> int:
        try:
            return services.retry_failed(club=office.club, user=office.manager).count
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as people:
        counts = sorted(people.map(click, range(20)))
    assert (counts, Batch.objects.count(), Job.objects.count()) == ([0] * 19 + [2], 1, 2)
