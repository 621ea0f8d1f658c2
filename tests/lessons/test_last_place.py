"""Two managers decide about one lesson at one instant, each on a connection of its own: no place is given twice, none is lost."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from lessons import services
from lessons.models import Client, Enrolment, Lesson
from tests.lessons.enrolments import enrol, full, roll
from tests.lessons.test_double_booking import at_once
from tests.lessons.world import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db: None) -> World:
    return World()


def enrolling(world: World, lesson: Lesson, client: Client) -> Callable[[], Any]:
    seen = Lesson.objects.select_related("club").get(pk=lesson.pk)
    return partial(services.enrol_clients, lesson=seen, clients=[client.pk], user=world.manager)


def leaving(world: World, lesson: Lesson, client: Client) -> Callable[[], Any]:
    seen = Lesson.objects.select_related("club").get(pk=lesson.pk)
    return partial(services.cancel_enrolments, lesson=seen, clients=[client.pk], user=world.manager)


@pytest.mark.parametrize("again", range(3))
def test_the_last_place_is_given_once(world: World, again: int) -> None:
    lesson = full(world, world.hugo, capacity=2)
    at_once(*[enrolling(world, lesson, client) for client in (world.noe, world.camille)])
    assert sorted(roll(lesson).values()) == ["expected", "expected", "waiting"]


@pytest.mark.parametrize("again", range(3))
def test_a_client_whom_both_enrol_is_in_once(world: World, again: int) -> None:
    lesson = full(world, world.hugo, capacity=3)
    at_once(*[enrolling(world, lesson, world.noe)] * 2)
    assert Enrolment.objects.filter(lesson=lesson, client=world.noe).count() == 1


@pytest.mark.parametrize("again", range(3))
def test_two_freed_places_go_to_the_first_two_who_wait(world: World, again: int) -> None:
    lesson = full(world, world.hugo, world.noe)
    for client in (world.camille, world.client("Lea"), world.client("Mia")):
        enrol(world, lesson, client)
    at_once(*[leaving(world, lesson, client) for client in (world.hugo, world.noe)])
    assert sorted(name for name, attendance in roll(lesson).items() if attendance == "expected") == ["Camille", "Lea"]


@pytest.mark.parametrize("again", range(3))
def test_who_comes_while_another_leaves_gets_the_place(world: World, again: int) -> None:
    lesson = full(world, world.hugo)
    at_once(enrolling(world, lesson, world.noe), leaving(world, lesson, world.hugo))
    assert roll(lesson) == {"Hugo": "cancelled", "Noé": "expected"}


@pytest.mark.parametrize("again", range(3))
def test_room_is_not_taken_from_who_gets_it_at_that_moment(world: World, again: int) -> None:
    lesson = full(world, world.hugo, capacity=2)
    seen = Lesson.objects.select_related("club", "series").get(pk=lesson.pk)
    at_once(enrolling(world, lesson, world.noe), partial(services.change_lesson, lesson=seen, user=world.manager, capacity=1))
    lesson.refresh_from_db()
    assert lesson.enrolments.holding().count() <= lesson.capacity
