"""The queue beside stock django-q2: drain, start and enqueue, in interleaved rounds of one run.

Stock django-q2 gets persistent connections, as ours has. A tiny job is one ORM UPDATE of its own row.
"""

import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")

import django

django.setup()

from django.core.management import call_command
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ, Task
from django_q.tasks import async_task

from benchmarks.models import Row
from benchmarks.report import Report, wants_json
from jobs import services
from jobs.models import Job, Worker

ROUNDS = int(os.environ.get("ROUNDS", "3"))
JOBS = int(os.environ.get("JOBS", "5000"))
STARTS = 200
ROOT = Path(__file__).resolve().parent.parent
OURS, STOCK = "Aussitôt", "stock django-q2"


def main() -> int:
    call_command("migrate", run_syncdb=True, verbosity=0)
    report = Report("queue" if connection.vendor == "postgresql" else "queue-sqlite")
    for _ in range(ROUNDS):
        measure_ours(report)
        measure_stock(report)
    measure_enqueue(report)
    report.ratio("ratio_vs_stock_django_q2", ratio(report, "drain, jobs/s"), at_least=10)
    report.ratio("start_ratio_vs_stock_django_q2", 1 / ratio(report, "start p50, ms"))
    postgres = connection.vendor == "postgresql"
    report.limit(OURS, "start p50, ms", at_most=5 if postgres else 100)
    report.limit(OURS, "start p99, ms", at_most=20 if postgres else 100)
    report.limit(OURS, "enqueue_many of 10,000, s", at_most=1)
    return report.finish(as_json=wants_json())


def ratio(report: Report, measure: str) -> float:
    return report.median(OURS, measure) / report.median(STOCK, measure)


def measure_ours(report: Report) -> None:
    clean()
    with cluster():
        wait_until(lambda: Worker.objects.count() >= 2)
        measure_starts(report, OURS, lambda pk: services.enqueue("bench.touch", pk))
        rows = make_rows(JOBS)
        began = time.perf_counter()
        services.enqueue_many("bench.touch", [[pk] for pk in rows])
        wait_until(lambda: not Job.objects.unended().filter(kind="bench.touch").exists(), 600)
        report.add(OURS, "drain, jobs/s", JOBS / (time.perf_counter() - began))


def measure_stock(report: Report) -> None:
    """A fifth of the jobs: its rate does not depend on their number, and patience does."""
    clean()
    jobs = JOBS // 5
    with cluster(STOCK="1"):
        wait_until(lambda: run_stock_once(), 60)
        measure_starts(report, STOCK, lambda pk: async_task("benchmarks.tasks.touch", pk))
        rows = make_rows(jobs)
        for pk in rows:
            async_task("benchmarks.tasks.touch", pk)
        began, left = time.perf_counter(), Row.objects.filter(pk__in=rows, begun_at=0)
        done_before = jobs - left.count()
        wait_until(lambda: not left.exists(), 600)
        report.add(STOCK, "drain, jobs/s", (jobs - done_before) / (time.perf_counter() - began))


def run_stock_once() -> bool:
    [pk] = make_rows(1)
    async_task("benchmarks.tasks.touch", pk)
    wait_until(lambda: Row.objects.filter(pk=pk, begun_at__gt=0).exists(), 60)
    return True


def measure_starts(report: Report, system: str, enqueue: Callable[[int], object]) -> None:
    """An idle system: each job has ended before the next is enqueued."""
    rows = make_rows(STARTS if system == OURS else STARTS // 4)
    for pk in rows:
        Row.objects.filter(pk=pk).update(asked_at=time.time())
        enqueue(pk)
        wait_until(lambda pk=pk: Row.objects.filter(pk=pk, begun_at__gt=0).exists())  # type: ignore[misc]
    times = sorted((row.begun_at - row.asked_at) * 1000 for row in Row.objects.filter(pk__in=rows))
    percentiles = statistics.quantiles(times, n=100)
    for percent in (50, 95, 99):
        report.add(system, f"start p{percent}, ms", percentiles[percent - 1])


def measure_enqueue(report: Report) -> None:
    for _ in range(ROUNDS):
        clean()
        began = time.perf_counter()
        services.enqueue_many("bench.touch", [[number] for number in range(10_000)])
        report.add(OURS, "enqueue_many of 10,000, s", time.perf_counter() - began)
        clean()
        began = time.perf_counter()
        for number in range(1000):
            async_task("benchmarks.tasks.touch", number)
        report.add(STOCK, "enqueue_many of 10,000, s", (time.perf_counter() - began) * 10)
    clean()
    with CaptureQueriesContext(connection) as queries:
        services.enqueue_many("bench.touch", [[number] for number in range(10_000)])
    report.add(OURS, "enqueue_many of 10,000, statements", len(queries))
    clean()


def make_rows(count: int) -> list[int]:
    return [row.pk for row in Row.objects.bulk_create([Row() for _ in range(count)])]


def clean() -> None:
    models: tuple[type[Model], ...] = (Row, Job, OrmQ, Task, Worker)
    for model in models:
        model._default_manager.all().delete()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE jobs_job")


@contextmanager
def cluster(**environment: str) -> Iterator[None]:
    variables = {**os.environ, "JOBS_WORKERS": "2", "JOBS_EXPRESS": "0", "LOG_LEVEL": "ERROR", **environment}
    process = subprocess.Popen([sys.executable, "manage.py", "qcluster"], cwd=ROOT, env=variables, start_new_session=True)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_until(condition: Callable[[], object], seconds: float = 60, *, every_seconds: float = 0.005) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds} s in vain")
        time.sleep(every_seconds)


if __name__ == "__main__":
    sys.exit(main())
