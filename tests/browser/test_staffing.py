"""A manager reckons staffing in a real browser: sliders, the result that comes by itself, and the same without JavaScript."""

import re
from decimal import Decimal

import pytest
from playwright.sync_api import Page, Route, expect

from jobs.worker import drain
from staffing.models import Simulation
from tests.browser.conftest import OpenPage
from tests.cluster import Cluster, wait_until
from tests.lessons.world import World
from tests.staffing.organisation import Organisation

STAFFING = "/staffing/"
PHONE = {"width": 320, "height": 700}


def held_back(page: Page, routes: list[Route]) -> Route:
    """What the page has asked for, or asks for in a moment, and waits for."""

    def has_come() -> bool:
        page.wait_for_timeout(10)  # the browser's events arrive meanwhile
        return bool(routes)

    wait_until(has_come)
    return routes[0]


@pytest.fixture
def organisation(world: World) -> Organisation:
    return Organisation(world)


def test_the_result_comes_by_itself(open_page: OpenPage, organisation: Organisation) -> None:
    page = open_page(STAFFING)
    page.get_by_role("button", name="Calculate").click()
    expect(page.get_by_role("heading", name="The result is on its way")).to_be_visible()
    with Cluster(workers=1):
        expect(page.locator(".stats")).to_contain_text("3,501", timeout=30_000)
    expect(page.get_by_role("img", name=re.compile("Bars of people in post"))).to_be_visible()


def test_a_slider_moves_its_number_and_starts_a_new_run(open_page: OpenPage, organisation: Organisation) -> None:
    page = open_page(STAFFING)
    page.get_by_role("slider", name="Productivity").focus()
    page.keyboard.press("Home")
    expect(page.get_by_label("Productivity").first).to_have_value("40")
    expect(page.locator("[data-year]")).to_contain_text("578 h a year")
    page.get_by_role("button", name="Calculate").press("Enter")
    expect(page.get_by_role("heading", name="The result is on its way")).to_be_visible()
    assert Simulation.objects.get().productivity == Decimal("0.4")


def test_a_typed_number_moves_its_slider(open_page: OpenPage, organisation: Organisation) -> None:
    page = open_page(STAFFING)
    page.get_by_label("Absences").first.fill("20")
    expect(page.get_by_role("slider", name="Absences")).to_have_value("20")


def test_it_works_without_javascript(open_page: OpenPage, organisation: Organisation) -> None:
    page = open_page(STAFFING, java_script_enabled=False)
    page.get_by_role("button", name="Calculate").click()
    drain()
    page.get_by_role("link", name="Look again").first.click()
    expect(page.locator(".stats")).to_contain_text("3,501")
    expect(page.get_by_role("slider")).to_have_count(0)


def test_a_narrow_phone_needs_no_sideways_scrolling(open_page: OpenPage, organisation: Organisation) -> None:
    page = open_page(STAFFING, viewport=PHONE)
    page.get_by_role("button", name="Calculate").click()
    drain()
    page.reload()
    expect(page.locator(".stats")).to_contain_text("3,501")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_centres_are_found_while_one_types_and_stay_chosen(open_page: OpenPage, organisation: Organisation) -> None:
    page = open_page(STAFFING)
    page.get_by_role("button", name="Choose centres…").click()
    page.get_by_label("Name or code").press_sequentially("mill")
    expect(page.get_by_role("checkbox")).to_have_count(1)
    page.get_by_role("checkbox", name="Mill").check()
    expect(page.get_by_text("1 centre chosen")).to_be_visible()
    page.get_by_label("Name or code").fill("")
    expect(page.get_by_role("checkbox")).to_have_count(3)
    expect(page.get_by_role("checkbox", name="Mill")).to_be_checked()
    page.get_by_role("checkbox", name="Farm").check()
    page.get_by_role("button", name="Calculate").click()
    expect(page.get_by_role("heading", name="2 centres")).to_be_visible()
    assert set(Simulation.objects.get().centre_ids) == {organisation.mill.pk, organisation.farm.pk}


def test_who_types_before_the_page_is_ready_gets_an_answer_too(open_page: OpenPage, organisation: Organisation) -> None:
    page, late = open_page(STAFFING), list[Route]()
    page.route("**/centres*.js", lambda route: late.append(route))
    page.get_by_role("button", name="Choose centres…").click()
    page.get_by_label("Name or code").press_sequentially("mill")
    held_back(page, late).continue_()
    expect(page.get_by_role("checkbox")).to_have_count(1)


def test_who_ticks_while_a_search_is_answered_keeps_the_tick_and_gets_the_answer(open_page: OpenPage, organisation: Organisation) -> None:
    page, late = open_page("/staffing/centres/"), list[Route]()
    expect(page.get_by_role("checkbox")).to_have_count(3)
    page.route("**/staffing/centres/", lambda route: late.append(route), times=1)
    page.get_by_label("Name or code").press_sequentially("mill")
    answer = held_back(page, late)
    page.get_by_role("checkbox", name="Farm").check()
    answer.continue_()
    expect(page.get_by_role("checkbox")).to_have_count(1)
    expect(page.get_by_text("1 centre chosen")).to_be_visible()


def test_a_direction_is_chosen_by_the_keyboard(open_page: OpenPage, organisation: Organisation) -> None:
    page = open_page("/staffing/centres/")
    page.get_by_role("button", name="All North").press("Enter")
    expect(page.get_by_text("2 centres chosen")).to_be_visible()
    expect(page.get_by_role("button", name="All North")).to_be_focused()
    page.get_by_role("checkbox", name="Port").press("Space")
    expect(page.get_by_text("1 centre chosen")).to_be_visible()
    page.get_by_label("Working days").first.press("Enter")
    expect(page.get_by_role("heading", name="1 centre")).to_be_visible()


def test_return_in_the_search_starts_no_calculation(open_page: OpenPage, organisation: Organisation) -> None:
    page = open_page("/staffing/centres/")
    page.get_by_label("Name or code").fill("farm")
    page.get_by_label("Name or code").press("Enter")
    expect(page.get_by_role("checkbox")).to_have_count(1)
    page.get_by_role("combobox", name="Direction").select_option("North")
    expect(page.get_by_text("No centre found.")).to_be_visible()
    assert not Simulation.objects.exists()


def test_centres_are_chosen_without_javascript(open_page: OpenPage, organisation: Organisation) -> None:
    page = open_page("/staffing/centres/", java_script_enabled=False, viewport=PHONE)
    page.get_by_role("button", name="All North").click()
    page.get_by_label("Name or code").fill("farm")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("checkbox", name="Farm").check()
    page.get_by_role("button", name="Calculate").click()
    expect(page.get_by_role("heading", name="3 centres")).to_be_visible()


def test_choosing_on_a_narrow_phone_needs_no_sideways_scrolling(open_page: OpenPage, organisation: Organisation) -> None:
    page = open_page("/staffing/centres/", viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
