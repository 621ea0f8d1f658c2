"""A worker is killed with SIGKILL in the middle of a note; another one goes on where it stopped, and nothing happened twice.

The transcriber and the language model are a server on loopback that keeps silent when the kill comes; the third test holds a row instead.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from audio.models import FieldChange, VoiceNote
from jobs.models import Job
from lessons.models import Client, Club
from tests.audio.openai_server import CHAT, TRANSCRIPTIONS, Answer, Server, chat, running
from tests.audio.studio import Studio, fresh, wav
from tests.cluster import Cluster, ended, wait_until, worker_of
from tests.lessons.world import World

pytestmark = pytest.mark.django_db(transaction=True)
WAIT_SECONDS = 60
JANE = "My name is Jane Smith"
HEARD = {"text": JANE, "language": "english", "words": [{"word": word, "start": 0.1, "end": 0.2} for word in JANE.split()]}
UNDERSTOOD = (
    '{"first_name": {"value": "Jane", "words": "Jane"}, "last_name": {"value": "Smith", "words": "Smith"}}'  # what the model writes
)
SILENT = Answer(hang=True)


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def studio(transactional_db: None) -> Studio:
    if connection.vendor != "postgresql":
        pytest.fail("run the tests on Postgres: bin/test starts one")
    return Studio(World())


def cluster(server: Server, var: Path, extractor: str = "rules") -> Cluster:
    return Cluster(workers=1, VAR_DIR=str(var), OPENAI_BASE_URL=server.url, TRANSCRIBER="openai", EXTRACTOR=extractor)


def asked(server: Server, path: str) -> int:
    return sum(asked.path == path for asked in server.asked)


def job_of(note: VoiceNote) -> Job:
    assert note.job
    return note.job


def kill_the_worker_of(note: VoiceNote) -> None:
    pid = wait_until(lambda: worker_of(job_of(note)), WAIT_SECONDS)
    os.kill(pid, signal.SIGKILL)


def assert_once(note: VoiceNote, *, attempts: int = 2) -> None:
    wait_until(lambda: ended(job_of(note)), WAIT_SECONDS)
    job = Job.objects.get(pk=job_of(note).pk)
    assert (fresh(note).status, job.attempts, job.error) == ("done", attempts, "")
    assert Client.objects.filter(first_name="Jane", last_name="Smith").count() == 1
    assert sorted(FieldChange.objects.values_list("field", flat=True)) == ["first_name", "last_name"]


def test_killed_while_it_transcribes_it_is_transcribed_again(studio: Studio, server: Server, tmp_path: Path) -> None:
    server.says(SILENT, HEARD)
    note = studio.upload(wav(hertz=440), language="en")
    with cluster(server, tmp_path):
        wait_until(lambda: asked(server, TRANSCRIPTIONS) == 1, WAIT_SECONDS)
        kill_the_worker_of(note)
        assert_once(note)
    assert asked(server, TRANSCRIPTIONS) == 2


def test_killed_after_it_transcribed_it_is_not_paid_for_twice(studio: Studio, server: Server, tmp_path: Path) -> None:
    server.says(HEARD, SILENT, chat(UNDERSTOOD))
    note = studio.upload(wav(hertz=440), language="en")
    with cluster(server, tmp_path, extractor="openai"):
        wait_until(lambda: asked(server, CHAT) == 1, WAIT_SECONDS)
        kill_the_worker_of(note)
        assert_once(note)
    assert (asked(server, TRANSCRIPTIONS), asked(server, CHAT)) == (1, 2)


def test_killed_while_it_writes_it_writes_once(studio: Studio, server: Server, tmp_path: Path) -> None:
    server.says(HEARD)
    note = studio.upload(wav(hertz=440), language="en")
    with ExitStack() as until_the_end:
        with transaction.atomic():
            Club.objects.select_for_update().get(pk=studio.club.pk)
            until_the_end.enter_context(cluster(server, tmp_path))
            wait_until(worker_waits_for_a_lock, WAIT_SECONDS)
            kill_the_worker_of(note)
        assert_once(note)
    assert asked(server, TRANSCRIPTIONS) == 1


def test_a_note_that_kills_its_worker_each_time_fails_in_the_end(studio: Studio, server: Server, tmp_path: Path) -> None:
    """No state of a note can stay *processing*: it is the state of its job, which the engine gives up."""
    server.says(SILENT)
    note = studio.upload(wav(hertz=440), language="en")
    with cluster(server, tmp_path):
        for attempt in (1, 2, 3):
            wait_until(partial(attempt_stands, note, server, attempt), WAIT_SECONDS)
            kill_the_worker_of(note)
        wait_until(lambda: ended(job_of(note)), WAIT_SECONDS)
    assert (fresh(note).status, bool(fresh(note).error)) == ("failed", True)


def attempt_stands(note: VoiceNote, server: Server, number: int) -> bool:
    """However long the job should wait before it."""
    Job.objects.waiting().filter(pk=job_of(note).pk).update(run_at=None)
    return asked(server, TRANSCRIPTIONS) == number


def worker_waits_for_a_lock() -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # within a transaction it would always see the same
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
        return cursor.fetchone()[0]
