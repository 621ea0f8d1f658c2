from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models.signals import post_delete, post_save

from jobs.hooks import after_job, follow
from jobs.models import Job

pytestmark = pytest.mark.django_db


@pytest.fixture
def followed() -> Iterator[type[Group]]:
    saved, deleted = list(post_save.receivers), list(post_delete.receivers)
    yield follow(create="test.steps", update="test.unique", delete="test.write")(Group)
    for signal, receivers in ((post_save, saved), (post_delete, deleted)):
        signal.receivers = receivers
        signal.sender_receivers_cache.clear()


def test_creating_a_row_starts_its_job_and_hands_over_the_token(followed: type[Group]) -> None:
    group = followed.objects.create(name="new")
    job = after_job(group)
    assert job
    assert (job.kind, job.args) == ("test.steps", [group.pk])


def test_each_event_has_its_own_job(followed: type[Group]) -> None:
    group = followed.objects.create(name="new")
    group.save()
    group.delete()
    assert [job.kind for job in Job.objects.order_by("id")] == ["test.steps", "test.unique", "test.write"]


def test_a_rollback_takes_row_and_job_alike(followed: type[Group]) -> None:
    with transaction.atomic():
        followed.objects.create(name="new")
        transaction.set_rollback(True)
    assert not Job.objects.exists()


def test_bulk_writes_start_nothing(followed: type[Group]) -> None:
    followed.objects.bulk_create([followed(name="a")])
    followed.objects.update(name="c")
    assert not Job.objects.exists()


def test_a_row_that_nobody_follows_has_no_job() -> None:
    assert after_job(Group.objects.create(name="alone")) is None
