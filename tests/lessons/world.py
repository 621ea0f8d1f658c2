"""A small club to plan lessons in: one manager, one teacher, three clients, two places."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.test import Client as Visitor
from django.utils import timezone
from rest_framework.test import APIClient

from jobs.models import Job
from jobs.worker import drain
from lessons import planner, services
from lessons.models import Client, Club, Enrolment, Lesson, Membership, Place, Subscription, Teacher

BRUSSELS = ZoneInfo("Europe/Brussels")


def quiet_wednesday() -> date:
    """Next year in February: ahead of any reminder, and six weeks without a public holiday in Belgium."""
    first = date(timezone.now().astimezone(BRUSSELS).year + 1, 2, 1)
    return first + timedelta(days=(2 - first.weekday()) % 7)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), BRUSSELS).astimezone(UTC)


class World:
    def __init__(self, name: str = "Les Écuries du Bois", prefix: str = "") -> None:
        self.day = quiet_wednesday()
        self.club = Club.objects.create(name=name, language="en", email="club@example.org")
        self.manager = User.objects.create_user(f"{prefix}manager", f"{prefix}manager@example.org", "demo")
        Membership.objects.create(user=self.manager, club=self.club, role=Membership.Role.MANAGER)
        self.sophie = self.teacher("Sophie", "Lambert")
        self.lea = self.teacher("Léa", "Dumont")
        self.arena = Place.objects.create(club=self.club, name="Carrière")
        self.camille, self.hugo, self.noe = (self.client(name) for name in ("Camille", "Hugo", "Noé"))

    def teacher(self, first_name: str, last_name: str = "", **values: Any) -> Teacher:
        return services.create_teacher(club=self.club, first_name=first_name, last_name=last_name, **{"email": "t@example.org", **values})

    def client(self, first_name: str, **values: Any) -> Client:
        return services.create_client(club=self.club, first_name=first_name, **{"email": f"{first_name.lower()}@example.org", **values})

    def pack(self, client: Client, credits: int = 10, **values: Any) -> Subscription:
        return Subscription.objects.create(
            club=self.club, client=client, credits=credits, **{"valid_from": self.day - timedelta(days=30), **values}
        )

    def period(self, client: Client, **values: Any) -> Subscription:
        values = {"valid_from": self.day - timedelta(days=30), "kind": Subscription.Kind.PERIOD, **values}
        return Subscription.objects.create(club=self.club, client=client, **values)

    def weeks(self, count: int) -> planner.Rule:
        """A rule that makes `count` lessons, the first one included."""
        return planner.Rule(self.day + timedelta(weeks=count - 1))

    def plan(self, **values: Any) -> services.CreatedLesson:
        wish = {
            "title": "Galop 2", "teacher": self.sophie.pk, "place": "Carrière", "starts_at": at(self.day, 16),
            "duration_minutes": 60, "capacity": 8, "clients": [],
        }  # fmt: skip
        return services.create_lesson(club=self.club, user=self.manager, **{**wish, **values})

    def body(self, **values: Any) -> dict[str, Any]:
        """What a client sends to plan a lesson."""
        wish = {
            "title": "Galop 4", "teacher": self.sophie.pk, "place": "Carrière", "starts_at": f"{self.day}T16:00:00",
            "duration_minutes": 60, "capacity": 8, "clients": [self.camille.pk, self.hugo.pk], "repeat": None,
        }  # fmt: skip
        return {**wish, **values}

    def teacher_user(self) -> User:
        user = User.objects.create_user("teacher", password="demo")
        Membership.objects.create(user=user, club=self.club, role=Membership.Role.TEACHER)
        return user


def api(user: User | None) -> APIClient:
    client = APIClient(headers={"accept-language": "en"})
    if user:
        client.force_login(user)
    return client


def visitor_of(user: User) -> Visitor:
    visitor = Visitor(headers={"accept-language": "en"})
    visitor.force_login(user)
    return visitor


def run_follow_up(lesson: Lesson) -> Job:
    """Run the lesson's job and no other, and give it as it ended."""
    assert lesson.job
    Job.objects.waiting().exclude(pk=lesson.job.pk).update(run_at=timezone.now() + timedelta(days=1))
    drain(limit=1)
    lesson.job.refresh_from_db()
    return lesson.job


def result_of(lesson: Lesson) -> dict[str, Any]:
    """What the lesson's job says that it did."""
    job = run_follow_up(lesson)
    assert job.status == "done", job.error
    return dict(job.result or {})


def statuses(lesson: Lesson) -> dict[str, str]:
    rows = Enrolment.objects.filter(lesson=lesson).select_related("client")
    return {row.client.first_name: row.status for row in rows}
