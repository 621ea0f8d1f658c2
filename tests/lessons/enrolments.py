"""Lessons that are full or nearly so, and what is done with them over HTTP."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from lessons.models import Attendance, Client, Enrolment, Lesson, Notice
from tests.lessons.test_change_lesson import run_changes
from tests.lessons.world import World, api

TOMORROW = timedelta(hours=30)  # ahead of the cut-off, which is a day


def full(world: World, *clients: Client, capacity: int = 0, ahead: timedelta = timedelta(days=9), **values: Any) -> Lesson:
    """A lesson whose places these clients have, and all that follows its creation is done."""
    wish = {"capacity": capacity or len(clients), "clients": [client.pk for client in clients], "starts_at": timezone.now() + ahead}
    lesson = world.plan(**{**wish, **values}).lesson
    run_changes()
    return Lesson.objects.get(pk=lesson.pk)


def begun(world: World, *clients: Client, **values: Any) -> Lesson:
    """It was planned in time, and is going on now."""
    lesson = full(world, *clients, **values)
    now = timezone.now()
    Lesson.objects.filter(pk=lesson.pk).update(starts_at=now - timedelta(minutes=10), ends_at=now + timedelta(minutes=50))
    lesson.refresh_from_db()
    return lesson


def url(lesson: Lesson, client: Client | None = None) -> str:
    return f"/api/lessons/{lesson.pk}/enrolments/" + (f"{client.pk}/" if client else "")


def enrol(world: World, lesson: Lesson, client: Client, **values: Any) -> Any:
    return api(world.manager).post(url(lesson), {"client": client.pk, **values})


def cancel(world: World, lesson: Lesson, client: Client) -> Any:
    return api(world.manager).delete(url(lesson, client))


def mark(world: World, lesson: Lesson, client: Client, attendance: str) -> Any:
    return api(world.manager).patch(url(lesson, client), {"attendance": attendance})


def roll(lesson: Lesson) -> dict[str, str]:
    rows = Enrolment.objects.filter(lesson=lesson).select_related("client")
    return {row.client.first_name: str(row.attendance) for row in rows}


def kept(world: World, **values: Any) -> World:
    """The club's rule."""
    for name, value in values.items():
        setattr(world.club, name, value)
    world.club.save()
    return world


def told(kind: str) -> list[str]:
    """Who, by first name."""
    notices = Notice.objects.filter(kind=kind, client__isnull=False).select_related("client")
    return sorted(notice.client.first_name for notice in notices if notice.client)


WAITING, EXPECTED = Attendance.WAITING.value, Attendance.EXPECTED.value
