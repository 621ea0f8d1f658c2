"""A programme of 50 skills for 200 clients beside one of 1 skill for 1 client: the click must not feel the difference, the job ends soon.

Beside them the same work as it is written first: one statement a row, within the request.
"""

import os
import sys
import time
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")

import django

django.setup()

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from benchmarks.report import Report, wants_json
from jobs.models import Job
from jobs.worker import drain
from lessons import services
from lessons.models import Client, Club, Evaluation, Membership, Programme, Realisation, TaskAssignment

ROUNDS = int(os.environ.get("ROUNDS", "3"))
CLICKS = 15
SKILLS, CLIENTS = 50, 200
LARGE, SMALL, PLAIN = "Aussitôt, 50 × 200", "Aussitôt, 1 × 1", "one statement a row, within the request"
CLICK, WORK, PAGE = "POST …/assignments/, ms", "the job, s", "statements of the grid beyond session, user and membership"


def main() -> int:
    call_command("migrate", run_syncdb=True, verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("flush", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    report = Report("lessons_programmes")
    club, user = make_club()
    api = APIClient()
    api.force_authenticate(user)
    clients = list(club.clients.values_list("pk", flat=True))
    for number in range(ROUNDS):
        large, small = make_programme(club, f"large {number}", SKILLS), make_programme(club, f"small {number}", 1)
        measure_clicks(report, api, {LARGE: (large, clients), SMALL: (small, clients[:1])})
        measure_job(report, LARGE, large, clients)
        measure_job(report, SMALL, small, clients[:1])
        measure_plainly(report, make_programme(club, f"plain {number}", SKILLS), clients)
    count_statements(report, user)
    report.ratio("ratio_vs_1_x_1", report.median(SMALL, CLICK) / report.median(LARGE, CLICK), at_least=0.7)
    report.ratio("ratio_vs_within_the_request", 1000 * report.median(PLAIN, WORK) / report.median(LARGE, CLICK), at_least=100)
    report.limit(LARGE, WORK, at_most=2)
    report.limit(LARGE, PAGE, at_most=3)
    return report.finish(as_json=wants_json())


def make_club() -> tuple[Club, User]:
    club = Club.objects.create(name="200 clients")
    user = User.objects.create_user("manager")
    Membership.objects.create(club=club, user=user)
    Client.objects.bulk_create(Client(club=club, first_name=f"Client {number}") for number in range(CLIENTS))
    return club, user


def make_programme(club: Club, name: str, skills: int) -> Programme:
    return services.create_programme(club=club, name=name, skills=[f"Skill {number}" for number in range(skills)])


def measure_clicks(report: Report, api: APIClient, sizes: dict[str, tuple[Programme, list[int]]]) -> None:
    """In turn, so that both feel the same machine; the jobs are thrown away."""
    for turn in range(CLICKS + 1):
        for name, (programme, clients) in sizes.items():
            began = time.perf_counter()
            answer = api.post(f"/api/programmes/{programme.pk}/assignments/", {"clients": clients}, format="json")
            milliseconds = (time.perf_counter() - began) * 1000
            assert answer.status_code == 201, answer.content
            if turn:  # the first one loads what every process loads once
                report.add(name, CLICK, milliseconds)
    Job.objects.all().delete()


def measure_job(report: Report, name: str, programme: Programme, clients: list[int]) -> None:
    assignment = services.assign_programme(programme=programme, clients=clients)
    began = time.perf_counter()
    assert drain() == 1
    report.add(name, WORK, time.perf_counter() - began)
    job = Job.objects.get(pk=str(assignment.job_id))
    assert job.status == "done", job.error
    expected = len(clients) * programme.skills.count()
    assert Realisation.objects.filter(task__skill__programme=programme).count() == expected


def measure_plainly(report: Report, programme: Programme, clients: list[int]) -> None:
    began = time.perf_counter()
    with transaction.atomic():
        for skill in programme.skills.all():
            task = TaskAssignment.objects.create(skill=skill)
            for client in clients:
                Realisation.objects.get_or_create(task=task, client_id=client)
        for client in clients:
            total = Realisation.objects.filter(task__skill__programme=programme, client_id=client).count()
            Evaluation.objects.create(programme=programme, client_id=client, total=total)
    report.add(PLAIN, WORK, time.perf_counter() - began)


def count_statements(report: Report, user: Any) -> None:
    browser = Browser()
    browser.force_login(user, "django.contrib.auth.backends.ModelBackend")
    address = f"/club/programmes/{Programme.objects.get(name='large 0').pk}/"
    browser.get(address)
    with CaptureQueriesContext(connection) as page:
        assert browser.get(address).status_code == 200
    apart = ("django_session", '"auth_user"', '"lessons_membership"')
    report.add(LARGE, PAGE, sum(not any(name in query["sql"] for name in apart) for query in page.captured_queries))


if __name__ == "__main__":
    settings.DEBUG = False
    sys.exit(main())
