"""Before a series is made, each of its dates can be left out, and a closed day kept all the same."""

from datetime import date, timedelta
from typing import Any

import pytest

from lessons.models import Closure, Lesson
from tests.lessons.test_planning_page import form, page_of, post
from tests.lessons.world import World, api, result_of, visitor_of


@pytest.fixture
def frost(world: World) -> date:
    """The second date of a weekly lesson is closed."""
    day = world.day + timedelta(weeks=1)
    Closure.objects.create(club=world.club, first_day=day, last_day=day, reason="frost")
    return day


def repeat(world: World, weeks: int = 4, **values: Any) -> dict[str, Any]:
    return {"every_weeks": 1, "until": str(world.weeks(weeks).until), **values}


def days_made(world: World) -> list[int]:
    """In weeks after the first."""
    return [(lesson.local_start.date() - world.day).days // 7 for lesson in Lesson.objects.select_related("club").order_by("starts_at")]


def test_the_preview_says_which_dates_can_be_switched(world: World, frost: date) -> None:
    world.plan(starts_at=world.plan(teacher=world.lea.pk).lesson.starts_at + timedelta(weeks=2))
    query: dict[str, Any] = {
        "teacher": world.sophie.pk,
        "place": "Manège",
        "starts_at": f"{world.day}T16:00",
        "duration_minutes": 60,
        "repeat.until": world.weeks(4).until,
    }
    rows = api(world.manager).get("/api/lessons/preview/", query).json()["results"]
    assert [(row["ok"], row["switchable"]) for row in rows] == [(True, False), (False, True), (False, False), (True, True)]


def test_a_date_that_is_left_out_is_not_made_and_needs_nobody(world: World) -> None:
    out = [str(world.day + timedelta(weeks=2))]
    api(world.manager).post("/api/lessons/", world.body(repeat=repeat(world, without=out)))
    assert result_of(Lesson.objects.get())["skipped"] == []
    assert days_made(world) == [0, 1, 3]


def test_a_closed_day_that_is_kept_is_made(world: World, frost: date) -> None:
    api(world.manager).post("/api/lessons/", world.body(repeat=repeat(world, despite=[str(frost)])))
    result_of(Lesson.objects.get())
    assert days_made(world) == [0, 1, 2, 3]


def test_a_conflict_cannot_be_kept(world: World) -> None:
    taken = world.day + timedelta(weeks=1)
    world.plan(starts_at=world.plan(teacher=world.lea.pk, place="Pré").lesson.starts_at + timedelta(weeks=1))
    api(world.manager).post("/api/lessons/", world.body(repeat=repeat(world, despite=[str(taken)])))
    lesson = Lesson.objects.get(title="Galop 4")
    assert [row["date"] for row in result_of(lesson)["skipped"]] == [str(taken)]


@pytest.mark.parametrize("days", [["tomorrow"], "2027-01-01", ["2027-01-01"] * 261])
def test_bad_dates_are_a_message_at_their_field(world: World, days: Any) -> None:
    answer = api(world.manager).post("/api/lessons/", world.body(repeat=repeat(world, without=days)))
    assert (answer.status_code, list(answer.json()["repeat"])) == (400, ["without"])


def test_without_javascript_the_form_shows_its_dates_and_makes_nothing_yet(world: World, frost: date) -> None:
    visitor = visitor_of(world.manager)
    page = page_of(post(visitor, form(world, weekly="on", until=world.weeks(3).until, preview="on")))
    assert f'name="dates" value="{world.day + timedelta(weeks=2)}" checked' in page
    assert f'name="dates" value="{frost}"><span>' in page
    assert "club closed (frost)" in page
    assert not Lesson.objects.exists()


def test_what_is_ticked_is_made(world: World, frost: date) -> None:
    last = world.day + timedelta(weeks=2)
    post(visitor_of(world.manager), form(world, weekly="on", until=world.weeks(3).until, offered=[frost, last], dates=[frost]))
    result_of(Lesson.objects.get())
    assert days_made(world) == [0, 1]
