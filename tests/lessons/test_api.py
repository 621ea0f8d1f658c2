"""The usual REST, and lists that stay quick."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from lessons.models import Closure, Club, Lesson, Subscription, Teacher
from tests.lessons.world import World, api, at, run_follow_up


def statements(world: World, path: str) -> int:
    client = api(world.manager)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def grow(world: World, count: int) -> None:
    have = world.club.lessons.count()
    for number in range(have, have + count):
        start = at(world.day + timedelta(days=number), 9)
        client = world.client(f"c{number}")
        world.pack(client)
        teacher = world.teacher(f"t{number}")
        Closure.objects.create(club=world.club, first_day=start.date(), last_day=start.date())
        lesson = world.plan(teacher=teacher.pk, place=f"p{number}", starts_at=start, clients=[client.pk, world.hugo.pk]).lesson
        lesson.reminders.create(due_at=start)


@pytest.mark.parametrize("name", ["teachers", "clients", "subscriptions", "closures", "places", "lessons"])
def test_a_list_of_60_takes_as_many_statements_as_one_of_3(world: World, name: str) -> None:
    grow(world, 3)
    few = statements(world, f"/api/{name}/")
    grow(world, 57)
    assert statements(world, f"/api/{name}/") == few <= 8


def test_a_week_of_lessons_is_asked_for_by_its_days(world: World) -> None:
    for day, hour in ((-1, 23), (0, 0), (6, 23), (7, 0)):
        world.plan(starts_at=at(world.day + timedelta(days=day), hour), duration_minutes=30)
    query = {"from": str(world.day), "to": str(world.day + timedelta(days=7))}
    rows = api(world.manager).get("/api/lessons/", query).json()["results"]
    days = [world.day, world.day + timedelta(days=6)]
    assert [row["starts_at"][:10] for row in rows] == [str(day) for day in days]


@pytest.mark.parametrize(
    "query", [{"from": "soon"}, {"to": "2027-02-30"}, {"teacher": "x"}, {"series": "99999999999999999999"}, {"series": "0.5"}]
)
def test_a_filter_that_makes_no_sense_is_told_at_its_name(world: World, query: dict[str, str]) -> None:
    answer = api(world.manager).get("/api/lessons/", query)
    assert (answer.status_code, list(answer.json())) == (400, list(query))


@pytest.mark.parametrize("query", [{"place": "nowhere"}, {"search": "nothing"}, {"teacher": "99999999"}, {"client": "99999999"}])
def test_a_filter_that_fits_nothing_finds_nothing(world: World, query: dict[str, str]) -> None:
    world.plan()
    assert api(world.manager).get("/api/lessons/", query).json()["count"] == 0


@pytest.mark.parametrize(("first", "last", "count"), [("0001-01-01", "9999-12-31", 1), ("9999-12-31", "0001-01-01", 0)])
def test_the_ends_of_time_are_days_too(world: World, first: str, last: str, count: int) -> None:
    world.plan()
    assert api(world.manager).get("/api/lessons/", {"from": first, "to": last}).json()["count"] == count


def test_lessons_are_filtered_by_person_place_and_series(world: World) -> None:
    lesson = world.plan(clients=[world.hugo.pk], repeat=world.weeks(1)).lesson
    world.plan(teacher=world.lea.pk, place="Manège")
    client = api(world.manager)
    queries: list[dict[str, Any]] = [{"teacher": world.sophie.pk}, {"client": world.hugo.pk}, {"place": "carrière"}]
    for query in [*queries, {"series": lesson.series_id}]:
        assert [row["id"] for row in client.get("/api/lessons/", query).json()["results"]] == [lesson.pk]


def test_of_the_people_of_another_club_there_are_no_lessons(world: World) -> None:
    other = World("Autre club", "other_")
    other.plan(clients=[other.hugo.pk])
    for query in ({"teacher": other.sophie.pk}, {"client": other.hugo.pk}):
        assert api(world.manager).get("/api/lessons/", query).json()["results"] == []


def test_lessons_of_a_person_ask_no_more_than_others(world: World, django_assert_num_queries: Any) -> None:
    lesson = world.plan(clients=[world.hugo.pk]).lesson
    client = api(world.manager)
    with django_assert_num_queries(3 + 3):  # session, user, membership
        assert client.get("/api/lessons/", {"teacher": world.sophie.pk, "client": world.hugo.pk}).json()["results"][0]["id"] == lesson.pk


def test_lists_are_ordered_as_asked(world: World) -> None:
    rows = api(world.manager).get("/api/clients/", {"ordering": "-first_name"}).json()["results"]
    assert [row["first_name"] for row in rows] == ["Noé", "Hugo", "Camille"]


def test_a_lesson_shows_who_pays_and_when_it_is_announced(world: World) -> None:
    world.pack(world.camille)
    lesson = world.plan(clients=[world.camille.pk, world.noe.pk]).lesson
    run_follow_up(lesson)
    row = api(world.manager).get(f"/api/lessons/{lesson.pk}/").json()
    assert row["enrolments"] == [
        {"client": world.camille.pk, "status": "paid", "attendance": "expected"},
        {"client": world.noe.pk, "status": "unpaid", "attendance": "expected"},
    ]
    assert row["reminder"] == {"due_at": f"{world.day - timedelta(days=1)}T16:00:00+01:00", "sent_at": None}


def test_silks_are_given_in_order_of_arrival(world: World) -> None:
    client = api(world.manager)
    silks = [client.post("/api/teachers/", {"first_name": f"t{n}"}).json()["silk"] for n in range(8)]
    assert silks == [3, 4, 5, 6, 7, 8, 1, 2]


def test_a_client_is_made_changed_and_deleted(world: World) -> None:
    client = api(world.manager)
    made = client.post("/api/clients/", {"first_name": "Eva", "last_name": "Cornet", "birth_date": "2015-04-01"})
    assert made.status_code == 201
    url = f"/api/clients/{made.json()['id']}/"
    assert client.patch(url, {"phone": "0470 12 34 56"}).json()["phone"] == "0470 12 34 56"
    assert client.get(url).json()["first_name"] == "Eva"
    assert client.delete(url).status_code == 204
    assert client.get(url).status_code == 404


@pytest.mark.parametrize("name", ["clients", "teachers"])
def test_who_has_lessons_cannot_be_deleted(world: World, name: str) -> None:
    lesson = world.plan(clients=[world.hugo.pk]).lesson
    pk = {"clients": world.hugo.pk, "teachers": lesson.teacher_id}[name]
    answer = api(world.manager).delete(f"/api/{name}/{pk}/")
    assert (answer.status_code, answer.json()["detail"]) == (409, "There are lessons with it, so it cannot be deleted.")


def pack(world: World, **values: Any) -> dict[str, Any]:
    return {"client": world.hugo.pk, "kind": "pack", "credits": 10, "valid_from": str(world.day), **values}


def test_a_subscription_says_what_remains(world: World) -> None:
    row = api(world.manager).post("/api/subscriptions/", pack(world)).json()
    assert (row["credits"], row["used"], row["remaining"]) == (10, 0, 10)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"credits": None}, "credits"), ({"credits": -1}, "credits"), ({"kind": "period"}, "credits"), ({"kind": "gift"}, "kind"),
        ({"valid_until": "2000-01-01"}, "valid_until"), ({"client": 0}, "client"), ({"valid_from": ""}, "valid_from"),
        ({"credits": 40000}, "credits"),
    ],
)  # fmt: skip
def test_a_subscription_that_makes_no_sense_is_told_at_its_field(world: World, values: dict[str, Any], field: str) -> None:
    answer = api(world.manager).post("/api/subscriptions/", pack(world, **values))
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert not Subscription.objects.exists()


def test_a_client_of_another_club_gets_no_subscription(world: World) -> None:
    other = World("Autre club", "other_")
    assert list(api(world.manager).post("/api/subscriptions/", pack(world, client=other.hugo.pk)).json()) == ["client"]


def test_a_used_subscription_keeps_its_client_and_its_uses(world: World) -> None:
    card = world.pack(world.hugo, 10, used=4)
    client = api(world.manager)
    url = f"/api/subscriptions/{card.pk}/"
    assert client.patch(url, {"credits": 3}).json() == {"credits": ["4 lessons were used already."]}
    assert client.patch(url, {"client": world.noe.pk}).json() == {"client": ["A subscription stays with its client."]}
    assert client.patch(url, {"credits": 4}).json()["remaining"] == 0


def test_the_counter_of_a_card_cannot_be_written(world: World) -> None:
    card = world.pack(world.hugo, 10, used=4)
    assert api(world.manager).patch(f"/api/subscriptions/{card.pk}/", {"used": 0}).json()["used"] == 4


def test_a_closure_that_ends_before_it_begins(world: World) -> None:
    answer = api(world.manager).post("/api/closures/", {"first_day": "2027-02-03", "last_day": "2027-02-02"})
    assert answer.json() == {"last_day": ["The last day is before the first."]}


def preview(world: World, **values: Any) -> Any:
    query = {"teacher": world.sophie.pk, "place": "Carrière", "starts_at": f"{world.day}T16:00", "duration_minutes": 60, **values}
    return api(world.manager).get("/api/lessons/preview/", query)


def test_a_preview_names_every_date_and_what_is_in_the_way(world: World) -> None:
    dates = [world.day + timedelta(weeks=n) for n in range(3)]
    Closure.objects.create(club=world.club, first_day=dates[1], last_day=dates[1])
    world.plan(starts_at=at(dates[2], 16), teacher=world.lea.pk)
    rows = preview(world, **{"repeat.until": str(dates[2])}).json()["results"]
    assert [(row["date"], row["ok"]) for row in rows] == list(zip(map(str, dates), (True, False, False), strict=True))
    assert [row["reason"] for row in rows][1:] == ["club closed", "Carrière is taken from 16:00 to 17:00 by Léa Dumont (Galop 2)"]


def test_what_was_previewed_is_made(world: World) -> None:
    world.plan(starts_at=at(world.day + timedelta(weeks=2), 16), teacher=world.lea.pk)
    until = world.weeks(5).until
    rows = preview(world, repeat=f'{{"every_weeks": 1, "until": "{until}"}}').json()["results"]
    lesson = world.plan(repeat=world.weeks(5)).lesson
    run_follow_up(lesson)
    made = Lesson.objects.filter(series=lesson.series).values_list("starts_at", flat=True)
    assert [row["date"] for row in rows if row["ok"]] == [str(start.date()) for start in made]


def test_a_preview_of_a_taken_time_is_an_answer_and_not_an_error(world: World) -> None:
    world.plan()
    [row] = preview(world).json()["results"]
    assert not row["ok"]


def test_a_public_holiday_is_named_in_the_language_of_who_asks(world: World) -> None:
    Club.objects.update(language="fr")
    wish: dict[str, Any] = {"teacher": world.sophie.pk, "starts_at": f"{world.day.year}-05-01T10:00", "duration_minutes": 60}
    [day] = api(world.manager).get("/api/lessons/preview/", wish).json()["results"]
    assert day["reason"] == "public holiday (Labor Day)"


def test_a_preview_writes_nothing(world: World) -> None:
    preview(world, place="Nulle part")
    assert not Lesson.objects.exists()
    assert not world.club.places.filter(name="Nulle part").exists()


@pytest.mark.parametrize(
    ("values", "status", "field"),
    [
        ({"teacher": 0}, 400, "teacher"), ({"teacher": 10**9}, 404, "teacher"), ({"starts_at": "2027-03-28T02:30"}, 400, "starts_at"),
        ({"repeat.until": "2400-01-01"}, 400, "repeat"), ({"repeat": "weekly"}, 400, "repeat"),
        ({"duration_minutes": 0}, 400, "duration_minutes"), ({"teacher": ""}, 400, "teacher"),
        ({"repeat.until": "x"}, 400, "repeat"), ({"starts_at": "9999-12-31T23:59"}, 400, "starts_at"),
    ],
)  # fmt: skip
def test_a_preview_names_what_is_wrong_at_its_field(world: World, values: dict[str, Any], status: int, field: str) -> None:
    answer = preview(world, **values)
    assert (answer.status_code, list(answer.json())) == (status, [field])


def test_people_of_one_club_are_counted_by_its_own_silks(world: World) -> None:
    assert World("Autre club", "other_").sophie.silk == 1
    assert Teacher.objects.filter(silk=1).count() == 2
