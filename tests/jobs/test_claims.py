from datetime import timedelta

import pytest
from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone

from jobs import claims, services
from jobs.models import Job
from jobs.worker import WorkLoop, drain
from tests.clock import GRAIN_SECONDS

pytestmark = pytest.mark.django_db


def claim(limit: int = 10, queue: str = "default") -> list[Job]:
    return claims.open_claims(DEFAULT_DB_ALIAS).claim({queue: limit})


def test_jobs_are_claimed_by_priority_then_in_order_of_arrival() -> None:
    names = [services.enqueue("test.write", priority=priority).pk for priority in (0, 5, 0, 5)]
    assert [job.pk for job in claim()] == [names[1], names[3], names[0], names[2]]


def test_a_claim_names_owner_attempt_and_time() -> None:
    services.enqueue("test.write")
    [job] = claim()
    assert job.owner
    assert job.attempts == 1
    assert job.started_at


def test_a_claim_takes_from_the_first_queue_that_has_any() -> None:
    audio, letters = services.enqueue("test.letter"), services.enqueue("test.letter")
    Job.objects.filter(pk=audio.pk).update(queue="audio")
    hold = claims.open_claims(DEFAULT_DB_ALIAS)
    asked = {"default": 3, "letters": 3, "audio": 3}
    assert [[job.pk for job in hold.claim(asked)] for _ in range(3)] == [[letters.pk], [audio.pk], []]


def test_a_claim_takes_of_a_queue_no_more_than_was_asked() -> None:
    for name in ("test.write", "test.write", "test.letter", "test.letter"):
        services.enqueue(name)
    hold = claims.open_claims(DEFAULT_DB_ALIAS)
    assert [len(hold.claim({"default": 9, "letters": 1})) for _ in range(4)] == [2, 1, 1, 0]


def test_a_claim_passes_over_a_paused_queue() -> None:
    services.enqueue("test.write")
    job = services.enqueue("test.letter")
    services.pause("default")
    assert [claimed.pk for claimed in claims.open_claims(DEFAULT_DB_ALIAS).claim({"default": 1, "letters": 1})] == [job.pk]


def test_a_claimed_job_is_not_claimed_again() -> None:
    services.enqueue("test.write")
    assert len(claim()) == 1
    assert claim() == []


def test_a_paused_queue_is_left_alone_until_it_is_resumed() -> None:
    services.enqueue("test.letter")
    services.pause("letters")
    assert drain() == 0
    services.resume("letters")
    assert drain() == 1


def test_a_kind_that_the_code_does_not_know_waits() -> None:
    job = Job.objects.create(kind="from.another.release", queue="default", max_attempts=3)
    assert drain() == 0
    job.refresh_from_db()
    assert job.status == "pending"


def test_a_deferred_job_waits_for_its_time() -> None:
    job = services.enqueue("test.write", run_at=timezone.now() + timedelta(hours=1))
    assert drain() == 0
    Job.objects.filter(pk=job.pk).update(run_at=timezone.now() - timedelta(seconds=1))
    assert drain() == 1


def test_the_next_due_time_is_known_to_who_waits() -> None:
    asked_at = timezone.now()
    services.enqueue("test.write", run_at=asked_at + timedelta(seconds=30))
    seconds = claims.open_claims(DEFAULT_DB_ALIAS).seconds_until_due()
    assert seconds is not None
    passed = (timezone.now() - asked_at).total_seconds()
    assert 30 - passed - GRAIN_SECONDS < seconds < 30 + GRAIN_SECONDS


def test_nothing_deferred_means_nothing_due() -> None:
    assert claims.open_claims(DEFAULT_DB_ALIAS).seconds_until_due() is None


@pytest.mark.django_db(transaction=True)
def test_an_owner_whose_connection_is_replaced_still_lives() -> None:
    owner, other = claims.open_claims(), claims.open_claims(DEFAULT_DB_ALIAS)
    owner.reopen()
    assert other.dead_among([owner.owner]) == []
    owner.close()


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_stops_gives_back_what_it_held_on_a_lost_connection() -> None:
    job, loop = services.enqueue("test.write"), WorkLoop()
    loop.open_hold().claim({"default": 1})
    loop.let_go()
    loop.leave()
    loop.let_go()
    job.refresh_from_db()
    assert (job.status, job.attempts) == ("pending", 0)
