"""A manager rearranges the week in a real browser: drags, presses keys, cancels, takes it back."""

import re
from datetime import timedelta
from typing import Any

from playwright.sync_api import Locator, Page, expect

from lessons.models import Change, Closure, Lesson
from tests.browser.conftest import OpenPage
from tests.browser.test_plan_a_lesson import fill_form, open_form
from tests.lessons.test_change_lesson import series, single
from tests.lessons.world import World, at, run_follow_up


def slot(world: World, hour: int, days: int = 0) -> str:
    return f'.slot:has(.add[href*="day={world.day + timedelta(days=days)}"][href$="hour={hour}"])'


def week(open_page: OpenPage, world: World) -> Page:
    return open_page(f"/club/planning?jour={world.day}")


def test_a_lesson_is_dragged_and_taken_back(open_page: OpenPage, world: World) -> None:
    lesson = single(world)
    page = week(open_page, world)
    page.locator(".lesson").drag_to(page.locator(slot(world, 18, 1)))
    expect(page.locator(f"{slot(world, 18, 1)} .lesson")).to_be_visible()
    expect(page.locator(".toast")).to_contain_text("1 lesson changed.")
    lesson.refresh_from_db()
    assert lesson.starts_at == at(world.day + timedelta(days=1), 18)
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(f"{slot(world, 16)} .lesson")).to_be_visible()
    assert Change.objects.count() == 2


def test_a_lesson_dropped_where_it_was_stays(open_page: OpenPage, world: World) -> None:
    single(world)
    page = week(open_page, world)
    page.locator(".lesson").drag_to(page.locator(slot(world, 16)))
    expect(page.locator("dialog")).to_be_hidden()
    assert not Change.objects.exists()


def test_a_drop_on_a_taken_place_opens_the_form_with_the_way_out(open_page: OpenPage, world: World) -> None:
    single(world)
    world.plan(teacher=world.lea.pk, starts_at=at(world.day, 18), title="Voltige")
    page = week(open_page, world)
    page.locator(".lesson", has_text="Galop 2").drag_to(page.locator(f"{slot(world, 18)}"))
    expect(page.locator("#id_place_error")).to_contain_text("is taken from 18:00 to 19:00")
    page.get_by_role("button", name="Move to 19:00").click()
    expect(page.locator("[name=start]")).to_have_value("19:00")
    page.keyboard.press("Enter")
    expect(page.locator(f"{slot(world, 19)} .lesson")).to_be_visible()


def test_a_lesson_is_moved_with_the_keyboard_alone(open_page: OpenPage, world: World) -> None:
    lesson = single(world, starts_at=at(world.day, 16, 30))
    page = week(open_page, world)
    page.locator(".lesson").focus()
    for key in ("m", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    expect(page.locator("[data-moving]")).to_contain_text("17:00")
    page.keyboard.press("Enter")
    expect(page.locator(f"{slot(world, 17, 1)} .lesson")).to_be_focused()
    lesson.refresh_from_db()
    assert lesson.starts_at == at(world.day + timedelta(days=1), 17, 30)


def test_escape_puts_a_lesson_down_where_it_was(open_page: OpenPage, world: World) -> None:
    single(world)
    page = week(open_page, world)
    page.locator(".lesson").focus()
    for key in ("m", "ArrowDown", "Escape"):
        page.keyboard.press(key)
    expect(page.locator(".target, .lifted")).to_have_count(0)
    assert not Change.objects.exists()


def test_of_a_series_the_form_asks_which_lessons(open_page: OpenPage, world: World) -> None:
    series(world)
    page = week(open_page, world)
    page.locator(".lesson").drag_to(page.locator(slot(world, 18)))
    expect(page.locator("dialog [name=start]")).to_have_value("18:00")
    page.get_by_label("The whole series, from now on").check()
    page.get_by_role("button", name="Change the lesson").click()
    expect(page.locator(".toast")).to_contain_text("4 lessons changed.")
    assert {lesson.local_start.hour for lesson in Lesson.objects.select_related("club")} == {18}


def test_a_lesson_is_cancelled_from_its_card_and_put_back(open_page: OpenPage, world: World) -> None:
    single(world)
    page = week(open_page, world)
    page.locator(".lesson").click()
    page.get_by_role("link", name="Cancel the lesson").click()
    page.get_by_role("button", name="Cancel the lesson").click()
    expect(page.locator(".toast")).to_contain_text("1 lesson cancelled.")
    expect(page.locator(".lesson")).to_have_count(0)
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".lesson")).to_have_count(1)


def test_the_undo_goes_when_its_time_is_over(open_page: OpenPage, world: World) -> None:
    lesson = single(world)
    page = open_page(f"/club/lessons/{lesson.pk}/cancel", before=lambda page: page.clock.install())
    page.get_by_role("button", name="Cancel the lesson").click()
    expect(page.locator(".toast")).to_be_visible()
    page.clock.fast_forward(31_000)
    expect(page.locator(".toast")).to_have_count(0)


def test_a_teacher_drags_nothing(open_page: OpenPage, world: World) -> None:
    single(world)
    page = open_page(f"/club/planning?jour={world.day}", user=world.teacher_user())
    page.locator(".lesson").focus()
    page.keyboard.press("m")
    expect(page.locator(".lifted")).to_have_count(0)
    page.locator(".lesson").click()
    expect(page.get_by_role("link", name=re.compile("^Change"))).to_have_count(0)


def test_each_date_of_a_series_can_be_left_out_or_kept(open_page: OpenPage, world: World) -> None:
    holiday = world.day + timedelta(weeks=1)
    Closure.objects.create(club=world.club, first_day=holiday, last_day=holiday, reason="frost")
    page = week(open_page, world)
    open_form(page, world)
    fill_form(page, world)
    page.check("[name=weekly]")
    page.fill("[name=until]", world.weeks(4).until.isoformat())
    page.get_by_text("Choose the dates").click()
    page.check(f"[name=dates][value='{holiday}']")
    expect(page.locator("#preview b")).to_have_text("4 lessons will be created.")
    page.uncheck(f"[name=dates][value='{world.day + timedelta(weeks=2)}']")
    expect(page.locator("#preview b")).to_have_text("3 lessons will be created.")
    page.get_by_role("button", name="Create the lesson").click()
    expect(page.locator(".lesson.fresh")).to_be_visible()
    run_follow_up(Lesson.objects.get())
    assert [(lesson.local_start.date() - world.day).days // 7 for lesson in Lesson.objects.order_by("starts_at")] == [0, 1, 3]


# ── By finger ──

PHONE = {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True}
TABLET = {"viewport": {"width": 1024, "height": 768}, "has_touch": True, "is_mobile": True}


class Finger:
    """What Chromium makes of a touch screen: pointer events, scrolling, taps."""

    def __init__(self, page: Page) -> None:
        self.page, self.session = page, page.context.new_cdp_session(page)

    def _send(self, kind: str, *points: tuple[float, float]) -> None:
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    def put_on(self, locator: Locator) -> tuple[float, float]:
        locator.scroll_into_view_if_needed()
        self.at = middle_of(locator)
        self._send("touchStart", self.at)
        return self.at

    def hold(self, locator: Locator) -> None:
        self.put_on(locator)
        expect(self.page.locator(".lesson.lifted")).to_be_visible()

    def drag_to(self, locator: Locator) -> None:
        self.move_to(middle_of(locator))

    def move_to(self, there: tuple[float, float], steps: int = 5) -> None:
        (x, y), (to_x, to_y) = self.at, there
        for step in range(1, steps + 1):
            self._send("touchMove", (x + (to_x - x) * step / steps, y + (to_y - y) * step / steps))
        self.at = there

    def lift_off(self) -> None:
        self._send("touchEnd")


def middle_of(locator: Locator) -> tuple[float, float]:
    box = locator.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def touch(open_page: OpenPage, world: World, **device: Any) -> tuple[Page, Finger]:
    page = open_page(f"/club/planning?jour={world.day}", **device)
    return page, Finger(page)


def test_a_lesson_is_held_and_dragged_by_finger(open_page: OpenPage, world: World) -> None:
    lesson = single(world)
    page, finger = touch(open_page, world, **TABLET)
    finger.hold(page.locator(".lesson"))
    finger.drag_to(page.locator(slot(world, 14, 1)))
    expect(page.locator(f"{slot(world, 14, 1)}.target")).to_be_visible()
    finger.lift_off()
    expect(page.locator(f"{slot(world, 14, 1)} .lesson")).to_be_visible()
    lesson.refresh_from_db()
    assert lesson.starts_at == at(world.day + timedelta(days=1), 14)


def test_on_a_phone_the_free_hours_and_the_other_days_open_to_the_finger(open_page: OpenPage, world: World) -> None:
    lesson = single(world)
    page, finger = touch(open_page, world, **{**PHONE, "viewport": {"width": 390, "height": 1600}})  # nothing scrolls
    expect(page.locator(slot(world, 15))).to_be_hidden()
    finger.hold(page.locator(".lesson"))
    expect(page.locator(slot(world, 15))).to_be_visible()
    finger.drag_to(page.locator(".days a").nth(3))
    expect(page.locator(slot(world, 12, 1))).to_be_visible()
    finger.drag_to(page.locator(slot(world, 12, 1)))
    expect(page.locator(f"{slot(world, 12, 1)}.target")).to_be_visible()
    finger.lift_off()
    expect(page.locator(f"{slot(world, 12, 1)} .lesson")).to_be_visible()
    lesson.refresh_from_db()
    assert lesson.starts_at == at(world.day + timedelta(days=1), 12)


def test_a_finger_that_moves_at_once_scrolls(open_page: OpenPage, world: World) -> None:
    single(world)
    page, finger = touch(open_page, world, **{**PHONE, "viewport": {"width": 390, "height": 500}})
    x, y = finger.put_on(page.locator(".lesson"))
    finger.move_to((x, y - 200), steps=10)
    finger.lift_off()
    expect(page.locator(".lesson.lifted")).to_have_count(0)
    page.wait_for_function("scrollY > 50")
    expect(page.locator("dialog")).to_be_hidden()
    assert not Change.objects.exists()


def test_a_tap_opens_the_lesson_and_move_puts_it_where_one_taps_next(open_page: OpenPage, world: World) -> None:
    lesson = single(world)
    page, _finger = touch(open_page, world, **PHONE)
    page.locator(".lesson").tap()
    page.get_by_role("button", name="Move").tap()
    expect(page.locator(".moving-bar")).to_contain_text("Galop 2")
    page.locator(slot(world, 11)).tap()
    expect(page.locator(f"{slot(world, 11)} .lesson")).to_be_visible()
    lesson.refresh_from_db()
    assert lesson.starts_at == at(world.day, 11)


def test_what_is_in_hand_can_be_left_where_it_was(open_page: OpenPage, world: World) -> None:
    single(world)
    page, _finger = touch(open_page, world, **PHONE)
    page.locator(".lesson").tap()
    page.get_by_role("button", name="Move").tap()
    page.get_by_role("button", name="Leave it there").tap()
    expect(page.locator(".lesson.lifted, .target")).to_have_count(0)
    expect(page.locator(slot(world, 11))).to_be_hidden()
    assert not Change.objects.exists()


def test_a_finger_on_a_teachers_planning_lifts_nothing(open_page: OpenPage, world: World) -> None:
    single(world)
    page = open_page(f"/club/planning?jour={world.day}", user=world.teacher_user(), **TABLET)
    page.locator(".lesson").tap()
    expect(page.locator("dialog")).to_be_visible()
    expect(page.get_by_role("button", name="Move")).to_have_count(0)
