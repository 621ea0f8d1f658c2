"""A worker is killed with SIGKILL in each step of assigning a programme; another one does the work; all of it is there once.

As in test_killed_worker.py, the test holds what the job needs next, so that it stands still within its transaction when the kill comes.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from django.db import connection, transaction

from jobs.models import Job
from lessons.models import Client, Evaluation, Programme, ProgrammeAssignment, Realisation, TaskAssignment
from lessons.services import assign_programme
from tests.cluster import Cluster, ended, wait_until, worker_of
from tests.lessons.programmes import programme_of
from tests.lessons.test_killed_worker import stands_at
from tests.lessons.world import World

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS, SKILLS = 40, 50
HOLDS: dict[str, Callable[[Programme, Client], object]] = {
    "Skills": lambda programme, last: Programme.objects.select_for_update(no_key=True).get(pk=programme.pk),
    # all realisations are written by then, and nobody sees them yet
    "Realisations": lambda programme, last: ProgrammeAssignment.objects.select_for_update(no_key=True).get(programme=programme),
    "Evaluations": lambda programme, last: Evaluation.objects.create(programme=programme, client=last),
}


@pytest.fixture(autouse=True)
def only_where_rows_are_locked(transactional_db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.fail("run the tests on Postgres: bin/test starts one")


@contextmanager
def held(step: str, programme: Programme, last: Client) -> Iterator[None]:
    """What the step needs is locked within the block, and as it was after it."""
    with transaction.atomic():
        HOLDS[step](programme, last)
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize("step", HOLDS)
def test_nothing_is_doubled_and_nothing_missing_though_the_worker_was_killed(step: str) -> None:
    world = World()
    clients = [world.client(f"c{number}") for number in range(CLIENTS)]
    programme = programme_of(world, skills=[f"Skill {number}" for number in range(SKILLS)])
    assignment = assign_programme(programme=programme, clients=[client.pk for client in clients])
    job = Job.objects.get(pk=str(assignment.job_id))
    with ExitStack() as until_the_end:
        with held(step, programme, clients[-1]):
            until_the_end.enter_context(Cluster())
            wait_until(lambda: stands_at(step, job))
            os.kill(wait_until(lambda: worker_of(job)), signal.SIGKILL)
        wait_until(lambda: ended(job))
    assert_once(job, len(clients))


def assert_once(job: Job, clients: int) -> None:
    job.refresh_from_db()
    assert (job.status, job.attempts, [failure.outcome for failure in job.failures.all()]) == ("done", 2, ["crashed"])
    assert job.result == {"clients": clients, "joined": clients, "tasks": SKILLS, "realisations": clients * SKILLS}
    assert TaskAssignment.objects.count() == SKILLS
    pairs = list(Realisation.objects.values_list("client", "task"))
    assert len(pairs) == len(set(pairs)) == clients * SKILLS
    assert Evaluation.objects.filter(total=SKILLS, started=0, acquired=0).count() == Evaluation.objects.count() == clients
    assert len(ProgrammeAssignment.objects.get().joined_ids) == clients


def test_managers_who_assign_at_once_double_nothing() -> None:
    world = World()
    clients = [world.client(f"c{number}").pk for number in range(CLIENTS)]
    programme = programme_of(world, skills=[f"Skill {number}" for number in range(SKILLS)])
    for group in (clients, clients[: CLIENTS // 2], clients[CLIENTS // 4 :], clients):
        assign_programme(programme=programme, clients=group)
    with Cluster(workers=3):
        wait_until(lambda: not Job.objects.unended().filter(kind="lessons.assign_programme").exists())
    assert set(Job.objects.filter(kind="lessons.assign_programme").values_list("status", "attempts")) == {("done", 1)}
    assert Realisation.objects.count() == CLIENTS * SKILLS
    assert sum((job.result or {})["realisations"] for job in Job.objects.filter(kind="lessons.assign_programme")) == CLIENTS * SKILLS
    assert Evaluation.objects.filter(total=SKILLS).count() == CLIENTS
