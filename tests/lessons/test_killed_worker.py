"""A worker is killed with SIGKILL in the middle of the after-create job; another one does the work; all of it happened once.

The test holds a row that the job needs next: so the job stands still within its transaction when the kill comes.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from django.db import connection, transaction

from jobs.models import Job
from jobs.services import enqueue
from lessons.models import Enrolment, Lesson, Notice, Reminder, Subscription, SubscriptionUse, Teacher
from tests.cluster import Cluster, ended, wait_until, worker_of
from tests.lessons.mailservers import ScriptedServer, real_server
from tests.lessons.world import World

pytestmark = pytest.mark.django_db(transaction=True)

HOLDS: dict[str, Callable[[Lesson], object]] = {
    "Subscriptions": lambda lesson: list(Subscription.objects.select_for_update()),
    "Repeats": lambda lesson: list(Teacher.objects.select_for_update()),
    "Notices": lambda lesson: Notice.objects.create(club=lesson.club, lesson=lesson, teacher=lesson.teacher, kind="planned"),
    "Reminders": lambda lesson: Reminder.objects.create(lesson=lesson, due_at=lesson.starts_at),
}


@pytest.fixture(autouse=True)
def only_where_rows_are_locked(transactional_db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.fail("run the tests on Postgres: bin/test starts one")


def planned() -> Lesson:
    """Three clients: a card that runs out, a period, and nothing; three lessons."""
    world = World()
    world.pack(world.camille, credits=2)
    world.period(world.hugo)
    clients = [world.camille.pk, world.hugo.pk, world.noe.pk]
    return world.plan(repeat=world.weeks(3), clients=clients).lesson


@contextmanager
def held(step: str, lesson: Lesson) -> Iterator[None]:
    """What the step needs is locked within the block, and as it was after it."""
    with transaction.atomic():
        HOLDS[step](lesson)
        yield
        transaction.set_rollback(True)


def job_of(lesson: Lesson) -> Job:
    assert lesson.job
    return Job.objects.get(pk=lesson.job.pk)


def stands_at(step: str, job: Job) -> bool:
    states = {row["name"]: row["state"] for row in Job.objects.get(pk=job.pk).steps}
    return states[step] == "running" and worker_waits_for_a_lock()


def worker_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # or this transaction sees for ever what it saw first
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize("step", HOLDS)
def test_every_effect_happens_once_though_the_worker_was_killed(step: str) -> None:
    lesson = planned()
    job = job_of(lesson)
    with real_server() as (port, catcher), ExitStack() as until_the_end:
        with held(step, lesson):
            until_the_end.enter_context(Cluster(EMAIL_URL=f"smtp://127.0.0.1:{port}"))
            wait_until(lambda: stands_at(step, job))
            os.kill(wait_until(lambda: worker_of(job)), signal.SIGKILL)
        wait_until(lambda: ended(job))
        wait_until(lambda: not Notice.objects.exclude(status="sent").exists())
    assert_once(lesson)
    assert sorted(message["Message-ID"] for _to, message in catcher.caught) == sorted(Notice.objects.values_list("message_id", flat=True))


def test_a_worker_killed_in_the_conversation_leaves_an_unsure_notice_and_no_second_mail() -> None:
    world = World()
    lesson = world.plan(clients=[world.camille.pk]).lesson
    notice = Notice.objects.create(club=world.club, lesson=lesson, kind="planned", client=world.camille, recipient_email="c@example.org")
    Job.objects.all().delete()
    job = enqueue("lessons.send_notice", notice.pk)
    with ScriptedServer(END="HANG") as server, Cluster(EMAIL_URL=f"smtp://127.0.0.1:{server.port}"):
        wait_until(server.hanging.is_set)
        os.kill(wait_until(lambda: worker_of(job)), signal.SIGKILL)
        wait_until(lambda: ended(job))
        assert server.calls == 1
    assert Notice.objects.get().status == "unsure"


def assert_once(lesson: Lesson) -> None:
    job = job_of(lesson)
    assert (job.status, job.attempts, [failure.outcome for failure in job.failures.all()]) == ("done", 2, ["crashed"])
    assert Lesson.objects.count() == Reminder.objects.count() == 3
    assert list(Enrolment.objects.values_list("status", flat=True).order_by("lesson__starts_at", "client")) == [
        "paid", "paid", "unpaid",
        "paid", "paid", "unpaid",
        "unpaid", "paid", "unpaid",
    ]  # fmt: skip
    assert SubscriptionUse.objects.count() == 5
    assert Subscription.objects.get(kind="pack").used == 2
    assert Notice.objects.count() == Job.objects.filter(kind="lessons.send_notice").count() == 6
    assert Notice.objects.get(kind="renewal").subscription == Subscription.objects.get(kind="pack")
