"""What changing a series costs does not grow with its length, however its lessons differ."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from lessons import services
from lessons.models import Lesson, Place, Series
from tests.lessons.world import World, api, at


def series(world: World, count: int, hour: int) -> list[Lesson]:
    """Through a change of clocks where it is long; each lesson has a title, a length and a capacity of its own."""
    shared = {"club": world.club, "teacher": world.sophie, "place": Place.objects.get_or_create(club=world.club, name=f"At {hour}")[0]}
    shared["series"] = Series.objects.create(club=world.club, until=world.day + timedelta(weeks=count))
    starts = [at(world.day + timedelta(weeks=n), hour) for n in range(count)]
    return Lesson.objects.bulk_create(
        Lesson(**shared, title=f"Part {n}", starts_at=start, ends_at=start + timedelta(minutes=30 + n % 3), capacity=8 + n % 2)
        for n, start in enumerate(starts)
    )


def statements_of(world: World, lesson: Lesson, method: str, **values: object) -> int:
    visitor = api(world.manager)
    with CaptureQueriesContext(connection) as asked:
        answer = getattr(visitor, method)(f"/api/lessons/{lesson.pk}/?scope=all", values)
    assert answer.status_code == 200, answer.json()
    return len(asked)


@pytest.mark.parametrize(
    "values",
    [{"title": "Voltige"}, {"capacity": 20}, {"duration_minutes": 50}, {"place": "Pré"}],
    ids=lambda values: next(iter(values)),
)
def test_a_long_series_changes_in_as_many_statements_as_a_short_one(world: World, values: dict[str, object]) -> None:
    Place.objects.create(club=world.club, name="Pré")
    short, long = (statements_of(world, series(world, count, hour)[0], "patch", **values) for count, hour in [(3, 9), (60, 11)])
    assert long == short


def test_a_long_series_moves_in_as_many_statements_as_a_short_one(world: World) -> None:
    services.change(world.club, closed_on_public_holidays=False)
    asked = set()
    for count, hour in [(3, 9), (60, 11)]:
        lessons = series(world, count, hour)
        asked.add(statements_of(world, lessons[0], "patch", starts_at=f"{world.day + timedelta(days=1)}T{hour:02}:30"))
        moved = [lesson.local_start for lesson in Lesson.objects.filter(series=lessons[0].series_id).order_by("pk")]
        assert [(each.hour, each.minute, each.weekday()) for each in moved] == [(hour, 30, 3)] * count
    assert len(asked) == 1


def test_a_long_series_is_cancelled_in_as_many_statements_as_a_short_one(world: World) -> None:
    short, long = (statements_of(world, series(world, count, hour)[0], "delete") for count, hour in [(3, 9), (60, 11)])
    assert long == short


def test_taking_back_gives_each_lesson_what_it_had_in_as_many_statements(world: World) -> None:
    asked = []
    for count, hour in [(3, 9), (60, 11)]:
        lessons = series(world, count, hour)
        change = api(world.manager).patch(f"/api/lessons/{lessons[0].pk}/?scope=all", {"title": "Voltige", "capacity": 20}).json()["change"]
        with CaptureQueriesContext(connection) as queries:
            assert api(world.manager).post(change["undo_url"]).status_code == 200
        asked.append(len(queries))
        now = Lesson.objects.filter(series=lessons[0].series_id).order_by("starts_at").values_list("title", "capacity", "ends_at")
        assert list(now) == [(lesson.title, lesson.capacity, lesson.ends_at) for lesson in lessons]
    assert asked[0] == asked[1]
