"""Dates of a series: the club's own clock, closed days, and who is already there. No database."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons import planner
from lessons.planner import Booking, Bookings, Closing, Days, Rule, Wish

BRUSSELS = ZoneInfo("Europe/Brussels")
OPEN = Days()


def wish(local: str, minutes: int = 60) -> Wish:
    starts_at = datetime.fromisoformat(local).replace(tzinfo=BRUSSELS).astimezone(UTC)
    return Wish(starts_at, minutes, teacher_id=1, place_id=1, zone=BRUSSELS)


def booking(local: str, minutes: int = 60, teacher_id: int = 1, place_id: int = 1) -> Booking:
    starts_at = datetime.fromisoformat(local).replace(tzinfo=BRUSSELS)
    return Booking(starts_at, starts_at + timedelta(minutes=minutes), teacher_id, place_id, "Sophie Lambert", "Carrière", "Galop 2")


def test_a_weekly_lesson_at_18_stays_at_18_when_the_clocks_change() -> None:
    planned = planner.plan(wish("2026-10-21 18:00"), Rule(date(2026, 11, 4)), OPEN, Bookings())
    assert [row.starts_at and row.starts_at.hour for row in planned] == [16, 17, 17]  # UTC
    assert {row.starts_at and row.starts_at.astimezone(BRUSSELS).hour for row in planned} == {18}


def test_a_time_that_the_clocks_skip_is_skipped_with_its_reason() -> None:
    planned = planner.plan(wish("2027-03-21 02:30"), Rule(date(2027, 4, 4)), OPEN, Bookings())
    assert [row.ok for row in planned] == [True, False, True]
    assert planned[1].starts_at is None
    assert planned[1].reason == "2:30 does not exist on this day: the clocks go forward"


def test_a_time_that_comes_twice_is_taken_the_first_time_in_a_series() -> None:
    planned = planner.plan(wish("2026-10-18 02:30"), Rule(date(2026, 10, 25)), OPEN, Bookings())
    assert planned[1].starts_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_time_that_does_not_exist_is_refused() -> None:
    with pytest.raises(planner.NotOneInstant, match="2:30 does not exist on this day"):
        planner.instant(datetime(2027, 3, 28, 2, 30), BRUSSELS)  # noqa: DTZ001


def test_a_time_that_comes_twice_is_refused() -> None:
    with pytest.raises(planner.NotOneInstant, match="2:30 comes twice on this day"):
        planner.instant(datetime(2026, 10, 25, 2, 30), BRUSSELS)  # noqa: DTZ001


def test_a_rule_may_skip_weeks() -> None:
    assert planner.dates_of(date(2027, 2, 3), Rule(date(2027, 3, 3), every_weeks=2)) == [
        date(2027, 2, 3), date(2027, 2, 17), date(2027, 3, 3),
    ]  # fmt: skip


def test_ten_thousand_repeats_are_counted_without_being_made() -> None:
    assert planner.count_dates(date(2027, 2, 3), Rule(date(2218, 9, 23))) == 10_000


def test_both_ends_of_a_closure_are_closed() -> None:
    days = Days([Closing(date(2027, 2, 10), date(2027, 2, 17), "Travaux")])
    planned = planner.plan(wish("2027-02-03 16:00"), Rule(date(2027, 2, 24)), days, Bookings())
    assert [row.ok for row in planned] == [True, False, False, True]
    assert planned[1].reason == "club closed (Travaux)"


@pytest.mark.parametrize(
    ("country", "first", "name"), [("BE", "2026-07-14 16:00", "Fête nationale"), ("FR", "2026-07-07 16:00", "Fête nationale")]
)
def test_each_country_has_its_public_holidays(country: str, first: str, name: str) -> None:
    until = date.fromisoformat(first[:10]) + timedelta(weeks=1)
    planned = planner.plan(wish(first), Rule(until), Days(holidays_of=country), Bookings())
    assert (planned[1].ok, planned[1].reason) == (False, f"public holiday ({name})")


def test_a_club_that_is_open_on_public_holidays_skips_none() -> None:
    planned = planner.plan(wish("2026-07-14 16:00"), Rule(date(2026, 7, 21)), Days(holidays_of=""), Bookings())
    assert planned[1].ok


def test_the_first_date_on_a_closed_day_is_kept_and_told() -> None:
    days = Days([Closing(date(2027, 2, 3), date(2027, 2, 3))])
    [only] = planner.plan(wish("2027-02-03 16:00"), None, days, Bookings())
    assert (only.ok, only.reason) == (True, "club closed")


@pytest.mark.parametrize(
    ("start", "minutes", "free"),
    [("15:00", 60, True), ("15:00", 61, False), ("16:59", 5, False), ("17:00", 60, True), ("15:00", 180, False), ("16:15", 30, False)],
)
def test_lessons_may_touch_but_not_overlap(start: str, minutes: int, free: bool) -> None:
    [only] = planner.plan(wish(f"2027-02-03 {start}", minutes), None, OPEN, Bookings([booking("2027-02-03 16:00")]))
    assert only.ok is free


def test_another_teacher_in_another_place_is_not_in_the_way() -> None:
    [only] = planner.plan(wish("2027-02-03 16:00"), None, OPEN, Bookings([booking("2027-02-03 16:00", teacher_id=2, place_id=2)]))
    assert only.ok


def test_a_lesson_over_midnight_is_in_the_way_of_the_next_day() -> None:
    [only] = planner.plan(wish("2027-02-04 00:30"), None, OPEN, Bookings([booking("2027-02-03 23:00", 120)]))
    assert not only.ok


def test_the_next_free_time_is_free_for_teacher_and_place() -> None:
    bookings = Bookings([booking("2027-02-03 16:00", place_id=2), booking("2027-02-03 17:00", 45, teacher_id=2)])
    later = planner.next_free_start(wish("2027-02-03 16:00"), bookings)
    assert later == datetime(2027, 2, 3, 16, 45, tzinfo=UTC)


def test_on_a_full_day_there_is_no_next_free_time() -> None:
    bookings = Bookings([booking("2027-02-03 16:00", 8 * 60)])
    assert planner.next_free_start(wish("2027-02-03 16:00"), bookings) is None


@given(
    first=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)).map(lambda moment: moment.replace(microsecond=0)),  # noqa: DTZ001
    weeks=st.integers(1, 60),
    every=st.integers(1, 5),
)
def test_every_date_of_a_series_shows_the_same_time_on_the_same_weekday(first: datetime, weeks: int, every: int) -> None:
    start = first.replace(tzinfo=BRUSSELS).astimezone(UTC)
    local = start.astimezone(BRUSSELS)
    rule = Rule(local.date() + timedelta(weeks=weeks), every)
    planned = planner.plan(Wish(start, 60, 1, 1, BRUSSELS), rule, OPEN, Bookings())
    shown = {(row.starts_at.astimezone(BRUSSELS).time(), row.day.weekday()) for row in planned if row.starts_at}
    assert shown == {(local.time(), local.weekday())}
    assert len(planned) == weeks // every + 1
