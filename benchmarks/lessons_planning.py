"""A week of 500 lessons beside an empty week, and changing a series of 200 lessons beside changing one lesson.

The page goes through Django's whole stack without a socket; its answer is not streamed, so the first byte is ready with the last one.
"""

import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")

import django

django.setup()

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from benchmarks.report import Report, wants_json
from jobs.models import Job
from lessons.models import Client, Club, Enrolment, Lesson, Membership, Place, Series, Teacher
from lessons.week import monday_of

ROUNDS = int(os.environ.get("ROUNDS", "3"))
LOOKS, CHANGES = 30, 20
LESSONS, TEACHERS, ENROLLED = 500, 8, 4
SERIES = 200
FULL, EMPTY = "a week of 500 lessons", "an empty week"
WHOLE, ALONE = "a series of 200 lessons", "one lesson"
PAGE, KILOBYTES = "the planning page, ms", "the planning page, kB"
QUERIES, CHANGE, STATEMENTS = "queries beyond session and user", "PATCH /api/lessons/…/, ms", "statements of a PATCH"


def main() -> int:
    call_command("migrate", run_syncdb=True, verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("flush", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    report = Report("lessons_planning")
    club, user = make_club()
    monday = monday_of(timezone.localdate()) + timedelta(weeks=4)
    fill_week(club, monday)
    series, alone = make_series(club, SERIES), make_series(club, 1)
    browser, api = Browser(), APIClient()
    browser.force_login(user, "django.contrib.auth.backends.ModelBackend")
    api.force_authenticate(user)
    weeks = {FULL: f"/club/planning?semaine={monday}", EMPTY: f"/club/planning?semaine={monday + timedelta(weeks=1)}"}
    for _ in range(ROUNDS):
        measure(report, PAGE, LOOKS, {name: partial(look, browser, path) for name, path in weeks.items()})
        measure(report, CHANGE, CHANGES, {WHOLE: partial(patch, api, series), ALONE: partial(patch, api, alone)})
        Job.objects.all().delete()
    count(report, browser, api, weeks, {WHOLE: series, ALONE: alone})
    report.ratio("ratio_empty_week_over_full_week", report.median(EMPTY, PAGE) / report.median(FULL, PAGE), at_least=1 / 5)
    report.limit(FULL, QUERIES, at_most=3)
    report.limit(FULL, KILOBYTES, at_most=300)
    report.limit(WHOLE, CHANGE, at_most=100)
    return report.finish(as_json=wants_json())


def make_club() -> tuple[Club, User]:
    club = Club.objects.create(name="500 lessons a week")
    user = User.objects.create_user("manager")
    Membership.objects.create(club=club, user=user)
    Client.objects.bulk_create(Client(club=club, first_name=f"Client {number}") for number in range(40))
    Teacher.objects.bulk_create(Teacher(club=club, first_name=f"Teacher {n}", silk=n + 1) for n in range(TEACHERS))
    Place.objects.bulk_create(Place(club=club, name=f"Place {number}") for number in range(TEACHERS))
    return club, user


def fill_week(club: Club, monday: date) -> None:
    """Each teacher has a place, and a lesson an hour; the rest stand on the half hours."""
    people = list(zip(club.teachers.order_by("pk"), club.places.order_by("pk"), strict=True))
    lessons = []
    for number in range(LESSONS):
        slot, which = divmod(number, TEACHERS)
        teacher, place = people[which]
        start = datetime.combine(monday + timedelta(days=slot % 7), datetime.min.time(), club.zone) + timedelta(hours=8 + slot // 7)
        lessons.append(Lesson(
            club=club, title=f"Galop {number % 7}", teacher=teacher, place=place, starts_at=start, ends_at=start + timedelta(hours=1),
        ))  # fmt: skip
    enrol(club, Lesson.objects.bulk_create(lessons))


def make_series(club: Club, count: int) -> Lesson:
    """On Sunday mornings of later weeks, four years of a teacher and a place of their own; the first of its lessons."""
    number = club.teachers.count()
    teacher = Teacher.objects.create(club=club, first_name=f"Series {number}", silk=1)
    place = Place.objects.create(club=club, name=f"Series {number}")
    first = monday_of(timezone.localdate()) + timedelta(weeks=6, days=6)
    series = Series.objects.create(club=club, until=first + timedelta(weeks=count - 1))
    starts = [datetime.combine(first + timedelta(weeks=n), datetime.min.time().replace(hour=6), club.zone) for n in range(count)]
    lessons = Lesson.objects.bulk_create(
        Lesson(club=club, title="Series", teacher=teacher, place=place, series=series,
               starts_at=start.astimezone(UTC), ends_at=(start + timedelta(minutes=45)).astimezone(UTC))
        for start in starts
    )  # fmt: skip
    enrol(club, lessons)
    return lessons[0]


def enrol(club: Club, lessons: list[Lesson]) -> None:
    clients = list(club.clients.values_list("pk", flat=True))
    Enrolment.objects.bulk_create(
        Enrolment(lesson=lesson, client_id=clients[(number * ENROLLED + offset) % len(clients)], status=Enrolment.Status.PAID)
        for number, lesson in enumerate(lessons) for offset in range(ENROLLED)
    )  # fmt: skip


def measure(report: Report, name: str, times: int, systems: dict[str, Callable[[int], Any]]) -> None:
    """In turn, so that all feel the same machine; the first turn loads what a process loads once."""
    for turn in range(times + 1):
        for system, act in systems.items():
            began = time.perf_counter()
            act(turn)
            if turn:
                report.add(system, name, (time.perf_counter() - began) * 1000)


def look(browser: Browser, path: str, turn: int = 0) -> None:
    assert browser.get(path).status_code == 200


def patch(api: APIClient, lesson: Lesson, turn: int) -> Any:
    """To and fro by an hour on the clock, whatever the change of clocks between the lessons."""
    day = lesson.starts_at.astimezone(lesson.club.zone).date()
    body = {"starts_at": f"{day}T{6 + turn % 2:02}:30:00", "title": f"Series {turn}"}
    answer = api.patch(f"/api/lessons/{lesson.pk}/?scope=all", body, format="json")
    assert answer.status_code == 200, answer.content
    return answer


def count(report: Report, browser: Browser, api: APIClient, weeks: dict[str, str], lessons: dict[str, Lesson]) -> None:
    apart = ("django_session", '"auth_user"')
    for system, path in weeks.items():
        with CaptureQueriesContext(connection) as asked:
            answer = browser.get(path)
        report.add(system, QUERIES, sum(not any(name in query["sql"] for name in apart) for query in asked.captured_queries))
        report.add(system, KILOBYTES, len(answer.content) / 1000)
    assert browser.get(weeks[FULL]).content.count(b'class="lesson ') == LESSONS
    for system, lesson in lessons.items():
        with CaptureQueriesContext(connection) as asked:
            patch(api, lesson, CHANGES + 1)
        report.add(system, STATEMENTS, len(asked))


if __name__ == "__main__":
    settings.DEBUG = False
    sys.exit(main())
