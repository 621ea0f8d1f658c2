"""A list of clients that was read before somebody else enrolled or withdrew one does not undo what its writer never saw."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Visitor
from django.utils import timezone

from lessons import services
from lessons.models import Lesson
from tests.lessons.enrolments import cancel, enrol, full, mark, roll
from tests.lessons.test_change_lesson import patch, series
from tests.lessons.test_planning_page import page_of
from tests.lessons.world import World, api, visitor_of


def seen(world: World, lesson: Lesson) -> str:
    version: str = api(world.manager).get(f"/api/lessons/{lesson.pk}/").json()["version"]
    return version


def page_version(visitor: Visitor, lesson: Lesson) -> Any:
    return visitor.get(f"/club/lessons/{lesson.pk}/enrol").context["form"]["version"].value()


def test_who_was_enrolled_meanwhile_stays_and_the_slower_one_is_told_by_whom(world: World) -> None:
    lesson = full(world, world.hugo, capacity=3)
    version = seen(world, lesson)
    enrol(world, lesson, world.noe)
    late = patch(world, lesson, clients=[world.hugo.pk, world.camille.pk], version=version)
    assert late.status_code == 409
    assert late.json()["detail"].startswith("manager changed this lesson ")
    assert roll(lesson) == {"Hugo": "expected", "Noé": "expected"}


def test_who_left_meanwhile_is_not_enrolled_again(world: World) -> None:
    lesson = full(world, world.hugo, world.noe, capacity=3)
    version = seen(world, lesson)
    cancel(world, lesson, world.noe)
    assert patch(world, lesson, clients=[world.hugo.pk, world.noe.pk], version=version).status_code == 409
    assert roll(lesson)["Noé"] == "cancelled"


def test_who_was_given_a_freed_place_meanwhile_keeps_it(world: World) -> None:
    lesson = full(world, world.hugo)
    enrol(world, lesson, world.noe)
    version = seen(world, lesson)
    patch(world, lesson, capacity=2)
    own_capacity = version.replace("1-", "2-", 1)  # as though its reader knew of the room, and not of who got it
    assert patch(world, lesson, clients=[world.hugo.pk], version=own_capacity).status_code == 409
    assert roll(lesson)["Noé"] == "expected"


@pytest.mark.parametrize("scope", ["all", "following"])
def test_in_a_series_nobody_is_withdrawn_from_another_date_unseen(world: World, scope: str) -> None:
    lessons = series(world)
    version = seen(world, lessons[0])
    enrol(world, lessons[2], world.noe)
    assert patch(world, lessons[0], scope, clients=[world.hugo.pk], version=version).status_code == 409
    assert roll(lessons[2]) == {"Noé": "expected"}


def test_an_enrolment_on_another_date_does_not_disturb_one_lesson(world: World) -> None:
    lessons = series(world)
    version = seen(world, lessons[0])
    enrol(world, lessons[2], world.noe)
    assert patch(world, lessons[0], clients=[world.hugo.pk], version=version).status_code == 200


def test_more_room_in_the_same_request_does_not_hide_it(world: World) -> None:
    lesson = full(world, world.hugo, capacity=2)
    version = seen(world, lesson)
    enrol(world, lesson, world.noe)
    late = patch(world, lesson, clients=[world.hugo.pk, world.camille.pk], capacity=4, version=version)
    lesson.refresh_from_db()
    assert (late.status_code, lesson.capacity, roll(lesson)["Noé"]) == (409, 2, "expected")


def test_room_and_clients_that_were_read_together_change_together(world: World) -> None:
    lesson = full(world, world.hugo)
    answer = patch(world, lesson, clients=[world.hugo.pk, world.noe.pk], capacity=2, version=seen(world, lesson))
    assert (answer.status_code, roll(lesson)) == (200, {"Hugo": "expected", "Noé": "expected"})


def test_a_second_list_from_the_answer_of_the_first_is_not_late(world: World) -> None:
    lesson = full(world, world.hugo, capacity=3)
    first = patch(world, lesson, clients=[world.noe.pk], version=seen(world, lesson)).json()["lesson"]
    assert patch(world, lesson, clients=[world.camille.pk], version=first["version"]).status_code == 200


def test_the_same_list_sent_twice_is_not_late(world: World) -> None:
    lesson = full(world, world.hugo, capacity=3)
    clients, version = [world.hugo.pk, world.noe.pk], seen(world, lesson)
    assert [patch(world, lesson, clients=clients, version=version).status_code for _ in range(2)] == [200, 200]


@pytest.mark.parametrize("version", ["", "1"], ids=["none", "of a reader who knew no rolls"])
def test_without_a_roll_that_was_seen_the_last_one_wins(world: World, version: str) -> None:
    lesson = full(world, world.hugo, capacity=3)
    enrol(world, lesson, world.noe)
    body = {"clients": [world.hugo.pk], **({"version": version} if version else {})}
    assert api(world.manager).patch(f"/api/lessons/{lesson.pk}/", body).status_code == 200


def test_an_enrolment_does_not_disturb_who_changes_the_title(world: World) -> None:
    lesson = full(world, world.hugo, capacity=3)
    version = seen(world, lesson)
    enrol(world, lesson, world.noe)
    assert patch(world, lesson, title="Voltige", version=version).status_code == 200


def test_a_mark_on_the_roll_and_a_turn_on_the_waiting_list_make_no_list_old(world: World) -> None:
    lesson = full(world, world.hugo, ahead=timedelta(hours=3))
    version = seen(world, lesson)
    enrol(world, lesson, world.noe)
    if timezone.localdate(lesson.starts_at, world.club.zone) == timezone.localdate(timezone=world.club.zone):
        mark(world, lesson, world.hugo, "attended")
    assert seen(world, lesson) == version


def test_taking_an_enrolment_back_makes_a_list_old_too(world: World) -> None:
    lesson = full(world, world.hugo, capacity=3)
    made = enrol(world, lesson, world.noe).json()["change"]
    version = seen(world, lesson)
    api(world.manager).post(made["undo_url"])
    assert patch(world, lesson, clients=[world.camille.pk], version=version).status_code == 409


def test_an_erased_client_and_a_new_rule_count_for_the_series_too(world: World) -> None:
    lessons = series(world)
    for client in (world.hugo, world.noe):
        enrol(world, lessons[2], client)
    version = seen(world, lessons[0])
    services.leave_lessons(client=world.hugo)
    assert patch(world, lessons[0], "all", clients=[world.camille.pk], version=version).status_code == 409


def test_the_page_that_adds_clients_tells_too_and_the_next_click_does_it(world: World) -> None:
    lesson, visitor = full(world, world.hugo, capacity=3), visitor_of(world.manager)
    page, asked = f"/club/lessons/{lesson.pk}/enrol", {"clients": [world.camille.pk], "scope": "this"}
    version = page_version(visitor, lesson)
    enrol(world, lesson, world.noe)
    late = visitor.post(page, {**asked, "version": version})
    assert late.status_code == 409
    assert "manager changed this lesson " in page_of(late)
    assert late.context["form"]["clients"].value() == [world.camille.pk], "the choice is kept"
    again = visitor.post(page, {**asked, "version": late.context["form"]["version"].value()})
    assert (again.status_code, roll(lesson)["Camille"]) == (302, "expected")
