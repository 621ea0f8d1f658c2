"""Each mistake is a clear message at its field, and nothing is half done."""

import json
from datetime import timedelta
from typing import Any

import pytest

from jobs.models import Job
from lessons.models import Enrolment, Lesson, Place, Series
from tests.lessons.world import World, api, at


def refused(world: World, status: int = 400, headers: dict[str, str] | None = None, **values: Any) -> Any:
    """The errors of a request that must leave nothing behind."""
    before = [Lesson.objects.count(), Job.objects.count(), Place.objects.count()]
    answer = api(world.manager).post("/api/lessons/", world.body(**values), headers=headers)
    assert answer.status_code == status, answer.json()
    assert [Lesson.objects.count(), Job.objects.count(), Place.objects.count()] == before
    assert Series.objects.count() <= Lesson.objects.exclude(series=None).count()
    return answer.json()


def test_a_taken_place_says_who_what_and_when_and_offers_ways_out(world: World) -> None:
    Place.objects.create(club=world.club, name="Manège")
    world.plan()
    errors = refused(world, teacher=world.lea.pk, starts_at=f"{world.day}T16:30:00")
    assert errors["place"] == ["Carrière is taken from 16:00 to 17:00 by Sophie Lambert (Galop 2)."]
    assert [(fix["field"], fix["label"]) for fix in errors["fixes"]] == [("place", "Take Manège"), ("starts_at", "Move to 17:00")]


def test_the_offered_ways_out_lead_out(world: World) -> None:
    Place.objects.create(club=world.club, name="Manège")
    world.plan()
    for fix in refused(world, teacher=world.lea.pk)["fixes"]:
        answer = api(world.manager).post("/api/lessons/", world.body(teacher=world.lea.pk, **{fix["field"]: fix["value"]}))
        assert answer.status_code == 201
        Lesson.objects.filter(pk=answer.json()["lesson"]["id"]).delete()


def test_a_taken_teacher_is_told_at_the_teacher(world: World) -> None:
    world.plan()
    errors = refused(world, place="Manège")
    assert errors["teacher"] == ["Sophie Lambert already teaches from 16:00 to 17:00 (Galop 2, carrière)."]
    assert "place" not in errors


def test_lessons_may_follow_each_other(world: World) -> None:
    world.plan()
    assert api(world.manager).post("/api/lessons/", world.body(starts_at=f"{world.day}T17:00:00")).status_code == 201


@pytest.mark.parametrize("minutes", [0, -60, 1441, "soon", None])
def test_an_end_before_the_start_is_impossible(world: World, minutes: Any) -> None:
    assert refused(world, duration_minutes=minutes)["duration_minutes"]


def test_a_time_that_the_clocks_skip(world: World) -> None:
    assert refused(world, starts_at="2027-03-28T02:30:00") == {
        "starts_at": ["2:30 does not exist on this day: the clocks go forward."]
    }  # fmt: skip


def test_a_time_that_comes_twice(world: World) -> None:
    errors = refused(world, starts_at="2026-10-25T02:30:00")
    assert errors["starts_at"] == ["2:30 comes twice on this day: the clocks go back. Give the time with its offset from UTC."]


@pytest.mark.parametrize("starts_at", ["tomorrow", "2027-02-30T16:00", "", None, 5, "9999-12-31T23:59:59", "0001-01-01T00:00:00+14:00"])
def test_a_time_that_is_none(world: World, starts_at: Any) -> None:
    assert refused(world, starts_at=starts_at)["starts_at"]


def test_a_teacher_of_another_club_is_not_there(world: World) -> None:
    other = World("Autre club", "other_")
    assert refused(world, 404, teacher=other.sophie.pk) == {"teacher": ["This club has no such teacher."]}


def test_a_client_of_another_club_looks_like_one_that_never_was(world: World) -> None:
    other = World("Autre club", "other_")
    assert refused(world, 404, clients=[other.hugo.pk]) == {"clients": [f"This club has no such client: {other.hugo.pk}."]}
    assert refused(world, 404, clients=[999999]) == {"clients": ["This club has no such client: 999999."]}


@pytest.mark.parametrize("clients", ["all", [0], ["x"], None, {"id": 1}, [2**70], [[1]]])
def test_clients_that_are_no_list_of_ids(world: World, clients: Any) -> None:
    assert refused(world, clients=clients)["clients"]


def test_more_clients_than_places(world: World) -> None:
    assert refused(world, capacity=1)["capacity"] == ["2 clients for a capacity of 1."]


@pytest.mark.parametrize("capacity", [0, -1, 10**9, "many"])
def test_a_capacity_that_is_none(world: World, capacity: Any) -> None:
    assert refused(world, capacity=capacity)["capacity"]


def test_ten_thousand_repeats(world: World) -> None:
    until = world.day + timedelta(weeks=9999)
    errors = refused(world, repeat={"every_weeks": 1, "until": str(until)})
    assert errors == {"repeat": {"until": ["This makes 10000 lessons; a series has at most 260."]}}


def test_repeats_that_end_before_they_begin(world: World) -> None:
    errors = refused(world, repeat={"every_weeks": 1, "until": str(world.day - timedelta(days=1))})
    assert errors == {"repeat": {"until": ["The last date is before the first lesson."]}}


def test_repeats_that_end_in_another_age(world: World) -> None:
    assert refused(world, repeat={"every_weeks": 52, "until": "2140-01-01"}) == {"repeat": {"until": ["This date is too far away."]}}


@pytest.mark.parametrize("repeat", [{"every_weeks": 1}, {"every_weeks": 0, "until": "2027-06-30"}, "weekly", [], {"until": "2027-02-30"}])
def test_a_rule_that_is_none(world: World, repeat: Any) -> None:
    assert refused(world, repeat=repeat)["repeat"]


@pytest.mark.parametrize("place", ["", "   ", None, "x" * 61, "a\u0000b", ["Carrière"]])
def test_a_place_that_has_no_name(world: World, place: Any) -> None:
    assert refused(world, place=place)["place"]


@pytest.mark.parametrize("missing", ["teacher", "place", "starts_at", "duration_minutes", "capacity"])
def test_what_is_missing_is_named(world: World, missing: str) -> None:
    body = world.body()
    del body[missing]
    assert api(world.manager).post("/api/lessons/", body).json() == {missing: ["This field is required."]}


@pytest.mark.parametrize("body", ["{", "", "[1]", '"text"', "null", '{"starts_at": }', b"\xff\xfe"])
def test_malformed_json(world: World, body: str | bytes) -> None:
    answer = api(world.manager).post("/api/lessons/", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert answer["content-type"] == "application/json"


def test_a_key_that_is_too_long(world: World) -> None:
    assert refused(world, headers={"Idempotency-Key": "k" * 101}) == {"Idempotency-Key": ["At most 100 characters."]}


@pytest.mark.parametrize("title", ["x" * 121, "a\u0000b"])
def test_a_title_that_cannot_be_kept(world: World, title: str) -> None:
    assert refused(world, title=title)["title"]


def test_half_a_character_in_a_title(world: World) -> None:
    body = json.dumps(world.body(title="half")).replace("half", r"\ud800")
    answer = api(world.manager).post("/api/lessons/", data=body, content_type="application/json")
    assert (answer.status_code, list(answer.json())) == (400, ["title"])


def test_half_a_character_that_a_message_quotes_is_escaped(world: World) -> None:
    answer = api(world.manager).post("/api/subscriptions/", '{"kind": "\\ud800"}', content_type="application/json")
    assert answer.status_code == 400
    assert b"\\ud800" in answer.content


def test_a_key_that_cannot_be_kept(world: World) -> None:
    assert "Idempotency-Key" in refused(world, headers={"Idempotency-Key": "a\x00"})


def test_a_rule_nested_too_deeply_in_a_query(world: World) -> None:
    assert "repeat" in api(world.manager).get("/api/lessons/preview/", {"repeat": "[" * 3000}).json()


def test_line_breaks_in_a_title_become_spaces(world: World) -> None:
    world.plan(title="Galop\r\nBcc: x@example.org")
    assert Lesson.objects.get().title == "Galop Bcc: x@example.org"


def test_an_inactive_teacher_gives_no_lesson(world: World) -> None:
    world.sophie.active = False
    world.sophie.save()
    assert refused(world, 404)["teacher"]


def test_a_refused_lesson_enrols_nobody(world: World) -> None:
    world.plan()
    refused(world)
    assert not Enrolment.objects.exists()


def test_a_lesson_of_the_night_is_in_the_way_of_the_morning(world: World) -> None:
    world.plan(starts_at=at(world.day, 23), duration_minutes=120)
    assert refused(world, starts_at=f"{world.day + timedelta(days=1)}T00:30:00")["place"]


def test_a_lesson_is_never_replaced_whole(world: World) -> None:
    lesson = world.plan().lesson
    assert api(world.manager).put(f"/api/lessons/{lesson.pk}/", world.body()).status_code == 405


@pytest.mark.parametrize("birth_date", ["9999-12-31", "1899-12-31", "tomorrow", "2020-02-30"])
def test_a_birth_date_that_nobody_has(world: World, birth_date: str) -> None:
    answer = api(world.manager).post("/api/clients/", {"first_name": "Eva", "birth_date": birth_date})
    assert (answer.status_code, list(answer.json())) == (400, ["birth_date"])


@pytest.mark.parametrize("credits", [0, -1, 1001, "many"])
def test_a_pack_of_an_impossible_size(world: World, credits: Any) -> None:
    pack = {"client": world.hugo.pk, "kind": "pack", "credits": credits, "valid_from": str(world.day)}
    answer = api(world.manager).post("/api/subscriptions/", pack)
    assert (answer.status_code, list(answer.json())) == (400, ["credits"])
