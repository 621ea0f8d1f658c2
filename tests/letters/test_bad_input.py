"""Whatever stands in a card, a file or a form: a message at its field, or a letter that holds it as the text that it is."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from jobs.models import Batch, Job
from jobs.worker import drain
from lessons.models import Teacher
from letters import services
from letters.models import VolunteerLetterSend
from tests.lessons.mailservers import Catcher
from tests.lessons.world import World, api, visitor_of
from tests.letters.office import Office, statuses, text_of
from tests.letters.test_page import page_of, post
from tests.letters.test_page_wording import words

NAMES = {
    "HTML": ("<img src=x onerror=alert(1)>", "</p><script>x</script>"),
    "a template": ("{{ club.email }}", "{% debug %}"),
    "emoji": ("Zoë 🐴", "🏇🏽"),
    "Arabic": ("فاطمة", "الزهراء"),
    "300 letters": ("x" * 150, "y" * 149),
    "line breaks": ("Ann\r\nBcc: all@example.org", "\nX"),
    "a formula": ("=HYPERLINK(1)", "@SUM(A1)"),
}
ADDRESSES = ["sophie", "a@b@c.org", "Sophie <s@example.org>", "s@example.org, x@example.org", "s@example.org\r\nBcc: x@example.org"]


@pytest.fixture(params=list(NAMES.values()), ids=list(NAMES))
def odd(request: Any, office: Office) -> Teacher:
    first, last = request.param
    Teacher.objects.filter(pk=office.sophie.pk).update(first_name=first, last_name=last)
    return Teacher.objects.select_related("club").get(pk=office.sophie.pk)


def test_any_name_gets_its_letter_and_is_text_in_the_mail(office: Office, odd: Teacher, caught: Catcher) -> None:
    office.send([odd.pk])
    drain()
    [(recipients, message)] = caught.caught
    assert (recipients, message["Bcc"]) == (["t@example.org"], None)
    html = message.get_body(("html",))
    assert html is not None
    assert "<img" not in html.get_content()
    assert "<script" not in html.get_content()
    assert list(statuses().values()) == ["sent"]


def test_any_name_is_text_on_the_pages_and_in_the_log(office: Office, odd: Teacher) -> None:
    office.send()
    visitor = visitor_of(office.manager)
    for path in ("", "send/", "retry/", "preview/", f"teachers/{odd.pk}/"):
        page = visitor.get(f"/club/letters/{path}").content.decode()
        assert "<img src=x" not in page
        assert "<script>x" not in page
    log = visitor.get("/club/letters/log.csv").content.decode("utf-8-sig")
    assert not [line for line in log.splitlines() if line.split(";")[1:2] and line.split(";")[1].startswith(("=", "@"))]


@pytest.mark.parametrize("email", ADDRESSES)
def test_an_address_that_is_none_is_refused_by_the_api(office: Office, email: str) -> None:
    answer = api(office.manager).post("/api/teachers/", {"first_name": "Eva", "email": email})
    assert (answer.status_code, list(answer.json())) == (400, ["email"])


def test_a_logo_of_40_mb_is_refused_at_its_field(office: Office) -> None:
    big = SimpleUploadedFile("logo.png", bytes(40_000_000))
    answer = post(visitor_of(office.manager), "wording/", **words(new_logo=big))
    assert answer.status_code == 422
    assert "The logo is larger than 5 MB. Save it smaller." in page_of(answer)


@pytest.mark.parametrize("text", ["{{ wording.club.email }}", "{% include 'x' %}", "<script>alert(1)</script>", "http://127.0.0.1/x"])
def test_a_wording_that_looks_like_code_is_saved_and_shown_as_text(office: Office, text: str) -> None:
    visitor = visitor_of(office.manager)
    assert post(visitor, "wording/", **words(purpose=text)).status_code == 302
    assert "<script>alert" not in visitor.get("/club/letters/wording/").content.decode()
    assert text in text_of(services.preview_letter(teacher=office.sophie))


@pytest.mark.django_db(transaction=True)
def test_20_managers_who_click_at_once_make_one_batch(transactional_db: None) -> None:
    """Each with a form, and so a key, of their own."""
    office = Office(World())

    def click(number: int) -> int:
        try:
            return int(post(visitor_of(office.manager), "send/", teachers="all", request_key=f"form {number}").status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as people:
        assert set(people.map(click, range(20))) == {302}
    assert (Batch.objects.count(), Job.objects.count(), VolunteerLetterSend.objects.count()) == (1, 2, 2)
