"""What a mail service posts after it took a letter: believed only from itself, and once."""

import base64
import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from letters.models import VolunteerLetterSend
from tests.letters.mailservices import SECRETS, set_up
from tests.letters.office import Office

ADDRESS = "/webhooks/mail/"


@pytest.fixture
def letter(office: Office, settings: Settings) -> VolunteerLetterSend:
    """Sent."""
    set_up(settings, "postmark")
    letter = office.letter_to(office.lea)
    return change(letter, status="sent", sent_at=timezone.now())


def change(letter: VolunteerLetterSend, **values: Any) -> VolunteerLetterSend:
    VolunteerLetterSend.objects.filter(pk=letter.pk).update(**values)
    letter.refresh_from_db()
    return letter


def state_of(letter: VolunteerLetterSend) -> tuple[str, str]:
    letter.refresh_from_db()
    return letter.status, letter.error_message


def report(letter: VolunteerLetterSend | None, at: datetime | None = None, **values: Any) -> dict[str, Any]:
    about = {"Metadata": {"message_id": letter.message_id}} if letter else {}
    bounce = {"RecordType": "Bounce", "Type": "HardBounce", "ID": 1, "MessageID": "x", "Details": "550 no such user"}
    return {**bounce, "BouncedAt": (at or timezone.now()).isoformat(), **about, **values}


def post(body: Any, secret: str = SECRETS["postmark"], **headers: str) -> int:
    login = {"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"} if secret else {}
    content = body if isinstance(body, str) else json.dumps(body)
    answer = Client().post(ADDRESS, content, content_type="application/json", headers={**login, **headers})
    return int(answer.status_code)


def signed(data: Any, key: str = SECRETS["mailgun"]) -> dict[str, Any]:
    time, token = str(int(timezone.now().timestamp())), "t" * 50
    signature = hmac.new(key.encode(), f"{time}{token}".encode(), hashlib.sha256).hexdigest()
    return {"signature": {"timestamp": time, "token": token, "signature": signature}, "event-data": data}


def failed_at_mailgun(letter: VolunteerLetterSend, severity: str = "permanent") -> dict[str, Any]:
    data = {"event": "failed", "severity": severity, "reason": "bounce", "timestamp": timezone.now().timestamp()}
    return {**data, "user-variables": {"message_id": letter.message_id}, "delivery-status": {"message": "550 mailbox full"}}


def test_a_bounce_is_noted_with_the_mailboxs_own_words(letter: VolunteerLetterSend) -> None:
    assert (post(report(letter)), state_of(letter)) == (200, ("bounced", "550 no such user"))


@pytest.mark.parametrize("secret", ["", "reports:wrong", "wrong:a-long-password-of-the-tests", "reports:"])
def test_without_the_right_password_nothing_is_believed(letter: VolunteerLetterSend, secret: str) -> None:
    assert (post(report(letter), secret), state_of(letter)) == (400, ("sent", ""))


def test_a_bounce_told_twice_counts_once(letter: VolunteerLetterSend) -> None:
    bounce = report(letter)
    assert (post(bounce), post(bounce), state_of(letter)) == (200, 200, ("bounced", "550 no such user"))


def test_a_bounce_told_again_does_not_touch_the_letter_that_was_sent_anew(letter: VolunteerLetterSend) -> None:
    bounce = report(letter, at=timezone.now() - timedelta(minutes=10))
    assert (post(bounce), state_of(letter)) == (200, ("sent", ""))


def test_a_bounce_settles_a_doubt(letter: VolunteerLetterSend) -> None:
    change(letter, status="unsure", sent_at=None)
    assert (post(report(letter)), state_of(letter)) == (200, ("bounced", "550 no such user"))


def test_a_bounce_quicker_than_the_answer_is_kept(letter: VolunteerLetterSend) -> None:
    change(letter, status="pending", sent_at=None, sending_since=timezone.now())
    assert (post(report(letter)), state_of(letter)) == (200, ("bounced", "550 no such user"))


def test_a_letter_that_has_not_left_cannot_bounce(letter: VolunteerLetterSend) -> None:
    change(letter, status="pending", sent_at=None)
    assert (post(report(letter)), state_of(letter)) == (200, ("pending", ""))


def test_a_delivery_settles_a_doubt(letter: VolunteerLetterSend) -> None:
    change(letter, status="unsure", sent_at=None, error_message="The letter may have arrived")
    delivery = report(letter, RecordType="Delivery", DeliveredAt=timezone.now().isoformat())
    assert (post(delivery), state_of(letter)) == (200, ("sent", ""))
    assert letter.sent_at


def test_a_complaint_leaves_the_letter_sent_and_says_so(letter: VolunteerLetterSend) -> None:
    complaint = report(letter, RecordType="SpamComplaint", Type="SpamComplaint")
    assert (post(complaint), state_of(letter)) == (200, ("sent", "The recipient called it spam."))


def test_a_delay_changes_nothing(letter: VolunteerLetterSend) -> None:
    assert (post(report(letter, Type="Transient")), state_of(letter)) == (200, ("sent", ""))


@pytest.mark.parametrize(
    "about", [{}, {"Metadata": {"message_id": "<somebody-else@example.org>"}}, {"Metadata": {"message_id": 5}}, {"Metadata": None},
              {"Metadata": {"message_id": "a\x00b"}}, {"Metadata": {}}]
)  # fmt: skip
def test_a_bounce_of_an_unknown_message_is_taken_and_changes_nothing(letter: VolunteerLetterSend, about: dict[str, Any]) -> None:
    status = post(report(None, **about))
    assert status in (200, 400)
    assert state_of(letter) == ("sent", "")


@pytest.mark.parametrize("body", ["", "{", "[]", "[1]", "null", '"words"', "5", '{"RecordType": []}', '{"RecordType": "Inbound"}'])
def test_what_is_no_report_is_refused_without_a_traceback(letter: VolunteerLetterSend, body: str) -> None:
    assert (post(body) in (200, 400), state_of(letter)) == (True, ("sent", ""))


def test_words_that_no_database_keeps_are_mended(letter: VolunteerLetterSend) -> None:
    assert post(report(letter, Details="a\x00b" + "x" * 5000)) == 200
    status, words = state_of(letter)
    assert (status, words[:3], len(words)) == ("bounced", "abx", 1000)


def test_without_words_ours_are_used(letter: VolunteerLetterSend) -> None:
    assert (post(report(letter, Details="")), state_of(letter)) == (200, ("bounced", "The mailbox turned it back."))


def test_mailgun_signs_its_reports(letter: VolunteerLetterSend, settings: Settings) -> None:
    set_up(settings, "mailgun")
    assert (post(signed(failed_at_mailgun(letter)), ""), state_of(letter)) == (200, ("bounced", "550 mailbox full"))


def test_mailguns_temporary_failure_changes_nothing(letter: VolunteerLetterSend, settings: Settings) -> None:
    set_up(settings, "mailgun")
    assert (post(signed(failed_at_mailgun(letter, "temporary")), ""), state_of(letter)) == (200, ("sent", ""))


@pytest.mark.parametrize(
    "odd", [{}, {"signature": {}}, {"signature": None}, {"signature": {"timestamp": "é", "token": 1, "signature": []}}]
)
def test_a_wrong_or_missing_signature_is_refused(letter: VolunteerLetterSend, settings: Settings, odd: dict[str, Any]) -> None:
    set_up(settings, "mailgun")
    for body in ({"event-data": failed_at_mailgun(letter), **odd}, signed(failed_at_mailgun(letter), "another-key")):
        assert (post(body, ""), state_of(letter)) == (400, ("sent", ""))


@pytest.mark.parametrize("missing", ["MAIL_SERVICE", "MAIL_WEBHOOK_SECRET"])
def test_where_no_service_is_set_up_there_is_no_door(letter: VolunteerLetterSend, settings: Settings, missing: str) -> None:
    setattr(settings, missing, "")
    assert (post(report(letter)), state_of(letter)) == (404, ("sent", ""))


def test_a_look_with_a_browser_is_refused(letter: VolunteerLetterSend) -> None:
    assert Client().get(ADDRESS).status_code == 405
