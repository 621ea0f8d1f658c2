"""What follows a new lesson: debits, repeats, notices, reminders, each exactly once."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from jobs.models import Job
from lessons import services
from lessons.models import Closure, Enrolment, Lesson, Notice, Reminder, Subscription, SubscriptionUse
from tests.lessons.world import World, at, result_of, run_follow_up, statuses


def test_a_pack_pays_and_the_ledger_says_so(world: World) -> None:
    pack = world.pack(world.camille, 10)
    lesson = world.plan(clients=[world.camille.pk]).lesson
    assert result_of(lesson)["consumed"] == 1
    pack.refresh_from_db()
    assert (pack.used, pack.remaining) == (1, 9)
    assert SubscriptionUse.objects.get().subscription == pack
    assert statuses(lesson) == {"Camille": "paid"}


def test_a_period_pays_without_being_counted(world: World) -> None:
    period = world.period(world.camille)
    run_follow_up(world.plan(clients=[world.camille.pk]).lesson)
    period.refresh_from_db()
    assert (period.used, period.uses.count()) == (0, 1)


def test_the_oldest_valid_subscription_with_credit_pays(world: World) -> None:
    long_ago = world.day - timedelta(days=200)
    world.pack(world.camille, valid_from=long_ago, valid_until=world.day - timedelta(days=1))
    world.pack(world.camille, credits=0, valid_from=long_ago)
    right = world.pack(world.camille, valid_from=world.day - timedelta(days=100))
    world.pack(world.camille)
    run_follow_up(world.plan(clients=[world.camille.pk]).lesson)
    assert SubscriptionUse.objects.get().subscription == right


def test_who_has_no_credit_is_enrolled_unpaid_and_the_manager_is_told(world: World) -> None:
    world.pack(world.noe, credits=0)
    lesson = world.plan(clients=[world.noe.pk]).lesson
    assert result_of(lesson)["unpaid"] == [{"client": world.noe.pk, "lessons": 1}]
    assert statuses(lesson) == {"Noé": "unpaid"}
    assert Notice.objects.get(kind="unpaid").user == world.manager


def test_a_weekly_lesson_is_repeated_to_the_last_date(world: World) -> None:
    lesson = world.plan(repeat=world.weeks(4), clients=[world.camille.pk]).lesson
    assert result_of(lesson)["created"] == 3
    starts = list(Lesson.objects.filter(series=lesson.series).values_list("starts_at", flat=True))
    assert starts == [at(world.day + timedelta(weeks=n), 16) for n in range(4)]


def test_a_repeat_is_a_lesson_like_the_first(world: World) -> None:
    lesson = world.plan(repeat=world.weeks(2), clients=[world.camille.pk, world.hugo.pk]).lesson
    run_follow_up(lesson)
    repeat = Lesson.objects.exclude(pk=lesson.pk).get()
    same = ["title", "teacher_id", "place_id", "capacity", "duration_minutes", "status", "created_by_id"]
    assert {name: getattr(repeat, name) for name in same} == {name: getattr(lesson, name) for name in same}
    assert set(repeat.clients.all()) == {world.camille, world.hugo}


def test_repeats_are_debited_in_order_of_dates_until_the_credit_ends(world: World) -> None:
    pack = world.pack(world.camille, credits=2)
    lesson = world.plan(repeat=world.weeks(4), clients=[world.camille.pk]).lesson
    result = result_of(lesson)
    by_date = Enrolment.objects.order_by("lesson__starts_at").values_list("status", flat=True)
    assert list(by_date) == ["paid", "paid", "unpaid", "unpaid"]
    pack.refresh_from_db()
    assert pack.remaining == 0
    assert (result["consumed"], result["unpaid"]) == (2, [{"client": world.camille.pk, "lessons": 2}])


def test_a_subscription_that_begins_later_pays_for_later_dates(world: World) -> None:
    world.pack(world.camille, valid_from=world.day + timedelta(weeks=1))
    run_follow_up(world.plan(repeat=world.weeks(2), clients=[world.camille.pk]).lesson)
    by_date = Enrolment.objects.order_by("lesson__starts_at").values_list("status", flat=True)
    assert list(by_date) == ["unpaid", "paid"]


def test_a_closed_day_is_skipped_with_its_reason(world: World) -> None:
    day = world.day + timedelta(weeks=1)
    Closure.objects.create(club=world.club, first_day=day, last_day=day, reason="Works")
    result = result_of(world.plan(repeat=world.weeks(3)).lesson)
    assert result["skipped"] == [{"date": str(day), "reason": "club closed (Works)"}]
    assert result["created"] == 1


def test_a_taken_place_is_skipped_and_named(world: World) -> None:
    taken = world.day + timedelta(weeks=1)
    world.plan(teacher=world.lea.pk, starts_at=at(taken, 15, 30), title="Galop 5")
    result = result_of(world.plan(repeat=world.weeks(2)).lesson)
    assert result["skipped"] == [{"date": str(taken), "reason": "Carrière is taken from 15:30 to 16:30 by Léa Dumont (Galop 5)"}]


def test_a_taken_teacher_is_skipped_and_named(world: World) -> None:
    taken = world.day + timedelta(weeks=1)
    world.plan(place="Manège", starts_at=at(taken, 16, 30))
    result = result_of(world.plan(repeat=world.weeks(2)).lesson)
    assert result["skipped"][0]["reason"] == "Sophie Lambert already teaches from 16:30 to 17:30 (Galop 2, manège)"


def test_a_cancelled_lesson_takes_no_place(world: World) -> None:
    cancelled = world.plan(starts_at=at(world.day + timedelta(weeks=1), 16)).lesson
    Lesson.objects.filter(pk=cancelled.pk).update(status="cancelled")
    assert result_of(world.plan(repeat=world.weeks(2)).lesson)["created"] == 1


def test_teacher_and_clients_are_told_once_each(world: World) -> None:
    lesson = world.plan(clients=[world.camille.pk, world.hugo.pk], repeat=world.weeks(3)).lesson
    world.period(world.camille)
    world.period(world.hugo)
    assert result_of(lesson)["told"] == 3
    told: Any = Notice.objects.filter(lesson=lesson, kind="planned").values_list("teacher", "client", "recipient_email")
    expected: set[Any] = {(world.sophie.pk, None, "t@example.org")}
    expected |= {(None, client.pk, client.email) for client in (world.camille, world.hugo)}
    assert set(told) == expected


def test_each_notice_is_sent_by_a_job_of_its_own(world: World) -> None:
    run_follow_up(world.plan(clients=[world.camille.pk]).lesson)
    jobs = Job.objects.filter(kind="lessons.send_notice")
    assert sorted(job.args[0] for job in jobs) == sorted(Notice.objects.values_list("pk", flat=True))
    assert {job.scope for job in jobs} == {world.club.scope}


def test_who_has_no_address_is_named_as_untold(world: World) -> None:
    silent = world.client("Zoé", email="")
    mute = world.teacher("Marc", email="")
    result = result_of(world.plan(teacher=mute.pk, clients=[silent.pk, world.hugo.pk]).lesson)
    assert result["untold"] == [{"teacher": mute.pk}, {"client": silent.pk}]


def test_each_lesson_gets_a_reminder_at_the_clubs_lead(world: World) -> None:
    lesson = world.plan(repeat=world.weeks(3)).lesson
    assert result_of(lesson)["reminders"] == 3
    assert Reminder.objects.get(lesson=lesson).due_at == lesson.starts_at - timedelta(hours=24)


def test_a_lesson_that_is_near_gets_no_reminder(world: World) -> None:
    lesson = world.plan(starts_at=timezone.now() + timedelta(hours=2)).lesson
    assert result_of(lesson)["reminders"] == 0


def test_a_club_without_reminders_gets_none(world: World) -> None:
    world.club.reminder_lead_hours = 0
    world.club.save()
    assert result_of(world.plan().lesson)["reminders"] == 0


def picture() -> dict[str, Any]:
    """All that the four steps write."""
    return {
        "lessons": list(Lesson.objects.order_by("pk").values("pk", "starts_at", "series")),
        "enrolments": list(Enrolment.objects.order_by("pk").values()),
        "debits": list(SubscriptionUse.objects.order_by("pk").values()),
        "cards": list(Subscription.objects.order_by("pk").values()),
        "notices": list(Notice.objects.order_by("pk").values()),
        "reminders": list(Reminder.objects.order_by("pk").values()),
        "jobs": list(Job.objects.order_by("pk").values("kind", "args")),
    }


def all_steps(lesson: Lesson) -> dict[str, Any]:
    services.consume_subscriptions(lesson=lesson)
    repeats = services.repeat_lesson(lesson=lesson)
    told = services.write_notices(lesson=lesson)
    reminders = services.plan_reminders(lesson=lesson)
    return services.summarise(lesson=lesson, repeats=repeats, told=told, reminders=reminders)


def planned_for_everything(world: World) -> Lesson:
    """A lesson whose job has something to do in each step, and something to skip."""
    world.pack(world.camille, credits=3)
    world.period(world.hugo)
    world.plan(starts_at=at(world.day + timedelta(weeks=2), 16, 30), teacher=world.lea.pk)
    made = world.plan(repeat=world.weeks(6), clients=[world.camille.pk, world.hugo.pk, world.noe.pk])
    return Lesson.objects.get(pk=made.lesson.pk)


def test_running_every_step_twice_changes_nothing(world: World) -> None:
    lesson = planned_for_everything(world)
    first = all_steps(lesson)
    before = picture()
    assert all_steps(Lesson.objects.get(pk=lesson.pk)) == first
    assert picture() == before


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_crash_between_two_steps_is_made_good(world: World, steps: int) -> None:
    lesson = planned_for_everything(world)
    todo: list[Any] = [services.consume_subscriptions, services.repeat_lesson, services.write_notices]
    for step in todo[:steps]:
        step(lesson=lesson)
    result = all_steps(Lesson.objects.get(pk=lesson.pk))
    assert (result["consumed"], result["created"], result["told"]) == (3 + 5, 4, 5)
    assert Notice.objects.exclude(kind="renewal").count() == 5
    assert Notice.objects.filter(kind="renewal").count() == 1


def test_the_work_for_a_lesson_that_was_deleted_ends_with_a_clear_word(world: World) -> None:
    made = world.plan()
    Lesson.objects.filter(pk=made.lesson.pk).delete()
    made.lesson.job_id = made.job.pk
    assert run_follow_up(made.lesson).error == "This lesson no longer exists."


def test_the_message_counts_the_repeats(world: World) -> None:
    said: list[tuple[int, int]] = []
    lesson = world.plan(repeat=world.weeks(60)).lesson
    services.repeat_lesson(lesson=lesson, report=lambda done, total: said.append((done, total)))
    total = said[-1][1]
    assert said == [(26, total), (52, total), (total, total)]


def test_the_statements_do_not_grow_with_the_dates(world: World, django_assert_max_num_queries: Any) -> None:
    clients = [world.client(f"c{number}").pk for number in range(10)]
    lesson = world.plan(repeat=world.weeks(25), clients=clients, capacity=10).lesson
    with django_assert_max_num_queries(40):
        all_steps(Lesson.objects.select_related("club", "teacher", "series", "created_by").get(pk=lesson.pk))
