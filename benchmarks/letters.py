"""Letters from the click to the mail server: the answer, the rate beside a bare loop and beside naive WeasyPrint, the memory.

The mail server is ours (letters_sink.py), on loopback, in a process of its own. It shares the cores with what is measured, as
Postgres, this process and the cluster's other processes do; nothing is pinned. So two rates are given: by the clock, and by the
processor time of the worker alone, which does not see what the others take.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")
os.environ.setdefault("EMAIL_URL", f"smtp://127.0.0.1:{free_port()}")

import django

django.setup()

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import get_connection
from django.core.management import call_command
from django.db import connection
from django.db.models import Count, Max
from django.test.utils import CaptureQueriesContext
from PIL import Image, ImageDraw
from rest_framework.test import APIClient

from benchmarks.models import Row
from benchmarks.queue import cluster, wait_until
from benchmarks.report import Report, wants_json
from jobs import services
from jobs.models import Job, Worker
from lessons.models import Club, Teacher
from letters.models import Sending, VolunteerLetterSend
from letters.services import save_wording

ROUNDS = int(os.environ.get("ROUNDS", "5"))
LETTERS = int(os.environ.get("LETTERS", "150"))
MEMORY_LETTERS = int(os.environ.get("MEMORY_LETTERS", "2000"))
ROOT = Path(__file__).resolve().parent.parent
LOGO = Path(settings.VAR_DIR) / "bench" / "logo.png"
OURS, BARE, NAIVE = "Aussitôt", "bare loop of the same PDF", "naive WeasyPrint + EmailMessage.send()"
RATE, CPU_RATE = "letters/s a core", "letters a second of processor time"
TWO, TWO_CPU = "letters/s, two workers", "letters a second of processor time, two workers"
ASKED = {"teachers": "all", "year": 2026}
GLANCE_SECONDS = 0.5  # the less this process looks, the less it takes from the two cores


def main() -> int:
    call_command("migrate", run_syncdb=True, verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("demo_data", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    draw_logo()
    report = Report("letters")
    with mail_server():
        measure_answers(report)
        for _ in range(ROUNDS):
            measure_loop(report, BARE, "bare", LETTERS // 2)
            measure_end_to_end(report, 1)
            measure_loop(report, BARE, "bare", LETTERS // 2)  # on either side, because a machine has its moods
            measure_end_to_end(report, 2)
            measure_loop(report, NAIVE, "naive", LETTERS // 2)
        measure_starts(report)
        measure_memory(report)
    judge(report)
    return report.finish(as_json=wants_json())


def judge(report: Report) -> None:
    ours = report.median(OURS, RATE)
    report.ratio("ratio_vs_bare_loop", beside_bare_loops(report, RATE), at_least=0.85)
    report.ratio("ratio_vs_naive_weasyprint", ours / report.median(NAIVE, RATE), at_least=1.5)
    report.ratio("ratio_vs_bare_loop_by_processor_time", beside_bare_loops(report, CPU_RATE))
    report.ratio("ratio_vs_naive_by_processor_time", report.median(OURS, CPU_RATE) / report.median(NAIVE, CPU_RATE))
    report.ratio("two_workers_vs_one", report.median(OURS, TWO) / ours, at_least=1.7)
    for_five, for_thousand = (report.median(OURS, f"POST send, {count} letters, ms") for count in (5, 1000))
    report.ratio("answer_for_5_vs_1000", for_five / for_thousand, at_least=1 / 3)
    report.limit(OURS, "POST send, 100 letters, ms", at_most=200)
    report.limit(OURS, "start of a job while 1,000 letters wait, p95, ms", at_most=50)
    report.limit(OURS, "memory after the first 100 letters, growth in %", at_most=20)


def beside_bare_loops(report: Report, measure: str) -> float:
    """The median of the rounds, each beside the two bare loops around it: from one minute to the next a shared machine's speed varies
    by a sixth, which is as much as what is measured here."""
    ours, bare = report.runs(OURS, measure), report.runs(BARE, measure)
    return statistics.median(own / statistics.mean(around) for own, *around in zip(ours, bare[::2], bare[1::2], strict=True))


def measure_answers(report: Report) -> None:
    """By a client that has asked before: what a server process loads once is no part of an answer."""
    for count in [5, 100, 1000, 10_000] * ROUNDS:
        api = client_of(make_club(count))
        api.post("/api/letters/dry-run/", ASKED, format="json")
        began = time.perf_counter()
        send(api, count)
        report.add(OURS, f"POST send, {count} letters, ms", 1000 * (time.perf_counter() - began))
        forget()
    for count in (5, 1000):  # apart, because counting takes time
        api = client_of(make_club(count))
        with CaptureQueriesContext(connection) as queries:
            send(api, count)
        report.add(OURS, f"POST send, {count} letters, statements", len(queries))
        forget()


def send(api: APIClient, count: int) -> None:
    answer = api.post("/api/letters/send/", ASKED, format="json")
    assert (answer.status_code, answer.json()["count"]) == (202, count), answer.content


def measure_loop(report: Report, system: str, name: str, count: int) -> None:
    teacher = make_club(1).teachers.get(last_name="Benchmark")
    run = "from benchmarks.letters_loops import main; main()"
    command = [sys.executable, "-c", run, name, str(count), str(teacher.pk), str(LOGO)]
    done = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
    report.add(system, RATE, done["rate"])
    report.add(system, CPU_RATE, done["cpu_rate"])
    report.add(system, "pages of a letter", done["pages"])
    forget()


def measure_end_to_end(report: Report, workers: int) -> None:
    """From the first claim to the last letter sent, without the start of the cluster."""
    club = make_club(LETTERS)
    services.pause("letters")
    sent = VolunteerLetterSend.objects.filter(status="sent")
    with cluster(JOBS_WORKERS=str(workers)):
        Worker.objects.all().delete()
        wait_until(lambda: Worker.objects.count() >= workers)
        send(client_of(club), LETTERS)
        services.resume("letters")
        wait_until(lambda: sent.count() >= workers * 5, 120, every_seconds=GLANCE_SECONDS)  # each process has loaded its fonts
        before, cpu_before = sent.aggregate(count=Count("id"), last=Max("sent_at")), cpu_seconds_of_workers()
        wait_until(lambda: sent.count() >= LETTERS, 600, every_seconds=GLANCE_SECONDS)
        after, cpu_after = sent.aggregate(count=Count("id"), last=Max("sent_at")), cpu_seconds_of_workers()
    count = after["count"] - before["count"]
    report.add(OURS, RATE if workers == 1 else TWO, count / (after["last"] - before["last"]).total_seconds())
    report.add(OURS, CPU_RATE if workers == 1 else TWO_CPU, count / (cpu_after - cpu_before))
    forget()


def measure_starts(report: Report) -> None:
    """A job of the club's lessons between the letters: another queue, preferred by JOBS_QUEUES."""
    club = make_club(1000)
    with cluster(JOBS_WORKERS="2", JOBS_EXPRESS="1"):
        send(client_of(club), 1000)
        wait_until(lambda: VolunteerLetterSend.objects.filter(status="sent").count() >= 20, 120)
        rows = [Row.objects.create() for _ in range(100)]
        for row in rows:
            Row.objects.filter(pk=row.pk).update(asked_at=time.time())
            services.enqueue("bench.touch", row.pk)
            time.sleep(0.05)
        wait_until(lambda: not Row.objects.filter(begun_at=0).exists())
        assert VolunteerLetterSend.objects.filter(status="pending").exists(), "the letters were over too soon"
    starts = [(row.begun_at - row.asked_at) * 1000 for row in Row.objects.all()]
    report.add(OURS, "start of a job while 1,000 letters wait, p50, ms", statistics.median(starts))
    report.add(OURS, "start of a job while 1,000 letters wait, p95, ms", statistics.quantiles(starts, n=20)[18])
    forget()


def measure_memory(report: Report) -> None:
    club = make_club(MEMORY_LETTERS)
    with cluster(JOBS_WORKERS="1"):
        send(client_of(club), MEMORY_LETTERS)
        sent = VolunteerLetterSend.objects.filter(status="sent")
        wait_until(lambda: sent.count() >= 100, 120, every_seconds=GLANCE_SECONDS)
        pid = Worker.objects.get().pid
        first = resident_mebibytes(pid)
        wait_until(lambda: sent.count() >= MEMORY_LETTERS, 900, every_seconds=GLANCE_SECONDS)
        assert Worker.objects.get().pid == pid
        last = resident_mebibytes(pid)
    report.add(OURS, "memory after the first 100 letters, MiB", first)
    report.add(OURS, f"memory after {MEMORY_LETTERS} letters, MiB", last)
    report.add(OURS, "memory after the first 100 letters, growth in %", 100 * (last - first) / first)
    forget()


def resident_mebibytes(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def cpu_seconds_of_workers() -> float:
    """User and system time, of them alone: not of the cluster's other processes, Postgres or the mail server."""
    stats = [Path(f"/proc/{worker.pid}/stat").read_text().rpartition(")")[2].split() for worker in Worker.objects.all()]
    return sum(int(stat[11]) + int(stat[12]) for stat in stats) / os.sysconf("SC_CLK_TCK")


def draw_logo() -> None:
    """As a club has it: with transparency. We store it without, once; the naive loop takes it as it is."""
    LOGO.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.new("RGBA", (900, 360), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    for ring in range(12):
        pen.ellipse(
            (20 + 9 * ring, 20 + 9 * ring, 340 - 9 * ring, 340 - 9 * ring), fill=(23, 63 + 10 * ring, 52 + 8 * ring, 255 - 12 * ring)
        )
    pen.rounded_rectangle((400, 120, 880, 240), 40, fill=(231, 181, 60, 200))
    picture.save(LOGO)
    save_wording(club=the_club(), logo=LOGO.read_bytes())


def the_club() -> Club:
    return Club.objects.get(name="Les Écuries du Bois")


def make_club(count: int) -> Club:
    """With the demo club's wording and as many volunteers."""
    club = the_club()
    Teacher.objects.filter(club=club).update(volunteer=False)
    club.teachers.filter(last_name="Benchmark").delete()
    Teacher.objects.bulk_create(
        Teacher(club=club, first_name=f"Anna {number}", last_name="Benchmark", email=f"anna{number}@club.example")
        for number in range(count)
    )
    return Club.objects.get(pk=club.pk)


def client_of(club: Club) -> APIClient:
    api = APIClient()
    api.force_login(User.objects.get(username="manager"), "django.contrib.auth.backends.ModelBackend")
    return api


def forget() -> None:
    for model in (VolunteerLetterSend, Sending, Job, Row, Worker):
        model.objects.all().delete()
    Teacher.objects.filter(last_name="Benchmark").delete()


class mail_server:  # noqa: N801  used as a function
    def __enter__(self) -> None:
        run = "from benchmarks.letters_sink import main; main()"
        self.process = subprocess.Popen([sys.executable, "-c", run, str(settings.EMAIL_PORT)], cwd=ROOT)
        wait_until(lambda: self.answers())

    def __exit__(self, *exception: object) -> None:
        self.process.terminate()
        self.process.wait()

    def answers(self) -> bool:
        try:
            get_connection(fail_silently=False).open()
        except OSError:
            return False
        return True


if __name__ == "__main__":
    sys.exit(main())
