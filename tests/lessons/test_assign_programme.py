"""Assigning: a task a skill, a realisation a client × skill, the evaluations counted; never twice, and undone while nobody is marked."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from jobs.models import Job
from jobs.worker import drain
from lessons import services
from lessons.models import Evaluation, ProgrammeAssignment, Realisation, TaskAssignment
from lessons.services import SkillDraft, assign_programme, change_programme
from tests.cluster import wait_until
from tests.lessons.programmes import SKILLS, assign, cell, counts, drafts, finished, mark, programme_of
from tests.lessons.test_killed_worker import worker_waits_for_a_lock
from tests.lessons.world import World


def test_the_job_makes_a_task_a_skill_and_a_realisation_a_client_and_skill(world: World) -> None:
    programme = programme_of(world)
    result = assign(programme, world.camille, world.hugo)
    assert result == {"clients": 2, "joined": 2, "tasks": 3, "realisations": 6}
    assert list(TaskAssignment.objects.values_list("skill__name", flat=True)) == SKILLS
    assert Realisation.objects.filter(status="todo").count() == 6
    assert counts(programme, world.camille) == counts(programme, world.hugo) == (3, 0, 0)


def test_the_click_itself_makes_nothing_but_the_job(world: World) -> None:
    assignment = assign_programme(programme=programme_of(world), clients=[world.camille.pk])
    assert not Realisation.objects.exists()
    assert (Job.objects.get().pk, Job.objects.get().kind) == (assignment.job_id, "lessons.assign_programme")


def test_the_click_costs_as_many_statements_for_200_clients_as_for_one(world: World) -> None:
    many = [world.client(f"c{number}").pk for number in range(200)]
    large = programme_of(world, "Large", [f"Skill {number}" for number in range(50)])
    small = programme_of(world, "Small", ["Trot"])
    with CaptureQueriesContext(connection) as of_many:
        assign_programme(programme=large, clients=many)
    with CaptureQueriesContext(connection) as of_one:
        assign_programme(programme=small, clients=many[:1])
    assert len(of_many) == len(of_one)


def test_the_job_takes_few_statements_whatever_the_size(world: World) -> None:
    many = [world.client(f"c{number}").pk for number in range(200)]
    assignment = assign_programme(programme=programme_of(world, "Large", [f"Skill {number}" for number in range(50)]), clients=many)
    with CaptureQueriesContext(connection) as captured:
        assert finished(assignment)["realisations"] == 10_000
    assert len(captured) < 80


def test_assigning_twice_adds_nothing(world: World) -> None:
    programme = programme_of(world)
    assign(programme, world.camille)
    mark(world.camille, "Pas")
    assert assign(programme, world.camille) == {"clients": 1, "joined": 0, "tasks": 0, "realisations": 0}
    assert counts(programme, world.camille) == (3, 0, 1)


def test_assigning_again_adds_what_is_missing(world: World) -> None:
    programme = programme_of(world)
    assign(programme, world.camille)
    change_programme(programme=programme, name="Galop 1", skills=[*drafts(programme), SkillDraft("Galop")])
    assert assign(programme, world.camille, world.hugo) == {"clients": 2, "joined": 1, "tasks": 1, "realisations": 5}
    assert TaskAssignment.objects.count() == 4
    assert Realisation.objects.count() == 8


def test_the_job_run_again_changes_nothing(world: World) -> None:
    programme = programme_of(world)
    assign(programme, world.camille)
    Job.objects.update(status="pending", attempts=0, finished_at=None)
    assert drain() == 1
    assert (Job.objects.get().result or {})["realisations"] == 0
    assert Realisation.objects.count() == 3


def test_progress_is_told_in_three_steps(world: World) -> None:
    assignment = assign_programme(programme=programme_of(world), clients=[world.camille.pk])
    finished(assignment)
    job = Job.objects.get()
    assert [(step["name"], step["state"]) for step in job.steps] == [("Skills", "done"), ("Realisations", "done"), ("Evaluations", "done")]
    assert job.message == "1 client, 3 realisations added"


def test_nobody_chosen_is_refused_at_the_clients(world: World) -> None:
    with pytest.raises(services.Refused) as refused:
        assign_programme(programme=programme_of(world), clients=[])
    assert refused.value.message_dict == {"clients": ["Choose at least one client."]}


def test_a_client_of_another_club_is_refused_at_the_clients(world: World) -> None:
    stranger = World("Other", "other-").camille
    with pytest.raises(services.NotInClub) as refused:
        assign_programme(programme=programme_of(world), clients=[world.camille.pk, stranger.pk])
    assert refused.value.message_dict == {"clients": [f"This club has no such client: {stranger.pk}."]}
    assert not Job.objects.exists()


def test_a_client_deleted_before_the_job_is_left_out(world: World) -> None:
    programme = programme_of(world)
    assignment = assign_programme(programme=programme, clients=[world.camille.pk, world.noe.pk])
    world.noe.delete()
    assert finished(assignment) == {"clients": 1, "joined": 1, "tasks": 3, "realisations": 3}


def test_a_programme_deleted_before_the_job_says_so(world: World) -> None:
    programme = programme_of(world)
    assign_programme(programme=programme, clients=[world.camille.pk])
    services.delete_programme(programme=programme)
    drain()
    assert (Job.objects.get().status, Job.objects.get().error) == ("error", "This programme no longer exists.")


def test_a_deleted_client_takes_the_progress_along(world: World) -> None:
    assign(programme_of(world), world.camille, world.noe)
    services.remove(world.noe)
    assert not Evaluation.objects.filter(client=world.noe.pk).exists()
    assert Realisation.objects.count() == 3


def test_undo_takes_off_whom_the_click_added(world: World) -> None:
    programme = programme_of(world)
    assign(programme, world.camille)
    assign(programme, world.camille, world.hugo)
    assert services.undo_assignment(assignment=ProgrammeAssignment.objects.latest("pk")) == 0
    assert list(Evaluation.objects.values_list("client__first_name", flat=True)) == ["Camille"]
    assert Realisation.objects.count() == 3


def test_undo_keeps_who_has_been_marked_since(world: World) -> None:
    programme = programme_of(world)
    assign(programme, world.camille, world.hugo)
    mark(world.hugo, "Pas")
    assert services.undo_assignment(assignment=ProgrammeAssignment.objects.get()) == 1
    assert list(Evaluation.objects.values_list("client__first_name", flat=True)) == ["Hugo"]


def test_a_client_taken_off_loses_this_programme_alone(world: World) -> None:
    first, second = programme_of(world), programme_of(world, "Galop 2", ["Galop"])
    assign(first, world.camille)
    assign(second, world.camille)
    services.withdraw_client(programme=first, client=world.camille)
    assert Realisation.objects.get().task.skill.name == "Galop"
    assert Evaluation.objects.get().programme == second


def test_a_mark_counts_in_the_evaluation(world: World) -> None:
    programme = programme_of(world)
    assign(programme, world.camille)
    mark(world.camille, "Pas", "started", user=world.manager)
    mark(world.camille, "Trot", "acquired")
    assert counts(programme, world.camille) == (3, 1, 1)
    assert (cell(world.camille, "Pas").marked_by, Evaluation.objects.get().progress) == (world.manager, 33)


def test_a_mark_over_somebody_elses_is_told_and_not_written(world: World) -> None:
    assign(programme_of(world), world.camille)
    mark(world.camille, "Pas", "acquired", user=world.manager)
    with pytest.raises(services.MarkedMeanwhile) as refused:
        mark(world.camille, "Pas", "started", was="todo")
    assert refused.value.message_dict == {"status": ["manager has marked it meanwhile: acquired."]}
    assert cell(world.camille, "Pas").status == "acquired"


def test_two_who_want_the_same_mark_are_both_content(world: World) -> None:
    assign(programme_of(world), world.camille)
    mark(world.camille, "Pas", "acquired")
    assert mark(world.camille, "Pas", "acquired", was="todo").status == "acquired"


def test_a_mark_for_a_client_who_was_taken_off_says_so(world: World) -> None:
    programme = programme_of(world)
    assign(programme, world.camille)
    late = cell(world.camille, "Pas")
    services.withdraw_client(programme=programme, client=world.camille)
    with pytest.raises(services.MarkedMeanwhile) as refused:
        services.mark_progress(realisation=late, status="acquired")
    assert refused.value.messages == ["This client no longer follows the programme."]


@pytest.mark.django_db(transaction=True)
def test_marks_made_at_once_are_all_counted() -> None:
    world = World()
    programme = programme_of(world)
    assign(programme, world.camille)
    with ThreadPoolExecutor(len(SKILLS)) as pool:
        for skill in SKILLS:
            pool.submit(alone, partial(mark, world.camille, skill))
    assert counts(programme, world.camille) == (3, 0, 3)


@pytest.mark.django_db(transaction=True)
def test_a_mark_waits_for_the_one_before_and_then_sees_it() -> None:
    world = World()
    programme = programme_of(world)
    assign(programme, world.camille)
    with ThreadPoolExecutor() as pool, transaction.atomic():
        Evaluation.objects.select_for_update(no_key=True).get()  # what every mark holds
        late = pool.submit(alone, lambda: mark(world.camille, "Pas", "started", was="todo"))
        wait_until(worker_waits_for_a_lock)
        Realisation.objects.filter(task__skill__name="Pas").update(status="acquired")
    with pytest.raises(services.MarkedMeanwhile):
        late.result()
    assert cell(world.camille, "Pas").status == "acquired"


@pytest.mark.django_db(transaction=True)
def test_a_job_that_counts_waits_for_a_mark_that_is_being_made() -> None:
    world = World()
    programme = programme_of(world)
    assign(programme, world.camille)
    with ThreadPoolExecutor() as pool, transaction.atomic():
        Evaluation.objects.select_for_update(no_key=True).get()  # as a mark begins
        count = pool.submit(alone, lambda: services.sync_evaluations(programme=programme.pk, clients=[world.camille.pk]))
        wait_until(worker_waits_for_a_lock)
        mark(world.camille, "Pas")
    count.result()
    assert counts(programme, world.camille) == (3, 0, 1)


def alone(work: Callable[[], object]) -> None:
    """On a connection of this thread, which is closed before the tables are emptied."""
    try:
        work()
    finally:
        connections.close_all()
