"""A manager plans a lesson in a real browser: with the mouse, with the keyboard, without JavaScript."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from jobs.models import Job
from lessons.models import Closure, Lesson, Membership, Notice, Place
from tests.browser.conftest import OpenPage
from tests.cluster import Cluster
from tests.lessons.world import World, at, run_follow_up


def open_form(page: Page, world: World, hour: int = 16) -> None:
    page.locator(f'.add[href*="{world.day}"][href$="hour={hour}"]').click()
    expect(page.locator("dialog")).to_be_visible()


def fill_form(page: Page, world: World, *clients: str) -> None:
    page.fill("[name=title]", "Galop 4")
    page.select_option("[name=teacher]", str(world.sophie.pk))
    page.fill("[name=place]", "Carrière")
    for name in clients:
        page.locator("[role=combobox]").press_sequentially(name)
        page.keyboard.press("Enter")


def test_a_lesson_is_on_the_grid_at_once_and_then_says_what_happened(open_page: OpenPage, world: World) -> None:
    world.pack(world.camille)
    page = open_page(f"/club/planning?jour={world.day}")
    open_form(page, world)
    fill_form(page, world, "Cam", "Noé")
    page.check("[name=weekly]")
    page.fill("[name=until]", world.weeks(3).until.isoformat())
    expect(page.locator("#preview")).to_contain_text("3 lessons will be created.")
    page.get_by_role("button", name="Create the lesson").click()

    card = page.locator(".slot:has(.add[href$='hour=16']) .lesson", has_text="Galop 4")
    expect(card).to_be_visible()
    assert Job.objects.get(kind="lessons.after_create").status == Job.Status.PENDING, "it is there before any worker has begun"
    with Cluster(workers=1):
        expect(card).to_contain_text("3 lessons created")
        told = page.locator(".tray [data-told]")
        expect(told).to_contain_text("3 sessions taken from subscriptions")
        expect(told).to_contain_text("1 client without a session left")
        expect(told).to_contain_text("4 people told")
    assert Lesson.objects.count() == 3


def test_it_works_with_the_keyboard_alone(open_page: OpenPage, world: World) -> None:
    page = open_page(f"/club/planning?jour={world.day}")
    keys = page.keyboard
    keys.press("n")
    expect(page.locator("[name=title]")).to_be_focused()
    keys.type("Galop n")  # no shortcut while typing
    keys.press("Tab")
    keys.type("Sophie")
    for _ in range(4):  # day, month and year are three stops, and then the calendar
        keys.press("Tab")
    keys.press("Tab")
    keys.type("1600")
    page.locator("[name=place]").focus()
    keys.type("Carrière")
    page.locator("[role=combobox]").focus()
    keys.type("hug")
    keys.press("Enter")
    expect(page.locator(".chip")).to_have_text("Hugo, 0 sessions")
    page.get_by_role("button", name="Create the lesson").focus()
    keys.press("Enter")
    expect(page.locator(".lesson", has_text="Galop n")).to_be_focused()
    lesson = Lesson.objects.get()
    assert (lesson.starts_at, list(lesson.clients.all())) == (at(world.day, 16), [world.hugo])
    run_follow_up(lesson)


def test_the_grid_is_one_tab_stop_and_arrows_move_in_it(open_page: OpenPage, world: World) -> None:
    page = open_page(f"/club/planning?jour={world.day}")
    stop = page.locator(".add[tabindex='0']")
    expect(stop).to_have_count(1)
    stop.focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    tuesday = world.day - timedelta(days=1)
    expect(page.locator(":focus")).to_have_attribute("href", f"/club/planning/new?day={tuesday}&hour=11")


def test_arrows_turn_the_weeks(open_page: OpenPage, world: World) -> None:
    page = open_page(f"/club/planning?jour={world.day}")
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile(f"semaine={world.day + timedelta(days=5)}$"))  # until it is loaded, and hears keys
    page.keyboard.press("t")
    expect(page).to_have_url(re.compile("/club/planning$"))


def test_a_taken_place_is_said_at_its_field_and_a_way_out_fills_it(open_page: OpenPage, world: World) -> None:
    world.plan(teacher=world.lea.pk)
    Place.objects.create(club=world.club, name="Manège")
    page = open_page(f"/club/planning?jour={world.day}")
    open_form(page, world)
    fill_form(page, world, "Cam")
    page.get_by_role("button", name="Create the lesson").click()
    expect(page.locator("[name=place]")).to_be_focused()
    expect(page.locator("#id_place_error")).to_contain_text("is taken from 16:00 to 17:00 by Léa Dumont")
    expect(page.locator("dialog footer p")).to_have_text("1 field to correct: place.")
    page.get_by_role("button", name="Take Manège").click()
    expect(page.locator("[name=place]")).to_have_value("Manège")
    page.keyboard.press("Enter")  # the primary button has the focus
    expect(page.locator(".lesson.fresh", has_text="Manège")).to_contain_text("1/8")


def test_a_conflict_is_told_before_the_form_is_sent(open_page: OpenPage, world: World) -> None:
    world.plan(teacher=world.lea.pk)
    page = open_page(f"/club/planning?jour={world.day}")
    open_form(page, world)
    fill_form(page, world)
    expect(page.locator("#preview")).to_have_text("Carrière is taken from 16:00 to 17:00 by Léa Dumont (Galop 2).")
    page.fill("[name=start]", "17:00")
    expect(page.locator("#preview")).to_be_hidden()


def test_skipped_dates_are_told_before_they_are_made(open_page: OpenPage, world: World) -> None:
    holiday = world.day + timedelta(weeks=1)
    Closure.objects.create(club=world.club, first_day=holiday, last_day=holiday, reason="frost")
    page = open_page(f"/club/planning?jour={world.day}")
    open_form(page, world)
    fill_form(page, world)
    page.check("[name=weekly]")
    page.fill("[name=until]", world.weeks(3).until.isoformat())
    expect(page.locator("#preview")).to_contain_text("2 lessons will be created. 1 date is skipped:")
    expect(page.locator("#preview li")).to_contain_text("club closed (frost)")


def test_a_double_click_makes_one_lesson(open_page: OpenPage, world: World) -> None:
    page = open_page(f"/club/planning?jour={world.day}")
    open_form(page, world)
    fill_form(page, world)
    page.get_by_role("button", name="Create the lesson").dblclick()
    expect(page.locator(".lesson.fresh")).to_have_count(1)
    assert Lesson.objects.count() == 1


def test_a_session_that_ends_while_one_types_loses_nothing(open_page: OpenPage, world: World) -> None:
    page = open_page(f"/club/planning?jour={world.day}")
    open_form(page, world)
    fill_form(page, world)
    session = next(each for each in page.context.cookies() if each["name"] == "sessionid")
    page.context.clear_cookies()
    page.get_by_role("button", name="Create the lesson").click()
    expect(page.get_by_role("alert")).to_contain_text("Your session has ended.")
    expect(page.locator("[name=title]")).to_have_value("Galop 4")
    page.context.add_cookies([{"name": "sessionid", "value": session["value"], "url": page.url}])  # logged in again, with another token
    page.get_by_role("button", name="Create the lesson").click()
    expect(page.locator(".lesson.fresh")).to_contain_text("Galop 4")


def test_an_error_of_the_server_is_told_in_the_dialog(open_page: OpenPage, world: World) -> None:
    page = open_page(f"/club/planning?jour={world.day}")
    open_form(page, world)
    fill_form(page, world)
    Membership.objects.update(role=Membership.Role.TEACHER)
    page.get_by_role("button", name="Create the lesson").click()
    expect(page.get_by_role("alert")).to_contain_text("This is not open to you")
    expect(page.locator("[name=title]")).to_have_value("Galop 4")


def test_a_notice_that_perhaps_arrived_is_decided_in_the_dialog(open_page: OpenPage, world: World) -> None:
    lesson = world.plan(clients=[world.camille.pk]).lesson
    run_follow_up(lesson)
    Notice.objects.filter(client=world.camille).update(status=Notice.Status.UNSURE)
    page = open_page(f"/club/planning?jour={world.day}")
    page.locator(".lesson", has_text="Notice to check").click()
    expect(page.get_by_role("dialog")).to_contain_text("Did the notice to Camille arrive?")
    page.get_by_role("dialog").get_by_role("button", name="Send again").click()
    expect(page.get_by_role("dialog")).not_to_contain_text("Camille arrive?")
    expect(page.locator(".tray-list > li")).to_contain_text("Notice: Galop 2, Wednesday 16:00")
    expect(page.locator(".lesson")).not_to_contain_text("Notice to check")


def test_it_works_without_javascript(open_page: OpenPage, world: World) -> None:
    page = open_page(f"/club/planning?jour={world.day}", java_script_enabled=False)
    page.locator(f'.add[href*="{world.day}"][href$="hour=16"]').click()
    page.fill("[name=title]", "Galop 4")
    page.select_option("[name=teacher]", str(world.sophie.pk))
    page.fill("[name=place]", "Carrière")
    page.select_option("[name=clients]", [str(world.camille.pk), str(world.noe.pk)])
    page.get_by_role("button", name="Create the lesson").click()
    expect(page.locator(".lesson", has_text="Galop 4")).to_contain_text("2/8")
    run_follow_up(Lesson.objects.get())
    page.get_by_role("link", name="Look again").click()
    expect(page.locator(".tray")).to_contain_text("2 clients without a session left")


def test_a_hidden_teacher_stays_hidden_in_the_next_week(open_page: OpenPage, world: World) -> None:
    world.plan(repeat=world.weeks(2))
    run_follow_up(Lesson.objects.get())
    world.plan(teacher=world.lea.pk, place="Manège")
    page = open_page(f"/club/planning?jour={world.day}")
    page.get_by_label("Sophie").uncheck()
    expect(page.locator(".lesson:visible")).to_have_count(1)
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile("semaine="))
    expect(page.locator(".legend")).to_contain_text("Sophie")
    expect(page.locator(".lesson:visible")).to_have_count(0)


def test_a_lesson_opens_with_who_is_enrolled(open_page: OpenPage, world: World) -> None:
    run_follow_up(world.plan(clients=[world.noe.pk]).lesson)
    page = open_page(f"/club/planning?jour={world.day}")
    page.locator(".lesson").click()
    expect(page.get_by_role("dialog")).to_contain_text("Noé")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


@pytest.mark.parametrize("path", ["/club/planning", "/club/planning/new", "/connexion/"])
def test_nothing_is_wider_than_the_window(open_page: OpenPage, world: World, path: str) -> None:
    world.plan(title="Perfectionnement au travail à pied")
    page = open_page(f"{path}?jour={world.day}", user=None if "connexion" in path else world.manager)
    for width in (320, 360, 820, 1280):
        page.set_viewport_size({"width": width, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_a_long_word_in_a_title_does_not_push_the_lesson_out_of_its_dialog(open_page: OpenPage, world: World) -> None:
    world.plan(title="M" * 120)
    page = open_page(f"/club/planning?jour={world.day}")
    page.locator(".lesson").click()
    expect(page.get_by_text("Nobody yet.")).to_be_in_viewport()


def test_a_finger_finds_everything_it_needs(open_page: OpenPage, world: World) -> None:
    world.plan()
    page = open_page(f"/club/planning?jour={world.day}", viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    heights = "all => all.filter(e => e.checkVisibility()).map(e => Math.min(e.offsetHeight, e.offsetWidth))"
    assert min(page.locator("main a, main button, main label, .top summary, .nav a, .tray summary").evaluate_all(heights)) >= 40
