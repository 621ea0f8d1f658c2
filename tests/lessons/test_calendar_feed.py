"""What a calendar program reads under the secret address of a teacher or a club."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client as Visitor
from django.utils import timezone
from icalendar import Calendar

from lessons import services
from lessons.models import CalendarFeed, Lesson
from lessons.planner import Rule
from tests.lessons.world import BRUSSELS, World, api, at, run_follow_up, visitor_of


def read(feed: CalendarFeed) -> Any:
    return Visitor().get(f"/calendar/{feed.secret}.ics")


def events(answer: Any) -> list[Any]:
    return list(Calendar.from_ical(answer.content).walk("VEVENT"))


def next_sunday(month: int) -> date:
    """The last one of a month: the clocks change then. In the coming year."""
    first = timezone.now().date()
    year = first.year if (first.month, first.day) < (month, 20) else first.year + 1
    last = date(year, month + 1, 1) - timedelta(days=1)
    return last - timedelta(days=(last.weekday() + 1) % 7)


def test_it_says_what_when_where_and_how_many(world: World) -> None:
    lesson = world.plan(clients=[world.camille.pk]).lesson
    answer = read(services.open_feed(club=world.club))
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    [event] = events(answer)
    assert (str(event["SUMMARY"]), str(event["LOCATION"])) == ("Galop 2", "Carrière, Les Écuries du Bois")
    assert (event.decoded("DTSTART"), event.decoded("DTEND")) == (lesson.starts_at, lesson.ends_at)
    assert (str(event["UID"]), str(event["STATUS"])) == (f"lesson-{lesson.pk}@aussitot", "CONFIRMED")
    assert str(event["DESCRIPTION"]) == "Sophie Lambert · 1/8 enrolled"


@pytest.mark.parametrize(("month", "before", "after"), [(3, 1, 2), (10, 2, 1)])
def test_a_weekly_lesson_stays_at_its_hour_across_the_change_of_clocks(world: World, month: int, before: int, after: int) -> None:
    first = next_sunday(month) - timedelta(days=4)
    run_follow_up(world.plan(starts_at=at(first, 18), repeat=Rule(first + timedelta(weeks=1))).lesson)
    starts = [event.decoded("DTSTART") for event in events(read(services.open_feed(club=world.club)))]
    assert [start.astimezone(BRUSSELS).hour for start in starts] == [18, 18]
    assert [start.astimezone(BRUSSELS).utcoffset() for start in starts] == [timedelta(hours=before), timedelta(hours=after)]


def test_the_hour_that_comes_twice_is_the_one_that_was_planned(world: World) -> None:
    night = next_sunday(10)
    second = datetime(night.year, night.month, night.day, 2, 30, tzinfo=ZoneInfo("Europe/Brussels"), fold=1)
    world.plan(starts_at=second)
    [event] = events(read(services.open_feed(club=world.club)))
    assert event["DTSTART"].to_ical().endswith(b"T013000Z")


def test_a_teacher_has_only_their_own_lessons(world: World) -> None:
    world.plan(title="Mine")
    world.plan(title="Hers", teacher=world.lea.pk, place="Manège")
    feed = services.open_feed(club=world.club, teacher=world.sophie)
    assert [str(event["SUMMARY"]) for event in events(read(feed))] == ["Mine"]


def test_a_cancelled_lesson_is_gone(world: World) -> None:
    """Calendar programs drop what a feed no longer names; not all of them show that something is cancelled."""
    world.plan()
    feed = services.open_feed(club=world.club)
    Lesson.objects.update(status="cancelled")
    assert events(read(feed)) == []


def test_lessons_of_another_club_are_not_there(world: World) -> None:
    World("Poney-club du Lac", prefix="other").plan()
    assert events(read(services.open_feed(club=world.club))) == []


def test_each_change_of_a_lesson_counts_one_more(world: World) -> None:
    """However little time lies between them."""
    lesson = world.plan().lesson
    run_follow_up(lesson)
    feed, seen = services.open_feed(club=world.club), []
    for title in ("a", "b", "c"):
        [event] = events(read(feed))
        seen.append((str(event["UID"]), int(event["SEQUENCE"])))
        services.change_lesson(lesson=Lesson.objects.select_related("club").get(), user=world.manager, title=title)
    assert seen == [(f"lesson-{lesson.pk}@aussitot", number) for number in range(3)]


def test_an_undo_is_newer_than_what_it_takes_back(world: World) -> None:
    lesson = world.plan().lesson
    run_follow_up(lesson)
    made = services.cancel_lesson(lesson=Lesson.objects.select_related("club").get(), user=world.manager).change
    assert made
    services.undo_change(change=made, user=world.manager)
    [event] = events(read(services.open_feed(club=world.club)))
    assert (int(event["SEQUENCE"]), str(event["STATUS"])) == (2, "CONFIRMED")


def test_what_a_title_holds_stays_in_it(world: World) -> None:
    world.plan()
    Lesson.objects.update(title="Galop\r\nATTENDEE:x; 3, 4")
    [event] = events(read(services.open_feed(club=world.club)))
    assert (str(event["SUMMARY"]), "ATTENDEE" in event) == ("Galop ATTENDEE:x; 3, 4", False)


def test_a_closed_address_answers_no_more(world: World) -> None:
    feed = services.open_feed(club=world.club)
    services.close_feed(feed=feed)
    assert read(feed).status_code == 404


def test_a_changed_address_closes_the_old_one(world: World) -> None:
    feed = services.open_feed(club=world.club)
    old = feed.secret
    assert read(services.renew_feed(feed=feed)).status_code == 200
    assert Visitor().get(f"/calendar/{old}.ics").status_code == 404


def test_opening_twice_gives_the_same_address(world: World) -> None:
    first, again = (services.open_feed(club=world.club, teacher=world.lea) for _ in range(2))
    assert first.secret == again.secret
    assert len(first.secret) >= 32


@pytest.mark.parametrize("secret", ["x", "-" * 32, "a" * 5000])
def test_a_guessed_address_is_not_there(db: None, secret: str) -> None:
    assert Visitor().get(f"/calendar/{secret}.ics").status_code == 404


def test_what_has_not_changed_is_not_sent_again(world: World) -> None:
    world.plan()
    feed = services.open_feed(club=world.club)
    tag = read(feed)["ETag"]
    assert Visitor().get(f"/calendar/{feed.secret}.ics", headers={"if-none-match": tag}).status_code == 304


@pytest.mark.parametrize("count", [1, 30])
def test_two_statements_whatever_the_number_of_lessons(world: World, count: int, django_assert_num_queries: Any) -> None:
    for hour in range(count):
        world.plan(starts_at=at(world.day + timedelta(days=hour), 10))
    feed = services.open_feed(club=world.club)
    with django_assert_num_queries(2):
        assert len(events(read(feed))) == count


# ── The page of the addresses ──


def page(visitor: Visitor) -> str:
    return visitor.get("/club/calendars/").content.decode()


def test_a_manager_opens_changes_and_closes_an_address(world: World) -> None:
    visitor = visitor_of(world.manager)
    visitor.post("/club/calendars/", {"open": world.sophie.pk})
    feed = CalendarFeed.objects.get()
    assert f"/calendar/{feed.secret}.ics" in page(visitor)
    visitor.post("/club/calendars/", {"renew": feed.pk})
    assert f"/calendar/{feed.secret}.ics" not in page(visitor)
    visitor.post("/club/calendars/", {"close": feed.pk})
    assert not CalendarFeed.objects.exists()


def test_the_club_has_an_address_too(world: World) -> None:
    visitor_of(world.manager).post("/club/calendars/", {"open": "club"})
    assert CalendarFeed.objects.get().teacher is None


def test_a_teacher_may_not_give_addresses(world: World) -> None:
    visitor = visitor_of(world.teacher_user())
    assert visitor.get("/club/calendars/").status_code == 403
    assert visitor.post("/club/calendars/", {"open": "club"}).status_code == 403


@pytest.mark.parametrize("act", [{"renew": "1x"}, {"close": "9" * 30}, {}, {"open": "-1"}])
def test_a_broken_request_is_said_to_be_one(world: World, act: dict[str, str]) -> None:
    assert visitor_of(world.manager).post("/club/calendars/", act).status_code == 400


def test_the_addresses_of_another_club_are_not_there(world: World) -> None:
    other = World("Poney-club du Lac", prefix="other")
    feed = services.open_feed(club=other.club)
    visitor = visitor_of(world.manager)
    assert [visitor.post("/club/calendars/", {act: feed.pk}).status_code for act in ("renew", "close")] == [404, 404]
    assert visitor.post("/club/calendars/", {"open": other.sophie.pk}).status_code == 404


# ── The same over the API ──


def test_a_client_program_opens_changes_and_closes_an_address(world: World) -> None:
    manager = api(world.manager)
    made = manager.post("/api/calendars/", {"teacher": world.sophie.pk})
    assert (made.status_code, manager.post("/api/calendars/", {"teacher": world.sophie.pk}).json()) == (201, made.json())
    changed = manager.post(f"/api/calendars/{made.json()['id']}/renew/").json()
    assert changed["url"] == f"http://127.0.0.1:8000/calendar/{CalendarFeed.objects.get().secret}.ics" != made.json()["url"]
    assert manager.delete(f"/api/calendars/{changed['id']}/").status_code == 204
    assert manager.get("/api/calendars/").json()["count"] == 0


def test_without_a_teacher_it_is_the_clubs(world: World) -> None:
    assert api(world.manager).post("/api/calendars/", {}).json()["teacher"] is None


def test_over_the_api_too_addresses_are_the_managers_and_the_clubs_own(world: World) -> None:
    other = World("Poney-club du Lac", prefix="other")
    feed = services.open_feed(club=other.club)
    manager = api(world.manager)
    assert api(world.teacher_user()).get("/api/calendars/").status_code == 403
    assert manager.post(f"/api/calendars/{feed.pk}/renew/").status_code == 404
    assert manager.post("/api/calendars/", {"teacher": other.sophie.pk}).status_code == 400
