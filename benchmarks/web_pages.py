"""What the people of `bin/bench web` look at: every address of the product that answers a manager, on the demo club."""

from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from audio.models import FieldChange
from jobs import services as jobs
from jobs.worker import drain
from lessons.models import CalendarFeed, Change, Club, Notice, Realisation, TaskAssignment
from letters import services as letters
from letters.models import LegalFigures, VolunteerLetterSend
from staffing import services as staffing
from staffing.models import ReferenceImport
from tests.config.addresses import all_routes, paths

LEFT_OUT = ("bench/", "dev/", "i18n/", "api/schema/", "api/docs/", "healthz")  # of developers, and of machines


def busy_club(manager: User) -> Any:
    """The demo club with something under way everywhere, named as the samples of the addresses want it. Its jobs wait for ever."""
    club = Club.objects.get(memberships__user=manager)
    centres = list(club.directions.all()[0].centres.values_list("pk", flat=True))
    runs = [staffing.start_run(club=club, user=manager, scope="national") for _ in range(2)]
    runs.append(staffing.start_run(club=club, user=manager, scope="centres", centres=centres))
    drain()
    ceilings = {"daily_ceiling": 44, "yearly_ceiling": 1760, "raised_yearly_ceiling": 3233, "source": "public notes"}
    LegalFigures.objects.get_or_create(year=timezone.localdate().year, defaults=ceilings)
    plan = letters.send_letters(club=club, user=manager)
    programme = club.programmes.filter(evaluations__isnull=False)[0]
    lesson, client = club.lessons.all()[0], programme.evaluations.all()[0].client
    Notice.objects.create(club=club, lesson=lesson, client=client, kind="planned", status="unsure")
    later = timezone.now() + timedelta(days=1)
    return SimpleNamespace(
        club=club,
        today=timezone.localdate(),
        lesson=lesson,
        client=client,
        teacher=club.teachers.filter(volunteer=True)[0],
        letter=VolunteerLetterSend.objects.filter(club=club)[0],
        batch=plan.batch,
        lesson_change=Change.objects.create(club=club, lesson=lesson, kind="changed", user=manager),
        feed=CalendarFeed.objects.create(club=club),
        subscriptions=club.subscriptions.all(),
        programme=programme,
        assignments=programme.assignments.all(),
        task=TaskAssignment.objects.filter(skill__programme=programme)[0],
        realisations=Realisation.objects.filter(client=client),
        evaluations=programme.evaluations.all(),
        note=club.voice_notes.filter(question__isnull=True)[0],
        asking_note=club.voice_notes.all()[0],
        change=FieldChange.objects.filter(client__club=club)[0],
        direction=club.directions.all()[0],
        run=runs[0],
        second_run=runs[1],
        run_of_centres=runs[2],
        coming=ReferenceImport.objects.create(club=club, name="file.csv", state="applied"),
        job=jobs.enqueue("staffing.simulate", 0, run_at=later, scope=club.scope, user=manager),
    )


def pages_of(busy: Any, manager: User) -> list[tuple[str, str]]:
    return [(route, path) for route, path in _first_paths(busy) if _answers(manager, path)]


def polls_of(busy: Any) -> list[tuple[str, str]]:
    routes = ("api/jobs/<str:token>/", "api/batches/<str:token>/", "api/async/task/<uuid:task_id>", "api/audio/status/<int:pk>")
    return [(f"poll {route}", paths(route, busy)[0]) for route in routes]


def _first_paths(busy: Any) -> Iterator[tuple[str, str]]:
    for route in all_routes():
        if not route.startswith(LEFT_OUT):
            yield route, paths(route, busy)[0]


def _answers(manager: User, path: str) -> bool:
    visitor = Client()
    visitor.force_login(manager, "django.contrib.auth.backends.ModelBackend")
    answer: Any = visitor.get(path)
    b"".join(answer)
    return bool(answer.status_code == 200)
