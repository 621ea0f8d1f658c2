import pytest
from django.contrib.auth.models import Group
from django.core.checks import run_checks
from django.db import transaction
from pytest_django import Settings

from jobs import services


@pytest.mark.django_db(transaction=True)
def test_inline_jobs_have_run_when_the_transaction_is_over(settings: Settings) -> None:
    settings.JOBS_INLINE = True
    with transaction.atomic():
        job = services.enqueue("test.write", "now")
        assert not Group.objects.exists()
    job.refresh_from_db()
    assert job.status == "done"


@pytest.mark.django_db(transaction=True)
def test_an_inline_job_that_fails_does_not_fail_the_request(settings: Settings) -> None:
    settings.JOBS_INLINE = True
    job = services.enqueue("test.refuse")
    job.refresh_from_db()
    assert job.status == "error"


def test_inline_outside_of_debugging_is_a_system_error(settings: Settings) -> None:
    settings.JOBS_INLINE, settings.DEBUG = True, False
    assert "jobs.E002" in [message.id for message in run_checks()]


def test_inline_while_debugging_is_allowed(settings: Settings) -> None:
    settings.JOBS_INLINE, settings.DEBUG = True, True
    assert "jobs.E002" not in [message.id for message in run_checks()]
