"""Letters from the click to the mail server: the answer, the rate beside a bare loop and beside naive WeasyPrint, the memory.

The mail server is ours, on loopback, in a process of its own. Rates are letters a second on one core.
"""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")
os.environ.setdefault("EMAIL_URL", "smtp://127.0.0.1:10256")

import django

django.setup()

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMessage, get_connection
from django.core.management import call_command
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from rest_framework.test import APIClient
from weasyprint import HTML

from benchmarks.models import Row
from benchmarks.queue import cluster, wait_until
from benchmarks.report import Report, wants_json
from jobs import services
from jobs.models import Job, Worker
from lessons.models import Club, Teacher
from letters import letter as letters
from letters.models import Sending, VolunteerLetterSend
from letters.services.words import figures_of, latest_wording

ROUNDS = int(os.environ.get("ROUNDS", "3"))
LETTERS = int(os.environ.get("LETTERS", "200"))
MEMORY_LETTERS = int(os.environ.get("MEMORY_LETTERS", "2000"))
ROOT = Path(__file__).resolve().parent.parent
OURS, BARE, NAIVE = "Aussitôt", "bare loop of the same PDF", "naive WeasyPrint + EmailMessage.send()"
RATE = "letters/s a core"


def main() -> int:
    call_command("migrate", run_syncdb=True, verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("demo_data", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    report = Report("letters")
    with mail_server():
        measure_answers(report)
        for _ in range(ROUNDS):
            report.add(BARE, RATE, rate_of(bare, LETTERS // 2))
            report.add(NAIVE, RATE, rate_of(naive, LETTERS // 4))
            report.add(OURS, RATE, end_to_end(1, LETTERS))
            report.add(OURS, "letters/s, two workers", end_to_end(2, LETTERS))
        measure_starts(report)
        measure_memory(report)
    judge(report)
    return report.finish(as_json=wants_json())


def judge(report: Report) -> None:
    ours = report.median(OURS, RATE)
    report.ratio("ratio_vs_bare_loop", ours / report.median(BARE, RATE), at_least=0.85)
    report.ratio("ratio_vs_naive_weasyprint", ours / report.median(NAIVE, RATE), at_least=1.5)
    report.ratio("two_workers_vs_one", report.median(OURS, "letters/s, two workers") / ours, at_least=1.7)
    for_five, for_thousand = (report.median(OURS, f"POST send, {count} letters, ms") for count in (5, 1000))
    report.ratio("answer_for_5_vs_1000", for_five / for_thousand, at_least=1 / 3)
    report.limit(OURS, "POST send, 100 letters, ms", at_most=200)
    report.limit(OURS, "start of a job while 1,000 letters wait, p95, ms", at_most=50)
    report.limit(OURS, "memory after the first 100 letters, growth in %", at_most=20)


def measure_answers(report: Report) -> None:
    for _ in range(ROUNDS):
        for count in (5, 100, 1000, 10_000):
            club = make_club(count)
            api = client_of(club)
            with CaptureQueriesContext(connection) as queries:
                began = time.perf_counter()
                answer = api.post("/api/letters/send/", {"teachers": "all", "year": 2026}, format="json")
                milliseconds = (time.perf_counter() - began) * 1000
            assert answer.status_code == 202, answer.content
            assert answer.json()["count"] == count
            report.add(OURS, f"POST send, {count} letters, ms", milliseconds)
            report.add(OURS, f"POST send, {count} letters, statements", len(queries))
            forget()


def end_to_end(workers: int, count: int) -> float:
    """From the first claim to the last letter sent, without the start of the cluster."""
    club = make_club(count)
    services.pause("letters")
    with cluster(JOBS_WORKERS=str(workers)):
        Worker.objects.all().delete()
        wait_until(lambda: Worker.objects.count() >= workers)
        client_of(club).post("/api/letters/send/", {"teachers": "all", "year": 2026}, format="json")
        services.resume("letters")
        sent = VolunteerLetterSend.objects.filter(status="sent")
        warm = workers * 5  # each process loads its fonts once
        wait_until(lambda: sent.count() >= warm, 120)
        began, before = time.perf_counter(), sent.count()
        wait_until(lambda: sent.count() >= count, 600)
        rate = (count - before) / (time.perf_counter() - began)
    forget()
    return rate


def measure_starts(report: Report) -> None:
    """A job of the club's lessons between the letters: another queue, preferred by JOBS_QUEUES."""
    club = make_club(1000)
    with cluster(JOBS_WORKERS="2", JOBS_EXPRESS="1"):
        client_of(club).post("/api/letters/send/", {"teachers": "all", "year": 2026}, format="json")
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
        client_of(club).post("/api/letters/send/", {"teachers": "all", "year": 2026}, format="json")
        sent = VolunteerLetterSend.objects.filter(status="sent")
        wait_until(lambda: sent.count() >= 100, 120)
        pid = Worker.objects.get().pid
        first = resident_mebibytes(pid)
        wait_until(lambda: sent.count() >= MEMORY_LETTERS, 900)
        assert Worker.objects.get().pid == pid
        last = resident_mebibytes(pid)
    report.add(OURS, "memory after the first 100 letters, MiB", first)
    report.add(OURS, f"memory after {MEMORY_LETTERS} letters, MiB", last)
    report.add(OURS, "memory after the first 100 letters, growth in %", 100 * (last - first) / first)
    forget()


def resident_mebibytes(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def rate_of(one: Any, count: int) -> float:
    content = letter_of(make_club(1).teachers.get(last_name="Benchmark"))
    one(content)  # what is loaded once
    began = time.perf_counter()
    for _ in range(count):
        one(content)
    rate = count / (time.perf_counter() - began)
    forget()
    return rate


def bare(content: letters.Letter) -> None:
    letters.to_pdf(content)


def naive(content: letters.Letter) -> None:
    """As one would write it: WeasyPrint finds its fonts anew, and each e-mail has a connection of its own."""
    context = {"letter": content, "club": content.club, "wording": content.wording, "figures": content.figures, "logo": ""}
    with translation.override(content.club.language):
        html = render_to_string("letters/letter.html", context)
    css = render_to_string("letters/letter.css")
    pdf = HTML(string=html.replace("</head>", f"<style>{css}</style></head>")).write_pdf(pdf_variant="pdf/ua-1")
    message = EmailMessage("Lettre", "Votre lettre", "club@club.example", ["anna@club.example"], connection=get_connection())
    message.attach("lettre.pdf", pdf, "application/pdf")
    message.send()


def letter_of(teacher: Teacher) -> letters.Letter:
    club = teacher.club
    return letters.Letter(
        club=club,
        volunteer=str(teacher),
        facts=None,
        wording=latest_wording(club),
        figures=figures_of(2026),
        dated=club.created_at.date(),
        reference="2026-1",
    )


def make_club(count: int) -> Club:
    """With the demo club's wording and as many volunteers."""
    club = Club.objects.get(name="Les Écuries du Bois")
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
        command = [sys.executable, "manage.py", "mailbox", "--port", str(settings.EMAIL_PORT)]
        self.process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "DEBUG": "1"}, stdout=subprocess.DEVNULL)
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
