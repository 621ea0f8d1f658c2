"""Credits are taken and given back once, whoever asks how often, and the ledger tells it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from lessons import services
from lessons.models import Enrolment, Lesson, Subscription, SubscriptionUse
from tests.lessons.world import World, run_follow_up, statuses


def planned(world: World, *clients: Any, weeks: int = 1) -> Lesson:
    lesson = world.plan(clients=[client.pk for client in clients], repeat=world.weeks(weeks)).lesson
    run_follow_up(lesson)
    return lesson


def standing() -> int:
    return SubscriptionUse.objects.standing().count()


def test_a_credit_is_given_back_and_stays_in_the_ledger(world: World) -> None:
    pack = world.pack(world.camille)
    lesson = planned(world, world.camille)
    assert services.return_credits(lessons=[lesson.pk]) == 1
    pack.refresh_from_db()
    assert (pack.remaining, standing(), SubscriptionUse.objects.count()) == (10, 0, 1)
    assert SubscriptionUse.objects.get().returned_at is not None


def test_it_is_given_back_once(world: World) -> None:
    pack = world.pack(world.camille)
    lesson = planned(world, world.camille)
    assert [services.return_credits(lessons=[lesson.pk]) for _ in range(2)] == [1, 0]
    pack.refresh_from_db()
    assert pack.remaining == 10


def test_only_those_who_are_named_get_theirs_back(world: World) -> None:
    world.pack(world.camille)
    world.period(world.hugo)
    lesson = planned(world, world.camille, world.hugo)
    services.return_credits(lessons=[lesson.pk], clients=[world.hugo.pk])
    assert statuses(lesson) == {"Camille": "paid", "Hugo": "booked"}


def test_a_cancelled_lesson_that_comes_back_is_paid_again(world: World) -> None:
    pack = world.pack(world.camille)
    lesson = planned(world, world.camille)
    services.return_credits(lessons=[lesson.pk])
    assert [services.pay_lessons(lessons=[lesson.pk]) for _ in range(2)] == [1, 0]
    pack.refresh_from_db()
    assert (pack.remaining, standing(), SubscriptionUse.objects.count()) == (9, 1, 2)


def test_a_lesson_that_is_cancelled_before_its_job_costs_nothing(world: World) -> None:
    pack = world.pack(world.camille)
    lesson = world.plan(clients=[world.camille.pk]).lesson
    Lesson.objects.update(status="cancelled")
    services.pay_lessons(lessons=[lesson.pk])
    pack.refresh_from_db()
    assert (pack.used, statuses(lesson)) == (0, {"Camille": "booked"})


def test_a_new_pack_pays_what_is_unpaid_in_order_of_dates(world: World) -> None:
    lesson = planned(world, world.noe, weeks=3)
    world.pack(world.noe, credits=2)
    assert services.settle_unpaid(club=world.club, client=world.noe) == 2
    assert list(Enrolment.objects.order_by("lesson__starts_at").values_list("status", flat=True)) == ["paid", "paid", "unpaid"]
    assert SubscriptionUse.objects.earliest("lesson__starts_at").lesson == lesson


def test_a_subscription_that_ends_within_a_series_pays_up_to_its_last_day(world: World) -> None:
    world.period(world.noe, valid_until=world.day + timedelta(weeks=1))
    planned(world, world.noe, weeks=3)
    assert list(Enrolment.objects.order_by("lesson__starts_at").values_list("status", flat=True)) == ["paid", "paid", "unpaid"]


def test_a_client_with_lessons_ahead_is_not_deleted(world: World) -> None:
    planned(world, world.noe)
    with pytest.raises(services.InUse):
        services.remove(world.noe)


def test_settling_again_takes_nothing_more(world: World) -> None:
    planned(world, world.noe)
    pack = world.pack(world.noe)
    assert [services.settle_unpaid(club=world.club, client=world.noe) for _ in range(2)] == [1, 0]
    pack.refresh_from_db()
    assert pack.used == 1


def test_what_was_paid_otherwise_touches_no_subscription(world: World) -> None:
    lesson = planned(world, world.noe)
    pack = world.pack(world.noe)
    assert services.mark_paid_otherwise(enrolment=lesson.enrolments.get())
    assert services.settle_unpaid(club=world.club, client=world.noe) == 0
    services.return_credits(lessons=[lesson.pk])
    pack.refresh_from_db()
    assert (statuses(lesson), pack.used) == ({"Noé": "paid"}, 0)


def test_paid_otherwise_can_be_taken_back_and_a_debit_cannot(world: World) -> None:
    world.pack(world.camille)
    lesson = planned(world, world.camille, world.noe)
    of_noe, of_camille = lesson.enrolments.get(client=world.noe), lesson.enrolments.get(client=world.camille)
    services.mark_paid_otherwise(enrolment=of_noe)
    assert [services.mark_unpaid(enrolment=row) for row in (of_noe, of_camille)] == [True, False]
    assert statuses(lesson) == {"Camille": "paid", "Noé": "unpaid"}


def test_the_database_itself_refuses_a_second_debit(world: World) -> None:
    pack = world.pack(world.camille)
    lesson = planned(world, world.camille)
    with pytest.raises(IntegrityError), transaction.atomic():
        SubscriptionUse.objects.create(subscription=pack, lesson=lesson, client=world.camille)


@pytest.mark.parametrize("step", [1, -2])
def test_the_database_itself_refuses_to_count_below_zero_or_above_what_was_bought(world: World, step: int) -> None:
    world.pack(world.camille, credits=1)
    planned(world, world.camille)
    with pytest.raises(IntegrityError), transaction.atomic():
        Subscription.objects.update(used=F("used") + step)


@pytest.mark.django_db(transaction=True)
def test_many_at_once_take_and_give_back_once() -> None:
    world = World()
    pack = world.pack(world.camille, credits=3)
    lessons = [world.plan(clients=[world.camille.pk], place=f"Place {n}", teacher=world.teacher(f"T{n}").pk).lesson.pk for n in range(5)]

    def work(number: int) -> None:
        try:
            services.pay_lessons(lessons=lessons if number % 2 else reversed(lessons))
            services.return_credits(lessons=lessons)
            services.settle_unpaid(club=world.club, client=world.camille)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(4)))
    pack.refresh_from_db()
    assert 0 <= pack.used == standing() <= 3
