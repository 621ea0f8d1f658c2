"""Planning a lesson answers at once: the lesson, and the token of what follows."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from knox.models import AuthToken
from pytest_django import Settings

from jobs.models import Job
from lessons.models import Lesson, Place
from tests.lessons.world import World, api, at


def test_the_answer_has_the_lesson_and_its_job(world: World) -> None:
    answer = api(world.manager).post("/api/lessons/", world.body())
    assert answer.status_code == 201, answer.json()
    lesson, job = answer.json()["lesson"], answer.json()["job"]
    assert lesson["title"] == "Galop 4"
    assert lesson["teacher"] == world.sophie.pk
    assert lesson["place"] == "Carrière"
    assert lesson["clients"] == [world.camille.pk, world.hugo.pk]
    assert lesson["enrolled"] == 2
    assert lesson["status"] == "planned"
    assert lesson["series"] is None
    assert job == {"token": job["token"], "status": "pending", "status_url": f"/api/jobs/{job['token']}/"}


def test_the_job_can_be_followed_by_its_manager(world: World) -> None:
    client = api(world.manager)
    job = client.post("/api/lessons/", world.body()).json()["job"]
    status = client.get(job["status_url"]).json()
    assert status["kind"] == "lessons.after_create"
    assert [step["name"] for step in status["steps"]] == ["Subscriptions", "Repeats", "Notices", "Reminders"]


def test_the_answer_is_what_a_later_look_shows(world: World) -> None:
    client = api(world.manager)
    lesson = client.post("/api/lessons/", world.body(repeat={"every_weeks": 1, "until": str(world.day + timedelta(weeks=3))})).json()[
        "lesson"
    ]
    assert client.get(f"/api/lessons/{lesson['id']}/").json() == lesson


def test_a_time_without_an_offset_is_the_clubs(world: World) -> None:
    made = api(world.manager).post("/api/lessons/", world.body(starts_at=f"{world.day}T16:00")).json()["lesson"]
    assert Lesson.objects.get(pk=made["id"]).starts_at == at(world.day, 16)
    assert made["starts_at"] == f"{world.day}T16:00:00+01:00"


def test_a_time_with_an_offset_is_that_instant(world: World) -> None:
    made = api(world.manager).post("/api/lessons/", world.body(starts_at=f"{world.day}T16:00:00Z")).json()["lesson"]
    assert made["starts_at"] == f"{world.day}T17:00:00+01:00"


def test_a_place_is_found_in_any_case(world: World) -> None:
    api(world.manager).post("/api/lessons/", world.body(place="  cARRIère "))
    assert Lesson.objects.get().place == world.arena


def test_a_new_place_is_made(world: World) -> None:
    api(world.manager).post("/api/lessons/", world.body(place="Petit manège"))
    assert Lesson.objects.get().place.name == "Petit manège"


def test_a_lesson_without_a_title_is_a_lesson(world: World) -> None:
    body = world.body()
    del body["title"]
    assert api(world.manager).post("/api/lessons/", body).json()["lesson"]["title"] == "Lesson"


def test_a_repeated_key_answers_with_the_same_lesson(world: World) -> None:
    client = api(world.manager)
    first, second = (client.post("/api/lessons/", world.body(), headers={"Idempotency-Key": "click"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert Lesson.objects.count() == Job.objects.filter(kind="lessons.after_create").count() == 1


def test_two_clubs_may_use_the_same_key(world: World) -> None:
    world.plan(request_key="click")
    other = World("Autre club", "other_")
    assert other.plan(request_key="click").created


def test_a_key_used_with_another_teacher_answers_with_the_first_lesson(world: World) -> None:
    first = world.plan(request_key="click")
    again = world.plan(request_key="click", teacher=world.lea.pk, place="Ailleurs")
    assert (again.lesson, again.created) == (first.lesson, False)


def test_the_same_client_named_twice_is_enrolled_once(world: World) -> None:
    made = world.plan(clients=[world.hugo.pk, world.hugo.pk])
    assert made.lesson.clients.count() == 1


@pytest.mark.parametrize(("clients", "weeks"), [(1, 1), (10, 40), (60, 260)])
@pytest.mark.django_db(transaction=True)
def test_planning_takes_at_most_15_statements(clients: int, weeks: int) -> None:
    world = World()
    ids = [world.client(f"c{number}").pk for number in range(clients)]
    _row, token = AuthToken.objects.create(world.manager)
    client = api(None)
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    repeat = {"every_weeks": 1, "until": str(world.weeks(weeks).until)}
    body = world.body(clients=ids, capacity=60, repeat=repeat, place="Un nouveau lieu")
    with CaptureQueriesContext(connection) as statements:
        answer: Any = client.post("/api/lessons/", body, headers={"Idempotency-Key": "click"})
    assert answer.status_code == 201, answer.json()
    assert len(statements) <= 15, "\n".join(row["sql"][:120] for row in statements)


def test_an_overlap_writes_no_place(world: World) -> None:
    world.plan()
    api(world.manager).post("/api/lessons/", world.body(place="Un nouveau lieu"))
    assert not Place.objects.filter(name="Un nouveau lieu").exists()


def test_run_within_the_request_everything_has_happened_at_the_answer(
    transactional_db: None, settings: Settings, mailoutbox: list[EmailMessage]
) -> None:
    settings.JOBS_INLINE, world = True, World()
    answer = api(world.manager).post("/api/lessons/", world.body(repeat={"every_weeks": 1, "until": str(world.weeks(2).until)}))
    assert answer.status_code == 201
    assert (Lesson.objects.count(), len(mailoutbox)) == (2, 4)
    assert set(Job.objects.values_list("status", flat=True)) == {"done"}
