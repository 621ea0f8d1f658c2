"""Letters through the API of a mail service: at most once, as with SMTP."""

import json
from typing import Any

import pytest
from pytest_django import Settings

from jobs import services as jobs
from lessons import mailer
from letters.models import VolunteerLetterSend
from tests.letters.mailservices import YES, Answer, serving, set_up
from tests.letters.office import Office, attempt, statuses


@pytest.fixture
def letter(office: Office) -> VolunteerLetterSend:
    mailer.hang_up()
    return office.letter_to(office.lea)


def test_postmark_gets_the_letter_with_its_pdf_and_our_name_for_it(letter: VolunteerLetterSend, settings: Settings) -> None:
    with serving((200, YES["postmark"])) as service:
        set_up(settings, "postmark", service.url)
        assert (attempt().status, statuses()) == ("done", {"Léa Dumont": "sent"})
    [(path, headers, body)] = service.asked
    sent: dict[str, Any] = json.loads(body)
    assert (path, headers["X-Postmark-Server-Token"], sent["To"]) == ("/email", "the-key", "t@example.org")
    assert sent["Metadata"] == {"message_id": letter.message_id}
    assert [part["Content"][:7] for part in sent["Attachments"]] == ["JVBERi0"]


def test_mailgun_gets_the_letter_with_its_pdf_and_our_name_for_it(letter: VolunteerLetterSend, settings: Settings) -> None:
    with serving((200, YES["mailgun"])) as service:
        set_up(settings, "mailgun", service.url)
        assert (attempt().status, statuses()) == ("done", {"Léa Dumont": "sent"})
    [(path, _headers, body)] = service.asked
    assert path.endswith("/messages")
    assert letter.message_id.encode() in body
    assert b"%PDF" in body


def test_a_service_that_cannot_be_reached_is_tried_again(letter: VolunteerLetterSend, settings: Settings, refusing_port: int) -> None:
    set_up(settings, "postmark", f"http://127.0.0.1:{refusing_port}/")
    assert (attempt().status, statuses()) == ("pending", {"Léa Dumont": "pending"})


@pytest.mark.parametrize("status", [401, 429, 503])
def test_what_is_about_us_or_their_pace_is_tried_again(letter: VolunteerLetterSend, settings: Settings, status: int) -> None:
    with serving((status, {"ErrorCode": 10, "Message": "not now"})) as service:
        set_up(settings, "postmark", service.url)
        job = attempt()
        assert (job.status, job.error, statuses()) == ("pending", f"{status} not now", {"Léa Dumont": "pending"})
        service.answer = (200, YES["postmark"])
        assert (attempt().status, statuses()) == ("done", {"Léa Dumont": "sent"})


REFUSALS = [
    (300, "Invalid 'To' address: 't@example.org'."),
    (300, "Invalid 'To' address"),  # without a name, so that nobody seems to be refused
    (300, "Invalid 'From' address: 'x'."),
    (406, "Found inactive addresses: t@example.org. Inactive recipients are ones that have generated a hard bounce."),
]


@pytest.mark.parametrize(("code", "words"), REFUSALS)
def test_a_refusal_is_final_with_the_services_own_words(letter: VolunteerLetterSend, settings: Settings, code: int, words: str) -> None:
    with serving((422, {"ErrorCode": code, "Message": words})) as service:
        set_up(settings, "postmark", service.url)
        job = attempt()
    assert (job.status, job.error, statuses()) == ("error", f"422 {words}", {"Léa Dumont": "failed"})


@pytest.mark.parametrize("answer", ["DROP", "HANG", (500, {}), (502, b"<html>"), (504, b""), (200, b"no JSON"), (200, {"odd": 1})])
def test_an_answer_that_does_not_tell_leaves_an_unsure_letter(letter: VolunteerLetterSend, settings: Settings, answer: Answer) -> None:
    with serving(answer) as service:
        set_up(settings, "postmark", service.url, timeout=3 if answer == "HANG" else 60)
        job = attempt()
        assert (job.status, statuses()) == ("error", {"Léa Dumont": "unsure"})
        jobs.retry(job)
        attempt()
        assert len(service.asked) == 1


def test_the_next_letter_goes_the_same_way(office: Office, settings: Settings) -> None:
    mailer.hang_up()
    with serving((200, YES["mailgun"])) as service:
        set_up(settings, "mailgun", service.url)
        office.letter_to(office.lea)
        attempt()
        office.letter_to(office.sophie)
        attempt()
        mailer.hang_up()
    assert len(service.asked) == 2
    assert set(statuses().values()) == {"sent"}
