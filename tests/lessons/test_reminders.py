"""Reminders go out when they are due, once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from jobs import registry
from jobs.models import Job
from lessons import services
from lessons.models import Lesson, Notice, Reminder
from tests.lessons.world import World


def lesson_in(world: World, hours: float, due_in: float) -> Lesson:
    now = timezone.now()
    lesson = world.plan(starts_at=now + timedelta(hours=hours), clients=[world.camille.pk, world.hugo.pk]).lesson
    Reminder.objects.create(lesson=lesson, due_at=now + timedelta(hours=due_in))
    return lesson


def test_teacher_and_clients_are_reminded_when_it_is_due(world: World) -> None:
    lesson = lesson_in(world, 24, -0.01)
    assert services.send_due_reminders() == 1
    addresses = Notice.objects.filter(lesson=lesson, kind="reminder").values_list("recipient_email", flat=True)
    assert sorted(addresses) == ["camille@example.org", "hugo@example.org", "t@example.org"]
    assert Job.objects.filter(kind="lessons.send_notice").count() == 3
    assert Reminder.objects.get().sent_at is not None


def test_nobody_is_reminded_before_it_is_due(world: World) -> None:
    lesson_in(world, 48, 0.01)
    assert services.send_due_reminders() == 0


def test_nobody_is_reminded_twice(world: World) -> None:
    lesson_in(world, 24, -1)
    assert [services.send_due_reminders() for _ in range(2)] == [1, 0]
    assert Notice.objects.count() == 3


def test_a_cancelled_lesson_is_not_announced(world: World) -> None:
    lesson = lesson_in(world, 24, -1)
    Lesson.objects.filter(pk=lesson.pk).update(status="cancelled")
    assert services.send_due_reminders() == 0


def test_a_lesson_that_has_begun_is_not_announced(world: World) -> None:
    lesson_in(world, -0.1, -24)
    assert services.send_due_reminders() == 0


def test_who_has_no_address_is_passed_over(world: World) -> None:
    lesson = lesson_in(world, 24, -1)
    lesson.clients.update(email="")
    services.send_due_reminders()
    assert Notice.objects.get().teacher == world.sophie


def test_each_is_sent_within_a_minute_of_being_due() -> None:
    assert (registry.get("lessons.send_due_reminders").every_seconds or 0) in range(1, 31)


def test_many_that_are_due_at_once_all_go_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lessons.services.mail.REMINDERS_AT_A_TIME", 2)
    for hour in range(5):
        lesson_in(world, 24 + 2 * hour, -1)
    assert services.send_due_reminders() == 5


def test_another_lead_time_moves_what_is_not_sent_yet(world: World) -> None:
    lesson = lesson_in(world, 72, 48)
    world.club.reminder_lead_hours = 48
    assert services.plan_reminders_anew(club=world.club) == 1
    assert Reminder.objects.get().due_at == lesson.starts_at - timedelta(hours=48)


def test_what_is_due_under_the_new_lead_time_goes_out_at_once(world: World) -> None:
    lesson_in(world, 30, 6)
    world.club.reminder_lead_hours = 48
    services.plan_reminders_anew(club=world.club)
    assert services.send_due_reminders() == 1


def test_what_was_sent_is_not_sent_again_under_a_new_lead_time(world: World) -> None:
    lesson_in(world, 24, -1)
    services.send_due_reminders()
    world.club.reminder_lead_hours = 12
    services.plan_reminders_anew(club=world.club)
    assert Reminder.objects.get().sent_at is not None


def test_a_lead_time_of_nothing_drops_them(world: World) -> None:
    lesson_in(world, 72, 48)
    world.club.reminder_lead_hours = 0
    assert services.plan_reminders_anew(club=world.club) == 0
    assert not Reminder.objects.exists()


def test_the_number_of_statements_does_not_grow(world: World, django_assert_max_num_queries: object) -> None:
    for hour in range(8):
        lesson_in(world, 24 + 2 * hour, -1)
    with django_assert_max_num_queries(12):  # type: ignore[operator]  # pytest-django's fixture
        assert services.send_due_reminders() == 8


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_remind_once() -> None:
    world = World()
    lesson_in(world, 24, -1)

    def work(_number: int) -> int:
        try:
            return services.send_due_reminders()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(work, range(4))) == 1
    assert Notice.objects.count() == 3
