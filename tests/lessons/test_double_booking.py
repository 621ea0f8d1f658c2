"""Two at the same instant, on two connections: one wins, the other is told."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from jobs.models import Job
from lessons import services
from lessons.models import Enrolment, Lesson, Place
from tests.cluster import PATIENCE_SECONDS
from tests.lessons.world import World, api

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db: None) -> World:
    return World()


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """The results in the order of the calls, each made by a thread of its own when all of them are ready."""
    ready = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            ready.wait(PATIENCE_SECONDS)
            return call()
        except services.Refused as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


@pytest.mark.parametrize("again", range(5))
def test_one_of_two_who_book_the_same_teacher_wins(world: World, again: int) -> None:
    results = at_once(lambda: world.plan(place="Carrière"), lambda: world.plan(place="Manège"))
    [refusal] = [result for result in results if isinstance(result, services.Refused)]
    assert refusal.message_dict["teacher"][0].startswith("Sophie Lambert already teaches from 16:00 to 17:00")
    assert Lesson.objects.count() == Job.objects.count() == 1


@pytest.mark.parametrize("again", range(5))
def test_one_of_two_who_book_the_same_new_place_wins(world: World, again: int) -> None:
    results = at_once(lambda: world.plan(place="Manège"), lambda: world.plan(place="manège", teacher=world.lea.pk))
    [refusal] = [result for result in results if isinstance(result, services.Refused)]
    assert "is taken from 16:00 to 17:00 by" in refusal.message_dict["place"][0]
    assert Lesson.objects.count() == 1
    assert Place.objects.filter(name__iexact="manège").count() == 1


def test_a_double_click_makes_one_lesson(world: World) -> None:
    def click() -> Any:
        return api(world.manager).post("/api/lessons/", world.body(), headers={"Idempotency-Key": "click"})

    answers = at_once(*[click] * 4)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.content for answer in answers}) == 1
    assert Lesson.objects.count() == Job.objects.count() == 1


@pytest.mark.parametrize("again", range(3))
def test_one_key_for_two_teachers_makes_one_lesson(world: World, again: int) -> None:
    results = at_once(
        lambda: world.plan(request_key="click"), lambda: world.plan(request_key="click", teacher=world.lea.pk, place="Manège")
    )
    assert sorted(result.created for result in results) == [False, True]
    assert results[0].lesson == results[1].lesson == Lesson.objects.get()


@pytest.mark.parametrize("again", range(3))
def test_two_lessons_at_once_do_not_spend_the_same_credit(world: World, again: int) -> None:
    pack = world.pack(world.camille, credits=1)
    lessons = [world.plan(teacher=teacher.pk, place=place, clients=[world.camille.pk]).lesson for teacher, place in
               ((world.sophie, "Carrière"), (world.lea, "Manège"))]  # fmt: skip
    at_once(*[partial(services.consume_subscriptions, lesson=Lesson.objects.get(pk=lesson.pk)) for lesson in lessons])
    assert sorted(Enrolment.objects.values_list("status", flat=True)) == ["paid", "unpaid"]
    pack.refresh_from_db()
    assert pack.remaining == 0
