"""Reference data from the cache beside the database, a national run beside the plain loop of one query a centre, a long import."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")

import django

django.setup()

from django.conf import settings
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from benchmarks.report import Report, wants_json
from jobs.models import Job
from lessons.models import Club
from staffing import reference, services
from staffing.models import Centre, CentreResult, ReferenceImport, Simulation, Volume
from staffing.simulation import Workload, add_up, simulate

ROUNDS = int(os.environ.get("ROUNDS", "3"))
READS = 200
WRONG_LINE = 150_000
OURS, PLAIN = "Aussitôt", "one query a centre"
CACHED, UNCACHED = "Aussitôt", "uncached"
READ, RUN = "read of a direction's data, ms", "national run, 5,000 centres × 200 tasks, s"
ALL_READS = "read of all directions, ms"


def main() -> int:
    call_command("migrate", run_syncdb=True, verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("flush", interactive=False, verbosity=0)
    cache.clear()
    report = Report("staffing")
    small, large = (Club.objects.create(name=name) for name in ("300 centres", "5,000 centres"))
    services.make_reference_set(club=small, centres=300, tasks=80)
    services.make_reference_set(club=large, centres=5000, tasks=200)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    for _ in range(ROUNDS):
        measure_reads(report, small)
        measure_runs(report, large)
    measure_memory(report, large)
    measure_import(report, large)
    count_statements(report, large)
    report.ratio("ratio_vs_uncached", report.median(UNCACHED, READ) / report.median(CACHED, READ), at_least=30)
    report.ratio("ratio_vs_one_query_a_centre", report.median(PLAIN, RUN) / report.median(OURS, RUN), at_least=10)
    report.limit(CACHED, READ, at_most=1)
    report.limit(OURS, "longest silence of a national run, s", at_most=1)
    report.limit(OURS, "memory of the process after the run, MB", at_most=500)
    report.limit(OURS, "click that uploads 200,000 lines, s", at_most=1)
    report.limit(OURS, "memory of the process after the check, MB", at_most=500)
    report.limit(OURS, "statements of starting a run", at_most=5)
    return report.finish(as_json=wants_json())


def measure_reads(report: Report, club: Club) -> None:
    """Medians of single reads; the uncached ones are those of a process that has just begun, with an empty shared cache."""
    directions = [pk for pk, *_rest in reference.get_directions(club.pk)]
    for name, before in ((UNCACHED, forget_everything), (CACHED, lambda: None)):
        reference.get_direction_data(club.pk, directions[0])
        report.add(name, READ, median_ms(lambda: reference.get_direction_data(club.pk, directions[0]), before))
        report.add(name, ALL_READS, median_ms(lambda: [reference.get_direction_data(club.pk, pk) for pk in directions], before, times=20))


def forget_everything() -> None:
    reference.forget()
    cache.clear()


def median_ms(read: Callable[[], Any], before: Callable[[], None], times: int = READS) -> float:
    found = []
    for _ in range(times):
        before()
        began = time.perf_counter()
        read()
        found.append((time.perf_counter() - began) * 1000)
    return sorted(found)[times // 2]


def measure_runs(report: Report, club: Club) -> None:
    run = services.start_run(club=club, user=None, scope="national")
    reported = [time.perf_counter()]
    services.finish_run(run=run, report=lambda *_: reported.append(time.perf_counter()))
    reported.append(time.perf_counter())
    report.add(OURS, RUN, reported[-1] - reported[0])
    report.add(OURS, "longest silence of a national run, s", max(b - a for a, b in pairwise(reported)))
    began = time.perf_counter()
    figures = run_plainly(club, run)
    report.add(PLAIN, RUN, time.perf_counter() - began)
    run.refresh_from_db()
    assert figures == run.figures, "the plain loop finds something else"


def run_plainly(club: Club, run: Simulation) -> Any:
    """As it is written first: for each centre its volumes, and its result."""
    plain = services.start_run(club=club, user=None, scope="national")
    workloads = []
    for centre in Centre.objects.filter(direction__club=club).select_related("direction"):
        minutes = Decimal(0)
        for units, each in Volume.objects.filter(centre=centre).values_list("units", "task__minutes"):
            minutes += units * each
        workload = Workload(int(minutes * 10_000), centre.headcount)
        direction = centre.direction
        CentreResult.objects.create(
            simulation=plain, centre=centre, direction_code=direction.code, direction_name=direction.name, code=centre.code,
            name=centre.name, work=workload.work, headcount=workload.headcount,
        )  # fmt: skip
        workloads.append(workload)
    return simulate(add_up(workloads), run.assumptions)


def measure_memory(report: Report, club: Club) -> None:
    """In a process of its own, which does nothing else."""
    run = services.start_run(club=club, user=None, scope="national")
    command = [sys.executable, "-m", "benchmarks.staffing", "--one-run", str(run.pk)]
    report.add(OURS, "memory of the process after the run, MB", float(subprocess.check_output(command, text=True).split()[-1]))


def measure_import(report: Report, club: Club) -> None:
    """200,000 lines with a wrong one: the click, and the check behind it in a process of its own."""
    lines = ["centre;task;units", *(f"C{centre:04};T{task:03};{centre % 97}.25" for centre in range(1, 5001) for task in range(1, 41))]
    lines[WRONG_LINE - 1] = "C0001;T999;5"
    upload = SimpleUploadedFile("volumes.csv", "\n".join(lines).encode())
    began = time.perf_counter()
    coming = services.start_import(club=club, user=None, upload=upload)
    report.add(OURS, "click that uploads 200,000 lines, s", time.perf_counter() - began)
    command = [sys.executable, "-m", "benchmarks.staffing", "--one-check", str(coming.pk)]
    seconds, silence, memory = map(float, subprocess.check_output(command, text=True).split()[-3:])
    report.add(OURS, "check of 200,000 lines, s", seconds)
    report.add(OURS, "longest silence of the check, s", silence)
    report.add(OURS, "memory of the process after the check, MB", memory)
    coming.refresh_from_db()
    assert [error["line"] for error in coming.line_errors] == [WRONG_LINE], "another line was named"
    coming.file.delete()


def one_check(pk: int) -> int:
    heard = [time.perf_counter()]
    services.check_import(coming=ReferenceImport.objects.get(pk=pk), report=lambda *_: heard.append(time.perf_counter()))
    heard.append(time.perf_counter())
    print(heard[-1] - heard[0], max(b - a for a, b in pairwise(heard)), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return 0


def one_run(pk: int) -> int:
    services.finish_run(run=Simulation.objects.get(pk=pk), report=lambda *_: None)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return 0


def count_statements(report: Report, club: Club) -> None:
    with CaptureQueriesContext(connection) as asked:
        services.start_run(club=club, user=None, scope="national")
    report.add(OURS, "statements of starting a run", sum(query["sql"] not in ("BEGIN", "COMMIT") for query in asked))
    Job.objects.all().delete()


if __name__ == "__main__":
    settings.DEBUG = False
    alone = {"--one-run": one_run, "--one-check": one_check}.get(sys.argv[1] if len(sys.argv) > 1 else "")
    sys.exit(alone(int(sys.argv[2])) if alone else main())
