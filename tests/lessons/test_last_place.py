"""Two managers want the last place at one instant: each on a connection of its own, one gets it and the other waits."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections, transaction

from lessons import services
from lessons.models import Client, Enrolment, Lesson
from tests.cluster import wait_until
from tests.lessons.enrolments import cancel, enrol, full, roll
from tests.lessons.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(lesson: Lesson, *acts: Callable[[Lesson], Any]) -> None:
    """All of them stand before the lesson's lock, then it opens."""

    def run(act: Callable[[Lesson], Any]) -> None:
        try:
            act(Lesson.objects.select_related("club").get(pk=lesson.pk))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    with transaction.atomic():
        Lesson.objects.select_for_update().get(pk=lesson.pk)
        for thread in threads:
            thread.start()
        wait_until(lambda: waiting_for_a_lock() == len(acts))
    for thread in threads:
        thread.join(60)


def waiting_for_a_lock() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
        return int(cursor.fetchone()[0])


def enrolling(world: World, client: Client) -> Callable[[Lesson], Any]:
    return lambda lesson: services.enrol_clients(lesson=lesson, clients=[client.pk], user=world.manager)


def test_the_last_place_is_given_once() -> None:
    world = World()
    lesson = full(world, world.hugo, capacity=2)
    at_once(lesson, enrolling(world, world.noe), enrolling(world, world.camille))
    assert sorted(roll(lesson).values()) == ["expected", "expected", "waiting"]


def test_the_same_client_enrolled_twice_is_in_once() -> None:
    world = World()
    lesson = full(world, world.hugo, capacity=3)
    at_once(lesson, enrolling(world, world.noe), enrolling(world, world.noe))
    assert Enrolment.objects.filter(lesson=lesson, client=world.noe).count() == 1


def test_two_freed_places_go_to_two_who_wait() -> None:
    world = World()
    lesson = full(world, world.hugo, world.noe)
    for client in (world.camille, world.client("Lea"), world.client("Mia")):
        enrol(world, lesson, client)
    leave = [
        lambda lesson, pk=client.pk: services.cancel_enrolments(lesson=lesson, clients=[pk], user=world.manager)
        for client in (world.hugo, world.noe)
    ]
    at_once(lesson, *leave)
    assert [name for name, attendance in sorted(roll(lesson).items()) if attendance == "expected"] == ["Camille", "Lea"]


def test_a_place_is_not_lost_when_one_leaves_while_another_comes() -> None:
    world = World()
    lesson = full(world, world.hugo)
    at_once(
        lesson,
        enrolling(world, world.noe),
        lambda lesson: services.cancel_enrolments(lesson=lesson, clients=[world.hugo.pk], user=world.manager),
    )
    assert roll(lesson) == {"Hugo": "cancelled", "Noé": "expected"}
    assert cancel(world, lesson, world.noe).status_code == 200
