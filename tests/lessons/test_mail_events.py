"""Each e-mail to a teacher carries the lessons for their calendar, and takes away again what is not theirs any more."""

from datetime import UTC, date, datetime, timedelta
from email.message import Message
from typing import Any

import pytest
from icalendar import Calendar

from lessons import notices, services
from lessons.models import Lesson, Notice, Teacher
from lessons.planner import Rule
from tests.lessons.test_calendar_feed import next_sunday
from tests.lessons.test_change_lesson import patch, run_changes, series, single
from tests.lessons.world import BRUSSELS, World, at, run_follow_up


def parts_of(notice: Notice) -> dict[str, tuple[Message, Any]]:
    """By method."""
    message: Any = notices.compose(notice).message()
    found = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    return {part.get_param("method"): (part, Calendar.from_ical(part.get_payload(decode=True))) for part in found}


def events(notice: Notice) -> dict[str, list[Any]]:
    parts = parts_of(notice)
    assert all(str(calendar["METHOD"]) == method for method, (_part, calendar) in parts.items())
    return {method: list(calendar.walk("VEVENT")) for method, (_part, calendar) in parts.items()}


def last_to(teacher: Teacher) -> Notice:
    return Notice.objects.with_details().filter(teacher=teacher).order_by("pk").last() or pytest.fail("nobody told the teacher")


def facts(events: list[Any]) -> list[tuple[str, int, str]]:
    return [(str(event["UID"]), int(event["SEQUENCE"]), str(event["STATUS"])) for event in events]


def uid(lesson: Lesson) -> str:
    return f"lesson-{lesson.pk}@aussitot"


def test_a_new_lesson_is_an_invitation(world: World) -> None:
    lesson = single(world, title="Galop à l’obstacle")
    [(part, calendar)] = parts_of(last_to(world.sophie)).values()
    [event] = calendar.walk("VEVENT")
    assert (part.get_param("method"), part.get_filename()) == ("REQUEST", "planning.ics")
    assert (facts([event]), str(event["SUMMARY"])) == ([(uid(lesson), 0, "CONFIRMED")], "Galop à l’obstacle")
    assert (str(event["ORGANIZER"]), str(event["ATTENDEE"])) == ("mailto:club@example.org", "mailto:t@example.org")
    assert (event["ORGANIZER"].params["CN"], event["ATTENDEE"].params["CN"]) == (world.club.name, "Sophie Lambert")


def test_a_series_is_published(world: World) -> None:
    """An invitation speaks of one event."""
    series(world, 3)
    [published] = events(last_to(world.sophie)).values()
    starts = [event.decoded("DTSTART") for event in published]
    assert starts == list(Lesson.objects.order_by("starts_at").values_list("starts_at", flat=True))
    assert not any("ATTENDEE" in event for event in published)


def test_a_reminder_carries_its_lesson(world: World) -> None:
    lesson = single(world)
    reminder = Notice.objects.create(club=world.club, lesson=lesson, kind="reminder", teacher=world.sophie, recipient_email="t@example.org")
    assert facts(events(Notice.objects.with_details().get(pk=reminder.pk))["REQUEST"]) == [(uid(lesson), 0, "CONFIRMED")]


def test_a_moved_lesson_is_the_same_event_anew(world: World) -> None:
    lesson = single(world)
    patch(world, lesson, starts_at=f"{world.day}T18:00")
    run_changes()
    [event] = events(last_to(world.sophie))["REQUEST"]
    assert facts([event]) == [(uid(lesson), 1, "CONFIRMED")]
    assert event.decoded("DTSTART") == at(world.day, 18)


def test_of_another_teacher_the_old_one_is_freed_and_the_new_one_invited(world: World) -> None:
    lesson = single(world)
    patch(world, lesson, teacher=world.lea.pk)
    run_changes()
    assert {method: facts(some) for method, some in events(last_to(world.sophie)).items()} == {"CANCEL": [(uid(lesson), 1, "CANCELLED")]}
    assert {method: facts(some) for method, some in events(last_to(world.lea)).items()} == {"REQUEST": [(uid(lesson), 1, "CONFIRMED")]}
    assert parts_of(last_to(world.sophie))["CANCEL"][0].get_filename() == "cancelled.ics"


def test_who_gets_some_lessons_of_a_series_and_loses_others_has_both_in_one_mail(world: World) -> None:
    lessons = series(world, 3)
    patch(world, lessons[2], teacher=world.lea.pk)
    answer = patch(world, lessons[0], "all", teacher=world.lea.pk, title="Voltige")
    run_changes()
    change = answer.json()["change"]["id"]
    to_lea = Notice.objects.with_details().get(teacher=world.lea, change=change)
    assert [uid for uid, _number, _status in facts(events(to_lea)["PUBLISH"])] == [uid(lesson) for lesson in lessons]
    lessons_lost = facts(events(Notice.objects.with_details().get(teacher=world.sophie, change=change))["CANCEL"])
    assert lessons_lost == [(uid(lesson), 1, "CANCELLED") for lesson in lessons[:2]]


def test_who_has_the_lesson_back_by_the_time_of_the_mail_keeps_it(world: World) -> None:
    lesson = single(world)
    patch(world, lesson, teacher=world.lea.pk)
    patch(world, lesson, teacher=world.sophie.pk)
    run_changes()
    told = Notice.objects.with_details().filter(teacher=world.sophie).exclude(change=None)
    assert [{method: facts(some) for method, some in events(notice).items()} for notice in told] == [
        {"REQUEST": [(uid(lesson), 2, "CONFIRMED")]}
    ] * 2


def test_a_cancelled_lesson_is_taken_away_and_one_that_takes_place_after_all_comes_back(world: World) -> None:
    lesson = single(world)
    change = services.cancel_lesson(lesson=Lesson.objects.select_related("club").get(), user=world.manager).change
    assert change
    run_changes()
    assert facts(events(last_to(world.sophie))["CANCEL"]) == [(uid(lesson), 1, "CANCELLED")]
    services.undo_change(change=change, user=world.manager)
    run_changes()
    assert facts(events(last_to(world.sophie))["REQUEST"]) == [(uid(lesson), 2, "CONFIRMED")]


def test_a_quote_in_a_name_breaks_nothing(world: World) -> None:
    services.change(world.club, name='Les "Écuries"; du: Bois, \\')
    single(world)
    [event] = events(last_to(world.sophie))["REQUEST"]
    assert event["ORGANIZER"].params["CN"] == "Les 'Écuries'; du: Bois, \\"


@pytest.mark.parametrize(("month", "utc_hours"), [(3, [17, 16]), (10, [16, 17])])
def test_a_weekly_lesson_keeps_its_hour_across_the_change_of_clocks(world: World, month: int, utc_hours: list[int]) -> None:
    first = next_sunday(month) - timedelta(days=4)
    run_follow_up(world.plan(starts_at=at(first, 18), repeat=Rule(first + timedelta(weeks=1))).lesson)
    starts = [event.decoded("DTSTART") for event in events(last_to(world.sophie))["PUBLISH"]]
    assert [start.astimezone(UTC).hour for start in starts] == utc_hours
    assert {start.astimezone(BRUSSELS).hour for start in starts} == {18}


@pytest.mark.parametrize("month", [3, 10])
def test_a_lesson_through_the_night_of_the_change_lasts_as_long_as_it_was_planned(world: World, month: int) -> None:
    saturday: date = next_sunday(month) - timedelta(days=1)
    single(world, starts_at=at(saturday, 23), duration_minutes=300)
    [event] = events(last_to(world.sophie))["REQUEST"]
    start: datetime = event.decoded("DTSTART")
    assert event.decoded("DTEND") - start == timedelta(hours=5)


def test_a_client_gets_no_attachment(world: World) -> None:
    single(world, clients=[world.camille.pk])
    assert notices.compose(Notice.objects.with_details().get(client=world.camille, kind="planned")).attachments == []
