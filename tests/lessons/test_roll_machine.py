"""Whoever enrols, leaves, is marked, comes back or is taken back, in any order, with jobs that run late, twice or break off:
no more places are given than there are, nobody waits beside a free place, and who is charged has paid once or owes once."""

import os
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from lessons import services
from lessons.models import Attendance, Change, Enrolment, Lesson, SubscriptionUse
from tests.lessons.enrolments import kept
from tests.lessons.test_credit_machine import Crash, CrashAt
from tests.lessons.world import World

STEPS = int(os.environ.get("ROLL_STEPS", "180"))
STEPS_A_WALK = 30
who = st.integers(0, 3)


class Roll(RuleBasedStateMachine):
    """Four clients, two places to begin with; two of the clients have a session to pay with."""

    def __init__(self) -> None:
        super().__init__()
        self.undo_all = transaction.savepoint()
        self.world = World()
        self.clients = [self.world.camille, self.world.hugo, self.world.noe, self.world.client("Lea")]
        for client, credits in zip(self.clients, (1, 3), strict=False):
            self.world.pack(client, credits, valid_from=timezone.localdate() - timedelta(days=30))
        self.pk = self.world.plan(starts_at=timezone.now() + timedelta(days=9), capacity=2).lesson.pk
        services.consume_subscriptions(lesson=self.lesson)
        Lesson.objects.filter(pk=self.pk).update(job=None)

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.undo_all)

    @property
    def lesson(self) -> Lesson:
        return Lesson.objects.select_related("club", "series").get(pk=self.pk)

    def attempt(self, service: Any, **asked: Any) -> None:
        """What is refused changes nothing."""
        before = list(Enrolment.objects.order_by("pk").values())
        try:
            with transaction.atomic():
                service(user=self.world.manager, **asked)
        except (services.Refused, services.OutOfDate):
            assert list(Enrolment.objects.order_by("pk").values()) == before
        Lesson.objects.filter(pk=self.pk).update(job=None)

    @rule(clients=st.lists(who, min_size=1, max_size=3), present=st.booleans())
    def enrol(self, clients: list[int], present: bool) -> None:
        self.attempt(services.enrol_clients, lesson=self.lesson, clients=[self.clients[n].pk for n in clients], present=present)

    @rule(client=who)
    def cancel(self, client: int) -> None:
        self.attempt(services.cancel_enrolments, lesson=self.lesson, clients=[self.clients[client].pk])

    @rule(clients=st.lists(who, max_size=4))
    def set_clients(self, clients: list[int]) -> None:
        self.attempt(services.change_lesson, lesson=self.lesson, clients=[self.clients[n].pk for n in clients])

    @rule(client=who, attendance=st.sampled_from(Attendance.values))
    def mark(self, client: int, attendance: str) -> None:
        self.attempt(services.mark_attendance, lesson=self.lesson, client=self.clients[client].pk, attendance=attendance)

    @rule(capacity=st.integers(1, 4))
    def change_room(self, capacity: int) -> None:
        self.attempt(services.change_lesson, lesson=self.lesson, capacity=capacity)

    @rule()
    def take_back(self) -> None:
        if change := Change.objects.select_related("lesson__club").first():
            self.attempt(services.undo_change, change=change)

    @rule(hours=st.sampled_from([200, 30, 10, 1, 0]))
    def let_time_pass(self, hours: int) -> None:
        start = timezone.now() + timedelta(hours=hours, minutes=-5)
        Lesson.objects.filter(pk=self.pk).update(starts_at=start, ends_at=start + timedelta(hours=1))
        services.promote_waiting(lessons=[self.pk], user=None)

    @rule(late=st.booleans(), absent=st.booleans())
    def change_the_rule(self, late: bool, absent: bool) -> None:
        kept(self.world, late_cancellation_charged=late, no_show_charged=absent)

    @rule(statement=st.integers(0, 25), last=st.booleans())
    def run_a_job(self, statement: int, last: bool) -> None:
        """Some break off at one of their statements; 0: none."""
        change = Change.objects.filter(kind="enrolled").order_by("-pk" if last else "pk").first()
        try:
            with transaction.atomic(), connection.execute_wrapper(CrashAt(statement, for_good=True)):
                if change:
                    services.settle_enrolments(change=change)
        except Crash:
            pass

    @invariant()
    def no_place_is_given_twice(self) -> None:
        lesson = self.lesson
        free = lesson.capacity - Enrolment.objects.holding().count()
        assert free >= 0
        if lesson.starts_at > timezone.now() + timedelta(hours=3):
            assert not (free and Enrolment.objects.waiting().exists())

    @rule()
    def who_is_charged_pays_once(self) -> None:
        """Once all jobs have run, which they may have done before, too."""
        mark = transaction.savepoint()
        for change in Change.objects.filter(kind="enrolled"):
            services.settle_enrolments(change=change)
        paid = set(SubscriptionUse.objects.standing().values_list("client", flat=True))
        charged = set(Enrolment.objects.charged().values_list("client", flat=True))
        unpaid = set(Enrolment.objects.filter(status=Enrolment.Status.UNPAID).values_list("client", flat=True))
        assert (paid | unpaid, paid & unpaid) == (charged, set())
        for pack in self.world.club.subscriptions.all():
            assert 0 <= pack.used == pack.uses.standing().count() <= (pack.credits or 0)
        transaction.savepoint_rollback(mark)


@pytest.mark.django_db
def test_the_roll_adds_up_whatever_happens() -> None:
    walks = settings(
        max_examples=max(1, STEPS // STEPS_A_WALK),
        stateful_step_count=STEPS_A_WALK,
        deadline=None,
        database=None,
        derandomize="ROLL_STEPS" not in os.environ,
        phases=[Phase.generate],  # a walk that fails is told as it was: finding a shorter one takes minutes
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Roll, settings=walks)
