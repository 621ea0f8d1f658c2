"""Cancelling: credits come back before the club's cut-off, reminders go, people are told; and thirty seconds to take it back."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.utils import timezone

from jobs.models import Job
from jobs.worker import drain
from lessons import services
from lessons.models import Change, Enrolment, Lesson, Notice, Reminder
from tests.lessons.test_change_lesson import patch, run_changes, series, single, url
from tests.lessons.world import World, api, statuses


def cancel(world: World, lesson: Lesson, scope: str = "", **query: str) -> Any:
    there = url(lesson, scope)
    return api(world.manager).delete(there + ("&" if "?" in there else "?") + "&".join(f"{name}={value}" for name, value in query.items()))


def undo(world: World, answer: Any) -> Any:
    return api(world.manager).post(answer.json()["change"]["undo_url"])


def planned() -> int:
    return Lesson.objects.planned().count()


def test_the_lesson_stays_on_record_and_a_job_follows(world: World) -> None:
    answer = cancel(world, single(world))
    assert (answer.status_code, answer.json()["lesson"]["status"]) == (200, "cancelled")
    assert Job.objects.get(pk=answer.json()["job"]["token"]).kind == "lessons.after_delete"


@pytest.mark.parametrize(("scope", "left"), [("this", 3), ("following", 1), ("all", 0)])
def test_a_scope_says_which_of_the_series(world: World, scope: str, left: int) -> None:
    cancel(world, series(world)[1], scope)
    assert planned() == left


def test_credit_comes_back_to_the_subscription(world: World) -> None:
    pack = world.pack(world.hugo)
    lessons = series(world, clients=[world.hugo.pk])
    cancel(world, lessons[2], "following")
    run_changes()
    pack.refresh_from_db()
    assert (pack.used, pack.uses.standing().count(), pack.uses.count()) == (2, 2, 4)


def test_after_the_cut_off_credit_stays_spent(world: World) -> None:
    pack = world.pack(world.hugo, valid_from=timezone.localdate() - timedelta(days=9))
    lesson = single(world, clients=[world.hugo.pk], starts_at=timezone.now() + timedelta(hours=23))
    cancel(world, lesson)
    run_changes()
    pack.refresh_from_db()
    assert (pack.used, statuses(lesson)) == (1, {"Hugo": "paid"})


def test_the_cut_off_is_the_clubs(world: World) -> None:
    world.club.cancellation_cutoff_hours = 0
    world.club.save()
    pack = world.pack(world.hugo, valid_from=timezone.localdate() - timedelta(days=9))
    cancel(world, single(world, clients=[world.hugo.pk], starts_at=timezone.now() + timedelta(hours=23)))
    run_changes()
    pack.refresh_from_db()
    assert pack.used == 0


def test_running_the_job_again_gives_nothing_back_twice(world: World) -> None:
    pack = world.pack(world.hugo)
    answer = cancel(world, single(world, clients=[world.hugo.pk]))
    run_changes()
    change = Change.objects.get(pk=answer.json()["change"]["id"])
    assert services.settle_credits(change=change) == 0
    pack.refresh_from_db()
    assert pack.used == 0


def test_reminders_are_dropped(world: World) -> None:
    lessons = series(world)
    cancel(world, lessons[0], "following")
    run_changes()
    assert not Reminder.objects.exists()


def test_a_reminder_that_waits_to_be_sent_is_dropped_too(world: World) -> None:
    lesson = single(world, clients=[world.hugo.pk])
    Reminder.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    services.send_due_reminders()
    cancel(world, lesson)
    Job.objects.filter(kind="lessons.send_notice").update(run_at=timezone.now() + timedelta(days=1))
    services.move_reminders(change=Change.objects.get())
    assert not Notice.objects.filter(kind=Notice.Kind.REMINDER).exists()


def test_people_are_told_once_about_all_of_it(world: World, mailoutbox: list[EmailMessage]) -> None:
    lessons = series(world, clients=[world.hugo.pk])
    Notice.objects.all().delete()
    cancel(world, lessons[1], "following")
    run_changes()
    assert sorted(message.to[0] for message in mailoutbox) == ["hugo@example.org", "t@example.org"]
    assert mailoutbox[0].subject.startswith("Cancelled: Galop 2, ")
    assert str(mailoutbox[0].body).count("Galop 2, ") == 3


def test_a_lesson_that_has_begun_is_not_cancelled(world: World) -> None:
    lesson = single(world)
    now = timezone.now()
    Lesson.objects.update(starts_at=now - timedelta(minutes=5), ends_at=now + timedelta(minutes=55))
    answer = cancel(world, lesson)
    assert (answer.status_code, answer.json()) == (400, {"starts_at": ["A lesson that has begun cannot be cancelled."]})


def test_cancelling_twice_is_told(world: World) -> None:
    lesson = single(world)
    cancel(world, lesson)
    assert cancel(world, lesson).status_code == 409


def test_who_cancels_what_somebody_has_just_changed_is_told(world: World) -> None:
    lesson = single(world)
    seen = api(world.manager).get(url(lesson)).json()["version"]
    patch(world, lesson, title="Voltige")
    assert cancel(world, lesson, version=seen).status_code == 409
    assert planned() == 1


def test_a_teacher_and_a_stranger_cancel_nothing(world: World) -> None:
    lesson, other = single(world), World("Poney-club du Lac", prefix="other")
    assert api(world.teacher_user()).delete(url(lesson)).status_code == 403
    assert api(other.manager).delete(url(lesson)).status_code == 404
    assert planned() == 1


# ── Undo ──


def test_undo_brings_the_lessons_back_and_nobody_hears_of_it(world: World, mailoutbox: list[EmailMessage]) -> None:
    pack = world.pack(world.hugo)
    lessons = series(world, clients=[world.hugo.pk])
    Notice.objects.all().delete()
    answer = cancel(world, lessons[0], "all")
    assert undo(world, answer).status_code == 200
    run_changes()
    pack.refresh_from_db()
    assert (planned(), pack.used, Reminder.objects.count(), len(mailoutbox)) == (4, 4, 4, 0)


def test_undo_after_the_job_takes_the_credit_again(world: World, mailoutbox: list[EmailMessage]) -> None:
    pack = world.pack(world.hugo)
    lesson = single(world, clients=[world.hugo.pk])
    Notice.objects.all().delete()
    answer = cancel(world, lesson)
    follow_up(answer)
    assert Notice.objects.filter(status="pending").count() == 2
    assert undo(world, answer).status_code == 200
    run_changes()
    pack.refresh_from_db()
    assert (pack.used, statuses(lesson), len(mailoutbox)) == (1, {"Hugo": "paid"}, 0)


def test_who_was_told_already_is_told_that_it_takes_place(world: World, mailoutbox: list[EmailMessage]) -> None:
    lesson = single(world, clients=[world.hugo.pk])
    Notice.objects.all().delete()
    answer = cancel(world, lesson)
    run_changes()
    undo(world, answer)
    run_changes()
    assert [message.subject.split(":")[0] for message in mailoutbox] == ["Cancelled"] * 2 + ["Taking place after all"] * 2


def test_undo_of_a_change_puts_everything_back(world: World) -> None:
    lessons = series(world)
    before = list(Lesson.objects.order_by("pk").values_list("title", "starts_at", "ends_at", "teacher", "place", "capacity", "series"))
    next_week = f"{world.day + timedelta(weeks=1)}T16:00"
    answer = patch(world, lessons[0], "all", title="x", starts_at=next_week, teacher=world.lea.pk, place="Pré")
    assert undo(world, answer).status_code == 200
    after = list(Lesson.objects.order_by("pk").values_list("title", "starts_at", "ends_at", "teacher", "place", "capacity", "series"))
    assert after == before


def test_it_is_too_late_after_thirty_seconds(world: World) -> None:
    answer = cancel(world, single(world))
    Change.objects.update(created_at=timezone.now() - timedelta(seconds=31))
    late = undo(world, answer)
    assert (late.status_code, late.json()) == (409, {"detail": "It is too late to take this back: people are being told."})


def test_undo_happens_once(world: World) -> None:
    answer = cancel(world, single(world))
    undo(world, answer)
    again = undo(world, answer)
    assert (again.status_code, again.json()) == (409, {"detail": "This change is already undone."})


def test_undo_after_another_change_is_told(world: World) -> None:
    lesson = single(world)
    answer = patch(world, lesson, title="Voltige")
    patch(world, lesson, title="Saut")
    assert undo(world, answer).status_code == 409
    assert Lesson.objects.get().title == "Saut"


def test_undo_is_refused_where_somebody_has_taken_the_room(world: World) -> None:
    answer = cancel(world, single(world))
    world.plan(teacher=world.lea.pk, title="Voltige")
    late = undo(world, answer)
    assert (late.status_code, list(late.json())) == (400, ["place"])
    assert planned() == 1


def test_a_stranger_undoes_nothing(world: World) -> None:
    answer = cancel(world, single(world))
    other = World("Poney-club du Lac", prefix="other")
    assert api(other.manager).post(answer.json()["change"]["undo_url"]).status_code == 404


def follow_up(answer: Any) -> None:
    """Run the job of this answer and no other."""
    Job.objects.waiting().exclude(pk=answer.json()["job"]["token"]).update(run_at=timezone.now() + timedelta(days=1))
    drain(limit=1)


def test_the_people_of_a_cancelled_lesson_stay_on_record(world: World) -> None:
    lesson = single(world, clients=[world.hugo.pk])
    cancel(world, lesson)
    run_changes()
    assert Enrolment.objects.get().client == world.hugo
