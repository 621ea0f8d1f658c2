"""`POST /api/lessons/` with the work after it in a job, beside the same work done within the request (JOBS_INLINE).

The lesson has 10 clients and repeats for 40 weeks; the mail server on loopback takes 50 ms a message, as a real relay does.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")

import django

django.setup()

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone
from rest_framework.test import APIClient

from benchmarks.report import Report, wants_json
from config.mailbox import start_catcher
from jobs.models import Job
from lessons.models import Club, Place

ROUNDS = int(os.environ.get("ROUNDS", "3"))
POSTS, INLINE_POSTS = 20, 3
SMTP_PORT = int(os.environ.get("SMTP_PORT", "10255"))
RELAY_SECONDS = 0.05
IN_A_JOB, INLINE = "Aussitôt", "within the request"


def main() -> int:
    call_command("migrate", run_syncdb=True, verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("flush", interactive=False, verbosity=0)
    call_command("demo_data", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    report = Report("lessons")
    with tempfile.TemporaryDirectory() as directory, override_settings(EMAIL_HOST="127.0.0.1", EMAIL_PORT=SMTP_PORT):
        catcher = start_catcher(Path(directory), SMTP_PORT, RELAY_SECONDS)
        try:
            measure_posts(report)
        finally:
            catcher.stop()
        report.add(INLINE, "mails caught", len(list(Path(directory).glob("*.eml"))))
    count_statements(report)
    faster = report.median(INLINE, "POST /api/lessons/, ms") / report.median(IN_A_JOB, "POST /api/lessons/, ms")
    report.ratio("ratio_vs_within_the_request", faster, at_least=20)
    report.limit(IN_A_JOB, "statements of a POST, 10 clients × 40 weeks", at_most=15)
    report.limit(IN_A_JOB, "statements of the planning page beyond session and user", at_most=3)
    return report.finish(as_json=wants_json())


def measure_posts(report: Report) -> None:
    api, bodies = log_in(), lesson_bodies()
    post(api, next(bodies))  # the first one warms up what every process loads once
    for _ in range(ROUNDS):
        for _ in range(POSTS):
            report.add(IN_A_JOB, "POST /api/lessons/, ms", post(api, next(bodies)))
        Job.objects.all().delete()
        with override_settings(JOBS_INLINE=True):
            for _ in range(INLINE_POSTS):
                report.add(INLINE, "POST /api/lessons/, ms", post(api, next(bodies)))


def count_statements(report: Report) -> None:
    api, bodies = log_in(), lesson_bodies(first_week=200)
    large_body, small_body = next(bodies), {**next(bodies), "repeat": None}
    with CaptureQueriesContext(connection) as large:
        post(api, large_body)
    small_body["clients"] = small_body["clients"][:1]
    with CaptureQueriesContext(connection) as small:
        post(api, small_body)
    report.add(IN_A_JOB, "statements of a POST, 10 clients × 40 weeks", len(large))
    report.add(IN_A_JOB, "statements of a POST, 1 client × 1 week", len(small))
    browser = Client()
    browser.force_login(User.objects.get(username="manager"), "django.contrib.auth.backends.ModelBackend")
    browser.get("/club/planning")
    with CaptureQueriesContext(connection) as page:
        assert browser.get("/club/planning").status_code == 200
    beyond = [query for query in page.captured_queries if "django_session" not in query["sql"] and '"auth_user"' not in query["sql"]]
    report.add(IN_A_JOB, "statements of the planning page beyond session and user", len(beyond))


def post(api: APIClient, body: dict[str, Any]) -> float:
    began = time.perf_counter()
    answer = api.post("/api/lessons/", body, format="json")
    milliseconds = (time.perf_counter() - began) * 1000
    assert answer.status_code == 201, answer.content
    return milliseconds


def log_in() -> APIClient:
    api = APIClient()
    answer = api.post("/api/login/", {"username": "manager", "password": "demo"}, format="json")
    api.credentials(HTTP_AUTHORIZATION=f"Token {answer.json()['token']}")
    return api


def lesson_bodies(first_week: int = 60) -> Iterator[dict[str, Any]]:
    """Each at an hour of its own, so that none is refused, and far enough from the demo's own lessons."""
    club = Club.objects.get(name="Les Écuries du Bois")
    teachers, clients = list(club.teachers.all()), list(club.clients.exclude(email=""))
    places = [Place.objects.get_or_create(club=club, name=f"Piste {number}")[0] for number in range(len(teachers))]
    monday = timezone.localdate() - timedelta(days=timezone.localdate().weekday())
    for number in range(10_000):
        which, slot = number % len(teachers), number // len(teachers)
        start = datetime.combine(monday + timedelta(weeks=first_week, days=slot // 10 % 7), datetime.min.time()).replace(hour=8 + slot % 10)
        chosen = [clients[(number + offset) % len(clients)].pk for offset in range(10)]
        yield {
            "title": "Galop 4",
            "teacher": teachers[which].pk,
            "place": places[which].name,
            "starts_at": start.isoformat(),
            "duration_minutes": 45,
            "capacity": 12,
            "clients": chosen,
            "repeat": {"every_weeks": 1, "until": (start.date() + timedelta(weeks=40)).isoformat()},
        }


if __name__ == "__main__":
    settings.DEBUG = False
    sys.exit(main())
