"""A slow statement is logged once, without its values, and counted for the operator."""

import logging

import pytest
from django.core.signals import request_finished
from django.db import DatabaseError, connection, transaction
from pytest_django import Settings

from jobs import health, metrics, slow_statements
from jobs.models import Job, SlowStatement
from jobs.slow_statements import shape_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nothing_is_noted_yet(settings: Settings) -> None:
    settings.SLOW_QUERY_SECONDS = 100
    slow_statements.store()
    SlowStatement.objects.all().delete()


def ask(settings: Settings, value: str = "Jean Dupont") -> None:
    """One statement that counts as slow."""
    settings.SLOW_QUERY_SECONDS = 0
    list(Job.objects.filter(label=value))
    settings.SLOW_QUERY_SECONDS = 100


def test_it_is_logged_once_with_fingerprint_time_and_origin(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "jobs.slow_statements"):
        ask(settings)
    [line] = [record.getMessage() for record in caplog.records if record.name == "jobs.slow_statements"]
    assert "tests/jobs/test_slow_statements.py" in line
    assert 'FROM "jobs_job"' in line


def test_its_values_are_logged_nowhere(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.SLOW_QUERY_SECONDS = 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'Jean Dupont', 42")
    settings.SLOW_QUERY_SECONDS = 100
    slow_statements.store()
    row = SlowStatement.objects.get()
    assert "Dupont" not in caplog.text + row.shape
    assert "42" not in row.shape


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT * FROM t WHERE a = 1", "SELECT *  FROM t\nWHERE a = 27"),
        ("SELECT * FROM t WHERE a IN (%s, %s)", "SELECT * FROM t WHERE a IN (%s, %s, %s)"),
        ("SELECT 'it''s'", "SELECT 'something else'"),
    ],
)
def test_the_same_statement_with_other_values_has_the_same_shape(one: str, other: str) -> None:
    assert shape_of(one) == shape_of(other)


def test_it_is_counted_in_health_and_metrics(settings: Settings) -> None:
    ask(settings)
    request_finished.send(sender=None)
    snapshot = health.take_snapshot()
    assert snapshot.slow_queries["last_hour"] == 1
    assert "aussitot_jobs_slow_statements_last_hour 1" in metrics.render(snapshot)


def test_one_in_a_transaction_that_is_rolled_back_is_counted_too(settings: Settings) -> None:
    with transaction.atomic():
        ask(settings)
        slow_statements.store()
        transaction.set_rollback(True)
    slow_statements.store()
    assert SlowStatement.objects.count() == 1


def test_one_that_fails_with_its_transaction_is_logged_once_without_values(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.SLOW_QUERY_SECONDS = 0
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 4711, 'Rue du Bois' FROM nowhere WHERE name = %s", ["Jean Dupont"])
    settings.SLOW_QUERY_SECONDS = 100
    request_finished.send(sender=None)
    [noted] = SlowStatement.objects.filter(shape__contains="nowhere")  # on SQLite a BEGIN is a statement too
    [line] = [record.getMessage() for record in caplog.records if noted.fingerprint in record.getMessage()]
    assert not any(value in line + noted.shape for value in ("4711", "Bois", "Dupont"))


def test_a_quick_one_is_not_noted() -> None:
    list(Job.objects.all())
    slow_statements.store()
    assert not SlowStatement.objects.exists()
