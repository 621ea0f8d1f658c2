"""Who came and who did not: marked when it can be known, taken back at will."""

from datetime import timedelta

import pytest
from django.utils import timezone

from lessons.models import Enrolment, Lesson
from tests.lessons.enrolments import begun, cancel, enrol, full, mark, roll
from tests.lessons.world import World, api


@pytest.mark.parametrize("attendance", ["attended", "no_show"])
def test_a_mark_says_who_made_it_and_when(world: World, attendance: str) -> None:
    lesson = begun(world, world.hugo)
    assert mark(world, lesson, world.hugo, attendance).json()["attendance"] == attendance
    row = Enrolment.objects.get()
    assert (row.attendance, row.attendance_by) == (attendance, world.manager)
    assert row.attendance_at


def test_a_mark_can_be_taken_back(world: World) -> None:
    lesson = begun(world, world.hugo)
    for attendance in ("attended", "no_show", "expected"):
        mark(world, lesson, world.hugo, attendance)
    assert roll(lesson) == {"Hugo": "expected"}


def test_the_same_mark_twice_changes_nothing(world: World) -> None:
    lesson = begun(world, world.hugo)
    mark(world, lesson, world.hugo, "attended")
    answer = mark(world, lesson, world.hugo, "attended")
    assert (answer.status_code, answer.json()["job"]) == (200, None)


def test_nobody_is_absent_before_the_lesson(world: World) -> None:
    answer = mark(world, full(world, world.hugo, ahead=timedelta(minutes=5)), world.hugo, "no_show")
    assert (answer.status_code, answer.json()) == (400, {"attendance": ["Absent can be marked once the lesson has begun."]})


def test_nobody_is_present_on_another_day(world: World) -> None:
    answer = mark(world, full(world, world.hugo), world.hugo, "attended")
    assert answer.json() == {"attendance": ["Present can be marked on the day of the lesson."]}


def test_marks_of_a_past_lesson_are_corrected(world: World) -> None:
    lesson = begun(world, world.hugo)
    long_ago = timezone.now() - timedelta(days=40)
    Lesson.objects.filter(pk=lesson.pk).update(starts_at=long_ago, ends_at=long_ago + timedelta(hours=1))
    assert mark(world, lesson, world.hugo, "no_show").status_code == 200


def test_who_waited_came_and_takes_a_free_place(world: World) -> None:
    lesson = full(world, world.hugo, world.noe)
    enrol(world, lesson, world.camille)
    Lesson.objects.filter(pk=lesson.pk).update(starts_at=timezone.now() - timedelta(minutes=1))
    cancel(world, lesson, world.noe)
    assert roll(lesson)["Camille"] == "waiting"
    mark(world, lesson, world.camille, "attended")
    assert roll(lesson) == {"Hugo": "expected", "Noé": "late_cancelled", "Camille": "attended"}


def test_an_absent_client_keeps_the_place(world: World) -> None:
    lesson = begun(world, world.hugo)
    mark(world, lesson, world.hugo, "no_show")
    body = api(world.manager).get(f"/api/lessons/{lesson.pk}/").json()
    assert body["clients"] == [world.hugo.pk]


def test_who_has_no_place_is_not_absent(world: World) -> None:
    lesson = begun(world, world.hugo)
    cancel(world, lesson, world.hugo)
    assert mark(world, lesson, world.hugo, "no_show").json() == {"attendance": ["This client has no place in the lesson."]}


def test_a_cancellation_in_time_is_not_late(world: World) -> None:
    assert mark(world, full(world, world.hugo), world.hugo, "late_cancelled").status_code == 400


def test_nobody_is_put_on_the_waiting_list_by_a_mark(world: World) -> None:
    assert mark(world, full(world, world.hugo), world.hugo, "waiting").status_code == 400


def test_who_is_not_in_the_lesson_is_not_found(world: World) -> None:
    lesson = begun(world, world.hugo)
    assert (mark(world, lesson, world.noe, "attended").status_code, cancel(world, lesson, world.noe).status_code) == (404, 404)


@pytest.mark.parametrize("word", ["", "here", None, 3, []])
def test_an_unknown_word_is_said_at_the_field(world: World, word: object) -> None:
    answer = api(world.manager).patch(f"/api/lessons/{begun(world, world.hugo).pk}/enrolments/{world.hugo.pk}/", {"attendance": word})
    assert (answer.status_code, list(answer.json())) == (400, ["attendance"])
