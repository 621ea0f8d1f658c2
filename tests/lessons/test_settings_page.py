"""What a manager sets for the club, and its closed days."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.test import Client as Visitor
from django.utils import timezone

from jobs.models import Job
from jobs.worker import drain
from lessons import services
from lessons.models import Closure, Enrolment, Lesson, Reminder, Series
from tests.lessons.test_planning_page import page_of
from tests.lessons.world import World, api, at, run_follow_up, visitor_of

SETTINGS, CLOSURES = "/club/settings/", "/club/settings/closures/"


@pytest.fixture
def visitor(world: World) -> Visitor:
    return visitor_of(world.manager)


def rules(world: World, **values: Any) -> dict[str, Any]:
    form = {
        "name": world.club.name, "email": "club@example.org", "language": "en", "country": "BE", "time_zone": "Europe/Brussels",
        "closed_on_public_holidays": "on", "reminder_lead_hours": "24", "cancellation_cutoff_hours": "24",
        "late_cancellation_charged": "on", "no_show_charged": "on", "waiting_list_automatic": "on", "promotion_cutoff_hours": "2",
    }  # fmt: skip
    return {**form, **values}


def planned(world: World, **values: Any) -> Lesson:
    lesson = world.plan(**values).lesson
    run_follow_up(lesson)
    return lesson


def closed(world: World, first: int, last: int, reason: str = "Frost") -> Closure:
    days = [world.day + timedelta(days=offset) for offset in (first, last)]
    return services.create_closure(club=world.club, first_day=days[0], last_day=days[1], reason=reason)


def run_all() -> None:
    """What waits, and what that starts, whenever it is due."""
    for _ in range(2):
        Job.objects.waiting().update(run_at=None)
        drain()


# ── Rules ──


def test_what_is_set_is_kept(visitor: Visitor, world: World) -> None:
    answer = visitor.post(
        SETTINGS, rules(world, cancellation_cutoff_hours="48", no_show_charged="", country="FR", time_zone="Europe/Paris")
    )
    assert (answer.status_code, answer["Location"]) == (302, SETTINGS)
    world.club.refresh_from_db()
    kept = (world.club.cancellation_cutoff_hours, world.club.no_show_charged, world.club.country, world.club.time_zone)
    assert kept == (48, False, "FR", "Europe/Paris")
    assert "Settings saved" in page_of(visitor.get(SETTINGS))


def test_another_lead_time_moves_the_reminders(visitor: Visitor, world: World) -> None:
    lesson = planned(world)
    visitor.post(SETTINGS, rules(world, reminder_lead_hours="48"))
    assert Reminder.objects.get().due_at == lesson.starts_at - timedelta(hours=48)


def test_without_reminders_none_is_left(visitor: Visitor, world: World) -> None:
    planned(world)
    visitor.post(SETTINGS, rules(world, reminder_lead_hours="0"))
    assert not Reminder.objects.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("reminder_lead_hours", "-1"),
        ("reminder_lead_hours", "99999"),
        ("cancellation_cutoff_hours", ""),
        ("promotion_cutoff_hours", "x"),
        ("time_zone", "Moon/Crater"),
        ("country", "ZZ"),
        ("email", "nobody"),
        ("name", " "),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_nothing_is_kept(visitor: Visitor, world: World, name: str, value: str) -> None:
    answer = visitor.post(SETTINGS, rules(world, **{"no_show_charged": "", name: value}))
    assert answer.status_code == 422
    assert f'id="id_{name}_error"' in page_of(answer)
    world.club.refresh_from_db()
    assert world.club.no_show_charged


@pytest.mark.parametrize("path", [SETTINGS, CLOSURES])
def test_a_teacher_sets_nothing(world: World, path: str) -> None:
    assert visitor_of(world.teacher_user()).post(path, rules(world)).status_code == 403


def test_the_menu_leads_there_for_managers_alone(world: World) -> None:
    offered = [SETTINGS in page_of(visitor_of(user).get("/club/planning")) for user in (world.manager, world.teacher_user())]
    assert offered == [True, False]


# ── Closed days ──


def test_a_closure_is_added_with_its_days_and_reason(visitor: Visitor, world: World) -> None:
    days = {"first_day": f"{world.day}", "last_day": f"{world.day + timedelta(days=2)}"}
    answer = visitor.post(CLOSURES, {**days, "reason": "Frost"})
    assert answer["Location"] == f"{SETTINGS}#closures"
    assert "Frost" in page_of(visitor.get(SETTINGS))
    assert Closure.objects.filter(club=world.club, **days, reason="Frost").count() == 1


def test_without_a_last_day_it_is_one_day(visitor: Visitor, world: World) -> None:
    visitor.post(CLOSURES, {"first_day": f"{world.day}", "last_day": ""})
    assert Closure.objects.get().last_day == world.day


def test_a_double_click_closes_once(visitor: Visitor, world: World) -> None:
    for _ in range(2):
        visitor.post(CLOSURES, {"first_day": f"{world.day}", "reason": "Frost"})
    assert Closure.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"first_day": ""}, "first_day"),
        ({"first_day": "2026-02-30"}, "first_day"),
        ({"first_day": "9999-12-31"}, "first_day"),
        ({"last_day": "2000-01-01"}, "last_day"),
        ({"last_day": "2099-12-31"}, "last_day"),
        ({"reason": "x" * 121}, "reason"),
    ],
)
def test_days_that_cannot_be_are_said_at_their_field(visitor: Visitor, world: World, values: dict[str, str], field: str) -> None:
    answer = visitor.post(CLOSURES, {"first_day": f"{world.day}", **values})
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in page_of(answer)
    assert not Closure.objects.exists()


def test_what_is_deleted_can_come_back(visitor: Visitor, world: World) -> None:
    closure = closed(world, 0, 3)
    there = visitor.post(f"{CLOSURES}{closure.pk}/", {"delete": "1"})["Location"]
    assert not Closure.objects.exists()
    token = re.findall(r'name="restore" value="([^"]+)"', page_of(visitor.get(there)))[0]
    visitor.post(CLOSURES, {"restore": token})
    kept = Closure.objects.get()
    assert (kept.first_day, kept.last_day, kept.reason) == (closure.first_day, closure.last_day, "Frost")


def test_a_token_that_was_tampered_with_brings_nothing(visitor: Visitor) -> None:
    assert visitor.post(CLOSURES, {"restore": "x:y:z"}).status_code == 400
    assert not Closure.objects.exists()


def test_the_closure_of_another_club_is_not_there(visitor: Visitor) -> None:
    other = World("Poney-club du Lac", prefix="other")
    theirs = closed(other, 0, 0)
    assert visitor.post(f"{CLOSURES}{theirs.pk}/", {"delete": "1"}).status_code == 404
    assert Closure.objects.exists()


def test_the_holidays_of_the_year_to_come_are_shown(visitor: Visitor, world: World) -> None:
    assert "Christmas Day" in page_of(visitor.get(SETTINGS))
    services.change_club(club=world.club, closed_on_public_holidays=False)
    assert "The club is open on these days." in page_of(visitor.get(SETTINGS))


# ── Lessons on closed days ──


def test_a_closure_over_lessons_leads_to_them(visitor: Visitor, world: World) -> None:
    planned(world, title="Voltige")
    planned(world, title="Saut", starts_at=at(world.day + timedelta(days=1), 10))
    there = visitor.post(CLOSURES, {"first_day": f"{world.day}"})["Location"]
    page = page_of(visitor.get(there))
    assert ("Voltige" in page, "Saut" in page) == (True, False)
    assert "1 lesson planned on these days" in page_of(visitor.get(SETTINGS))


def test_the_lessons_of_several_series_are_cancelled_as_one_decision(
    visitor: Visitor, world: World, mailoutbox: list[EmailMessage]
) -> None:
    planned(world, title="Voltige", clients=[world.camille.pk], repeat=world.weeks(2))
    planned(world, title="Saut", clients=[world.camille.pk], repeat=world.weeks(2), starts_at=at(world.day, 18))
    run_all()
    mailoutbox.clear()
    closure = closed(world, 0, 0)
    there = visitor.post(f"{CLOSURES}{closure.pk}/", {"lessons": [lesson.pk for lesson in Lesson.objects.all()]})["Location"]
    assert "2 lessons cancelled." in page_of(visitor.get(there))
    assert sorted(Lesson.objects.planned().values_list("title", flat=True)) == ["Saut", "Voltige"]  # those of the week after
    run_all()
    told = [mail for mail in mailoutbox if mail.to == ["camille@example.org"]]
    assert len(told) == 1
    assert "Voltige" in str(told[0].body)
    assert "Saut" in str(told[0].body)


def test_taking_it_back_leaves_each_lesson_in_its_series(visitor: Visitor, world: World) -> None:
    for hour in (16, 18):
        planned(world, repeat=world.weeks(2), starts_at=at(world.day, hour))
    before = dict(Lesson.objects.values_list("pk", "series"))
    made = services.cancel_lessons_of_closure(closure=closed(world, 0, 0), lessons=list(before), user=world.manager).change
    assert made
    services.undo_change(change=made, user=world.manager)
    assert dict(Lesson.objects.planned().values_list("pk", "series")) == before
    assert set(Series.objects.values_list("version", flat=True)) == {3}


def test_only_what_is_ticked_is_cancelled(visitor: Visitor, world: World) -> None:
    first, second = planned(world), planned(world, starts_at=at(world.day, 18))
    visitor.post(f"{CLOSURES}{closed(world, 0, 0).pk}/", {"lessons": [second.pk]})
    assert list(Lesson.objects.planned()) == [first]


def test_what_lies_elsewhere_or_has_begun_is_left(world: World) -> None:
    begun, elsewhere = planned(world), planned(world, starts_at=at(world.day + timedelta(days=7), 10))
    start = timezone.now() - timedelta(minutes=1)
    Lesson.objects.filter(pk=begun.pk).update(starts_at=start, ends_at=start + timedelta(hours=1))
    today = timezone.localdate(start, world.club.zone)
    closure = services.create_closure(club=world.club, first_day=today, last_day=world.day)
    with pytest.raises(services.OutOfDate):
        services.cancel_lessons_of_closure(closure=closure, lessons=[begun.pk, elsewhere.pk], user=world.manager)
    assert Lesson.objects.planned().count() == 2


def test_lessons_that_are_still_being_planned_are_not_cancelled(visitor: Visitor, world: World) -> None:
    lesson = world.plan().lesson
    answer = visitor.post(f"{CLOSURES}{closed(world, 0, 0).pk}/", {"lessons": [lesson.pk]})
    assert (answer.status_code, "still being planned" in page_of(answer)) == (409, True)


@pytest.mark.parametrize(("lessons", "status"), [([], 409), (["x"], 400), (["9" * 30], 400)])
def test_ids_that_are_none_are_refused(visitor: Visitor, world: World, lessons: list[str], status: int) -> None:
    planned(world)
    assert visitor.post(f"{CLOSURES}{closed(world, 0, 0).pk}/", {"lessons": lessons}).status_code == status
    assert Lesson.objects.planned().exists()


def test_credits_come_back(visitor: Visitor, world: World) -> None:
    pack = world.pack(world.camille)
    lesson = planned(world, clients=[world.camille.pk])
    visitor.post(f"{CLOSURES}{closed(world, 0, 0).pk}/", {"lessons": [lesson.pk]})
    drain()
    pack.refresh_from_db()
    assert pack.used == 0
    assert Enrolment.objects.filter(lesson=lesson).exists()


# ── Over HTTP ──


def test_the_rules_are_read_and_changed_over_http(world: World) -> None:
    planned(world)
    answer = api(world.manager).patch("/api/club/", {"reminder_lead_hours": 48, "no_show_charged": False})
    assert (answer.status_code, answer.json()["reminder_lead_hours"], answer.json()["no_show_charged"]) == (200, 48, False)
    assert api(world.manager).get("/api/club/").json() == answer.json()
    assert Reminder.objects.get().due_at == Lesson.objects.get().starts_at - timedelta(hours=48)


@pytest.mark.parametrize(
    ("name", "value"), [("reminder_lead_hours", 721), ("time_zone", "Moon/Crater"), ("country", "ZZ"), ("name", ""), ("language", "xx")]
)
def test_rules_that_cannot_be_are_refused_at_their_key(world: World, name: str, value: Any) -> None:
    answer = api(world.manager).patch("/api/club/", {"no_show_charged": False, name: value})
    assert (answer.status_code, list(answer.json())) == (400, [name])
    world.club.refresh_from_db()
    assert world.club.no_show_charged


def test_a_teacher_reads_the_rules_and_changes_none(world: World) -> None:
    teacher = api(world.teacher_user())
    assert (teacher.get("/api/club/").status_code, teacher.patch("/api/club/", {"name": "x"}).status_code) == (200, 403)


def test_the_lessons_of_closed_days_are_cancelled_over_http(world: World) -> None:
    first, second = planned(world), planned(world, starts_at=at(world.day, 18))
    path = f"/api/closures/{closed(world, 0, 0).pk}/cancel-lessons/"
    answer = api(world.manager).post(path, {"lessons": [second.pk]})
    assert (answer.status_code, answer.json()["change"]["lessons"]) == (200, [second.pk])
    assert api(world.manager).post(path).json()["change"]["lessons"] == [first.pk]
    assert api(world.manager).post(path).status_code == 409


def test_another_clubs_closed_days_are_not_there_over_http(world: World) -> None:
    other = World("Poney-club du Lac", prefix="other")
    planned(other)
    assert api(world.manager).post(f"/api/closures/{closed(other, 0, 0).pk}/cancel-lessons/").status_code == 404


@pytest.mark.parametrize(
    ("days", "wrong"),
    [(("0001-01-01", "9999-12-31"), ["first_day", "last_day"]), (("2027-01-01", "2028-02-01"), ["last_day"])],
    ids=["out of the calendar", "more than a year"],
)
def test_the_api_takes_no_closure_that_the_page_refuses(world: World, days: tuple[str, str], wrong: list[str]) -> None:
    answer = api(world.manager).post("/api/closures/", dict(zip(("first_day", "last_day"), days, strict=True)))
    assert (answer.status_code, list(answer.json())) == (400, wrong)
    assert not Closure.objects.exists()
