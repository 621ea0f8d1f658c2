"""Whatever is planned, changed, cancelled, retried or broken off, in any order: credit left = bought − used + given back.

`CREDIT_STEPS=10000 bin/test tests/lessons/test_credit_machine.py` walks further than the 500 steps of every day.
"""

import os
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule, run_state_machine_as_test

from lessons import services
from lessons.models import Client, Enrolment, Lesson, Subscription, SubscriptionUse
from lessons.planner import Rule
from tests.lessons.world import World, at

STEPS = int(os.environ.get("CREDIT_STEPS", "500"))
STEPS_A_WALK, SURE_STEPS_A_WALK = 50, 40  # some walks end early
WRITES = ("INSERT", "UPDATE", "DELETE")

who = st.integers(0, 2)
some = st.sets(who, min_size=1)
weeks = st.integers(-4, 2)


class Crash(Exception):
    """The worker dies here."""


class CrashAtWrite:
    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        self.left -= sql.lstrip().startswith(WRITES)
        if self.left < 0:
            raise Crash
        return execute(sql, *rest)


class Credits(RuleBasedStateMachine):
    """Three clients, their subscriptions, and what a club does to its lessons."""

    lessons = Bundle("lessons")
    cancelled = Bundle("cancelled")
    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.savepoint()
        self.world = World()
        self.clients: list[Client] = [self.world.camille, self.world.hugo, self.world.noe]
        self.bought = self.rows = 0
        self.otherwise: set[tuple[int, int]] = set()

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.undo)

    # ── What a club does ──

    @rule(client=who, credits=st.integers(1, 6), begins=weeks, lasts=st.integers(2, 9))
    def sell_a_pack(self, client: int, credits: int, begins: int, lasts: int) -> None:
        begin = self.world.day + timedelta(weeks=begins)
        self.world.pack(self.clients[client], credits=credits, valid_from=begin, valid_until=begin + timedelta(weeks=lasts))
        self.bought += credits

    @rule(client=who, begins=weeks)
    def sell_a_period(self, client: int, begins: int) -> None:
        begin = self.world.day + timedelta(weeks=begins)
        self.world.period(self.clients[client], valid_from=begin, valid_until=begin + timedelta(weeks=3))

    @rule(target=lessons, clients=some, day=st.integers(0, 20), hour=st.integers(7, 21), count=st.integers(1, 4), runs=st.booleans())
    def plan(self, clients: set[int], day: int, hour: int, count: int, runs: bool) -> Any:
        first = self.world.day + timedelta(days=day)
        repeat = Rule(first + timedelta(weeks=count - 1)) if count > 1 else None
        try:
            made = self.world.plan(starts_at=at(first, hour), clients=[self.clients[n].pk for n in clients], repeat=repeat)
        except services.Refused:  # double booking
            return multiple()
        if runs:
            follow_up(made.lesson.pk)
        return made.lesson.pk

    @rule(target=lessons, lesson=lessons)
    def run_its_job(self, lesson: int) -> Any:
        """Once or again: a retry, and a job that is delivered twice, are the same."""
        before = set(Lesson.objects.values_list("pk", flat=True))
        follow_up(lesson)
        return multiple(*Lesson.objects.exclude(pk__in=before).order_by("pk").values_list("pk", flat=True))

    @rule(lesson=lessons, writes=st.integers(0, 12), act=st.sampled_from(["follow up", "cancel", "enrol"]), client=who)
    def crash(self, lesson: int, writes: int, act: str, client: int) -> None:
        before = picture()
        acts: dict[str, Callable[[int], None]] = {
            "follow up": follow_up,
            "cancel": cancel,
            "enrol": lambda lesson: enrol(lesson, self.clients[client]),
        }
        try:
            with transaction.atomic(), connection.execute_wrapper(CrashAtWrite(writes)):
                acts[act](lesson)
                raise Crash
        except Crash:
            assert picture() == before

    @rule(lesson=lessons, client=who)
    def enrol(self, lesson: int, client: int) -> None:
        enrol(lesson, self.clients[client])

    @rule(lesson=lessons, client=who)
    def take_off(self, lesson: int, client: int) -> None:
        with transaction.atomic():
            services.return_credits(lessons=[lesson], clients=[self.clients[client].pk])
            Enrolment.objects.filter(lesson=lesson, client=self.clients[client]).delete()
        self.otherwise.discard((lesson, self.clients[client].pk))

    @rule(target=cancelled, lesson=lessons, times=st.integers(1, 2))
    def cancel(self, lesson: int, times: int) -> int:
        for _ in range(times):
            cancel(lesson)
        return lesson

    @rule(lesson=lessons)
    def cancel_too_late(self, lesson: int) -> None:
        Lesson.objects.filter(pk=lesson).update(status="cancelled")

    @rule(lesson=consumes(cancelled))
    def undo_the_cancelling(self, lesson: int) -> None:
        with transaction.atomic():
            Lesson.objects.filter(pk=lesson).update(status="planned")
            services.pay_lessons(lessons=[lesson])

    @rule(client=who)
    def settle(self, client: int) -> None:
        services.settle_unpaid(club=self.world.club, client=self.clients[client])

    @rule(lesson=lessons, client=who)
    def pay_in_cash(self, lesson: int, client: int) -> None:
        for enrolment in Enrolment.objects.filter(lesson=lesson, client=self.clients[client]):
            if services.mark_paid_otherwise(enrolment=enrolment):
                self.otherwise.add((lesson, enrolment.client_id))

    @rule(lesson=lessons, client=who)
    def take_the_cash_back(self, lesson: int, client: int) -> None:
        for enrolment in Enrolment.objects.filter(lesson=lesson, client=self.clients[client]):
            if services.mark_unpaid(enrolment=enrolment):
                self.otherwise.remove((lesson, enrolment.client_id))

    # ── What holds after each step ──

    @invariant()
    def credit_is_what_was_bought_less_used_plus_given_back(self) -> None:
        type(self).steps += 1
        packs = Subscription.objects.filter(kind="pack")
        bought, used = packs.aggregate(bought=Sum("credits", default=0), used=Sum("used", default=0)).values()
        of_packs = SubscriptionUse.objects.filter(subscription__kind="pack")
        rows, returned = of_packs.count(), of_packs.exclude(returned_at=None).count()
        assert bought == self.bought
        assert bought - used == bought - rows + returned

    @invariant()
    def each_pack_counts_its_own_rows(self) -> None:
        standing = Counter(SubscriptionUse.objects.standing().values_list("subscription", flat=True))
        for card in Subscription.objects.all():
            assert card.used == (standing[card.pk] if card.kind == "pack" else 0)
            assert card.remaining is None or 0 <= card.remaining <= (card.credits or 0)

    @invariant()
    def an_enrolment_is_paid_when_one_row_stands(self) -> None:
        uses = [(use.lesson_id, use.client_id) for use in SubscriptionUse.objects.standing()]
        paid = set(Enrolment.objects.filter(status="paid").values_list("lesson", "client"))
        assert len(uses) == len(set(uses))
        assert set(uses) == paid - self.otherwise

    @invariant()
    def a_subscription_pays_for_its_client_while_it_is_valid(self) -> None:
        for use in SubscriptionUse.objects.select_related("subscription", "lesson__club"):
            card, day = use.subscription, use.lesson.local_start.date()
            assert card.client_id == use.client_id
            assert card.valid_from <= day
            assert card.valid_until is None or day <= card.valid_until

    @invariant()
    def no_row_of_the_ledger_is_lost(self) -> None:
        rows = SubscriptionUse.objects.count()
        assert rows >= self.rows
        self.rows = rows


def follow_up(pk: int) -> None:
    """As the after-create job: all of it or nothing."""
    with transaction.atomic():
        lesson = Lesson.objects.select_related("club", "series", "teacher", "created_by").get(pk=pk)
        services.consume_subscriptions(lesson=lesson)
        services.repeat_lesson(lesson=lesson)
        services.write_notices(lesson=lesson)


def enrol(lesson: int, client: Client) -> None:
    with transaction.atomic():
        if not Enrolment.objects.filter(lesson=lesson, client=client).exists():
            Enrolment.objects.create(lesson_id=lesson, client=client)
        services.pay_lessons(lessons=[lesson])


def cancel(lesson: int) -> None:
    with transaction.atomic():
        Lesson.objects.filter(pk=lesson).update(status="cancelled")
        services.return_credits(lessons=[lesson])


def picture() -> list[list[Any]]:
    models: list[Any] = [Lesson, Enrolment, Subscription, SubscriptionUse]
    return [list(model.objects.order_by("pk").values_list()) for model in models]


@pytest.mark.django_db
def test_credit_is_bought_less_used_plus_given_back() -> None:
    walks = settings(
        max_examples=STEPS // SURE_STEPS_A_WALK,
        stateful_step_count=STEPS_A_WALK,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],  # a walk that fails is told as it was: finding a shorter one takes minutes
    )
    run_state_machine_as_test(Credits, settings=walks)
    print(f"{Credits.steps} steps")
    assert Credits.steps >= STEPS
