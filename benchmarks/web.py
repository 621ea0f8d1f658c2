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

from benchmarks.report import Report, wants_json
from benchmarks.web_pages import busy_club, pages_of, polls_of

USERS = int(os.environ.get("USERS", "200"))
SECONDS = int(os.environ.get("SECONDS", "60"))
LONE_SECONDS, WARM_SECONDS = 20, 10
ARRIVAL_SECONDS = 20  # people do not all come at one instant; from then on it is measured
SLOWER = 10  # times, at most
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
        load(url, plan | {"think_seconds": (0, 0)}, users=2, seconds=WARM_SECONDS)  # both processes have seen every page
        alone = load(url, plan | {"think_seconds": (0, 0)}, users=1, seconds=LONE_SECONDS)
        together = load(url, plan | {"think_seconds": THINK_SECONDS}, users=USERS, seconds=SECONDS)
    for system, rows in ((ALONE, alone), (MANY, together)):
        add_rows(report, system, rows)
    one, all_of_them = report.median(ALONE, "all: p50, ms"), report.median(MANY, "all: p95, ms")
    report.ratio("p50_of_one_user_over_p95_of_all", one / all_of_them, at_least=1 / SLOWER)
    for system in (ALONE, MANY):
        report.limit(system, "errors", at_most=0)
    status = report.finish(as_json=wants_json())
    if not wants_json():
        words = "missed" if status else "reached"
        print(f"web: {words}: p95 of {MANY} {all_of_them:g} ms, wanted ≤ {SLOWER} × {one:g} ms (p50 of one user), without an error")
    return status


def add_rows(report: Report, system: str, rows: list[dict[str, str]]) -> None:
    """The dearest first: by its share of the time that all of them took."""
    *pages, everything = rows
    spent = {row["Name"]: float(row["Average Response Time"]) * float(row["Request Count"]) for row in pages}
    for row in [everything, *sorted(pages, key=lambda row: -spent[row["Name"]])]:
        name = "all" if row is everything else row["Name"]
        report.add(system, f"{name}: p50, ms", float(row["50%"]))
        report.add(system, f"{name}: p95, ms", float(row["95%"]))
        if row is not everything:
            report.add(system, f"{name}: share of the time, %", 100 * spent[name] / sum(spent.values()))
    report.add(system, "requests", float(everything["Request Count"]))
    report.add(system, "requests a second", float(everything["Requests/s"]))
    report.add(system, "errors", float(everything["Failure Count"]))


def make_plan() -> dict[str, Any]:
    """Every page and list with something in it, and what pages ask again and again."""
    manager = User.objects.get(username="manager")
    busy = busy_club(manager)
    return {
        "pages": pages_of(busy, manager),
        "polls": polls_of(busy),
        "sessions": [open_session(manager) for _ in range(USERS)],
    }


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
    arrival = min(users, ARRIVAL_SECONDS)
    with tempfile.TemporaryDirectory() as directory:
        target = Path(directory) / "plan.json"
        target.write_text(json.dumps(plan))
        command = [
            sys.executable, "-m", "locust", "-f", "benchmarks/web_users.py", "--headless", "--host", url, "--users", str(users),
            "--spawn-rate", str(users / arrival), "--run-time", f"{seconds + arrival}s", "--reset-stats", "--csv", f"{directory}/run",
            "--only-summary", "--loglevel", "ERROR",
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
