"""follow.js: the only poller. The server's answers are scripted where the moment matters; the clock is the page's own."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, Route, expect

from jobs.models import Job
from lessons.models import Lesson
from tests.browser.conftest import OpenPage
from tests.cluster import wait_until
from tests.jobs.conftest import make_ended_job
from tests.lessons.world import World, run_follow_up

JOBS = "**/api/jobs/*/"
HIDE = """hidden => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden })
    document.dispatchEvent(new Event("visibilitychange"))
}"""


class Server:
    """Answers each poll with what was last said, and counts."""

    def __init__(self, **body: Any) -> None:
        self.now = timezone.now()
        self.body = {"status": "running", "progress": 10, "message": "", "steps": [], "error": "", "attempt": 1, "poll_after_ms": 500,
                     "created_at": self.now.isoformat(), "started_at": self.now.isoformat(), "finished_at": None, **body}  # fmt: skip
        self.http = 200
        self.asked = 0

    def __call__(self, route: Route) -> None:
        self.asked += 1
        route.fulfill(status=self.http, content_type="application/json", body=json.dumps(self.body))

    def say(self, *, http: int = 200, **body: Any) -> None:
        self.http = http
        self.body.update(body)


@pytest.fixture
def lesson(world: World) -> Lesson:
    return world.plan(clients=[world.camille.pk]).lesson


def follow(open_page: OpenPage, world: World, server: Server) -> Page:
    """The week with the lesson and its job, answered by `server`; the page's clock stands still until it is told to run."""

    def prepare(page: Page) -> None:
        page.clock.install(time=server.now - timedelta(hours=1))
        page.clock.pause_at(server.now)
        page.route(JOBS, server)

    page = open_page(f"/club/planning?jour={world.day}", before=prepare)
    expect(line(page).locator("[data-job]")).to_have_attribute("data-status", "running")
    return page


def fail(lesson: Lesson) -> None:
    assert lesson.job
    Job.objects.filter(pk=lesson.job.pk).update(status="error", error="The mail server is away.", attempts=3, finished_at=timezone.now())


def pass_time_until(page: Page, seen: Locator) -> None:
    """Second by second, for an answer takes its real time while the page's clock stands still."""

    def is_seen_a_second_later() -> bool:
        page.clock.run_for(1_000)
        return seen.is_visible()

    wait_until(is_seen_a_second_later)


def tray(page: Page) -> Locator:
    return page.locator(".tray")


def line(page: Page) -> Locator:
    """The job's line in the tray."""
    return page.locator(".tray-list > li")


def test_a_job_is_followed_to_its_end(open_page: OpenPage, world: World, lesson: Lesson) -> None:
    page = open_page(f"/club/planning?jour={world.day}")
    expect(page.locator(".top-jobs")).to_contain_text("1")
    run_follow_up(lesson)
    expect(page.locator(".lesson.is-done")).to_contain_text("1 lesson created")
    expect(page.locator(".top-jobs")).to_be_hidden()
    expect(tray(page).locator("summary")).to_contain_text("Done")


def test_steps_message_and_time_are_shown(open_page: OpenPage, world: World, lesson: Lesson) -> None:
    steps = [{"name": "Repeats", "state": "running", "progress": 60}, {"name": "Notices", "state": "pending", "progress": 0}]
    page = follow(open_page, world, Server(message="18 of 30", steps=steps))
    expect(line(page).locator(".steps .now")).to_have_text("Repeats")
    expect(line(page)).to_contain_text("18 of 30")
    page.clock.run_for(7_000)
    expect(line(page).locator(".job-time")).to_have_text("0:07")


def test_elements_of_one_job_share_one_poll(open_page: OpenPage, world: World, lesson: Lesson) -> None:
    server = Server()
    page = follow(open_page, world, server)
    expect(page.locator(".lesson[data-status=running]")).to_be_visible()
    assert server.asked == 1


def test_it_asks_at_the_pace_of_the_server(open_page: OpenPage, world: World, lesson: Lesson) -> None:
    server = Server(poll_after_ms=5_000)
    page = follow(open_page, world, server)
    page.clock.run_for(4_900)
    assert server.asked == 1
    with page.expect_request(JOBS):
        page.clock.run_for(200)


def test_progress_never_goes_back(open_page: OpenPage, world: World, lesson: Lesson) -> None:
    server = Server(progress=60)
    page = follow(open_page, world, server)
    server.say(progress=40, message="later")
    page.clock.run_for(600)
    expect(line(page)).to_contain_text("later")
    expect(line(page).locator("[data-part=bar]")).to_have_js_property("value", 60)


def test_a_hidden_tab_does_not_ask(open_page: OpenPage, world: World, lesson: Lesson) -> None:
    server = Server()
    page = follow(open_page, world, server)
    page.evaluate(HIDE, True)
    before = server.asked
    page.clock.run_for(60_000)
    assert server.asked == before
    server.say(message="seen again")
    page.evaluate(HIDE, False)
    expect(line(page)).to_contain_text("seen again")


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_in_trouble_is_survived_and_said(open_page: OpenPage, world: World, lesson: Lesson, status: int) -> None:
    server = Server()
    page = follow(open_page, world, server)
    server.say(http=status)
    banner = page.get_by_text("Connection lost")
    pass_time_until(page, banner)
    server.say(message="back")
    pass_time_until(page, line(page).get_by_text("back"))
    expect(banner).to_be_hidden()


def test_a_lost_network_is_survived(open_page: OpenPage, world: World, lesson: Lesson) -> None:
    server = Server()
    page = follow(open_page, world, server)
    page.context.set_offline(True)
    page.unroute(JOBS)
    pass_time_until(page, page.get_by_text("Connection lost"))
    page.context.set_offline(False)
    page.route(JOBS, server)
    server.say(message="back")
    pass_time_until(page, line(page).get_by_text("back"))


def test_it_stops_at_a_final_state_and_at_an_unknown_token(open_page: OpenPage, world: World, lesson: Lesson) -> None:
    server = Server()
    page = follow(open_page, world, server)
    server.say(http=404, status="unknown", message="This work is not known.")
    page.clock.run_for(600)
    expect(line(page)).to_contain_text("This work is not known.")
    before = server.asked
    page.clock.run_for(14_000)
    assert server.asked == before


def test_a_failure_says_why_and_is_tried_again(open_page: OpenPage, world: World, lesson: Lesson) -> None:
    fail(lesson)
    page = open_page(f"/club/planning?jour={world.day}")
    expect(line(page)).to_contain_text("The mail server is away.")
    line(page).get_by_role("button", name="Retry").click()
    expect(line(page).get_by_role("button", name="Retry")).to_be_hidden()
    expect(page.locator(".lesson.is-pending")).to_be_visible()
    run_follow_up(lesson)
    expect(page.locator(".lesson.is-done")).to_be_visible()


def test_a_failure_stays_until_it_is_closed_and_then_stays_closed(open_page: OpenPage, world: World, lesson: Lesson) -> None:
    fail(lesson)
    page = open_page(f"/club/planning?jour={world.day}")
    tray(page).get_by_role("button", name="Close").click()
    expect(tray(page)).to_be_hidden()
    page.reload()
    expect(page.locator(".lesson.is-error")).to_be_visible()
    expect(tray(page)).to_be_hidden()


def test_a_cancelled_job_is_not_called_done(open_page: OpenPage, world: World, lesson: Lesson) -> None:
    server = Server()
    page = follow(open_page, world, server)
    server.say(status="cancelled")
    page.clock.run_for(600)
    expect(tray(page).locator("summary")).to_have_text("Cancelled")


def test_the_tray_ends_by_itself(open_page: OpenPage, world: World, lesson: Lesson) -> None:
    server = Server()
    page = follow(open_page, world, server)
    server.say(status="done", message="1 lesson created")
    page.clock.run_for(600)
    expect(tray(page)).to_contain_text("1 lesson created")
    page.mouse.move(5, 5)
    page.clock.run_for(16_000)
    expect(tray(page)).to_be_hidden()


def test_each_step_and_the_end_are_announced_and_no_percent(open_page: OpenPage, world: World, lesson: Lesson) -> None:
    steps = [{"name": "Repeats", "state": "running", "progress": 10}]
    server = Server(steps=steps)
    page = follow(open_page, world, server)
    voice = page.locator("#job-voice")
    server.say(progress=70)
    page.clock.run_for(600)
    expect(line(page).locator("[data-part=bar]")).to_have_js_property("value", 70)
    expect(voice).to_be_empty()
    server.say(steps=[{"name": "Notices", "state": "running", "progress": 0}])
    page.clock.run_for(600)
    expect(voice).to_have_text("Galop 2, Wednesday 16:00: Notices")


def test_where_no_retry_can_help_none_is_offered(open_page: OpenPage, world: World, lesson: Lesson) -> None:
    server = Server()
    page = follow(open_page, world, server)
    server.say(status="error", error="This lesson no longer exists.", retryable=False)
    page.clock.run_for(600)
    expect(line(page)).to_contain_text("This lesson no longer exists.")
    expect(line(page).get_by_role("button", name="Retry")).to_be_hidden()


def test_the_tray_counts_what_failed(open_page: OpenPage, world: World, lesson: Lesson) -> None:
    fail(lesson)
    expect(tray(open_page("/club/clients/")).locator("summary")).to_have_text("1 task needs you")
    make_ended_job("error", scope=world.club.scope, user=world.manager)
    expect(tray(open_page("/club/clients/")).locator("summary")).to_have_text("2 tasks need you")


def test_the_tray_begins_folded_where_it_would_lie_on_the_button_that_saves(open_page: OpenPage, world: World, lesson: Lesson) -> None:
    for _ in range(3):
        make_ended_job("error", scope=world.club.scope, user=world.manager, label="Note", error="It is unreadable.")
    page = open_page(f"/club/clients/{world.camille.pk}/edit/")
    expect(line(page).first).to_be_hidden()
    page.get_by_role("button", name="Save the record").click(trial=True)
    page.goto("/club/clients/")
    expect(line(page).first).to_be_visible()


def test_a_folded_tray_stays_folded_until_something_is_new(open_page: OpenPage, world: World, lesson: Lesson) -> None:
    fail(lesson)
    page = open_page("/club/clients/")
    tray(page).locator("summary").click()
    page.reload()
    expect(line(page)).to_be_hidden()
    make_ended_job("error", scope=world.club.scope, user=world.manager)
    page.reload()
    expect(line(page).first).to_be_visible()
