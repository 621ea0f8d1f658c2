"""200 people at once, through gunicorn: beside one lone user, with a table of what each page costs. The load comes from locust."""

import csv
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.request import urlopen

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")

import django

django.setup()

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone

from benchmarks.report import Report, wants_json
from jobs import services as jobs
from jobs.worker import drain
from lessons.models import Club
from staffing import services as staffing

USERS = int(os.environ.get("USERS", "200"))
SECONDS = int(os.environ.get("SECONDS", "60"))
LONE_SECONDS = 20
THINK_SECONDS = (3, 9)
MANY, ALONE = f"{USERS} users", "one user"


def main() -> int:
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("flush", interactive=False, verbosity=0)
    call_command("demo_data", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    report = Report("web")
    plan = make_plan()
    with serving() as url:
        alone = load(url, plan | {"think_seconds": (0, 0)}, users=1, seconds=LONE_SECONDS)
        together = load(url, plan | {"think_seconds": THINK_SECONDS}, users=USERS, seconds=SECONDS)
    for system, rows in ((ALONE, alone), (MANY, together)):
        for row in rows:
            name = "all" if row["Name"] == "Aggregated" else row["Name"]
            report.add(system, f"{name}: p50, ms", float(row["50%"]))
            report.add(system, f"{name}: p95, ms", float(row["95%"]))
        report.add(system, "requests a second", float(rows[-1]["Requests/s"]))
        report.add(system, "errors", float(rows[-1]["Failure Count"]))
    report.ratio(
        "p50_of_one_user_over_p95_of_all", report.median(ALONE, "all: p50, ms") / report.median(MANY, "all: p95, ms"), at_least=0.1
    )
    for system in (ALONE, MANY):
        report.limit(system, "errors", at_most=0)
    return report.finish(as_json=wants_json())


def make_plan() -> dict[str, Any]:
    """Every page and list with something in it, and a job that waits for ever, for the polls."""
    club, manager = Club.objects.get(name="Les Écuries du Bois"), User.objects.get(username="manager")
    run = staffing.start_run(club=club, user=manager, scope="national")
    drain()
    job = jobs.enqueue("staffing.simulate", 0, run_at=timezone.now() + timedelta(days=1), scope=club.scope, user=manager)
    client, lesson = club.clients.first(), club.lessons.first()
    assert client
    assert lesson
    pages = [
        "/club/planning", f"/club/lessons/{lesson.pk}/", "/club/letters/", "/club/letters/wording/", "/staffing/",
        f"/staffing/runs/{run.task_id}/", f"/staffing/runs/{run.task_id}/gaps.svg", "/staffing/reference/", "/audio/", "/club/clients/",
        f"/club/clients/{client.pk}/", "/api/me/", "/api/lessons/", "/api/clients/", "/api/teachers/", "/api/subscriptions/",
        "/api/letters/", "/api/letters/summary/", "/api/reference/tasks", "/api/reference/stats", f"/api/async/task/{run.task_id}",
    ]  # fmt: skip
    named = [
        (page.replace(str(run.task_id), "…").replace(f"/{client.pk}/", "/…/").replace(f"/{lesson.pk}/", "/…/"), page) for page in pages
    ]
    return {"pages": named, "poll": ("/api/jobs/…/", f"/api/jobs/{job.token}/"), "sessions": [open_session(manager) for _ in range(USERS)]}


def open_session(user: User) -> str:
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


@contextmanager
def serving() -> Iterator[str]:
    """As in production: processes, threads and the pool of connections. No worker: nothing here waits for one."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.set_inheritable(True)
        port = listener.getsockname()[1]
        command = [
            sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"fd://{listener.fileno()}", "--workers", "2", "--threads", "4",
            "--backlog", "1024", "--no-control-socket", "--log-level", "warning",
        ]  # fmt: skip
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "benchmarks.settings", "ALLOWED_HOSTS": "127.0.0.1"}
        server = subprocess.Popen(command, env=environment, pass_fds=[listener.fileno()])
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(f"{url}/healthz")
            yield url
        finally:
            server.terminate()
            server.wait()


def wait_for(url: str) -> None:
    for _ in range(300):
        try:
            with urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(url)


def load(url: str, plan: dict[str, Any], *, users: int, seconds: int) -> list[dict[str, str]]:
    """Locust's rows by name, the sum last."""
    with tempfile.TemporaryDirectory() as directory:
        target = Path(directory) / "plan.json"
        target.write_text(json.dumps(plan))
        command = [
            sys.executable, "-m", "locust", "-f", "benchmarks/web_users.py", "--headless", "--host", url, "--users", str(users),
            "--spawn-rate", str(users), "--run-time", f"{seconds}s", "--reset-stats", "--csv", f"{directory}/run", "--only-summary",
            "--loglevel", "ERROR",
        ]  # fmt: skip
        subprocess.run(command, env={**os.environ, "BENCH_WEB_PLAN": str(target)}, check=False, stdout=subprocess.DEVNULL)
        failures = (Path(directory) / "run_failures.csv").read_text().strip()
        if failures.count("\n"):
            print(failures, file=sys.stderr)
        with (Path(directory) / "run_stats.csv").open() as file:
            return list(csv.DictReader(file))


if __name__ == "__main__":
    settings.DEBUG = False
    sys.exit(main())
