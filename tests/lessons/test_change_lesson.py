"""Changing a lesson, alone or with its series: at once, refused where it cannot be, and people are told old and new."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.utils import timezone

from jobs.models import Job
from jobs.worker import drain
from lessons import services
from lessons.models import Change, Client, Closure, Enrolment, Lesson, Notice, Place, Reminder, Series
from tests.lessons.world import World, api, at, run_follow_up


def url(lesson: Lesson, scope: str = "") -> str:
    return f"/api/lessons/{lesson.pk}/" + (f"?scope={scope}" if scope else "")


def patch(world: World, lesson: Lesson, scope: str = "", **values: Any) -> Any:
    return api(world.manager).patch(url(lesson, scope), values)


def series(world: World, count: int = 4, **values: Any) -> list[Lesson]:
    """Planned and followed up."""
    lesson = world.plan(repeat=world.weeks(count), **values).lesson
    run_follow_up(lesson)
    return list(Lesson.objects.filter(series=lesson.series_id).order_by("starts_at"))


def single(world: World, **values: Any) -> Lesson:
    lesson = world.plan(**values).lesson
    run_follow_up(lesson)
    return lesson


def local_starts(world: World) -> list[str]:
    return [f"{lesson.local_start:%d/%m %H:%M}" for lesson in Lesson.objects.order_by("starts_at")]


def let_time_pass() -> None:
    """The thirty seconds of undo are over."""
    Job.objects.waiting().update(run_at=None)


# ── One lesson ──


def test_the_answer_has_the_lesson_its_job_and_how_to_undo(world: World) -> None:
    lesson = single(world)
    answer = patch(world, lesson, starts_at=f"{world.day}T17:00")
    assert answer.status_code == 200, answer.json()
    body = answer.json()
    assert body["lesson"]["starts_at"] == f"{world.day}T17:00:00+01:00"
    assert body["lesson"]["ends_at"] == f"{world.day}T18:00:00+01:00"
    assert body["job"]["status"] == "pending"
    assert body["change"]["lessons"] == [lesson.pk]
    assert body["change"]["undo_url"] == f"/api/lessons/changes/{body['change']['id']}/undo/"


def test_its_job_is_the_after_update_job(world: World) -> None:
    patch(world, single(world), title="Galop 7")
    job = Job.objects.get(status="pending", kind="lessons.after_update")
    assert [step["name"] for step in api(world.manager).get(f"/api/jobs/{job.token}/").json()["steps"]] == [
        "Subscriptions", "Reminders", "Notices",
    ]  # fmt: skip


def test_only_what_is_named_changes(world: World) -> None:
    lesson = single(world, clients=[world.hugo.pk])
    before = api(world.manager).get(url(lesson)).json()
    after = patch(world, lesson, capacity=9).json()["lesson"]
    assert {name for name in after if after[name] != before[name]} == {"capacity", "version", "updated_at"}


def test_everything_can_change_at_once(world: World) -> None:
    wish: dict[str, Any] = {"title": "Voltige", "teacher": world.lea.pk, "place": "Nouveau pré", "capacity": 4, "duration_minutes": 90,
            "starts_at": f"{world.day + timedelta(days=1)}T10:00"}  # fmt: skip
    lesson = patch(world, single(world), **wish).json()["lesson"]
    assert {name: lesson[name] for name in ("title", "teacher", "place", "capacity", "duration_minutes")} == {
        name: wish[name] for name in ("title", "teacher", "place", "capacity", "duration_minutes")
    }


def test_a_lesson_of_another_club_is_not_there(world: World) -> None:
    other = World("Poney-club du Lac", prefix="other")
    assert patch(world, single(other), title="Mine").status_code == 404


def test_a_teacher_changes_nothing(world: World) -> None:
    lesson = single(world)
    assert api(world.teacher_user()).patch(url(lesson), {"title": "Mine"}).status_code == 403


def test_moving_onto_itself_changes_nothing_and_tells_nobody(world: World) -> None:
    lesson = single(world)
    answer = patch(world, lesson, starts_at=lesson.starts_at.isoformat(), title="Galop 2", place="carrière")
    assert (answer.status_code, answer.json()["job"], answer.json()["change"]) == (200, None, None)
    assert not Change.objects.exists()


def test_a_lesson_is_not_in_its_own_way(world: World) -> None:
    assert patch(world, single(world), starts_at=f"{world.day}T16:30").status_code == 200


# ── What says no ──


def test_a_taken_place_is_refused_at_its_field_with_ways_out(world: World) -> None:
    Place.objects.create(club=world.club, name="Manège")
    world.plan(teacher=world.lea.pk, starts_at=at(world.day, 18))
    answer = patch(world, single(world), starts_at=f"{world.day}T18:00")
    assert answer.status_code == 400
    assert answer.json()["place"] == ["Carrière is taken from 18:00 to 19:00 by Léa Dumont (Galop 2)."]
    assert [fix["value"] for fix in answer.json()["fixes"]] == ["Manège", f"{world.day}T19:00:00+01:00"]
    assert Lesson.objects.filter(starts_at=at(world.day, 16)).exists(), "and it stays where it was"


def test_a_taken_teacher_is_refused_at_its_field(world: World) -> None:
    world.plan(place="Manège", starts_at=at(world.day, 18))
    answer = patch(world, single(world), starts_at=f"{world.day}T18:00")
    assert answer.json()["teacher"] == ["Sophie Lambert already teaches from 18:00 to 19:00 (Galop 2, manège)."]


def test_a_cancelled_lesson_is_in_nobodys_way(world: World) -> None:
    other = single(world, starts_at=at(world.day, 18))
    services.cancel_lesson(lesson=other, user=world.manager)
    assert patch(world, single(world), starts_at=f"{world.day}T18:00").status_code == 200


def test_a_move_into_a_closure_is_refused(world: World) -> None:
    closed = world.day + timedelta(days=1)
    Closure.objects.create(club=world.club, first_day=closed, last_day=closed, reason="frost")
    answer = patch(world, single(world), starts_at=f"{closed}T16:00")
    assert answer.json()["starts_at"] == ["Club closed (frost)."]


def test_a_lesson_on_a_closed_day_may_change_its_hour(world: World) -> None:
    Closure.objects.create(club=world.club, first_day=world.day, last_day=world.day)
    assert patch(world, single(world), starts_at=f"{world.day}T17:00").status_code == 200


def test_a_move_onto_a_public_holiday_is_refused(world: World) -> None:
    answer = patch(world, single(world), starts_at=f"{world.day.year}-12-25T16:00")
    assert answer.json()["starts_at"] == ["Public holiday (Christmas Day)."]


def test_a_move_into_the_past_is_refused(world: World) -> None:
    yesterday = timezone.now() - timedelta(days=1)
    answer = patch(world, single(world), starts_at=yesterday.isoformat())
    assert answer.json()["starts_at"] == ["This moment has passed."]


def test_a_time_that_the_clocks_skip_is_refused(world: World) -> None:
    sunday = last_sunday(world.day.year, 3)
    answer = patch(world, single(world), starts_at=f"{sunday}T02:30")
    assert answer.json()["starts_at"] == ["2:30 does not exist on this day: the clocks go forward."]


def test_a_time_that_comes_twice_asks_for_its_offset(world: World) -> None:
    sunday = last_sunday(world.day.year, 10)
    lesson = single(world)
    assert "comes twice" in patch(world, lesson, starts_at=f"{sunday}T02:30").json()["starts_at"][0]
    assert patch(world, lesson, starts_at=f"{sunday}T02:30:00+01:00").status_code == 200
    assert Lesson.objects.get().starts_at == datetime(sunday.year, sunday.month, sunday.day, 1, 30, tzinfo=UTC)


def last_sunday(year: int, month: int) -> date:
    last = date(year, month, 31)
    return last - timedelta(days=(last.weekday() + 1) % 7)


def test_the_capacity_does_not_shrink_under_the_enrolled(world: World) -> None:
    lesson = single(world, clients=[world.hugo.pk, world.noe.pk])
    assert patch(world, lesson, capacity=1).json()["capacity"] == ["2 clients are enrolled."]
    assert patch(world, lesson, capacity=2).status_code == 200


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": " "}, "title"),
        ({"teacher": 99999999}, "teacher"),
        ({"place": " "}, "place"),
        ({"place": "x" * 61}, "place"),
        ({"starts_at": "9999-12-31T10:00"}, "starts_at"),
        ({"starts_at": "tomorrow"}, "starts_at"),
        ({"duration_minutes": 0}, "duration_minutes"),
        ({"duration_minutes": 1441}, "duration_minutes"),
        ({"capacity": 0}, "capacity"),
        ({"capacity": -1}, "capacity"),
    ],
)
def test_bad_input_is_a_message_at_its_field(world: World, values: dict[str, Any], field: str) -> None:
    answer = patch(world, single(world), **values)
    assert answer.status_code in (400, 404)
    assert list(answer.json()) == [field]


@pytest.mark.parametrize("scope", ["some", "following", "all"])
def test_a_scope_must_be_one_that_the_lesson_has(world: World, scope: str) -> None:
    answer = patch(world, single(world), scope, title="x")
    assert (answer.status_code, list(answer.json())) == (400, ["scope"])


def test_a_cancelled_lesson_is_not_changed(world: World) -> None:
    lesson = single(world)
    services.cancel_lesson(lesson=lesson, user=world.manager)
    answer = patch(world, lesson, title="x")
    assert (answer.status_code, answer.json()) == (409, {"detail": "This lesson is cancelled."})


def test_a_lesson_that_is_still_being_planned_waits_a_moment(world: World) -> None:
    assert patch(world, world.plan().lesson, title="x").status_code == 409


# ── With its series ──


def test_this_changes_one_lesson_of_the_series(world: World) -> None:
    lessons = series(world)
    patch(world, lessons[1], "this", title="Voltige")
    assert [lesson.title for lesson in Lesson.objects.order_by("starts_at")] == ["Galop 2", "Voltige", "Galop 2", "Galop 2"]


def test_following_leaves_what_came_before(world: World) -> None:
    lessons = series(world)
    answer = patch(world, lessons[2], "following", starts_at=f"{world.day + timedelta(weeks=2)}T17:00")
    assert answer.json()["change"]["lessons"] == [lessons[2].pk, lessons[3].pk]
    assert [start[-5:] for start in local_starts(world)] == ["16:00", "16:00", "17:00", "17:00"]


def test_all_changes_the_series(world: World) -> None:
    lessons = series(world)
    patch(world, lessons[2], "all", starts_at=f"{world.day + timedelta(weeks=2, days=1)}T17:00", teacher=world.lea.pk)
    days = {(lesson.local_start.weekday(), lesson.local_start.hour, lesson.teacher) for lesson in Lesson.objects.select_related("club")}
    assert days == {(3, 17, world.lea)}


def test_all_leaves_lessons_that_have_taken_place(world: World) -> None:
    lessons = series(world)
    Lesson.objects.filter(pk=lessons[0].pk).update(
        starts_at=timezone.now() - timedelta(days=1, hours=1), ends_at=timezone.now() - timedelta(days=1)
    )
    patch(world, lessons[2], "all", title="Voltige")
    assert Lesson.objects.get(pk=lessons[0].pk).title == "Galop 2"


def test_a_series_stays_at_its_hour_across_the_change_of_clocks(world: World) -> None:
    series(world, 12)
    patch(world, Lesson.objects.order_by("starts_at")[0], "all", starts_at=f"{world.day}T17:00")
    assert {start[-5:] for start in local_starts(world)} == {"17:00"}
    assert {lesson.starts_at.astimezone(UTC).hour for lesson in Lesson.objects.all()} == {15, 16}


def test_a_week_later_each_takes_the_place_of_the_next(world: World) -> None:
    lessons = series(world)
    assert patch(world, lessons[0], "all", starts_at=f"{world.day + timedelta(weeks=1)}T16:00").status_code == 200


def test_dates_that_cannot_follow_are_named_and_nothing_changes(world: World) -> None:
    lessons = series(world)
    taken = world.day + timedelta(weeks=1)
    world.plan(teacher=world.lea.pk, starts_at=at(taken, 18))
    answer = patch(world, lessons[0], "all", starts_at=f"{world.day}T18:00")
    assert answer.status_code == 400
    assert "1 lesson of 4 cannot change: " in answer.json()["place"][0]
    assert "Carrière is taken from 18:00 to 19:00 by Léa Dumont" in answer.json()["place"][0]
    assert answer.json()["fixes"] == [{"field": "leave_stuck", "value": "true", "label": "Change the other 3"}]
    assert [start[-5:] for start in local_starts(world)].count("16:00") == 4


def test_the_others_can_change_without_them(world: World) -> None:
    lessons = series(world)
    closed = world.day + timedelta(weeks=1, days=1)
    Closure.objects.create(club=world.club, first_day=closed, last_day=closed, reason="frost")
    answer = patch(world, lessons[0], "all", starts_at=f"{world.day + timedelta(days=1)}T16:00", leave_stuck=True)
    assert answer.json()["change"]["left"] == [{"date": str(world.day + timedelta(weeks=1)), "reason": "club closed (frost)"}]
    assert [lesson.local_start.weekday() for lesson in Lesson.objects.order_by("starts_at")] == [3, 2, 3, 3]


def test_a_lesson_that_stays_is_in_the_way_of_the_others(world: World) -> None:
    """A week later for all: the third is stuck at a closed fourth week, so the second cannot take its place, nor the first."""
    lessons = series(world)
    closed = world.day + timedelta(weeks=4)
    Closure.objects.create(club=world.club, first_day=closed, last_day=closed)
    answer = patch(world, lessons[0], "all", starts_at=f"{world.day + timedelta(weeks=1)}T16:00", leave_stuck=True)
    assert answer.status_code == 400, "then nothing is left that could change"


# ── Two managers ──


def test_of_two_managers_who_change_the_same_series_one_is_told_and_nothing_is_lost(world: World) -> None:
    lessons = series(world)
    seen = [api(world.manager).get(url(lesson)).json()["version"] for lesson in (lessons[0], lessons[3])]
    assert patch(world, lessons[0], "all", title="Voltige", version=seen[0]).status_code == 200
    late = patch(world, lessons[3], "all", title="Saut", version=seen[1])
    assert late.status_code == 409
    assert late.json()["detail"].startswith("manager changed this lesson at ")
    assert set(Lesson.objects.values_list("title", flat=True)) == {"Voltige"}


def test_a_form_that_stood_open_for_days_is_told_the_day(world: World) -> None:
    lesson = single(world)
    patch(world, lesson, title="Voltige")
    Change.objects.update(created_at=at(world.day - timedelta(days=365), 9, 5))
    late = patch(world, lesson, title="Saut", version=str(lesson.version))
    assert re.match(r"manager changed this lesson on \w+day \d+ \w+( \d{4})? at 9:05\.", late.json()["detail"]), late.json()


def test_who_is_named_has_changed_this_very_lesson(world: World) -> None:
    lessons, other = series(world), User.objects.create_user("other")
    patch(world, lessons[0], title="Voltige")
    services.change_lesson(lesson=Lesson.objects.select_related("club").get(pk=lessons[1].pk), user=other, title="Saut")
    details = {scope: patch(world, lessons[0], scope, title="x", version="1.1").json()["detail"] for scope in ("this", "all")}
    assert {scope: detail.split()[0] for scope, detail in details.items()} == {"this": "manager", "all": "other"}


def test_a_change_elsewhere_in_the_series_does_not_disturb_one_lesson(world: World) -> None:
    lessons = series(world)
    seen = api(world.manager).get(url(lessons[3])).json()["version"]
    patch(world, lessons[0], title="Voltige")
    assert patch(world, lessons[3], title="Saut", version=seen).status_code == 200
    assert patch(world, lessons[2], "all", title="x", version=seen).status_code == 409


def test_without_a_version_the_last_one_wins(world: World) -> None:
    lesson = single(world)
    patch(world, lesson, title="Voltige")
    assert patch(world, lesson, title="Saut").json()["lesson"]["title"] == "Saut"


# ── What follows ──


def told(world: World, mailoutbox: list[EmailMessage]) -> dict[str, EmailMessage]:
    return {message.to[0]: message for message in mailoutbox}


def test_people_are_told_old_and_new_once_a_person(world: World, mailoutbox: list[EmailMessage]) -> None:
    lessons = series(world, clients=[world.hugo.pk])
    patch(world, lessons[0], "all", starts_at=f"{world.day}T17:00", place="Manège")
    Notice.objects.filter(change=None).delete()
    let_time_pass()
    drain()
    let_time_pass()
    drain()
    assert sorted(told(world, mailoutbox)) == ["hugo@example.org", "t@example.org"]
    assert len(mailoutbox) == 2
    text = str(told(world, mailoutbox)["hugo@example.org"].body)
    assert "4 lessons that you are enrolled in have changed:" in text
    assert text.count("was: Galop 2, ") == text.count("now: Galop 2, ") == 4
    assert ("16:00–17:00, Carrière, Sophie Lambert" in text, "17:00–18:00, Manège, Sophie Lambert" in text) == (True, True)


def test_both_teachers_are_told_of_a_change_of_teacher(world: World, mailoutbox: list[EmailMessage]) -> None:
    world.lea.email = "lea@example.org"
    world.lea.save()
    lesson = single(world)
    Notice.objects.all().delete()
    patch(world, lesson, teacher=world.lea.pk)
    run_changes()
    assert sorted(told(world, mailoutbox)) == ["lea@example.org", "t@example.org"]


def test_nobody_is_told_of_another_capacity(world: World) -> None:
    patch(world, single(world, clients=[world.hugo.pk]), capacity=3)
    run_changes()
    assert not Notice.objects.exclude(change=None).exists()


def test_nobody_is_told_before_the_time_to_undo_is_over(world: World) -> None:
    patch(world, single(world, clients=[world.hugo.pk]), title="Voltige")
    Job.objects.filter(kind="lessons.send_notice").delete()
    drain()
    [teacher, client] = Job.objects.filter(kind="lessons.send_notice")
    assert min(job.run_at or timezone.now() for job in (teacher, client)) > timezone.now() + timedelta(seconds=20)


def test_who_has_no_address_is_reported(world: World) -> None:
    mute = world.client("Muet", email="")
    answer = patch(world, single(world, clients=[mute.pk]), title="Voltige")
    run_changes()
    result = Job.objects.get(pk=answer.json()["job"]["token"]).result
    assert result
    assert result["untold"] == [{"client": mute.pk}]


def test_reminders_move_with_their_lessons(world: World) -> None:
    lessons = series(world)
    patch(world, lessons[0], "all", starts_at=f"{world.day}T18:00")
    run_changes()
    assert [row.lesson.starts_at - row.due_at for row in Reminder.objects.select_related("lesson")] == [timedelta(hours=24)] * 4


def test_who_was_reminded_of_the_old_time_is_reminded_of_the_new_one(world: World) -> None:
    lesson = single(world, clients=[world.hugo.pk])
    Reminder.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    services.send_due_reminders()
    patch(world, lesson, starts_at=f"{world.day + timedelta(days=2)}T16:00")
    run_changes()
    Reminder.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    assert services.send_due_reminders() == 1
    assert Notice.objects.filter(kind=Notice.Kind.REMINDER, client=world.hugo).count() == 2


def test_a_reminder_that_is_due_at_this_moment_is_not_lost_to_a_new_title(world: World) -> None:
    lesson = single(world, starts_at=timezone.now() + timedelta(hours=30))
    services.change(world.club, reminder_lead_hours=40)
    Reminder.objects.update(due_at=lesson.starts_at - timedelta(hours=40))
    patch(world, lesson, title="Voltige")
    services.move_reminders(change=Change.objects.get())
    assert Reminder.objects.filter(sent_at=None, lesson=lesson).exists()


def test_running_the_job_again_tells_nobody_twice(world: World) -> None:
    answer = patch(world, single(world, clients=[world.hugo.pk]), title="Voltige")
    run_changes()
    change = Change.objects.get(pk=answer.json()["change"]["id"])
    services.tell_of_change(change=change)
    assert change.notices.count() == 2


def run_changes() -> None:
    for _turn in range(2):
        let_time_pass()
        drain()


# ── Deleting who is still expected ──


def test_a_client_with_future_lessons_is_not_deleted(world: World) -> None:
    single(world, clients=[world.hugo.pk])
    answer = api(world.manager).delete(f"/api/clients/{world.hugo.pk}/")
    assert answer.status_code == 409
    assert Client.objects.filter(pk=world.hugo.pk).exists()
    assert Enrolment.objects.count() == 1


def test_a_series_keeps_count_of_its_versions(world: World) -> None:
    lessons = series(world)
    for title in ("a", "b"):
        patch(world, lessons[0], title=title)
    assert Series.objects.get().version == 3
