"""A manager sends the letters in a real browser: live, with the keyboard, without JavaScript."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from jobs.models import Job
from letters import services
from letters.models import VolunteerLetterSend
from tests.browser.conftest import OpenPage
from tests.cluster import Cluster
from tests.lessons.mailservers import Catcher, real_server
from tests.lessons.world import World
from tests.letters.office import Office
from tests.letters.test_page import end

LETTERS = "/club/letters/"
PATHS = ["", "send/", "retry/", "stop/{batch}/", "preview/", "wording/", "teachers/{teacher}/", "teachers/import/"]


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


@pytest.fixture
def mail() -> Iterator[tuple[int, Catcher]]:
    with real_server() as server:
        yield server


def send_to_all(page: Page) -> None:
    page.get_by_role("link", name="Send to all").click()
    page.get_by_role("button", name=re.compile(r"Send \d+ letters?")).click()


def test_the_bar_follows_the_letters_to_their_end(open_page: OpenPage, office: Office, mail: tuple[int, Catcher]) -> None:
    page = open_page(LETTERS)
    send_to_all(page)
    bar = page.locator("[data-batch]")
    expect(bar).to_contain_text("0 letters of 2 handled")
    expect(bar).to_contain_text("2 waiting")
    with Cluster(workers=1, EMAIL_URL=f"smtp://127.0.0.1:{mail[0]}"):
        expect(bar).to_contain_text("2 letters of 2 handled")
        expect(bar).to_contain_text("2 sent")
        expect(page.locator(f"#row-{office.sophie.pk}")).to_contain_text("Sent")
        expect(page.locator(".tabs")).to_contain_text("Waiting 0")
    assert VolunteerLetterSend.objects.filter(status="sent").count() == 2


def test_what_becomes_unsure_asks_for_a_decision_without_a_reload(open_page: OpenPage, office: Office) -> None:
    office.send()
    page = open_page(LETTERS)
    expect(page.locator("[data-batch]")).to_contain_text("2 waiting")
    end(VolunteerLetterSend.objects.get(teacher=office.sophie), "unsure", "It may have arrived.")
    expect(page.locator("#yours")).to_contain_text("Sophie Lambert")
    expect(page.locator("[data-batch]")).to_contain_text("1 to check")
    page.get_by_role("button", name="It arrived – Sophie Lambert").click()
    expect(page.locator("#yours")).to_have_count(0)


def test_a_sending_is_stopped_with_the_keyboard(open_page: OpenPage, office: Office) -> None:
    office.send()
    page = open_page(LETTERS)
    page.get_by_role("link", name="Stop the sending").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Stop the sending").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-batch]")).to_contain_text("2 cancelled")
    expect(page.get_by_role("link", name="Stop the sending")).to_be_hidden()
    assert set(VolunteerLetterSend.objects.values_list("status", flat=True)) == {"cancelled"}


def test_a_stop_by_somebody_else_is_seen_without_a_reload(open_page: OpenPage, office: Office) -> None:
    batch = office.send().batch
    page = open_page(LETTERS)
    services.cancel_waiting(club=office.club, batch=batch.pk)
    expect(page.locator("[data-batch]")).to_contain_text("2 cancelled")
    expect(page.locator(f"#row-{office.lea.pk}")).to_contain_text("Cancelled")


def test_what_happened_before_the_first_poll_is_seen(open_page: OpenPage, office: Office) -> None:
    """A worker may be quicker than the page that its manager is just opening."""
    office.send()
    polls: list[Route] = []
    page = open_page(LETTERS, before=lambda page: page.route("**/api/batches/**", lambda route: polls.append(route), times=1))
    while not polls:
        page.wait_for_timeout(50)
    end(VolunteerLetterSend.objects.get(teacher=office.lea), "failed")
    polls[0].continue_()
    expect(page.locator("#yours")).to_contain_text("Léa Dumont")


def test_a_choice_is_kept_while_rows_change(open_page: OpenPage, office: Office) -> None:
    office.send()
    page = open_page(LETTERS)
    page.get_by_role("checkbox", name="Léa Dumont").check()
    expect(page.get_by_role("button", name="Send to 1 chosen")).to_be_enabled()
    end(VolunteerLetterSend.objects.get(teacher=office.lea), "failed", "No.")
    expect(page.locator(f"#row-{office.lea.pk}")).to_contain_text("Failed")
    expect(page.get_by_role("checkbox", name="Léa Dumont")).to_be_checked()


def test_all_are_chosen_with_the_keyboard(open_page: OpenPage, office: Office) -> None:
    page = open_page(LETTERS)
    page.get_by_role("checkbox", name="Choose all on this page").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Send to 2 chosen").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Send 2 letters")).to_be_visible()


def test_a_double_click_sends_once(open_page: OpenPage, office: Office) -> None:
    page = open_page(LETTERS)
    page.get_by_role("link", name="Send to all").click()
    page.get_by_role("button", name="Send 2 letters").dblclick()
    expect(page.locator("[data-batch]")).to_have_count(1)
    assert Job.objects.filter(kind="letters.send").count() == 2


def test_it_works_without_javascript(open_page: OpenPage, office: Office) -> None:
    page = open_page(LETTERS, java_script_enabled=False)
    page.get_by_role("checkbox", name="Sophie Lambert").check()
    page.get_by_role("button", name="Send to those chosen").click()
    page.get_by_role("button", name="Send 1 letter").click()
    expect(page.locator("[data-batch]")).to_contain_text("1 waiting")
    end(VolunteerLetterSend.objects.get(), "failed", "No.")
    page.get_by_role("link", name="Look again").click()
    page.get_by_role("button", name="Send again – Sophie Lambert").click()
    assert VolunteerLetterSend.objects.get().status == "pending"
    page.get_by_role("link", name="Stop the sending").click()
    page.get_by_role("button", name="Stop the sending").click()
    expect(page.locator("[data-batch]")).to_contain_text("1 cancelled")


def test_the_draft_is_seen_while_it_is_typed(open_page: OpenPage, office: Office) -> None:
    page = open_page(f"{LETTERS}wording/")
    with page.expect_response("**/wording/preview/") as answer:
        page.fill("[name=insurer]", "Draft Insurance")
    assert answer.value.headers["content-type"] == "application/pdf"
    assert services.latest_wording(office.club).insurer == "Pré Insurance"


@pytest.mark.parametrize(
    "path", ["", "send/", "retry/", "stop/{batch}/", "preview/", "wording/", "teachers/{teacher}/", "teachers/import/"]
)
def test_nothing_is_wider_than_the_window(open_page: OpenPage, office: Office, path: str) -> None:
    end(office.letter_to(office.sophie), "failed", "550 " + "x" * 200)
    batch = office.letter_to(office.lea).sending.batch_id
    page = open_page(LETTERS + path.format(batch=batch, teacher=office.lea.pk))
    for width in (320, 360, 820, 1280):
        page.set_viewport_size({"width": width, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_a_finger_finds_everything_it_needs(open_page: OpenPage, office: Office) -> None:
    end(office.letter_to(office.sophie), "unsure")
    office.letter_to(office.lea)
    page = open_page(LETTERS, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    heights = "all => all.filter(e => e.checkVisibility()).map(e => e.offsetHeight)"
    assert min(page.locator("main button, main .btn, main .tabs a, main .table label").evaluate_all(heights)) >= 40
