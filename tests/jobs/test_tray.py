"""The tray at the foot of every page: whose work, which work, and whether anybody does it, in one query."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from jobs import tray
from jobs.models import Job, Worker
from jobs.services import enqueue

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return User.objects.create_user("manager")


def enqueue_for(user: User | None, scope: str = "club:7") -> Job:
    return enqueue("test.write", "x", scope=scope, user=user)


def end(job: Job, status: str, ago: timedelta = timedelta()) -> None:
    Job.objects.filter(pk=job.pk).update(status=status, finished_at=timezone.now() - ago)


def test_it_holds_what_a_person_asked_for_in_this_scope_alone(user: User) -> None:
    mine = enqueue_for(user)
    enqueue_for(user, scope="club:8")
    enqueue_for(None)  # what a job started by itself
    assert tray.look_at("club:7").jobs == [mine]


def test_it_can_be_narrowed_to_what_one_person_asked_for(user: User) -> None:
    mine = enqueue_for(user)
    enqueue_for(User.objects.create_user("colleague"))
    assert tray.look_at("club:7", asked_by=user).jobs == [mine]


def test_a_failure_comes_first_and_stays_for_a_day(user: User) -> None:
    failed, long_ago, waiting = (enqueue_for(user) for _ in range(3))
    end(failed, "error")
    end(long_ago, "error", timedelta(hours=25))
    assert tray.look_at("club:7").jobs == [failed, waiting]
    assert tray.look_at("club:7").under_way == 1


@pytest.mark.parametrize("status", ["done", "cancelled"])
def test_what_has_ended_is_not_held(user: User, status: str) -> None:
    end(enqueue_for(user), status)
    assert tray.look_at("club:7").jobs == []


@pytest.mark.parametrize(("seen", "alive"), [(timedelta(), True), (timedelta(minutes=1), False)])
def test_an_empty_tray_still_says_whether_a_worker_lives(seen: timedelta, alive: bool) -> None:
    now = timezone.now()
    Worker.objects.create(owner="w", host="h", pid=1, queues="default", since=now, seen_at=now - seen)
    assert tray.look_at("club:7") == tray.Tray([], alive)


def test_it_costs_one_query(user: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for _ in range(5):
        enqueue_for(user)
    with django_assert_num_queries(1):
        assert len(tray.look_at("club:7").jobs) == 5
