"""A manager makes a programme, assigns it and marks progress in a real browser: by mouse, by keyboard, on a phone, without JavaScript."""

import re

import pytest
from playwright.sync_api import Page, expect

from jobs.models import Job
from jobs.worker import drain
from lessons.models import Evaluation, Programme, Realisation
from tests.browser.conftest import OpenPage
from tests.cluster import Cluster, wait_until
from tests.lessons.programmes import SKILLS, assign, cell, mark, names, programme_of
from tests.lessons.world import World

PROGRAMMES = "/club/programmes/"
PHONE = {"width": 320, "height": 700}


@pytest.fixture
def programme(world: World) -> Programme:
    """Followed by Camille and Hugo."""
    made = programme_of(world)
    assign(made, world.camille, world.hugo)
    return made


def skill_names(page: Page) -> list[str]:
    return [str(each.input_value()) for each in page.locator("[name=skill_name]").all()]


def status_of(world: World, skill: str = "Pansage") -> str:
    return cell(world.camille, skill).status


def test_a_programme_is_written_with_the_keyboard_alone(open_page: OpenPage) -> None:
    page = open_page(f"{PROGRAMMES}new/")
    page.get_by_label("Name", exact=True).fill("Galop 1")
    page.get_by_label("Skill 1").fill("Trot")
    page.keyboard.press("Enter")
    page.keyboard.type("Pas")
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("#skills-voice")).to_have_text("Pas: place 1 of 4")
    page.get_by_role("button", name="Create the programme").press("Enter")
    expect(page.get_by_role("heading", name="Galop 1")).to_be_visible()
    assert names(Programme.objects.get()) == ["Pas", "Trot"]


def test_a_pasted_list_becomes_lines(open_page: OpenPage) -> None:
    page = open_page(f"{PROGRAMMES}new/")
    page.get_by_label("Skill 1").focus()
    page.evaluate(
        """() => { const data = new DataTransfer(); data.setData("text", "Pansage\\nPas\\r\\nTrot");
        document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })); }"""
    )
    assert skill_names(page)[:3] == SKILLS


def test_a_line_is_dragged_by_its_grip(open_page: OpenPage, programme: Programme) -> None:
    page = open_page(f"{PROGRAMMES}{programme.pk}/edit/")
    grip, target = (page.locator(".grip").nth(place).bounding_box() for place in (2, 0))
    assert grip
    assert target
    page.mouse.move(grip["x"] + 5, grip["y"] + 10)
    page.mouse.down()
    page.mouse.move(target["x"] + 5, target["y"] + 5, steps=10)
    page.mouse.up()
    assert skill_names(page) == ["Trot", "Pansage", "Pas"]
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".grid")).to_be_visible()
    assert names(programme) == ["Trot", "Pansage", "Pas"]


def test_a_button_moves_its_line_and_keeps_the_focus(open_page: OpenPage, programme: Programme) -> None:
    page = open_page(f"{PROGRAMMES}{programme.pk}/edit/")
    page.get_by_role("button", name="Move Pas down").press("Enter")
    assert skill_names(page) == ["Pansage", "Trot", "Pas"]
    page.get_by_role("button", name="Remove Trot").click()
    assert skill_names(page) == ["Pansage", "Pas"]


def test_clients_are_found_chosen_and_followed_to_the_grid(open_page: OpenPage, world: World) -> None:
    page = open_page(f"{PROGRAMMES}{programme_of(world).pk}/assign/")
    page.get_by_placeholder("Name or level").fill("noe")
    page.get_by_role("button", name="All of them").click()
    expect(page.locator("[data-chosen]")).to_contain_text("1 client chosen")
    page.get_by_role("button", name="Assign the programme").click()
    with Cluster(workers=1):
        expect(page.get_by_role("row", name=re.compile("Noé"))).to_be_visible()
    assert Evaluation.objects.get().client == world.noe


def test_the_click_is_undone(open_page: OpenPage, programme: Programme) -> None:
    page = open_page(f"{PROGRAMMES}{programme.pk}/")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="Nobody follows this programme yet")).to_be_visible()


def test_the_grid_is_one_stop_of_the_tab_key_and_is_marked_by_keys(open_page: OpenPage, world: World, programme: Programme) -> None:
    page = open_page(f"{PROGRAMMES}{programme.pk}/")
    assert page.locator(".grid button[tabindex='0']").count() == 1
    page.locator(".grid button[tabindex='0']").focus()
    page.keyboard.press("3")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("[data-acquired-count]").first).to_have_text("1")
    wait_until(lambda: (status_of(world), status_of(world, "Pas")) == ("acquired", "started"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    page.keyboard.press("2")
    wait_until(lambda: cell(world.hugo, "Trot").status == "started")


def test_quick_clicks_end_where_the_last_one_led(open_page: OpenPage, world: World, programme: Programme) -> None:
    page = open_page(f"{PROGRAMMES}{programme.pk}/")
    for _ in range(5):
        page.locator(".grid button").first.click()
    expect(page.locator(".grid button").first).to_have_class("acquired")
    wait_until(lambda: status_of(world) == "acquired")
    assert page.locator(".banner.is-error").count() == 0


def test_a_mark_that_somebody_else_has_made_is_shown_and_told(open_page: OpenPage, world: World, programme: Programme) -> None:
    page = open_page(f"{PROGRAMMES}{programme.pk}/")
    mark(world.camille, "Pansage", "acquired", user=world.manager)
    page.locator(".grid button").first.click()
    expect(page.get_by_role("alert")).to_contain_text("manager has marked it meanwhile: acquired.")
    expect(page.locator(".grid button").first).to_have_class("acquired")


def test_a_mark_that_was_not_kept_is_taken_back_and_told(open_page: OpenPage, world: World, programme: Programme) -> None:
    page = open_page(f"{PROGRAMMES}{programme.pk}/")
    page.route("**/api/realisations/**", lambda route: route.abort())
    page.locator(".grid button").first.click()
    expect(page.get_by_role("alert")).to_contain_text("this mark is not kept")
    expect(page.locator(".grid button").first).to_have_class("todo")


def test_a_phone_marks_one_skill_for_everybody_and_goes_to_the_next(open_page: OpenPage, world: World, programme: Programme) -> None:
    page = open_page(f"{PROGRAMMES}{programme.pk}/", viewport=PHONE, has_touch=True)
    assert page.get_by_role("button", name="To learn").count() == 2
    page.get_by_role("button", name="To learn").first.tap()
    wait_until(lambda: status_of(world) == "started")
    page.get_by_role("link", name="Next skill").tap()
    expect(page.get_by_label("Skill", exact=True)).to_have_value(str(cell(world.camille, "Pas").task.skill_id))
    page.get_by_role("button", name="To learn").first.tap()
    wait_until(lambda: status_of(world, "Pas") == "started")


def test_a_client_is_marked_skill_under_skill(open_page: OpenPage, world: World, programme: Programme) -> None:
    page = open_page(f"{PROGRAMMES}{programme.pk}/")
    page.get_by_role("link", name="Camille").click()
    page.get_by_role("group", name="Trot").get_by_label("Acquired").check()
    expect(page.locator("[data-acquired-count]")).to_have_text("1")
    wait_until(lambda: status_of(world, "Trot") == "acquired")


@pytest.mark.parametrize("page_name", ["", "{pk}/", "{pk}/edit/", "{pk}/assign/", "{pk}/clients/{client}/"])
def test_a_narrow_phone_needs_no_sideways_scrolling(open_page: OpenPage, world: World, programme: Programme, page_name: str) -> None:
    page = open_page(PROGRAMMES + page_name.format(pk=programme.pk, client=world.camille.pk), viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_all_of_it_works_without_javascript(open_page: OpenPage, world: World) -> None:
    page = open_page(f"{PROGRAMMES}new/", java_script_enabled=False)
    page.get_by_label("Name", exact=True).fill("Galop 1")
    page.get_by_label("Skill 1").fill("Trot")
    page.get_by_label("Skill 2").fill("Pas")
    page.get_by_role("button", name="Move Pas up").or_(page.locator("button[value='1:up']")).first.click()
    page.get_by_role("button", name="Create the programme").click()
    assert names(Programme.objects.get()) == ["Pas", "Trot"]
    page.get_by_role("link", name="Assign", exact=True).click()
    page.get_by_label("Camille").check()
    page.get_by_role("button", name="Assign the programme").click()
    drain()
    page.get_by_role("link", name="Look again").first.click()
    page.locator(".grid button").first.click()
    expect(page.locator(".grid button.started")).to_have_count(1)
    assert (Job.objects.count(), Realisation.objects.filter(status="started").count()) == (1, 1)


def test_a_wide_grid_scrolls_in_its_own_box(open_page: OpenPage, world: World) -> None:
    wide = programme_of(world, "Wide", [f"Skill {number}" for number in range(50)])
    assign(wide, world.camille)
    page = open_page(f"{PROGRAMMES}{wide.pk}/")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator(".grid button").first.focus()
    page.keyboard.press("End")
    expect(page.locator(".grid button").last).to_be_in_viewport()
    expect(page.get_by_role("link", name="Camille")).to_be_in_viewport()
