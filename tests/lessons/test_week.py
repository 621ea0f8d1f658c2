"""How a week is laid out: rows, columns, and the one mark of now."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from lessons.models import Lesson, Place, Teacher
from lessons.week import Week, lay_out, monday_of, parse_day

BRUSSELS = ZoneInfo("Europe/Brussels")
MONDAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 25, 14, 20, tzinfo=BRUSSELS)


def lesson(day: int, hour: int, minute: int = 0, *, teacher: Teacher | None = None) -> Lesson:
    starts_at = datetime(2026, 11, day, hour, minute, tzinfo=BRUSSELS)
    return Lesson(
        starts_at=starts_at, ends_at=starts_at.replace(hour=hour + 1), teacher=teacher or Teacher(pk=1, first_name="Léa"), place=Place()
    )


def week(*lessons: Lesson) -> Week:
    return lay_out(lessons, monday=MONDAY, shown=MONDAY, now=NOW)


def test_now_is_marked_once_in_its_day_and_hour() -> None:
    marked = [(day.date, slot.hour) for day in week().days for slot in day.slots if slot.is_now]
    assert marked == [(NOW.date(), 14)]


def test_another_week_has_no_now() -> None:
    later = lay_out([], monday=date(2026, 11, 30), shown=date(2026, 11, 30), now=NOW)
    assert not any(slot.is_now for day in later.days for slot in day.slots)


def test_lessons_of_one_hour_stand_in_order_of_their_start() -> None:
    slot = week(lesson(24, 9, 30), lesson(24, 9)).days[1].slots[0]
    assert [(card.starts_at.minute, card.is_sharp) for card in slot.cards] == [(0, True), (30, False)]


def test_teachers_of_one_first_name_get_their_initial() -> None:
    teachers = [
        Teacher(pk=1, first_name="Léa", last_name="Dumont"),
        Teacher(pk=2, first_name="Léa", last_name="Roy"),
        Teacher(pk=3, first_name="Marc"),
    ]
    named = week(*(lesson(24, 9, teacher=teacher) for teacher in teachers)).teachers
    assert [name for _, name in named] == ["Léa D.", "Léa R.", "Marc"]


def test_the_week_of_the_change_of_clocks_has_seven_days() -> None:
    autumn = lay_out([], monday=date(2026, 10, 19), shown=date(2026, 10, 25), now=NOW)
    assert (autumn.first, autumn.last, autumn.next) == (date(2026, 10, 19), date(2026, 10, 25), date(2026, 10, 26))


@pytest.mark.parametrize("text", [None, "", "x", "2026-02-30", "1999-12-31", "9999-12-31"])
def test_what_is_not_a_day_of_our_times_is_none(text: str | None) -> None:
    assert parse_day(text) is None


def test_a_week_begins_on_monday() -> None:
    assert {monday_of(date(2026, 11, day)) for day in range(23, 30)} == {MONDAY}
