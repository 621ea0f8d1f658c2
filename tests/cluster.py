"""A real `manage.py qcluster` on the test database, and waiting for what it does."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.db import connection

from jobs.models import Job, Worker

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 120  # only what is broken takes so long, also where many share one slow processor


def wait_until(condition: Callable[[], T | None], seconds: float = PATIENCE_SECONDS) -> T:
    """The first true value of the condition; a failure names what was waited for."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"waited {seconds} s in vain"
        time.sleep(0.02)
    return value


def database_url() -> str:
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    return f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"


def cluster_environment(**more: str) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": database_url(),
        "LOG_LEVEL": "CRITICAL",
        **more,
    }


class Cluster:
    """`with Cluster(workers=2) as cluster:`; whatever happens, nothing of it survives the block."""

    def __init__(self, *, workers: int = 2, wait: bool = True, **environment: str) -> None:
        self.workers = workers
        self.wait = wait  # for its workers to have shown themselves
        self.environment = cluster_environment(JOBS_WORKERS=str(workers), **environment)
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Cluster":
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self.kill()

    def start(self) -> None:
        if self.process:
            self.process.wait()
        command = [sys.executable, "manage.py", "qcluster"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, start_new_session=True)
        if self.wait:
            express = settings.Q_CLUSTER["workers"] - settings.JOBS_WORKERS
            wait_until(lambda: len(self.worker_pids()) >= self.workers + express)

    @property
    def main(self) -> subprocess.Popen[bytes]:
        assert self.process, "the cluster was not started"
        return self.process

    def stop(self, seconds: float = PATIENCE_SECONDS) -> float:
        """SIGTERM, as systemd sends it; returns the seconds it took."""
        began = time.monotonic()
        self.main.send_signal(signal.SIGTERM)
        self.main.wait(seconds)
        return time.monotonic() - began

    def kill(self) -> None:
        """Everything at once, by the session that it was started in."""
        if self.main.poll() is None or self.pids():
            with suppress(ProcessLookupError):  # the last of it ended by itself a moment before
                os.killpg(self.main.pid, signal.SIGKILL)
        self.main.wait()
        wait_until(lambda: not self.pids())

    def pids(self) -> list[int]:
        """Of every process of this cluster that still lives."""
        found = subprocess.run(["ps", "-o", "pid=,stat=", "-g", str(self.main.pid)], capture_output=True, text=True, check=False)
        rows = [line.split() for line in found.stdout.splitlines()]
        return [int(pid) for pid, state in rows if not state.startswith("Z")]

    def children_of(self, pid: int) -> list[int]:
        found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
        return sorted(int(line) for line in found.stdout.split())

    @property
    def sentinel(self) -> int:
        return self.children_of(self.main.pid)[0]

    @property
    def monitor(self) -> int:
        """django-q2 starts the workers, then the monitor, then the pusher."""
        return next(pid for pid in self.children_of(self.sentinel) if pid not in self.worker_pids())

    @property
    def pusher(self) -> int:
        return [pid for pid in self.children_of(self.sentinel) if pid not in self.worker_pids()][1]

    def worker_pids(self) -> list[int]:
        return list(Worker.objects.filter(pid__in=self.pids()).order_by("pid").values_list("pid", flat=True))


def worker_of(job: Job) -> int | None:
    """The process that holds the job's claim."""
    owner = Job.objects.values_list("owner", flat=True).get(pk=job.pk)
    return int(owner.rsplit(":", 3)[1]) if owner else None


def worker_after_the_effect_of(job: Job) -> int | None:
    """The process that runs the job, once it has reported progress from within its transaction."""
    return worker_of(job) if Job.objects.get(pk=job.pk).progress else None


def has_begun(job: Job) -> bool:
    """Its task has reported progress. A claim is less: what was claimed and has not begun goes back at a stop."""
    return Job.objects.get(pk=job.pk).progress > 0


def ended(job: Job) -> bool:
    return Job.objects.get(pk=job.pk).ended
