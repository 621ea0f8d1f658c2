"""Whatever a club does, in any order, and wherever its jobs break off: credit left = bought − used + given back.

`CREDIT_STEPS=10000 bin/test tests/lessons/test_credit_machine.py` walks further than the 500 steps of every day.
"""

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F, Sum
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from jobs.models import Job
from jobs.services import retry
from jobs.worker import drain
from lessons import services
from lessons.models import Change, Client, Enrolment, Lesson, Reminder, Subscription, SubscriptionUse
from lessons.overview_subscriptions import list_unpaid
from lessons.planner import Rule
from tests.lessons.world import World, at

STEPS = int(os.environ.get("CREDIT_STEPS", "500"))
STEPS_A_WALK, SURE_STEPS_A_WALK = 50, 40  # some walks end early
FOLLOW = ["lessons.after_create", "lessons.after_update", "lessons.after_delete"]
SAYS_NO = (services.Refused, services.OutOfDate)
MAX_HOURS = 32767  # a cut-off that nothing keeps

who = st.integers(0, 2)
some = st.sets(who, min_size=1)
weeks = st.integers(-4, 2)
nth = st.integers(0, 30)
kinds = st.sampled_from(["pack", "pack", "period"])
scopes = st.sampled_from(Change.Scope.values)
hours = st.sampled_from([-2, -1, 0, 0, 1, 2])


class Crash(Exception):
    """The task stumbles, or its worker dies, here."""


class CrashAt:
    """At a statement of the task; for good, or once."""

    def __init__(self, number: int, *, for_good: bool) -> None:
        self.left, self.for_good = number, for_good

    def __call__(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        self.left -= "jobs_job" not in sql  # the engine's own
        if self.left == 0 or (self.left < 0 and self.for_good):
            self.left -= 1
            raise Crash
        return execute(sql, *rest)


class Credits(RuleBasedStateMachine):
    """Three clients, their subscriptions, and what a club does to its lessons. The jobs that follow run when a rule says so."""

    steps = 0
    seen: Counter[str] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.savepoint()
        self.world = World()
        self.clients: list[Client] = [self.world.camille, self.world.hugo, self.world.noe]
        self.bought: dict[int, int] = {}  # by pack
        self.rows: set[int] = set()  # of the ledger
        self.otherwise: set[tuple[int, int]] = set()  # lesson and client
        self.too_late: set[int] = set()  # lessons that were cancelled under a cut-off that nothing keeps…
        self.kept: set[tuple[int, int]] = set()  # …and who pays for them all the same

    def teardown(self) -> None:
        try:
            self.everything_is_followed_up()
        finally:
            transaction.savepoint_rollback(self.undo)

    # Few rules with many words each: of many rules, Hypothesis leaves some out of each walk.

    @initialize(credits=st.integers(3, 9), hour=st.integers(8, 18))
    def a_club_at_work(self, credits: int, hour: int) -> None:
        for client in (0, 1):
            self.sell(client, "pack", credits, begins=-4, lasts=12, settles=False)
        self.plan({0, 1}, day=0, hour=hour, count=4, runs=True)
        self.plan({1, 2}, day=1, hour=hour, count=1, runs=True)

    # ── What a club sells ──

    @rule(client=who, kind=kinds, credits=st.integers(1, 6), begins=weeks, lasts=st.integers(2, 9), settles=st.booleans())
    def sell(self, client: int, kind: str, credits: int, begins: int, lasts: int, settles: bool) -> None:
        begin = self.world.day + timedelta(weeks=begins)
        values = {"kind": kind, "valid_from": begin, "valid_until": begin + timedelta(weeks=lasts)}
        values["credits"] = credits if kind == "pack" else None
        card, _count = services.sell_subscription(club=self.world.club, client=self.clients[client], settles=settles, **values)
        if kind == "pack":
            self.bought[card.pk] = credits

    @rule(nth=nth, void=st.booleans(), credits=st.integers(1, 9), longer=weeks)
    def alter_a_subscription(self, nth: int, void: bool, credits: int, longer: int) -> None:
        if card := pick(Subscription.objects.all(), nth):
            with self.counted("void" if void else "alter"):
                self.void(card) if void else self.change_card(card, credits, longer)

    def void(self, card: Subscription) -> None:
        used, pk = card.uses.exists(), card.pk
        try:
            services.remove(card)
        except services.InUse:
            assert used
        else:
            assert not used
            self.bought.pop(pk, None)

    def change_card(self, card: Subscription, credits: int, longer: int) -> None:
        assert card.valid_until
        until = max(card.valid_from, card.valid_until + timedelta(weeks=longer))
        is_pack = card.kind == "pack"
        services.change_subscription(subscription=card, valid_until=until, **({"credits": credits} if is_pack else {}))
        if is_pack:
            self.bought[card.pk] = credits

    @rule(what=st.sampled_from(["settle", "cash", "cash taken back"]), client=who, nth=nth)
    def pay(self, what: str, client: int, nth: int) -> None:
        if what == "settle":
            services.settle_unpaid(club=self.world.club, client=self.clients[client])
        elif what == "cash":
            row = pick(Enrolment.objects.filter(status="unpaid"), nth)
            if row and services.mark_paid_otherwise(enrolment=row):
                self.otherwise.add((row.lesson_id, row.client_id))
        elif (row := pick(Enrolment.objects.filter(status="paid"), nth)) and services.mark_unpaid(enrolment=row):
            self.otherwise.remove((row.lesson_id, row.client_id))

    @rule(hours=st.sampled_from([None, None, 0, 24, MAX_HOURS]))
    def let_time_pass(self, hours: int | None) -> None:
        """Half a minute, or until the club has another cut-off: what was cancelled under the old one is seen to first."""
        Change.objects.update(created_at=F("created_at") - timedelta(seconds=31))
        if hours is not None:
            self.follow_up()
            services.change(self.world.club, cancellation_cutoff_hours=hours)

    # ── What it does to its lessons ──

    @rule(clients=some, day=st.integers(0, 20), hour=st.integers(7, 21), count=st.integers(1, 4), runs=st.booleans())
    def plan(self, clients: set[int], day: int, hour: int, count: int, runs: bool) -> None:
        first = self.world.day + timedelta(days=day)
        repeat = Rule(first + timedelta(weeks=count - 1)) if count > 1 else None
        with self.counted("plan"):
            made = self.world.plan(starts_at=at(first, hour), clients=[self.clients[n].pk for n in clients], repeat=repeat)
            if runs:
                run_only(made.job)

    @rule(nth=nth, scope=scopes, days=st.sampled_from([-7, -1, 0, 0, 1, 7]), hours=hours, other=st.booleans(), leave=st.booleans())
    def change(self, nth: int, scope: str, days: int, hours: int, other: bool, leave: bool) -> None:
        if lesson := pick(Lesson.objects.planned().select_related("club"), nth):
            starts_at = (lesson.local_start.replace(tzinfo=None) + timedelta(days=days, hours=hours)).replace(tzinfo=self.world.club.zone)
            wish: dict[str, Any] = {"teacher": self.world.lea.pk, "place": "Manège"} if other else {}
            wish |= {"lesson": lesson, "scope": scope, "starts_at": starts_at, "leave_stuck": leave}
            with self.counted(f"change {scope}"):
                services.change_lesson(user=self.world.manager, **wish)

    @rule(nth=nth, scope=scopes)
    def cancel(self, nth: int, scope: str) -> None:
        if lesson := pick(Lesson.objects.planned().select_related("club"), nth):
            with self.counted(f"cancel {scope}"):
                decided = services.cancel_lesson(lesson=lesson, user=self.world.manager, scope=scope)
                assert decided.change
                late = self.world.club.cancellation_cutoff_hours == MAX_HOURS
                cancelled = set(decided.change.lesson_ids)
                self.too_late = self.too_late | cancelled if late else self.too_late - cancelled
                self.kept = set(SubscriptionUse.objects.standing().filter(lesson__in=self.too_late).values_list("lesson", "client"))

    @rule(nth=st.sampled_from([0, 0, 0, 1, 2]))
    def undo_a_change(self, nth: int) -> None:
        """One of the last."""
        changes = Change.objects.exclude(kind="restored").select_related("lesson__club").order_by("-pk")[:3]
        if change := pick(changes, nth):
            with self.counted(f"undo {change.kind}"):
                services.undo_change(change=change, user=self.world.manager)

    @rule(nth=nth, client=who, takes_off=st.booleans())
    def enrol(self, nth: int, client: int, takes_off: bool) -> None:
        lesson = pick(Lesson.objects.all() if takes_off else Lesson.objects.planned(), nth)
        row = Enrolment.objects.filter(lesson=lesson, client=self.clients[client]).first()
        if row and takes_off:
            services.return_credits(lessons=[row.lesson_id], clients=[row.client_id])
            row.delete()
            self.otherwise.discard((row.lesson_id, row.client_id))
            self.kept.discard((row.lesson_id, row.client_id))
        elif lesson and row is None and not takes_off:
            Enrolment.objects.create(lesson=lesson, client=self.clients[client])
            services.pay_lessons(lessons=[lesson.pk])

    # ── What runs behind, and how it breaks off ──

    @rule(nth=nth, how=st.sampled_from(["runs", "runs", "stumbles", "dies", "is given up"]), statement=st.integers(1, 70))
    def a_job(self, nth: int, how: str, statement: int) -> None:
        """Whichever of those that wait: two workers do not keep the order."""
        job = pick(following("pending"), nth)
        if job is None:
            return
        if how == "runs":
            run_only(job)
            type(self).seen[f"job {job.status}"] += 1
        elif how == "stumbles":
            self.stumble(job, statement)
        elif how == "dies":
            self.die(job, statement)
        else:  # whatever others do meanwhile must not harm when it is retried
            Job.objects.filter(pk=job.pk).update(status="error", finished_at=timezone.now())

    def stumble(self, job: Job, statement: int) -> None:
        """The task raises at a statement: its attempt is undone and noted. A statement of the engine's own takes everything with it."""
        before = picture()
        with suppress(Crash), transaction.atomic(), connection.execute_wrapper(CrashAt(statement, for_good=False)):
            run_only(job)
        job.refresh_from_db()
        type(self).seen[f"stumble {job.status}"] += 1
        assert job.status == "done" or picture() == before

    def die(self, job: Job, statement: int) -> None:
        """The worker is gone from one statement to the next, and with it its transaction."""
        before = picture()
        with suppress(Crash), transaction.atomic(), connection.execute_wrapper(CrashAt(statement, for_good=True)):
            run_only(job)
            raise Crash
        type(self).seen["die"] += 1
        assert picture() == before

    @rule(nth=nth, status=st.sampled_from(["done", "error"]))
    def a_job_again(self, nth: int, status: str) -> None:
        """An operator's retry; and what is done already, delivered twice."""
        if job := pick(following(status), nth):
            if status == "error":
                retry(job)
            else:
                Job.objects.filter(pk=job.pk).update(status="pending", attempts=0, finished_at=None)
            run_only(job)
            type(self).seen[f"{status}, again {job.status}"] += 1

    @rule()
    def everything_is_followed_up(self) -> None:
        self.follow_up()
        self.nothing_is_left_to_decide()
        self.reminders_are_where_they_belong()

    # ── What holds after each step ──

    @invariant()
    def credit_is_what_was_bought_less_used_plus_given_back(self) -> None:
        type(self).steps += 1
        packs = Subscription.objects.filter(kind="pack")
        bought, used = packs.aggregate(bought=Sum("credits", default=0), used=Sum("used", default=0)).values()
        of_packs = SubscriptionUse.objects.filter(subscription__kind="pack")
        rows, returned = of_packs.count(), of_packs.exclude(returned_at=None).count()
        assert bought == sum(self.bought.values())
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
        """On the day of the lesson when it paid: what the club moves later stays paid."""
        for use in SubscriptionUse.objects.exclude(pk__in=self.rows).select_related("subscription", "lesson__club"):
            card, day = use.subscription, use.lesson.local_start.date()
            assert card.client_id == use.client_id
            assert card.valid_from <= day
            assert card.valid_until is None or day <= card.valid_until

    @invariant()
    def no_row_of_the_ledger_is_lost(self) -> None:
        rows = set(SubscriptionUse.objects.values_list("pk", flat=True))
        assert rows >= self.rows
        self.rows = rows

    @invariant()
    def who_owes_is_in_the_list_of_who_owes(self) -> None:
        owed = Enrolment.objects.filter(lesson__status="planned").exclude(status__in=["paid", "booked"])
        assert {row.pk for row in list_unpaid(self.world.club)} == {row.pk for row in owed}

    @invariant()
    def a_cancelled_lesson_holds_no_credit_unless_it_was_too_late(self) -> None:
        if not following("pending", "error").exists():
            gone = SubscriptionUse.objects.standing().filter(lesson__status="cancelled")
            assert set(gone.values_list("lesson", flat=True)) <= self.too_late

    @invariant()
    def nobody_is_in_two_lessons_at_once(self) -> None:
        planned = list(Lesson.objects.planned().order_by("starts_at"))
        for number, lesson in enumerate(planned):
            for other in planned[number + 1 :]:
                if other.starts_at >= lesson.ends_at:
                    break
                assert lesson.teacher_id != other.teacher_id
                assert lesson.place_id != other.place_id

    # ── What holds when all jobs are done ──

    def follow_up(self) -> None:
        for job in following("error"):
            retry(job)
        for job in following("pending"):
            run_only(job)

    def nothing_is_left_to_decide(self) -> None:
        planned = Enrolment.objects.filter(lesson__status="planned")
        paid = set(SubscriptionUse.objects.standing().values_list("lesson", "client")) | self.otherwise
        owing = {(row.lesson_id, row.client_id) for row in list_unpaid(self.world.club)}
        assert set(planned.values_list("lesson", "client")) - paid == owing
        gone = set(Lesson.objects.filter(status="cancelled").values_list("pk", flat=True))
        assert {pair for pair in self.kept if pair[0] in gone} <= paid

    def reminders_are_where_they_belong(self) -> None:
        lead = timedelta(hours=self.world.club.reminder_lead_hours)
        due = {lesson.pk: lesson.starts_at - lead for lesson in Lesson.objects.planned()}
        assert dict(Reminder.objects.filter(lesson__status="planned").values_list("lesson", "due_at")) == due
        assert not Reminder.objects.filter(lesson__status="cancelled").exists()

    @contextmanager
    def counted(self, what: str) -> Iterator[None]:
        """What a club may do or be refused; a refusal changes nothing."""
        before = picture()
        try:
            with transaction.atomic():
                yield
            type(self).seen[what] += 1
        except SAYS_NO:
            type(self).seen[f"{what}: refused"] += 1
            assert picture() == before


def following(*statuses: str) -> Any:
    return Job.objects.filter(kind__in=FOLLOW, status__in=statuses).order_by("pk")


def pick(rows: Any, nth: int) -> Any:
    found = list(rows if rows.query.is_sliced else rows.order_by("pk"))
    return found[nth % len(found)] if found else None


def run_only(job: Any) -> None:
    """In the engine, and no other."""
    waiting = Job.objects.waiting().exclude(pk=job.pk)
    waiting.update(run_at=timezone.now() + timedelta(days=1))
    Job.objects.filter(pk=job.pk).update(run_at=None)
    drain(limit=1)
    job.refresh_from_db()


def picture() -> list[list[Any]]:
    models: list[Any] = [Lesson, Enrolment, Subscription, SubscriptionUse, Reminder, Change]
    return [list(model.objects.order_by("pk").values_list()) for model in models]


@pytest.mark.django_db
def test_credit_is_bought_less_used_plus_given_back(caplog: pytest.LogCaptureFixture) -> None:
    walks = settings(
        max_examples=STEPS // SURE_STEPS_A_WALK,
        stateful_step_count=STEPS_A_WALK,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],  # a walk that fails is told as it was: finding a shorter one takes minutes
    )
    with caplog.at_level(logging.CRITICAL):  # the engine tells of each crash
        run_state_machine_as_test(Credits, settings=walks)
    print(f"{Credits.steps} steps: {dict(sorted(Credits.seen.items()))}")
    assert Credits.steps >= STEPS
