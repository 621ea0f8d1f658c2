"""The wording's form and its preview; the test letter to oneself."""

from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Visitor

from jobs.models import Job
from letters import services
from tests.lessons.world import visitor_of
from tests.letters.office import WORDS, Office, picture, text_of
from tests.letters.test_page import page_of, post, see


@pytest.fixture
def visitor(office: Office) -> Visitor:
    return visitor_of(office.manager)


def words(**changes: Any) -> dict[str, Any]:
    """What the form posts."""
    choices = {"legal_status": "asbl", "liability": "organisation", "allowance": "none"}
    return {**choices, **WORDS, **changes}


def test_a_change_makes_a_version(visitor: Visitor, office: Office) -> None:
    answer = post(visitor, "wording/", **words(insurer="Another"))
    assert answer["Location"] == "/club/letters/wording/"
    wording = services.latest_wording(office.club)
    assert (wording.version, wording.insurer, wording.created_by) == (2, "Another", office.manager)
    assert "Version 1" in see(visitor, "wording/")


def test_what_is_missing_is_marked_at_its_field(visitor: Visitor, office: Office) -> None:
    office.reword(insurer="")
    field = see(visitor, "wording/").split('id="id_insurer"')[0].rsplit('<div class="field">', 1)[1]
    assert "To be filled in" in field


def test_a_logo_is_kept_and_taken_away(visitor: Visitor, office: Office) -> None:
    post(visitor, "wording/", **words(new_logo=SimpleUploadedFile("logo.png", picture())))
    assert services.latest_wording(office.club).logo
    post(visitor, "wording/", **words(without_logo="on"))
    assert not services.latest_wording(office.club).logo


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"<svg onload='x'/>", "not a PNG or JPEG picture"), (b"x" * 5_000_001, "larger than 5 MB"), (b"", "empty")],
)
def test_a_bad_logo_is_refused_at_its_field(visitor: Visitor, office: Office, content: bytes, reason: str) -> None:
    answer = post(visitor, "wording/", **words(new_logo=SimpleUploadedFile("logo.png", content)))
    assert answer.status_code == 422
    error = page_of(answer).split('id="id_new_logo_error"')[1].split("</p>")[0]
    assert reason in error
    assert services.latest_wording(office.club).version == 1


def test_a_bad_logo_is_told_together_with_what_else_is_wrong(visitor: Visitor, office: Office) -> None:
    answer = post(visitor, "wording/", **words(purpose="x" * 2001, new_logo=SimpleUploadedFile("logo.png", b"<svg/>")))
    for name in ("purpose", "new_logo"):
        assert f'id="id_{name}_error"' in page_of(answer)


def test_a_text_that_is_too_long_is_refused_at_its_field(visitor: Visitor, office: Office) -> None:
    answer = post(visitor, "wording/", **words(purpose="x" * 2001))
    assert answer.status_code == 422
    assert 'id="id_purpose_error"' in page_of(answer)


def test_the_draft_is_seen_and_not_saved(visitor: Visitor, office: Office) -> None:
    answer = post(visitor, "wording/preview/", **words(insurer="Draft Insurance"))
    assert answer["Content-Type"] == "application/pdf"
    assert "Draft Insurance" in text_of(answer.content)
    assert services.latest_wording(office.club).version == 1


def test_a_draft_that_cannot_be_shown_says_why(visitor: Visitor, office: Office) -> None:
    answer = post(visitor, "wording/preview/", **words(allowance="plenty"))
    assert answer.status_code == 422
    assert "No preview for now" in page_of(answer)


def test_the_preview_may_be_framed_by_our_own_pages_alone(visitor: Visitor, office: Office) -> None:
    answer = visitor.get("/club/letters/preview/pdf/")
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in answer["Content-Security-Policy"]
    assert visitor.get("/club/letters/")["X-Frame-Options"] == "DENY"


def test_an_older_version_can_be_read_again(visitor: Visitor, office: Office) -> None:
    office.reword(insurer="Newer Insurance")
    assert "Pré Insurance" in text_of(visitor.get("/club/letters/preview/pdf/?version=1").content)


@pytest.mark.parametrize("query", ["version=9", "version=x", "teacher=x", "teacher=99999999999999999999", "teacher=0"])
def test_a_preview_of_nothing_is_not_there(visitor: Visitor, query: str) -> None:
    assert visitor.get(f"/club/letters/preview/pdf/?{query}").status_code == 404


def test_a_club_without_teachers_sees_its_letter_all_the_same(visitor: Visitor, office: Office) -> None:
    office.club.teachers.all().delete()
    assert "First name Last name" in text_of(BytesIO(visitor.get("/club/letters/preview/pdf/").content).getvalue())


def test_the_test_goes_to_the_one_who_asks(visitor: Visitor, office: Office) -> None:
    answer = visitor.post("/club/letters/test/", {"teacher": office.sophie.pk}, follow=True)
    assert "Test letter on its way to manager@example.org" in page_of(answer)
    assert Job.objects.get(kind="letters.send_test").user == office.manager


def test_without_an_address_there_is_no_test(visitor: Visitor, office: Office) -> None:
    office.manager.email = ""
    office.manager.save()
    answer = visitor.post("/club/letters/test/", {"teacher": office.sophie.pk}, follow=True)
    assert "You have no e-mail address yet." in page_of(answer)
