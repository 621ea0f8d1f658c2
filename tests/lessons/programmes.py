"""A programme of three skills, and what its job makes of it."""

from typing import Any

from jobs.models import Job
from jobs.worker import drain
from lessons import services
from lessons.models import Client, Evaluation, Programme, ProgrammeAssignment, Realisation
from tests.lessons.world import World

SKILLS = ["Pansage", "Pas", "Trot"]


def programme_of(world: World, name: str = "Galop 1", skills: list[str] = SKILLS) -> Programme:
    return services.create_programme(club=world.club, user=world.manager, name=name, skills=skills)


def assign(programme: Programme, *clients: Client) -> dict[str, Any]:
    """By its job; gives what the job says that it did."""
    assignment = services.assign_programme(programme=programme, clients=[client.pk for client in clients])
    return finished(assignment)


def finished(assignment: ProgrammeAssignment) -> dict[str, Any]:
    drain()
    job = Job.objects.get(pk=str(assignment.job_id))
    assert job.status == "done", job.error
    return dict(job.result or {})


def cell(client: Client, skill: str) -> Realisation:
    return Realisation.objects.select_related("task__skill").get(client=client, task__skill__name=skill)


def mark(client: Client, skill: str, status: str = "acquired", **values: Any) -> Realisation:
    return services.mark_progress(realisation=cell(client, skill), status=status, **values)


def counts(programme: Programme, client: Client) -> tuple[int, int, int]:
    """Of the client's evaluation: all, under way, acquired."""
    evaluation = Evaluation.objects.get(programme=programme, client=client)
    return evaluation.total, evaluation.started, evaluation.acquired


def drafts(programme: Programme) -> list[services.SkillDraft]:
    return [services.SkillDraft(skill.name, skill.pk) for skill in programme.skills.all()]


def names(programme: Programme) -> list[str]:
    return list(programme.skills.values_list("name", flat=True))


def pk_of(programme: Programme, skill: str) -> int:
    return programme.skills.get(name=skill).pk
