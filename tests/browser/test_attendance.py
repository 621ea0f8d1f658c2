"""A manager takes the roll in a real browser: one tap a client, keys, the waiting list, the sheet."""

from datetime import timedelta

from playwright.sync_api import expect

from lessons.models import Enrolment
from tests.browser.conftest import OpenPage
from tests.lessons.enrolments import begun, enrol, full, roll
from tests.lessons.world import World

PHONE = {"width": 390, "height": 844}


def button(words: str, name: str) -> str:
    """Its selector, by what it says and about whom."""
    return f'.roll-line:has-text("{name}") button:has-text("{words}")'


def test_one_tap_marks_and_another_takes_it_back(open_page: OpenPage, world: World) -> None:
    lesson = begun(world, world.hugo, world.noe)
    page = open_page(f"/club/lessons/{lesson.pk}/")
    present = page.locator(button("Present", "Hugo"))
    present.click()
    expect(present).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-roll]")).to_contain_text("1 present, 0 absent")
    expect(present).to_be_focused()
    present.click()
    expect(page.locator("[data-roll]")).to_contain_text("0 present, 0 absent")
    assert roll(lesson) == {"Hugo": "expected", "Noé": "expected"}


def test_the_roll_is_taken_with_the_keyboard_alone(open_page: OpenPage, world: World) -> None:
    lesson = begun(world, world.hugo, world.noe)
    page = open_page(f"/club/lessons/{lesson.pk}/")
    page.locator(button("Present", "Hugo")).focus()
    page.keyboard.press("p")
    expect(page.locator("[data-roll]")).to_contain_text("1 present, 0 absent")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("a")
    expect(page.locator("[data-roll]")).to_contain_text("1 present, 1 absent")
    assert roll(lesson) == {"Hugo": "attended", "Noé": "no_show"}


def test_in_the_dialog_the_card_counts_with_the_roll(open_page: OpenPage, world: World) -> None:
    lesson = full(world, world.hugo)
    enrol(world, lesson, world.noe)
    page = open_page(f"/club/planning?jour={lesson.local_start.date()}")
    count = page.locator(f"#lesson-{lesson.pk} [data-count]")
    expect(count).to_contain_text("1/1 +1")
    page.locator(f"#lesson-{lesson.pk}").click()
    page.locator(button("Withdraw", "Hugo")).click()
    expect(page.locator("dialog .toast")).to_contain_text("2 enrolments changed.")
    expect(count).to_have_text("1/1")
    page.locator("dialog .toast").get_by_role("button", name="Undo").click()
    expect(count).to_have_text("1/1 +1")
    assert roll(lesson) == {"Hugo": "expected", "Noé": "waiting"}


def test_a_client_is_searched_and_added_in_the_dialog(open_page: OpenPage, world: World) -> None:
    lesson = full(world, world.hugo, capacity=2)
    page = open_page(f"/club/planning?jour={lesson.local_start.date()}")
    page.locator(f"#lesson-{lesson.pk}").click()
    page.get_by_role("link", name="Add a client").click()
    page.locator("dialog").get_by_role("combobox").fill("no")
    page.get_by_role("option", name="Noé").click()
    page.get_by_role("button", name="Enrol").click()
    expect(page.locator("dialog")).to_contain_text("Enrolled 2/2")
    expect(page.locator(f"#lesson-{lesson.pk} [data-count]")).to_have_text("2/2")
    assert roll(lesson)["Noé"] == "expected"


def test_without_javascript_the_buttons_work(open_page: OpenPage, world: World) -> None:
    lesson = begun(world, world.hugo)
    page = open_page(f"/club/lessons/{lesson.pk}/", java_script_enabled=False)
    page.locator(button("Absent", "Hugo")).click()
    expect(page.locator(button("Absent", "Hugo"))).to_have_attribute("aria-pressed", "true")
    assert roll(lesson) == {"Hugo": "no_show"}


def test_a_mark_that_is_lost_is_said_and_not_shown(open_page: OpenPage, world: World) -> None:
    lesson = begun(world, world.hugo)
    page = open_page(f"/club/lessons/{lesson.pk}/")
    page.route("**/roll*", lambda route: route.abort())
    page.locator(button("Present", "Hugo")).click()
    expect(page.get_by_role("alert")).to_contain_text("nothing was kept")
    expect(page.locator(button("Present", "Hugo"))).to_have_attribute("aria-pressed", "false")


def test_on_a_phone_nothing_is_wider_than_the_screen(open_page: OpenPage, world: World) -> None:
    lesson = begun(world, world.client("Maximilienne-Alexandrine", last_name="de Montmorency-Laval"), world.hugo, capacity=4)
    for path in ("", "attendance", "enrol"):
        page = open_page(f"/club/lessons/{lesson.pk}/{path}", viewport=PHONE)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_sheet_prints_on_one_page(open_page: OpenPage, world: World) -> None:
    clients = [world.client(f"Client {number}", phone="0470 12 34 56") for number in range(12)]
    lesson = full(world, *clients, ahead=timedelta(days=3))
    page = open_page(f"/club/lessons/{lesson.pk}/attendance")
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    pdf = page.pdf(prefer_css_page_size=True)
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") == 1
    assert Enrolment.objects.holding().count() == 12
