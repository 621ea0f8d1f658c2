"""What a club may ask of its lessons by mistake, over HTTP: each is a clear answer, and nothing is half done."""

from datetime import UTC, date, timedelta
from typing import Any

import pytest

from jobs.worker import drain
from lessons import services
from lessons.models import Closure, Enrolment, Lesson, Subscription
from lessons.planner import Rule
from tests.lessons.test_calendar_feed import next_sunday
from tests.lessons.test_change_lesson import patch, run_changes, series, single
from tests.lessons.world import World, api, at, run_follow_up, visitor_of


def sundays(world: World, month: int) -> list[Lesson]:
    """Three in a row, the change of clocks in the middle; in some years that is Easter."""
    services.change(world.club, closed_on_public_holidays=False)
    first = next_sunday(month) - timedelta(weeks=1)
    run_follow_up(world.plan(starts_at=at(first, 10), repeat=Rule(first + timedelta(weeks=2))).lesson)
    return list(Lesson.objects.select_related("club").order_by("starts_at"))


def day_of(lesson: Lesson) -> date:
    return lesson.local_start.date()


def local_hours() -> list[tuple[int, int]]:
    return [(lesson.local_start.hour, lesson.local_start.minute) for lesson in Lesson.objects.select_related("club").order_by("starts_at")]


# ── The change of clocks ──


def test_a_series_moved_into_the_hour_that_the_clocks_skip_names_the_date(world: World) -> None:
    lessons = sundays(world, 3)
    answer = patch(world, lessons[0], "all", starts_at=f"{day_of(lessons[0])}T02:30")
    assert answer.status_code == 400
    assert answer.json()["starts_at"][0].startswith("1 lesson of 3 cannot change: ")
    assert "2:30 does not exist on this day: the clocks go forward" in answer.json()["starts_at"][0]
    assert local_hours() == [(10, 0)] * 3


def test_the_rest_of_the_series_can_move_there(world: World) -> None:
    lessons = sundays(world, 3)
    answer = patch(world, lessons[0], "all", starts_at=f"{day_of(lessons[0])}T02:30", leave_stuck=True)
    assert [left["date"] for left in answer.json()["change"]["left"]] == [str(day_of(lessons[1]))]
    assert local_hours() == [(2, 30), (10, 0), (2, 30)]


def test_a_series_moved_into_the_hour_that_comes_twice_takes_the_first(world: World) -> None:
    lessons = sundays(world, 10)
    assert patch(world, lessons[0], "all", starts_at=f"{day_of(lessons[0])}T02:30").status_code == 200
    assert local_hours() == [(2, 30)] * 3
    assert [lesson.starts_at.astimezone(UTC).hour for lesson in Lesson.objects.order_by("starts_at")] == [0, 0, 1]


def test_moved_within_the_hour_that_comes_twice_to_the_second_of_them(world: World) -> None:
    lessons = sundays(world, 10)
    first, second = (f"{day_of(lessons[1])}T02:30:00+{offset}" for offset in ("02:00", "01:00"))
    assert patch(world, lessons[1], starts_at=first).json()["lesson"]["starts_at"] == first
    assert patch(world, lessons[1], starts_at=second).json()["lesson"]["starts_at"] == second


@pytest.mark.parametrize("month", [3, 10])
def test_a_move_over_the_change_of_clocks_keeps_hour_and_length(world: World, month: int) -> None:
    lessons = sundays(world, month)
    assert patch(world, lessons[0], starts_at=f"{day_of(lessons[0]) + timedelta(weeks=2, days=1)}T10:00").status_code == 200
    moved = Lesson.objects.select_related("club").get(pk=lessons[0].pk)
    assert (moved.local_start.hour, moved.duration_minutes) == (10, 60)


# ── Closed, past, itself ──


def test_a_series_of_which_one_date_would_be_closed_names_it(world: World) -> None:
    lessons = series(world)
    closed = world.day + timedelta(weeks=2, days=1)
    Closure.objects.create(club=world.club, first_day=closed, last_day=closed, reason="frost")
    answer = patch(world, lessons[0], "all", starts_at=f"{world.day + timedelta(days=1)}T16:00")
    assert "1 lesson of 4 cannot change: " in answer.json()["starts_at"][0]
    assert "club closed (frost)" in answer.json()["starts_at"][0]


def test_a_series_moved_into_the_past_is_refused_whole(world: World) -> None:
    lessons = series(world)
    assert patch(world, lessons[0], "all", starts_at="2020-01-01T16:00").status_code == 400
    assert [lesson.starts_at for lesson in Lesson.objects.order_by("starts_at")] == [lesson.starts_at for lesson in lessons]


def test_a_series_moved_onto_itself_changes_nothing(world: World) -> None:
    lessons = series(world)
    answer = patch(world, lessons[1], "all", starts_at=lessons[1].starts_at.isoformat())
    assert (answer.status_code, answer.json()["change"], answer.json()["job"]) == (200, None, None)


def test_a_lesson_moved_onto_the_next_of_its_series_is_refused(world: World) -> None:
    lessons = series(world)
    answer = patch(world, lessons[0], starts_at=lessons[1].starts_at.isoformat(), teacher=world.lea.pk, place="Manège")
    assert answer.json()["starts_at"] == ["The series has a lesson at this moment already."]


@pytest.mark.parametrize("wish", [{"duration_minutes": 90}, {"place": "Pré"}, {"teacher": "lea"}])
def test_two_lessons_of_a_series_do_not_come_to_stand_in_each_others_way(world: World, wish: dict[str, Any]) -> None:
    """They were apart as long as they differed."""
    first, second = series(world, 2)
    apart: dict[str, Any] = {"duration_minutes": {"starts_at": f"{world.day}T17:00"}}.get(
        next(iter(wish)), {"starts_at": f"{world.day}T16:30", "teacher": world.lea.pk, "place": "Manège"}
    )
    assert patch(world, second, **apart).status_code == 200
    answer = patch(world, first, "all", **{name: world.lea.pk if value == "lea" else value for name, value in wish.items()})
    assert (answer.status_code, answer.json()["fixes"][0]["label"]) == (400, "Change the other one")
    assert "the series would have two lessons at once" in answer.json()["starts_at"][0]


def test_of_two_that_would_be_in_each_others_way_one_can_stay(world: World) -> None:
    first, second = series(world, 2)
    patch(world, second, starts_at=f"{world.day}T17:30")
    answer = patch(world, first, "all", duration_minutes=120, leave_stuck=True)
    assert answer.status_code == 400, "the later one stays, and is then in the way of the first"
    answer = patch(world, first, "all", starts_at=f"{world.day}T14:00", duration_minutes=120, leave_stuck=True)
    assert answer.json()["change"]["lessons"] == [first.pk]
    assert [left["reason"] for left in answer.json()["change"]["left"]] == ["the series would have two lessons at once"]


def test_a_lesson_does_not_take_the_moment_of_one_that_has_to_stay(world: World) -> None:
    """Though teacher and place would be free."""
    lessons = series(world, 3)
    closed = world.day + timedelta(weeks=2)
    Closure.objects.create(club=world.club, first_day=closed, last_day=closed)
    wish: dict[str, Any] = {"starts_at": f"{world.day + timedelta(weeks=1)}T16:00", "teacher": world.lea.pk, "place": "Manège"}
    answer = patch(world, lessons[0], "all", leave_stuck=True, **wish)
    assert (answer.status_code, len(answer.json()["change"]["left"])) == (200, 2), answer.json()
    assert [lesson.local_start.date() for lesson in Lesson.objects.select_related("club").order_by("pk")] == [
        day_of(lessons[0]), day_of(lessons[1]), closed + timedelta(weeks=1),
    ]  # fmt: skip


# ── Subscriptions ──


def test_a_subscription_that_ends_in_the_middle_of_a_series_pays_what_it_covers(world: World) -> None:
    until = world.day + timedelta(weeks=1)
    pack = world.pack(world.hugo, valid_until=until)
    repeat = {"every_weeks": 1, "until": str(world.day + timedelta(weeks=3))}
    assert api(world.manager).post("/api/lessons/", world.body(clients=[world.hugo.pk], repeat=repeat)).status_code == 201
    drain()
    rows = api(world.manager).get("/api/lessons/", {"client": world.hugo.pk}).json()["results"]
    assert [row["enrolments"][0]["status"] for row in rows] == ["paid", "paid", "unpaid", "unpaid"]
    page = visitor_of(world.manager).get("/club/subscriptions/?etat=impayes").content.decode()
    assert (page.count(f'name="paid" value="{Enrolment.objects.filter(status="unpaid")[0].pk}"'), page.count('name="paid"')) == (1, 2)
    pack.refresh_from_db()
    assert pack.remaining == 8


def test_a_lesson_that_the_club_moves_behind_the_end_of_a_subscription_stays_paid(world: World) -> None:
    pack = world.pack(world.hugo, credits=1, valid_until=world.day)
    lesson = single(world, clients=[world.hugo.pk])
    patch(world, lesson, starts_at=f"{world.day + timedelta(days=1)}T16:00")
    run_changes()
    assert Enrolment.objects.get().status == "paid"
    answer = api(world.manager).patch(f"/api/subscriptions/{pack.pk}/", {"credits": 5})
    assert (answer.status_code, answer.json().get("credits")) == (200, 5), "and the subscription can still be changed"


@pytest.mark.parametrize("wrong", [{"valid_from": "0001-01-01"}, {"valid_until": "9999-12-31"}])
def test_a_subscription_of_another_age_is_refused_at_its_date(world: World, wrong: dict[str, str]) -> None:
    sale = {"client": world.hugo.pk, "kind": "pack", "credits": 3, "valid_from": str(world.day), **wrong}
    answer = api(world.manager).post("/api/subscriptions/", sale)
    assert (answer.status_code, answer.json()) == (400, {name: ["This date is too far away."] for name in wrong})


def test_a_subscription_does_not_end_before_a_lesson_that_it_paid(world: World) -> None:
    pack = world.pack(world.hugo, valid_until=world.day + timedelta(weeks=9))
    series(world, clients=[world.hugo.pk])
    answer = api(world.manager).patch(f"/api/subscriptions/{pack.pk}/", {"valid_until": str(world.day + timedelta(weeks=1))})
    assert (answer.status_code, list(answer.json())) == (400, ["valid_until"])


# ── People ──


@pytest.mark.parametrize("kind", ["clients", "teachers"])
def test_who_has_lessons_to_come_is_not_deleted(world: World, kind: str) -> None:
    single(world, clients=[world.hugo.pk])
    pk = {"clients": world.hugo.pk, "teachers": world.sophie.pk}[kind]
    answer = api(world.manager).delete(f"/api/{kind}/{pk}/")
    assert (answer.status_code, answer.json()) == (409, {"detail": "There are lessons with it, so it cannot be deleted."})
    assert api(world.manager).get(f"/api/{kind}/{pk}/").status_code == 200


def test_a_subscription_that_has_paid_is_not_deleted(world: World) -> None:
    pack = world.pack(world.hugo)
    single(world, clients=[world.hugo.pk])
    assert api(world.manager).delete(f"/api/subscriptions/{pack.pk}/").status_code == 409
    assert Subscription.objects.get().used == 1
