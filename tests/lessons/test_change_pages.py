"""The pages on which a lesson is changed, cancelled and put back: they work without JavaScript."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client as Visitor
from django.utils import timezone

from lessons.models import Change, Closure, Lesson, Place
from tests.lessons.test_change_lesson import last_sunday, series, single
from tests.lessons.test_planning_page import page_of
from tests.lessons.world import World, at, visitor_of


@pytest.fixture
def visitor(world: World) -> Visitor:
    return visitor_of(world.manager)


def form_of(visitor: Visitor, lesson: Lesson, what: str = "change") -> dict[str, str]:
    """What a browser would send back untouched."""
    page = page_of(visitor.get(f"/club/lessons/{lesson.pk}/{what}"))
    inputs = [dict(re.findall(r'([\w-]+)="([^"]*)"', tag)) | {"checked": " checked" in tag} for tag in re.findall(r"<input[^>]*>", page)]
    fields = {row["name"]: row.get("value", "") for row in inputs if row.get("name") and (row.get("type") != "radio" or row["checked"])}
    chosen = re.findall(r'<select name="(\w+)".*?<option value="([^"]*)" selected', page, re.DOTALL)
    return {**fields, **dict(chosen)}


def post(visitor: Visitor, lesson: Lesson, what: str = "change", **values: Any) -> Any:
    return visitor.post(f"/club/lessons/{lesson.pk}/{what}", {**form_of(visitor, lesson, what), **values})


def test_the_form_shows_the_lesson_as_it_is(visitor: Visitor, world: World) -> None:
    fields = form_of(visitor, single(world))
    shown = {name: fields[name] for name in ("title", "teacher", "day", "start", "duration_minutes", "place", "capacity")}
    assert shown == {
        "title": "Galop 2", "teacher": str(world.sophie.pk), "day": str(world.day), "start": "16:00", "duration_minutes": "60",
        "place": "Carrière", "capacity": "8",
    }  # fmt: skip


def test_sent_back_untouched_it_changes_nothing(visitor: Visitor, world: World) -> None:
    answer = post(visitor, single(world))
    assert (answer.status_code, answer["Location"]) == (302, f"/club/planning?jour={world.day}")
    assert not Change.objects.exists()


def test_a_change_leads_to_the_lesson_with_an_undo(visitor: Visitor, world: World) -> None:
    tomorrow = world.day + timedelta(days=1)
    answer = post(visitor, single(world), day=tomorrow, start="17:00")
    change = Change.objects.get()
    assert answer["Location"] == f"/club/planning?jour={tomorrow}&fait={change.pk}"
    page = page_of(visitor.get(answer["Location"]))
    assert "1 lesson changed." in page
    assert f'action="/club/changes/{change.pk}/undo?club={world.club.pk}"' in page
    assert Lesson.objects.get().starts_at == at(tomorrow, 17)


def test_undo_leads_back(visitor: Visitor, world: World) -> None:
    post(visitor, single(world), start="17:00")
    answer = visitor.post(f"/club/changes/{Change.objects.get().pk}/undo")
    assert answer.status_code == 302
    assert Lesson.objects.get().starts_at == at(world.day, 16)


def test_too_late_for_an_undo_is_a_page_that_says_so(visitor: Visitor, world: World) -> None:
    post(visitor, single(world), start="17:00")
    Change.objects.update(created_at=timezone.now() - timedelta(minutes=1))
    answer = visitor.post(f"/club/changes/{Change.objects.get().pk}/undo")
    assert (answer.status_code, "too late" in page_of(answer)) == (409, True)
    assert 'class="toast"' not in page_of(visitor.get(f"/club/planning?jour={world.day}&fait={Change.objects.get().pk}"))


def test_a_scope_is_asked_for_a_series_alone(visitor: Visitor, world: World) -> None:
    assert "The whole series" not in page_of(visitor.get(f"/club/lessons/{single(world).pk}/change"))
    lessons = series(world, starts_at=at(world.day, 10))
    assert "The whole series" in page_of(visitor.get(f"/club/lessons/{lessons[0].pk}/change"))
    post(visitor, lessons[1], scope="following", title="Voltige")
    assert list(Lesson.objects.filter(series=lessons[0].series).values_list("title", flat=True)) == ["Galop 2"] + ["Voltige"] * 3


def test_a_taken_place_is_said_at_its_field_with_ways_out(visitor: Visitor, world: World) -> None:
    Place.objects.create(club=world.club, name="Manège")
    world.plan(teacher=world.lea.pk, starts_at=at(world.day, 18))
    answer = post(visitor, single(world), start="18:00")
    page = page_of(answer)
    assert answer.status_code == 422
    assert re.search(r'id="id_place_error".*is taken from 18:00 to 19:00', page, re.DOTALL)
    assert 'name="fix" value="place:Manège"' in page


def test_a_way_out_fills_the_form_and_changes_nothing_yet(visitor: Visitor, world: World) -> None:
    page = page_of(post(visitor, single(world), start="18:00", fix="place:Manège"))
    assert 'value="Manège"' in page
    assert 'value="18:00"' in page
    assert not Change.objects.exists()


def test_stuck_dates_are_named_and_the_others_offered(visitor: Visitor, world: World) -> None:
    lessons = series(world)
    closed = world.day + timedelta(weeks=1, days=1)
    Closure.objects.create(club=world.club, first_day=closed, last_day=closed, reason="frost")
    wish: dict[str, Any] = {"scope": "all", "day": world.day + timedelta(days=1)}
    page = page_of(post(visitor, lessons[0], **wish))
    assert "1 lesson of 4 cannot change" in page
    assert re.search(r'name="leave_stuck" value="true">Change the other 3<', page)
    there = post(visitor, lessons[0], **wish, leave_stuck="true")["Location"]
    assert "3 lessons changed. 1 stays as it was." in page_of(visitor.get(there))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": " "}, "title"),
        ({"teacher": ""}, "teacher"),
        ({"day": "2026-02-30"}, "day"),
        ({"day": "2020-01-01"}, "start"),  # in the past
        ({"start": "25:00"}, "start"),
        ({"duration_minutes": "-60"}, "duration_minutes"),
        ({"place": " "}, "place"),
        ({"capacity": "0"}, "capacity"),
    ],
)
def test_bad_input_is_a_message_at_its_field(visitor: Visitor, world: World, values: dict[str, Any], field: str) -> None:
    answer = post(visitor, single(world), **values)
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in page_of(answer)
    assert not Change.objects.exists()


def test_who_was_slower_is_told_and_what_was_typed_stays(visitor: Visitor, world: World) -> None:
    lesson = single(world)
    seen = form_of(visitor, lesson)
    post(visitor, lesson, title="Voltige")
    answer = visitor.post(f"/club/lessons/{lesson.pk}/change", {**seen, "title": "Saut"})
    assert (answer.status_code, "manager changed this lesson at" in page_of(answer)) == (409, True)
    assert 'value="Saut"' in page_of(answer)
    assert Lesson.objects.get().title == "Voltige"


def test_a_lesson_at_an_hour_that_comes_twice_can_be_renamed(visitor: Visitor, world: World) -> None:
    sunday = last_sunday(world.day.year, 10)
    lesson = single(world, starts_at=at(date(sunday.year, sunday.month, sunday.day), 2, 30) + timedelta(hours=1))
    assert post(visitor, lesson, title="Voltige").status_code == 302
    assert Lesson.objects.get().starts_at == lesson.starts_at


def test_cancelling_asks_once_and_leads_back_with_an_undo(visitor: Visitor, world: World) -> None:
    lesson = single(world)
    assert "Up to 24 h before the lesson" in page_of(visitor.get(f"/club/lessons/{lesson.pk}/cancel"))
    page = page_of(visitor.get(post(visitor, lesson, "cancel")["Location"]))
    assert "1 lesson cancelled." in page
    assert 'class="lesson ' not in page
    visitor.post(f"/club/changes/{Change.objects.get().pk}/undo")
    assert 'class="lesson ' in page_of(visitor.get(f"/club/planning?jour={world.day}"))


def test_a_lesson_shows_its_changes(visitor: Visitor, world: World) -> None:
    lesson = single(world)
    post(visitor, lesson, start="17:00")
    page = page_of(visitor.get(f"/club/lessons/{lesson.pk}/"))
    assert re.search(r"<s>Galop 2, [^<]*16:00–17:00[^<]*</s><br>Galop 2, [^<]*17:00–18:00", page)


def test_a_cancelled_lesson_says_so_and_offers_nothing(visitor: Visitor, world: World) -> None:
    lesson = single(world)
    post(visitor, lesson, "cancel")
    page = page_of(visitor.get(f"/club/lessons/{lesson.pk}/"))
    assert ("Cancelled" in page, f"/club/lessons/{lesson.pk}/change" in page) == (True, False)


@pytest.mark.parametrize("what", ["change", "cancel"])
def test_a_teacher_and_a_stranger_do_nothing(world: World, what: str) -> None:
    lesson, other = single(world), World("Poney-club du Lac", prefix="other")
    for method in ("get", "post"):
        assert getattr(visitor_of(world.teacher_user() if method == "get" else other.manager), method)(
            f"/club/lessons/{lesson.pk}/{what}"
        ).status_code == (403 if method == "get" else 404)


def test_a_stranger_undoes_nothing(visitor: Visitor, world: World) -> None:
    post(visitor, single(world), start="17:00")
    other = World("Poney-club du Lac", prefix="other")
    assert visitor_of(other.manager).post(f"/club/changes/{Change.objects.get().pk}/undo").status_code == 404


def test_nothing_on_the_pages_is_inline(visitor: Visitor, world: World) -> None:
    lesson = single(world)
    for what in ("change", "cancel"):
        page = page_of(visitor.get(f"/club/lessons/{lesson.pk}/{what}"))
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)
