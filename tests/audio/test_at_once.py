"""Two at the same instant, on two connections: one effect."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from audio import services
from audio.models import FieldChange, VoiceNote
from jobs.models import Job
from jobs.services import StateConflict
from lessons.models import Client
from tests.audio.studio import Studio, fresh, recording
from tests.lessons.world import World, api

pytestmark = pytest.mark.django_db(transaction=True)
JANE = "My name is Jane Smith"
SAID: dict[str, Any] = {"first_name": "Jane", "last_name": "Smith"}


@pytest.fixture
def studio(transactional_db: None) -> Studio:
    return Studio(World())


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """The results in the order of the calls, each made by a thread of its own when all of them are ready."""
    ready = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            ready.wait(30)
            return call()
        except StateConflict as conflict:
            return conflict
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


@pytest.mark.parametrize("again", range(3))
def test_two_notes_about_the_same_new_client_make_one(studio: Studio, again: int) -> None:
    notes = [studio.note(JANE) for _ in range(4)]
    at_once([lambda note=note: studio.apply(note, **SAID) for note in notes])  # type: ignore[misc]  # bound in the loop
    assert Client.objects.filter(first_name="Jane").count() == 1
    assert sorted(fresh(note).client_created for note in notes) == [False, False, False, True]


def test_twenty_double_submits_make_one_note(studio: Studio, tmp_path: Path) -> None:
    notes = at_once([lambda: studio.upload(request_key="one") for _ in range(20)])
    assert len({note.pk for note in notes}) == VoiceNote.objects.count() == Job.objects.count() == 1
    assert sum(path.is_file() for path in (tmp_path / "media").rglob("*")) == 1


def test_of_twenty_uploads_at_once_ten_are_let_in(studio: Studio) -> None:
    answers = at_once([lambda: upload(studio) for _ in range(20)])
    assert Counter(answers) == {400: 10, 429: 10}


def upload(studio: Studio) -> int:
    """Of what is no sound: it counts all the same."""
    answer = api(studio.manager).post("/api/audio/upload", {"file": recording(b"x")}, format="multipart")
    return int(answer.status_code)


def test_of_two_clicks_on_undo_one_undoes(studio: Studio) -> None:
    studio.hear(f"{JANE} rides Apollo", **SAID, horse="Apollo")
    change = FieldChange.objects.get(field="horse")
    results = at_once([lambda: services.undo_change(change=change, user=studio.manager) for _ in range(4)])
    assert sum(isinstance(result, StateConflict) for result in results) == 3
    assert Client.objects.get(first_name="Jane").horse == ""


def test_of_two_clicks_on_process_again_one_starts(studio: Studio) -> None:
    note = studio.hear(JANE, **SAID)
    Job.objects.update(status="done")
    results = at_once([lambda: services.rerun_note(note=note, user=studio.manager) for _ in range(4)])
    assert sum(isinstance(result, StateConflict) for result in results) == 3


def test_of_two_answers_one_counts(studio: Studio) -> None:
    studio.client("Jane", "Smyth")
    note = studio.hear(JANE, **SAID)
    results = at_once([lambda: services.answer_question(note=note, user=studio.manager) for _ in range(4)])
    assert sum(isinstance(result, StateConflict) for result in results) == 3
    assert Client.objects.filter(first_name="Jane", last_name="Smith").count() == 1
