"""People and rows that the doors of the engine are tried with. A person's scopes are the names of their groups; a guest only looks."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from jobs.models import Job, Worker

collect_ignore = [] if connection.vendor == "postgresql" else ["test_cluster_on_postgres.py"]  # there is no wire to SQLite


def scopes_of(user: User) -> list[str]:
    return list(user.groups.values_list("name", flat=True))


def may_change(user: User, scope: str) -> bool:
    return scope in scopes_of(user) and not user.username.startswith("guest")


@pytest.fixture(autouse=True)
def scopes_are_groups(settings: Settings) -> None:
    settings.JOBS_SCOPES_OF = "tests.jobs.conftest.scopes_of"
    settings.JOBS_MAY_CHANGE = "tests.jobs.conftest.may_change"
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def member(db: None) -> User:
    """Somebody of club 7."""
    user = User.objects.create_user("member", password="demo")
    user.groups.add(Group.objects.create(name="club:7"))
    return user


@pytest.fixture
def guest(member: User) -> User:
    """Somebody of club 7 who may look."""
    user = User.objects.create_user("guest", password="demo")
    user.groups.set(member.groups.all())
    return user


@pytest.fixture
def stranger(db: None) -> User:
    """Somebody of club 8."""
    user = User.objects.create_user("stranger", password="demo")
    user.groups.add(Group.objects.create(name="club:8"))
    return user


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("operator", password="demo")


@pytest.fixture
def database_away() -> Iterator[None]:
    """A port, or a path, where nobody answers. The connection of the test is set aside, and comes back after it."""
    own = connections[DEFAULT_DB_ALIAS]
    away = own.copy()
    away.settings_dict |= {"HOST": "127.0.0.1", "PORT": "1", "NAME": "/nowhere/at/all"}
    connections[DEFAULT_DB_ALIAS] = away
    yield
    connections[DEFAULT_DB_ALIAS] = own


def api(user: User | None) -> APIClient:
    client = APIClient(headers={"accept-language": "en"})
    if user:
        client.force_login(user)
    return client


def make_job(**fields: Any) -> Job:
    defaults: dict[str, Any] = {"kind": "test.write", "queue": "default", "max_attempts": 3, "scope": "club:7"}
    job = Job.objects.create(**{**defaults, **fields})
    job.refresh_from_db()
    return job


def make_ended_job(status: str = "done", **fields: Any) -> Job:
    now = timezone.now()
    return make_job(**{"status": status, "attempts": 1, "started_at": now, "finished_at": now, **fields})


def make_worker(**fields: Any) -> Worker:
    now = timezone.now()
    defaults: dict[str, Any] = {"owner": "here:1", "host": "here", "pid": 1, "queues": "default", "since": now, "seen_at": now}
    return Worker.objects.create(**{**defaults, **fields})
