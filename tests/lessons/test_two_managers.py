"""Several decide about the same lessons at the same time, each on a connection of its own: one wins, the other is told, none is stuck."""

import os
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection, transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from audio.services import erase_client
from jobs.models import Job
from jobs.worker import drain
from lessons import services, tasks
from lessons.models import (
    HOLDING,
    Change,
    Client,
    Closure,
    Enrolment,
    Evaluation,
    Lesson,
    Membership,
    Place,
    Programme,
    Realisation,
    Reminder,
    Subscription,
    SubscriptionUse,
    Teacher,
)
from tests.cluster import PATIENCE_SECONDS, wait_until
from tests.lessons.programmes import assign, cell, programme_of
from tests.lessons.test_double_booking import at_once
from tests.lessons.world import World, api, at, visitor_of

pytestmark = pytest.mark.django_db(transaction=True)
RACE_SECONDS = float(os.environ.get("RACE_SECONDS", "4"))


@pytest.fixture
def world(transactional_db: None) -> World:
    return World()


@pytest.fixture
def lessons(world: World) -> list[Lesson]:
    """A series of four, followed up."""
    for client in (world.camille, world.hugo):
        world.pack(client)
    made = world.plan(repeat=world.weeks(4), clients=[world.camille.pk, world.hugo.pk]).lesson
    drain()
    return list(Lesson.objects.filter(series=made.series_id).order_by("starts_at"))


def manager(world: World, name: str) -> User:
    user = User.objects.create_user(name, password="demo", first_name=name.title())
    Membership.objects.create(user=user, club=world.club, role=Membership.Role.MANAGER)
    return user


# ── One wins, the other is told ──


@pytest.mark.parametrize("again", range(3))
def test_of_two_managers_at_the_same_instant_one_is_told_who_and_when(world: World, lessons: list[Lesson], again: int) -> None:
    anna, ben = manager(world, "anna"), manager(world, "ben")
    url = f"/api/lessons/{lessons[0].pk}/?scope=all"
    version = api(anna).get(f"/api/lessons/{lessons[0].pk}/").json()["version"]
    answers = at_once(*[partial(api(user).patch, url, {"title": user.first_name, "version": version}) for user in (anna, ben)])
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    winner = Change.objects.get().user
    [late] = [answer for answer in answers if answer.status_code == 409]
    assert winner
    assert late.json()["detail"].startswith(f"{winner.first_name} changed this lesson at ")
    assert set(Lesson.objects.values_list("title", flat=True)) == {winner.first_name}


@pytest.mark.parametrize("again", range(3))
def test_a_change_and_a_cancellation_at_the_same_instant(world: World, lessons: list[Lesson], again: int) -> None:
    url = f"/api/lessons/{lessons[1].pk}/?scope=following"
    version = api(world.manager).get(f"/api/lessons/{lessons[1].pk}/").json()["version"]
    changed, cancelled = at_once(
        lambda: api(world.manager).patch(url, {"starts_at": f"{world.day + timedelta(weeks=1)}T17:00", "version": version}),
        lambda: api(world.manager).delete(f"{url}&version={version}"),
    )
    assert sorted([changed.status_code, cancelled.status_code]) == [200, 409]
    hours = {(lesson.local_start.hour, lesson.status) for lesson in Lesson.objects.exclude(pk=lessons[0].pk)}
    assert hours == ({(17, "planned")} if changed.status_code == 200 else {(16, "cancelled")})


def test_who_waits_for_another_teacher_to_be_written_is_not_left_without_the_lesson(world: World, lessons: list[Lesson]) -> None:
    with held(lambda: services.change_lesson(lesson=fresh(lessons[0]), user=world.manager, scope="all", teacher=world.lea.pk)) as let_go:
        late = behind(lambda: services.change_lesson(lesson=fresh(lessons[0]), user=world.manager, scope="all", title="Voltige"))
        let_go()
        late.result(PATIENCE_SECONDS)
    assert set(Lesson.objects.values_list("teacher", "title")) == {(world.lea.pk, "Voltige")}


def test_a_double_click_on_undo_takes_back_once(world: World, lessons: list[Lesson]) -> None:
    undo = api(world.manager).delete(f"/api/lessons/{lessons[0].pk}/?scope=all").json()["change"]["undo_url"]
    answers = at_once(*[lambda: api(world.manager).post(undo)] * 2)
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert Lesson.objects.planned().count() == 4


def test_paid_in_cash_at_the_moment_of_settling_takes_no_credit_too(world: World) -> None:
    lesson = world.plan(clients=[world.noe.pk]).lesson
    services.consume_subscriptions(lesson=lesson)
    pack, row = world.pack(world.noe), Enrolment.objects.get()
    with held(lambda: services.mark_paid_otherwise(enrolment=row)) as let_go:
        settled = behind(lambda: services.settle_unpaid(club=world.club, client=world.noe))
        let_go()
        assert settled.result(PATIENCE_SECONDS) == 0
    pack.refresh_from_db()
    assert pack.used == 0


# ── Who is erased at that moment ──


def test_a_client_erased_at_the_moment_of_enrolling_is_told_at_the_clients(world: World) -> None:
    with held(lambda: services.remove(Client.objects.get(pk=world.noe.pk))) as let_go:
        answer = behind(lambda: api(world.manager).post("/api/lessons/", world.body(clients=[world.noe.pk])))
        let_go()
        assert (answer.result(PATIENCE_SECONDS).status_code, list(answer.result().json())) == (404, ["clients"])
    assert not Lesson.objects.exists()


@pytest.mark.parametrize("change", [False, True])
def test_a_client_erased_at_the_moment_of_joining_a_lesson_is_told_at_the_client(world: World, change: bool) -> None:
    url, visitor = f"/api/lessons/{world.plan().lesson.pk}/", api(world.manager)
    drain()
    joining = (
        partial(visitor.patch, url, {"clients": [world.noe.pk]})
        if change
        else partial(visitor.post, f"{url}enrolments/", {"client": world.noe.pk})
    )
    with held(lambda: services.remove(Client.objects.get(pk=world.noe.pk))) as let_go:
        answer = behind(joining)
        let_go()
        assert (answer.result(PATIENCE_SECONDS).status_code, list(answer.result().json())) == (404, ["clients" if change else "client"])
    assert not Enrolment.objects.exists()


@pytest.mark.parametrize("of_page", [True, False])
def test_a_client_erased_at_the_moment_of_a_sale_is_told_at_the_client(world: World, of_page: bool) -> None:
    sale = {"client": world.noe.pk, "kind": "pack", "credits": 3, "valid_from": str(world.day)}
    buyer: Any = visitor_of(world.manager) if of_page else api(world.manager)
    with held(lambda: services.remove(Client.objects.get(pk=world.noe.pk))) as let_go:
        answer = behind(lambda: buyer.post("/club/subscriptions/new/" if of_page else "/api/subscriptions/", sale))
        let_go()
        assert answer.result(PATIENCE_SECONDS).status_code == (422 if of_page else 404)
        assert "This club has no such client" in answer.result().content.decode()


def test_a_subscription_that_pays_at_this_moment_is_not_deleted(world: World) -> None:
    pack = world.pack(world.noe)
    lesson = world.plan(clients=[world.noe.pk]).lesson
    with held(lambda: services.consume_subscriptions(lesson=lesson)) as let_go:
        answer = behind(lambda: api(world.manager).delete(f"/api/subscriptions/{pack.pk}/"))
        let_go()
        assert answer.result(PATIENCE_SECONDS).status_code == 409
    assert SubscriptionUse.objects.get().subscription == pack


# ── Everybody locks in one order ──


def test_a_change_takes_the_teacher_before_the_place(world: World, lessons: list[Lesson]) -> None:
    """As a booking does, which has the teacher here and needs the place next."""
    with held(lambda: lock(Teacher, world.sophie.pk)) as let_go:
        change = behind(lambda: services.change_lesson(lesson=fresh(lessons[0]), user=world.manager, place="Carrière", title="x"))
        lock(Place, world.arena.pk)
        let_go()
        assert change.result(PATIENCE_SECONDS).change


def test_the_job_of_a_cancellation_takes_the_change_before_its_lessons(world: World, lessons: list[Lesson]) -> None:
    """As an undo does, which has the change here and needs the lessons next."""
    made = services.cancel_lesson(lesson=fresh(lessons[0]), user=world.manager, scope="all").change
    assert made
    with held(lambda: lock(Change, made.pk)) as let_go:
        job = behind(lambda: follow(made))
        for lesson in lessons:
            lock(Lesson, lesson.pk)
        let_go()
        assert job.result(PATIENCE_SECONDS)["returned"] == 8


def test_who_takes_an_enrolment_back_takes_the_change_before_the_lessons(world: World, lessons: list[Lesson]) -> None:
    """As the job that follows it does, which has the change here and needs the lessons next."""
    made = services.enrol_clients(lesson=fresh(lessons[0]), clients=[world.noe.pk], user=world.manager, scope="all").change
    assert made
    with held(lambda: lock(Change, made.pk)) as let_go:
        undo = behind(lambda: services.undo_change(change=made, user=world.manager))
        for lesson in lessons:
            lock(Lesson, lesson.pk)
        let_go()
        assert undo.result(PATIENCE_SECONDS).change


def test_the_job_of_an_enrolment_takes_the_cards_in_one_order(world: World) -> None:
    """Those of who was enrolled in the lesson by others, too: their jobs may still wait."""
    lesson, (first, second) = world.plan().lesson, (world.pack(client) for client in (world.camille, world.noe))
    drain()
    made = [services.enrol_clients(lesson=fresh(lesson), clients=[card.client_id], user=world.manager).change for card in (first, second)]
    assert made[1]
    with held(lambda: lock(Subscription, first.pk)) as let_go:
        job = behind(partial(run_task, tasks.after_enrolment, made[1].pk))
        lock(Subscription, second.pk)
        let_go()
        assert job.result(PATIENCE_SECONDS)["paid"] == 2


def test_the_job_of_a_new_lesson_takes_the_cards_in_one_order(world: World) -> None:
    """Those of who has left it since, too."""
    first, second = (world.pack(client) for client in (world.camille, world.noe))
    lesson = world.plan(repeat=world.weeks(3), clients=[world.camille.pk, world.noe.pk]).lesson
    services.leave_lessons(client=world.camille)
    with held(lambda: lock(Subscription, first.pk)) as let_go:
        job = behind(partial(run_task, tasks.after_create, lesson.pk))
        lock(Subscription, second.pk)
        let_go()
        assert job.result(PATIENCE_SECONDS)["consumed"] == 3


def test_who_erases_a_client_takes_the_lessons_first(world: World, lessons: list[Lesson]) -> None:
    """As a job does, which has the lessons here and writes to the client at its end."""
    with held(lambda: lock(Lesson, lessons[0].pk)) as let_go:
        gone = behind(lambda: erase_client(client=Client.objects.get(pk=world.hugo.pk)))
        lock(Client, world.hugo.pk)
        let_go()
        assert gone.result(PATIENCE_SECONDS) is False


def test_who_deletes_a_programme_takes_the_evaluations_before_the_marks(world: World) -> None:
    """As whoever marks a client does."""
    programme = programme_of(world)
    assign(programme, world.hugo)
    with held(lambda: lock(Evaluation, Evaluation.objects.get().pk)) as let_go:
        gone = behind(lambda: services.delete_programme(programme=programme))
        lock(Realisation, cell(world.hugo, "Pas").pk)
        let_go()
        gone.result(PATIENCE_SECONDS)
    assert not Realisation.objects.exists()


def test_a_job_that_is_run_again_sees_what_was_changed_meanwhile(world: World) -> None:
    lesson = world.plan(repeat=world.weeks(3)).lesson
    Job.objects.update(status="error")
    wish: dict[str, Any] = {"starts_at": at(world.day, 18), "teacher": world.lea.pk}
    with held(lambda: services.change_lesson(lesson=fresh(lesson), user=world.manager, **wish)) as let_go:
        Job.objects.filter(kind="lessons.after_create").update(status="pending")
        job = behind(lambda: run_task(tasks.after_create, lesson.pk))
        let_go()
        job.result(PATIENCE_SECONDS)
    assert [(row.local_start.hour, row.teacher_id) for row in Lesson.objects.select_related("club")] == [(18, world.lea.pk)] * 3


# ── Everything at once ──


def test_nothing_is_lost_and_nobody_is_stuck_whatever_happens_at_once(world: World, lessons: list[Lesson]) -> None:
    """For a while, in any order; `RACE_SECONDS=180` goes on for longer. A deadlock is an error of the database, and fails."""
    world.pack(world.noe, credits=30)
    programme_of(world)
    seed, end = random.randrange(10**6), time.monotonic() + RACE_SECONDS
    print(f"seed {seed}")

    def go_on(number: int) -> int:
        chance, count = random.Random(seed + number), 0
        try:
            while time.monotonic() < end:
                act_at_random(world, chance)
                count += 1
        finally:
            connection.close()
        return count

    with ThreadPoolExecutor(5) as threads:
        counts = list(threads.map(go_on, range(5)))
    print(f"{sum(counts)} acts, {Change.objects.count()} changes")
    Job.objects.filter(kind="lessons.send_notice").delete()  # hundreds of e-mails are another test's business
    Job.objects.waiting().update(run_at=None)
    drain()
    assert not Job.objects.failed().exists(), Job.objects.failed().values_list("kind", "error")
    the_books_are_right(world)


Act = Callable[[World, random.Random], Any]


def act_at_random(world: World, chance: random.Random) -> None:
    often: list[Act] = [change, change, cancel, undo, undo, plan, work, work, work]
    try:
        chance.choice([*often, enrol, enrol, withdraw, seat, rule, close, remind, sell, erase, void, assign_to_some, mark])(world, chance)
    except (services.Refused, services.OutOfDate, services.InUse, services.MarkedMeanwhile):
        pass
    except OperationalError as error:
        raise AssertionError(f"{error}") from error


def some_lesson(chance: random.Random) -> Lesson:
    return chance.choice(list(Lesson.objects.planned().select_related("club")) or [Lesson.objects.select_related("club")[0]])


def change(world: World, chance: random.Random) -> None:
    teacher, place = chance.choice([(world.sophie, "Carrière"), (world.lea, "Manège"), (world.sophie, "Pré")])
    hour = at(world.day + timedelta(days=chance.randrange(21)), chance.randrange(8, 20))
    scope = chance.choice(Change.Scope.values)
    services.change_lesson(
        lesson=some_lesson(chance), user=world.manager, scope=scope, teacher=teacher.pk, place=place, starts_at=hour, leave_stuck=True
    )


def cancel(world: World, chance: random.Random) -> None:
    services.cancel_lesson(lesson=some_lesson(chance), user=world.manager, scope=chance.choice(Change.Scope.values))


def enrol(world: World, chance: random.Random) -> None:
    clients = chance.sample(list(Client.objects.filter(club=world.club).exclude(first_name="Erased client")), 2)
    scope = chance.choice(Change.Scope.values)
    services.enrol_clients(lesson=some_lesson(chance), clients=[client.pk for client in clients], user=world.manager, scope=scope)


def withdraw(world: World, chance: random.Random) -> None:
    lesson, scope = some_lesson(chance), chance.choice(Change.Scope.values)
    clients = Enrolment.objects.holding().filter(lesson=lesson).values_list("client", flat=True)
    services.cancel_enrolments(lesson=lesson, clients=list(clients[:1]), user=world.manager, scope=scope)


def seat(world: World, chance: random.Random) -> None:
    """These clients and no others, with more room or less."""
    clients = chance.sample(list(Client.objects.filter(club=world.club).exclude(first_name="Erased client")), 2)
    services.change_lesson(
        lesson=some_lesson(chance), user=world.manager, clients=[client.pk for client in clients], capacity=chance.randrange(1, 5)
    )


def rule(world: World, chance: random.Random) -> None:
    services.change_club(club=world.club, waiting_list_automatic=chance.choice([True, False]))


def close(world: World, chance: random.Random) -> None:
    day = world.day + timedelta(days=chance.randrange(21))
    services.cancel_lessons_of_closure(closure=Closure(club=world.club, first_day=day, last_day=day), user=world.manager)


def undo(world: World, chance: random.Random) -> None:
    if last := list(Change.objects.select_related("lesson__club")[:4]):
        services.undo_change(change=chance.choice(last), user=world.manager)


def plan(world: World, chance: random.Random) -> None:
    day = world.day + timedelta(days=chance.randrange(14))
    clients = chance.sample(list(Client.objects.filter(club=world.club).exclude(first_name="Erased client")), 2)
    teacher, place = chance.choice([(world.sophie, "Carrière"), (world.lea, "Manège"), (world.lea, "Carrière"), (world.sophie, "Pré")])
    world.plan(
        starts_at=at(day, chance.randrange(8, 20)), teacher=teacher.pk, place=place, clients=[client.pk for client in clients],
        repeat=chance.choice([None, world.weeks(5)]),
    )  # fmt: skip


def work(world: World, chance: random.Random) -> None:
    """What a worker does with the job that came first of those that nobody has."""
    with transaction.atomic():
        waiting = Job.objects.waiting().exclude(kind="lessons.send_notice").select_for_update(skip_locked=True, no_key=True)
        if job := waiting.order_by("pk").first():
            run_task(getattr(tasks, job.kind.removeprefix("lessons.")), *job.args)
            Job.objects.filter(pk=job.pk).update(status="done", finished_at=timezone.now())


def assign_to_some(world: World, chance: random.Random) -> None:
    clients = chance.sample(list(Client.objects.filter(club=world.club)), 3)
    services.assign_programme(programme=Programme.objects.get(), clients=[client.pk for client in clients])


def mark(world: World, chance: random.Random) -> None:
    if rows := list(Realisation.objects.select_related("task__skill")[:50]):
        services.mark_progress(realisation=chance.choice(rows), status=chance.choice(Realisation.Status.values))


def remind(world: World, chance: random.Random) -> None:
    Reminder.objects.filter(pk__in=list(Reminder.objects.values_list("pk", flat=True)[:2])).update(due_at=timezone.now())
    services.send_due_reminders()


def sell(world: World, chance: random.Random) -> None:
    client = chance.choice(list(Client.objects.filter(club=world.club)))
    services.sell_subscription(club=world.club, client=client, settles=True, credits=5, valid_from=world.day - timedelta(days=9))


def erase(world: World, chance: random.Random) -> None:
    """Somebody who has been in lessons, or somebody new."""
    made = world.client(f"Passing {chance.random()}")
    erase_client(client=chance.choice([made, *Client.objects.filter(club=world.club)]))


def void(world: World, chance: random.Random) -> None:
    if cards := list(Subscription.objects.filter(used=0)):
        services.remove(chance.choice(cards))


def the_books_are_right(world: World) -> None:
    for card in Subscription.objects.all():
        assert card.used == card.uses.standing().count()
    uses = set(SubscriptionUse.objects.standing().values_list("lesson", "client"))
    assert uses == set(Enrolment.objects.filter(status="paid").values_list("lesson", "client"))
    assert not SubscriptionUse.objects.standing().filter(lesson__status="cancelled").exists()
    assert not Enrolment.objects.charged().filter(lesson__status="planned", status="booked").exists()
    held = Count("enrolments", filter=Q(enrolments__attendance__in=HOLDING))
    assert not Lesson.objects.annotate(held=held).filter(held__gt=F("capacity")).exists()
    planned = Lesson.objects.planned()
    for lesson in planned:
        rivals = planned.overlapping(lesson.starts_at, lesson.ends_at).exclude(pk=lesson.pk)
        assert not [rival for rival in rivals if rival.teacher_id == lesson.teacher_id or rival.place_id == lesson.place_id]


# ── Two connections ──

_others = ThreadPoolExecutor(4)


def behind(act: Callable[[], Any]) -> Future[Any]:
    """Begun on a connection of its own; given when it stands before a lock."""

    def run() -> Any:
        try:
            return act()
        finally:
            connection.close()

    future = _others.submit(run)
    wait_until(lambda: future.done() or somebody_waits_for_a_lock())
    assert not future.done(), f"it waited for nothing: {future.result()}"
    return future


@contextmanager
def held(act: Callable[[], Any]) -> Iterator[Callable[[], None]]:
    """Done, but not yet committed, on this connection; until the given function is called."""
    block = transaction.atomic()
    block.__enter__()
    open_still = [True]

    def let_go() -> None:
        if open_still.pop():
            block.__exit__(None, None, None)

    try:
        act()
        yield let_go
    finally:
        if open_still:
            transaction.set_rollback(True)
            block.__exit__(None, None, None)


def lock(model: Any, pk: int) -> None:
    """At once: whoever has it already would have to wait for us."""
    assert model.objects.select_for_update(nowait=True).get(pk=pk)


def fresh(lesson: Lesson) -> Lesson:
    return Lesson.objects.select_related("club").get(pk=lesson.pk)


class _Unseen:
    """Progress that nobody follows."""

    def __call__(self, *said: Any) -> None: ...

    def step(self, *said: Any) -> None: ...


def run_task(task: Any, *args: Any) -> Any:
    with transaction.atomic():
        return task(_Unseen(), *args)


def follow(change: Change) -> Any:
    return run_task(tasks.after_delete, change.lesson_id, change.pk)


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
        return bool(cursor.fetchone()[0])
