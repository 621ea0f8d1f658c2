"""The letters for operators: figures are edited, the log is looked at and acted on."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client as Browser

from letters.models import LegalFigures, VolunteerFacts, VolunteerLetterSend
from tests.letters.office import Office, statuses


@pytest.fixture
def operator(office: Office) -> Browser:
    operator = Browser(headers={"accept-language": "en"})
    operator.force_login(User.objects.create_superuser("operator", password="demo"))
    return operator


def act(operator: Browser, action: str) -> str:
    rows = list(VolunteerLetterSend.objects.values_list("pk", flat=True))
    answer: Any = operator.post("/admin/letters/volunteerlettersend/", {"action": action, "_selected_action": rows}, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.parametrize("name", ["legalfigures", "volunteerfacts", "wording", "sending", "volunteerlettersend"])
def test_every_list_opens(operator: Browser, office: Office, name: str) -> None:
    office.send()
    assert operator.get(f"/admin/letters/{name}/").status_code == 200


@pytest.mark.parametrize("name", ["wording", "sending", "volunteerlettersend"])
def test_the_log_and_the_words_are_not_edited_here(operator: Browser, name: str) -> None:
    assert operator.get(f"/admin/letters/{name}/add/").status_code == 403


def test_a_letter_opens(operator: Browser, office: Office) -> None:
    assert operator.get(f"/admin/letters/volunteerlettersend/{office.letter_to(office.lea).pk}/change/").status_code == 200


def test_changed_figures_are_a_new_version(operator: Browser, office: Office) -> None:
    form = {
        "year": office.year,
        "daily_ceiling": "45.10",
        "yearly_ceiling": "1800",
        "raised_yearly_ceiling": "3300",
        "source": "new",
        "url": "",
    }
    assert operator.post(f"/admin/letters/legalfigures/{office.figures.pk}/change/", form).status_code == 302
    after = LegalFigures.objects.get(year=office.year)
    assert (str(after.daily_ceiling), after.version) == ("45.10", office.figures.version + 1)


def test_the_facts_of_a_volunteer_are_written(operator: Browser, office: Office) -> None:
    form = {"teacher": office.lea.pk, "address": "Street 1", "activity": "Grooming", "employed_as": ""}
    assert operator.post("/admin/letters/volunteerfacts/add/", form).status_code == 302
    assert VolunteerFacts.objects.get(teacher=office.lea).activity == "Grooming"


def test_the_failed_are_tried_again(operator: Browser, office: Office) -> None:
    office.send()
    VolunteerLetterSend.objects.update(status="failed")
    assert "2 letters changed." in act(operator, "retry_selected")
    assert set(statuses().values()) == {"pending"}


def test_what_cannot_be_retried_says_why(operator: Browser, office: Office) -> None:
    office.letter_to(office.lea)
    assert "Léa Dumont: Only a failed letter can be sent again." in act(operator, "retry_selected")


def test_those_that_wait_are_cancelled(operator: Browser, office: Office) -> None:
    office.send()
    assert "2 letters changed." in act(operator, "cancel_selected")
    assert set(statuses().values()) == {"cancelled"}


def test_the_history_keeps_who_did_what(operator: Browser, office: Office) -> None:
    letter = office.letter_to(office.lea)
    act(operator, "cancel_selected")
    act(operator, "mark_arrived")
    entry = LogEntry.objects.get()
    assert (entry.user.get_username(), entry.object_id, entry.change_message) == ("operator", str(letter.pk), "Cancel")


@pytest.mark.parametrize(("action", "status"), [("mark_arrived", "sent"), ("send_again", "pending")])
def test_the_unsure_are_decided(operator: Browser, office: Office, action: str, status: str) -> None:
    office.send()
    VolunteerLetterSend.objects.update(status="unsure")
    act(operator, action)
    assert set(statuses().values()) == {status}
