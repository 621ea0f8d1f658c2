"""A click on 'send to all': who gets a letter, who does not and why, and never twice."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DataError, connection, transaction
from django.test.utils import CaptureQueriesContext

from jobs.models import Batch, Job
from lessons.models import Teacher
from letters import services
from letters.models import Sending, VolunteerLetterSend, Wording
from tests.lessons.world import World
from tests.letters.office import Office, statuses


def reasons(plan: services.SendingPlan) -> dict[int, str]:
    return {row["teacher"]: row["reason"] for row in plan.skipped}


def test_every_volunteer_gets_a_row_and_a_job(office: Office) -> None:
    plan = office.send()
    assert (plan.count, plan.skipped, plan.message) == (2, [], "2 letters are being sent")
    assert statuses() == {"Sophie Lambert": "pending", "Léa Dumont": "pending"}
    assert Job.objects.filter(kind="letters.send", batch=plan.batch, queue="letters").count() == 2


def test_a_letter_names_its_job_and_its_sending_the_wording_and_the_figures(office: Office) -> None:
    letter = office.letter_to(office.sophie)
    job = Job.objects.get()
    assert (letter.job, job.args, job.scope) == (job, [letter.sending_id, office.sophie.pk], office.club.scope)
    sending = letter.sending
    assert (sending.wording, sending.figures, sending.figures_version) == (office.wording, office.figures, office.figures.version)
    assert (letter.sent_by_user, letter.recipient_email, letter.year) == (office.manager, "t@example.org", office.year)


def test_those_without_an_address_or_employed_for_it_are_held_back_with_the_reason(office: Office) -> None:
    services.save_facts(teacher=office.sophie, employed_as="  teaching   RIDERS ")
    nobody = office.world.teacher("Nobody", email="")
    plan = office.send()
    assert plan.count == 1
    assert reasons(plan) == {
        office.sophie.pk: "Employed by the club for the same activity: no volunteer letter.",
        nobody.pk: "No e-mail address.",
    }
    held = VolunteerLetterSend.objects.filter(status="held")
    assert {row.teacher_id: row.error_message for row in held} == reasons(plan)


def test_somebody_employed_for_something_else_gets_a_letter(office: Office) -> None:
    services.save_facts(teacher=office.sophie, employed_as="Accounts")
    assert office.send().count == 2


@pytest.mark.parametrize(
    ("activity", "job", "same"),
    [
        ("Cours d’équitation", "cours d'EQUITATION", True),
        ("Sous-chef", "sous chef", True),
        ("تعليم الركوب", "العناية بالخيل", False),
        ("Διδασκαλία", "διδασκαλια", True),
        ("🐴", "🎠", False),
    ],
)
def test_two_activities_are_compared_as_a_person_would(office: Office, activity: str, job: str, same: bool) -> None:
    services.save_facts(teacher=office.sophie, activity=activity, employed_as=job)
    assert (office.sophie.pk in reasons(office.send())) is same


def test_an_own_activity_outweighs_the_usual_one(office: Office) -> None:
    services.save_facts(teacher=office.sophie, activity="Grooming", employed_as="grooming")
    assert list(reasons(office.send())) == [office.sophie.pk]


@pytest.mark.parametrize("address", ["a@example.org\r\nBcc: b@example.org", "Boss <a@example.org>", "a@example.org, b@example.org", "a"])
def test_an_address_that_is_not_one_bare_address_is_held_back(office: Office, address: str) -> None:
    Teacher.objects.filter(pk=office.lea.pk).update(email=address)
    assert reasons(office.send()) == {office.lea.pk: "This e-mail address cannot be used."}


def test_a_held_letter_goes_once_its_reason_is_mended(office: Office) -> None:
    Teacher.objects.filter(pk=office.lea.pk).update(email="")
    office.send()
    Teacher.objects.filter(pk=office.lea.pk).update(email="lea@example.org")
    assert office.send().count == 1
    assert statuses() == {"Sophie Lambert": "pending", "Léa Dumont": "pending"}


def test_a_second_click_sends_nothing_and_shows_the_first_batch(office: Office) -> None:
    first, second = office.send(), office.send()
    assert (second.count, second.message, second.batch) == (0, "No letter to send", first.batch)
    assert set(reasons(second).values()) == {"This year’s letter is already on its way."}
    assert Batch.objects.count() == Sending.objects.count() == 1


def test_somebody_held_back_does_not_make_a_batch_at_each_click(office: Office) -> None:
    office.world.teacher("Nobody", email="")
    for _ in range(3):
        office.send()
    assert (Batch.objects.count(), VolunteerLetterSend.objects.count()) == (1, 3)


def test_only_who_is_named_gets_a_sent_letter_again(office: Office) -> None:
    office.send()
    VolunteerLetterSend.objects.update(status="sent", sent_at="2026-01-01T12:00Z")
    assert office.send().count == 0
    assert office.send([office.lea.pk]).count == 1


def test_an_unsure_letter_waits_for_a_decision(office: Office) -> None:
    office.send()
    VolunteerLetterSend.objects.update(status="unsure")
    assert set(reasons(office.send([office.lea.pk])).values()) == {"This year’s letter may have arrived: decide that first."}


def test_the_database_itself_refuses_a_second_letter_under_way(office: Office) -> None:
    letter = office.letter_to(office.lea)
    letter.pk, letter.message_id = None, "<other>"
    letter._state.adding = True
    with pytest.raises(Exception, match="letters_one_under_way"):
        letter.save()


def test_the_same_key_answers_with_the_same_sending(office: Office) -> None:
    office.world.teacher("Nobody", email="")
    first = office.send(request_key="k")
    office.world.teacher("Late")
    second = office.send(request_key="k")
    assert (first.count, first.skipped, first.batch) == (second.count, second.skipped, second.batch)
    assert Job.objects.count() == 2


def test_those_who_are_no_volunteers_or_gone_get_none(office: Office) -> None:
    Teacher.objects.filter(pk=office.sophie.pk).update(volunteer=False)
    Teacher.objects.filter(pk=office.lea.pk).update(active=False)
    assert (office.send().count, office.send().skipped) == (0, [])
    named = office.send([office.sophie.pk, office.lea.pk])
    assert (named.count, reasons(named)) == (0, {office.sophie.pk: "Not a volunteer.", office.lea.pk: "Not a volunteer."})


def test_a_teacher_of_another_club_is_not_there(office: Office) -> None:
    stranger = World("Other", prefix="other-").sophie
    with pytest.raises(services.NotInClub, match=str(stranger.pk)):
        office.send([office.sophie.pk, stranger.pk])
    assert not VolunteerLetterSend.objects.exists()


def test_a_wording_with_gaps_is_refused_with_what_is_missing_and_where(office: Office) -> None:
    office.reword(insurer="", policy_number=" ", allowance=Wording.Allowance.FLAT)
    with pytest.raises(services.Refused) as refused:
        office.send()
    assert [gap.field for gap in refused.value.gaps] == ["insurer", "policy_number", "allowance_nature", "allowance_when"]
    assert refused.value.messages[0].endswith("Fill it in at /club/letters/wording/.")


@pytest.mark.parametrize(
    ("words", "gap"),
    [
        ({"legal_status": "de_facto"}, "responsible"),
        ({"liability": "other"}, "liability_regime"),
        ({"allowance": "real"}, "allowance_when"),
    ],
)
def test_what_the_law_asks_depends_on_the_club(office: Office, words: dict[str, str], gap: str) -> None:
    office.reword(**words)
    assert gap in [gap.field for gap in services.preview_sending(club=office.club).gaps]


def test_a_year_without_figures_is_refused(office: Office) -> None:
    with pytest.raises(services.Refused) as refused:
        office.send(year=office.year + 5)
    assert refused.value.message_dict == {
        "year": [f"The legal figures of {office.year + 5} are not there yet: an operator adds them in the administration."]
    }


def test_the_dry_run_says_what_sending_does_and_writes_nothing(office: Office) -> None:
    office.world.teacher("Nobody", email="")
    plan = services.preview_sending(club=office.club)
    assert not Sending.objects.exists()
    done = office.send()
    assert (plan.count, plan.skipped) == (done.count, done.skipped) == (2, plan.skipped)


def count_statements(office: Office) -> int:
    with CaptureQueriesContext(connection) as captured:
        office.send()
    return len([query for query in captured.captured_queries if "SAVEPOINT" not in query["sql"]])


def test_95_letters_take_as_many_statements_as_5(office: Office) -> None:
    office.volunteers(3)
    few = count_statements(office)
    office.volunteers(95)
    assert count_statements(office) == few <= 14


@pytest.mark.django_db(transaction=True)
def test_20_clicks_at_once_make_one_batch(transactional_db: None) -> None:
    office = Office(World())
    office.volunteers(30)

    def click(number: int) -> int:
        try:
            return office.send().count
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as people:
        counts = sorted(people.map(click, range(20)))
    assert counts == [0] * 19 + [32]
    assert (Batch.objects.count(), Job.objects.count(), VolunteerLetterSend.objects.count()) == (1, 32, 32)


def test_nothing_is_left_when_the_transaction_fails(office: Office) -> None:
    Teacher.objects.filter(pk=office.lea.pk).update(first_name="x" * 150, last_name="y" * 150)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE volunteer_letter_sends ALTER COLUMN teacher_name TYPE varchar(20)")
    with pytest.raises(DataError), transaction.atomic():
        office.send()
    assert [model.objects.count() for model in (Job, Sending, Batch)] == [0, 0, 0]
