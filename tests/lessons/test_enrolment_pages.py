"""The roll on a lesson's page, the page that adds clients, and the sheet: all of it works without JavaScript."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Visitor

from lessons.models import Change, Lesson
from tests.lessons.enrolments import begun, cancel, enrol, full, roll
from tests.lessons.test_change_lesson import run_changes
from tests.lessons.test_planning_page import page_of
from tests.lessons.world import World, api, visitor_of


@pytest.fixture
def visitor(world: World) -> Visitor:
    return visitor_of(world.manager)


def press(visitor: Visitor, lesson: Lesson, words: str, name: str) -> Any:
    """The button that says this about this client."""
    page = page_of(visitor.get(f"/club/lessons/{lesson.pk}/"))
    buttons = re.findall(r'<button[^>]*form="roll-form" name="(\w+)" value="([^"]*)"[^>]*>(.*?)</button>', page, re.DOTALL)
    pressed = [(key, value) for key, value, inside in buttons if " ".join(re.sub("<[^>]*>", "", inside).split()) == f"{words}, {name}"]
    assert pressed, f"no button {words} for {name} in {[inside for _key, _value, inside in buttons]}"
    [(key, value)] = pressed
    return visitor.post(f"/club/lessons/{lesson.pk}/roll", {key: value})


def test_a_present_client_is_marked_and_unmarked_with_one_button(visitor: Visitor, world: World) -> None:
    lesson = begun(world, world.hugo)
    assert press(visitor, lesson, "Present", "Hugo").status_code == 302
    assert roll(lesson) == {"Hugo": "attended"}
    press(visitor, lesson, "Present", "Hugo")
    assert roll(lesson) == {"Hugo": "expected"}


def test_an_absent_client_can_be_excused(visitor: Visitor, world: World) -> None:
    lesson = begun(world, world.hugo)
    press(visitor, lesson, "Absent", "Hugo")
    press(visitor, lesson, "Excuse", "Hugo")
    assert roll(lesson) == {"Hugo": "cancelled"}


def test_before_the_day_there_is_nothing_to_mark(visitor: Visitor, world: World) -> None:
    page = page_of(visitor.get(f"/club/lessons/{full(world, world.hugo).pk}/"))
    assert ":attended" not in page
    assert ":no_show" not in page


def test_the_page_shows_places_credit_and_who_waits(visitor: Visitor, world: World) -> None:
    world.pack(world.noe, 4, valid_from=world.day - timedelta(days=800))
    lesson = full(world, world.hugo)
    enrol(world, lesson, world.noe)
    page = page_of(visitor.get(f"/club/lessons/{lesson.pk}/"))
    assert all(words in page for words in ("Enrolled 1/1", "Waiting list 1", "4 sessions left", "1 unpaid"))


def test_a_withdrawn_client_can_be_taken_back_from_the_page(visitor: Visitor, world: World) -> None:
    lesson = full(world, world.hugo)
    answer = press(visitor, lesson, "Withdraw", "Hugo")
    page = page_of(visitor.get(answer["Location"]))
    [undo] = re.findall(r'action="(/club/changes/\d+/undo[^"]*)"', page)
    assert visitor.post(undo)["Location"] == f"/club/lessons/{lesson.pk}/"
    assert roll(lesson) == {"Hugo": "expected"}


def test_what_was_taken_back_is_not_offered_again(visitor: Visitor, world: World) -> None:
    lesson = full(world, world.hugo)
    answer = cancel(world, lesson, world.hugo)
    api(world.manager).post(answer.json()["change"]["undo_url"])
    page = page_of(visitor.get(f"/club/lessons/{lesson.pk}/?fait={answer.json()['change']['id']}"))
    assert "/undo" not in page


def test_a_late_cancellation_can_be_forgiven(visitor: Visitor, world: World) -> None:
    lesson = full(world, world.hugo, ahead=timedelta(hours=5))
    press(visitor, lesson, "Withdraw", "Hugo")
    assert "cancelled late, session due" in page_of(visitor.get(f"/club/lessons/{lesson.pk}/"))
    press(visitor, lesson, "Give the session back", "Hugo")
    assert roll(lesson) == {"Hugo": "cancelled"}


def test_a_place_is_given_by_hand(visitor: Visitor, world: World) -> None:
    lesson = full(world, world.hugo, ahead=timedelta(minutes=90))
    enrol(world, lesson, world.noe)
    press(visitor, lesson, "Withdraw", "Hugo")
    press(visitor, lesson, "Give the place", "Noé")
    assert roll(lesson)["Noé"] == "expected"


def test_who_cancelled_comes_back(visitor: Visitor, world: World) -> None:
    lesson = full(world, world.hugo)
    press(visitor, lesson, "Withdraw", "Hugo")
    press(visitor, lesson, "Enrol again", "Hugo")
    assert roll(lesson) == {"Hugo": "expected"}


def test_what_cannot_be_is_said_on_the_page(visitor: Visitor, world: World) -> None:
    answer = visitor.post(f"/club/lessons/{full(world, world.hugo).pk}/roll", {"mark": f"{world.hugo.pk}:no_show"})
    assert answer.status_code == 422
    assert "Absent can be marked once the lesson has begun." in page_of(answer)


@pytest.mark.parametrize("sent", [{}, {"mark": "x"}, {"mark": "1:lost"}, {"leave": "-1"}, {"enrol": "9" * 40}, {"mark": "²:attended"}])
def test_what_no_button_sends_is_refused(visitor: Visitor, world: World, sent: dict[str, str]) -> None:
    assert visitor.post(f"/club/lessons/{full(world, world.hugo).pk}/roll", sent).status_code == 400


def test_clients_are_added_on_a_page(visitor: Visitor, world: World) -> None:
    lesson = full(world, world.hugo, capacity=2)
    answer = visitor.post(f"/club/lessons/{lesson.pk}/enrol", {"clients": [world.noe.pk, world.camille.pk], "scope": "this"})
    assert answer["Location"] == f"/club/lessons/{lesson.pk}/?fait={Change.objects.get().pk}"
    assert roll(lesson) == {"Hugo": "expected", "Camille": "expected", "Noé": "waiting"}


def test_who_is_in_is_not_offered_again(visitor: Visitor, world: World) -> None:
    page = page_of(visitor.get(f"/club/lessons/{full(world, world.hugo).pk}/enrol"))
    assert re.findall(r'data-name="(\w+)"', page) == ["Camille", "Noé"]
    assert "The lesson is full" in page


def test_nobody_chosen_is_said_at_the_field(visitor: Visitor, world: World) -> None:
    answer = visitor.post(f"/club/lessons/{full(world, world.hugo).pk}/enrol", {"scope": "this"})
    assert (answer.status_code, "Choose at least one client." in page_of(answer)) == (422, True)


def test_who_is_added_to_a_lesson_under_way_is_present(visitor: Visitor, world: World) -> None:
    lesson = begun(world, world.hugo, capacity=2)
    visitor.post(f"/club/lessons/{lesson.pk}/enrol", {"clients": [world.noe.pk], "scope": "this"})
    assert roll(lesson)["Noé"] == "attended"


def test_too_many_for_a_lesson_under_way_is_said_at_the_field(visitor: Visitor, world: World) -> None:
    lesson = begun(world, world.hugo)
    answer = visitor.post(f"/club/lessons/{lesson.pk}/enrol", {"clients": [world.noe.pk], "scope": "this"})
    assert (answer.status_code, "The only place is taken." in page_of(answer)) == (422, True)


def test_the_sheet_has_boxes_and_phone_numbers(visitor: Visitor, world: World) -> None:
    lea = world.client("Lea", phone="0470 12 34 56")
    lesson = full(world, world.hugo, lea, capacity=3)
    page = page_of(visitor.get(f"/club/lessons/{lesson.pk}/attendance"))
    assert ("0470 12 34 56" in page, page.count('class="box"><i'), page.count('class="blank"')) == (True, 6, 1)


def test_a_teacher_reads_the_roll_and_the_sheet(world: World) -> None:
    lesson, teacher = begun(world, world.hugo), visitor_of(world.teacher_user())
    page = page_of(teacher.get(f"/club/lessons/{lesson.pk}/"))
    assert ("Hugo" in page, 'name="mark"' in page) == (True, False)
    assert teacher.get(f"/club/lessons/{lesson.pk}/attendance").status_code == 200
    assert teacher.post(f"/club/lessons/{lesson.pk}/roll", {"mark": f"{world.hugo.pk}:attended"}).status_code == 403


@pytest.mark.parametrize("page", ["enrol", "attendance"])
def test_another_clubs_lesson_has_no_roll(world: World, page: str) -> None:
    other = World("Autre", "other")
    lesson = full(other, other.hugo)
    assert visitor_of(world.manager).get(f"/club/lessons/{lesson.pk}/{page}").status_code == 404


def test_the_card_says_how_many_wait(visitor: Visitor, world: World) -> None:
    lesson = full(world, world.hugo)
    enrol(world, lesson, world.noe)
    page = page_of(visitor.get(f"/club/planning?jour={lesson.local_start.date()}"))
    assert re.findall(rf'id="lesson-{lesson.pk}".*?data-count>([^<]*)', page, re.DOTALL) == ["1/1 +1"]


def test_a_clients_record_says_who_waits(visitor: Visitor, world: World) -> None:
    enrol(world, full(world, world.hugo), world.noe)
    run_changes()
    assert "On the waiting list" in page_of(visitor.get(f"/club/clients/{world.noe.pk}/"))
