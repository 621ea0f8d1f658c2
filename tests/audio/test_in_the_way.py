"""Somebody erases, deletes or cancels in the very moment in which somebody else writes."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction

from audio import services
from audio.models import FieldChange, VoiceNote
from jobs.models import Job
from jobs.services import cancel
from jobs.worker import drain
from lessons.models import Client, Club, Teacher
from tests.audio.studio import Studio, fresh
from tests.audio.test_killed_worker import job_of, worker_waits_for_a_lock
from tests.audio.test_pages import client_of
from tests.cluster import wait_until
from tests.lessons.world import World, api, visitor_of

pytestmark = pytest.mark.django_db(transaction=True)
WAIT_SECONDS = 60
JANE = "My name is Jane Smith"
SAID: dict[str, Any] = {"first_name": "Jane", "last_name": "Smith"}
Start = Callable[[Callable[[], Any]], "Future[Any]"]


@pytest.fixture
def studio(transactional_db: None) -> Studio:
    return Studio(World())


@pytest.fixture
def start() -> Iterator[Start]:
    """Lets somebody else begin, until they wait for what this test holds."""
    begun: list[Future[Any]] = []

    def on_a_connection_of_its_own(call: Callable[[], Any]) -> Any:
        try:
            return call()
        finally:
            connection.close()

    def start(call: Callable[[], Any]) -> "Future[Any]":
        begun.append(threads.submit(on_a_connection_of_its_own, call))
        wait_until(lambda: worker_waits_for_a_lock() == len(begun), WAIT_SECONDS)
        return begun[-1]

    with ThreadPoolExecutor(4) as threads:
        yield start


@contextmanager
def held(rows: Any) -> Iterator[None]:
    with transaction.atomic():
        list(rows.select_for_update())
        yield


def test_a_note_is_applied_while_its_client_is_erased(studio: Studio, start: Start) -> None:
    jane = studio.client("Jane", "Smith")
    note = studio.note(JANE, jane)
    with held(Client.objects.filter(pk=jane.pk)):
        ends = [start(lambda: services.erase_client(client=jane)), start(lambda: studio.apply(note, **SAID))]
    assert [end.result(WAIT_SECONDS) for end in ends] == [True, None]
    assert not VoiceNote.objects.exists()


def test_a_note_is_applied_while_its_client_is_deleted_over_the_api(studio: Studio, start: Start) -> None:
    jane = studio.client("Jane", "Smith")
    note = studio.note(f"{JANE} rides Apollo", jane)
    with held(Client.objects.filter(pk=jane.pk)):
        applied = start(lambda: studio.apply(note, **SAID, horse="Apollo"))
        deleted = start(lambda: api(studio.manager).delete(f"/api/clients/{jane.pk}/"))
    assert (applied.result(WAIT_SECONDS) is not None, deleted.result(WAIT_SECONDS).status_code) == (True, 204)
    assert not (Client.objects.filter(pk=jane.pk) | Client.objects.filter(changes__note=note)).exists()
    assert not FieldChange.objects.exists()


def test_a_lesson_is_booked_while_its_teacher_is_deleted(studio: Studio, start: Start) -> None:
    world = studio.world
    with held(Teacher.objects.filter(pk=world.sophie.pk)):
        planned = start(lambda: world.plan())
        deleted = start(lambda: api(studio.manager).delete(f"/api/teachers/{world.sophie.pk}/"))
    planned.result(WAIT_SECONDS)
    assert deleted.result(WAIT_SECONDS).status_code == 409


def test_a_note_is_deleted_while_its_changes_are_undone(studio: Studio, start: Start) -> None:
    note = studio.hear(f"{JANE} rides Apollo", **SAID, horse="Apollo")
    with held(FieldChange.objects.filter(field="last_name")):
        ends = [start(lambda: services.delete_note(note=note)), start(lambda: services.undo_note(note=note, user=studio.manager))]
    for end in ends:
        end.result(WAIT_SECONDS)
    assert not VoiceNote.objects.exists()


def test_a_note_that_is_cancelled_before_it_writes_writes_nothing(studio: Studio, start: Start) -> None:
    note = studio.note(JANE)
    Job.objects.exclude(pk=job_of(note).pk).delete()
    with held(Club.objects.filter(pk=studio.club.pk)):
        end = start(drain)
        cancel(Job.objects.get(pk=job_of(note).pk))
    end.result(WAIT_SECONDS)
    assert fresh(note).status == "failed"
    assert not Client.objects.filter(first_name="Jane").exists()


def test_a_note_that_has_written_is_done_however_its_job_ended(studio: Studio) -> None:
    note = studio.hear(JANE, **SAID)
    for ending in ("cancelled", "error"):
        Job.objects.filter(pk=job_of(note).pk).update(status=ending, error="The work was interrupted.")
        assert (fresh(note).status, fresh(note).error) == ("done", "")
        assert [list(VoiceNote.objects.with_status(status)) for status in ("failed", "done")] == [[], [note]]


def test_what_was_erased_before_a_click_arrives_is_not_there(studio: Studio, start: Start) -> None:
    """The page found it; the lock does not."""
    note = studio.hear(f"{JANE} rides Apollo", **SAID, horse="Apollo")
    client = client_of(note)
    change = FieldChange.objects.get(field="horse")
    clicks = [f"/club/clients/changes/{change.pk}/undo/", f"/club/clients/{client.pk}/edit/", f"/audio/{note.pk}/undo/"]
    with held(Client.objects.filter(pk=client.pk)):
        ends = [start(lambda path=path: page(studio, path)) for path in clicks]  # type: ignore[misc]  # bound in the loop
        ends.append(start(lambda: int(api(studio.manager).post(f"/api/clients/changes/{change.pk}/undo/").status_code)))
        client.delete()
    assert {end.result(WAIT_SECONDS) for end in ends} == {404}


def test_a_note_that_was_deleted_before_a_click_arrives_is_not_there(studio: Studio, start: Start) -> None:
    studio.client("Jane", "Smyth")
    note = studio.hear(JANE, **SAID)
    Job.objects.update(status="done")
    with held(VoiceNote.objects.filter(pk=note.pk)):
        ends = [start(lambda: page(studio, f"/audio/{note.pk}/again/")), start(lambda: page(studio, f"/audio/{note.pk}/answer/"))]
        ends.append(start(lambda: int(api(studio.manager).post(f"/api/audio/notes/{note.pk}/rerun/").status_code)))
        VoiceNote.objects.filter(pk=note.pk).delete()
    assert {end.result(WAIT_SECONDS) for end in ends} == {404}


def page(studio: Studio, path: str) -> int:
    answer = visitor_of(studio.manager).post(path, {"client": "new", "first_name": "Ann"})
    return int(answer.status_code)
