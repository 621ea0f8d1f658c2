"""Everything that a club does, at once and in any order: nothing is lost, nobody is stuck, and the books are right."""

import os
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
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
    Club,
    Enrolment,
    Lesson,
    Programme,
    Realisation,
    Reminder,
    Subscription,
    SubscriptionUse,
)
from tests.lessons.programmes import programme_of
from tests.lessons.two_connections import run_task, series_of_four
from tests.lessons.world import World, at

pytestmark = pytest.mark.django_db(transaction=True)
RACE_SECONDS = float(os.environ.get("RACE_SECONDS", "4"))


@pytest.fixture
def world(transactional_db: None) -> World:
    return World()


def test_nothing_is_lost_and_nobody_is_stuck_whatever_happens_at_once(world: World) -> None:
    """For a while, in any order; `RACE_SECONDS=180` goes on for longer. A deadlock is an error of the database, and fails."""
    series_of_four(world)
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
    undone = Job.objects.exclude(kind="lessons.send_notice").exclude(status="done")  # one that is to be tried again counts, too
    assert not undone, undone.values_list("kind", "status", "error")
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
    lead, automatic = chance.choice([12, 24, 36]), chance.choice([True, False])
    services.change_club(club=Club.objects.get(pk=world.club.pk), waiting_list_automatic=automatic, reminder_lead_hours=lead)


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
    for pk in Reminder.objects.values_list("pk", flat=True)[:2]:  # each on its own: two of one statement are locked in any order
        Reminder.objects.filter(pk=pk).update(due_at=timezone.now())
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
