"""Following a note, its history, undo, and whose it is."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audio import services
from audio.models import FieldChange, VoiceNote
from jobs.models import Job
from tests.audio.studio import Studio, fresh
from tests.lessons.programmes import assign, programme_of
from tests.lessons.world import World, api

pytestmark = pytest.mark.django_db
JEAN = "Jean Dupont rides Tornado"
SAID: dict[str, Any] = {"first_name": "Jean", "last_name": "Dupont", "horse": "Tornado"}


def end(note: VoiceNote, status: str = "done", **values: Any) -> VoiceNote:
    assert note.job
    Job.objects.filter(pk=note.job.pk).update(status=status, finished_at=timezone.now(), progress=100, **values)
    return fresh(note)


def status_of(studio: Studio, note: VoiceNote) -> dict[str, Any]:
    answer = api(studio.manager).get(f"/api/audio/status/{note.pk}")
    assert answer.status_code == 200
    return dict(answer.json())


def test_a_note_that_waits_says_so(studio: Studio) -> None:
    body = status_of(studio, studio.note(JEAN))
    assert (body["status"], body["progress"], body["message"]) == ("pending", 0, "Waiting to be processed")
    assert (body["client"], body["error_message"], body["processed_at"], body["poll_after_ms"]) == (None, "", None, 2000)


def test_a_note_that_is_processed_says_what_its_job_says(studio: Studio) -> None:
    note = studio.note(JEAN)
    Job.objects.update(status="running", progress=40, message="Transcribing")
    body = status_of(studio, note)
    assert (body["status"], body["progress"], body["message"]) == ("processing", 40, "Transcribing")


def test_a_note_that_is_done_says_what_it_changed(studio: Studio) -> None:
    note = end(studio.hear(JEAN, **SAID))
    body = status_of(studio, note)
    client = note.client
    assert client
    assert (body["status"], body["progress"], body["transcription"]) == ("done", 100, JEAN)
    assert body["message"] == "Client record “Jean Dupont” created"
    assert (body["client"]["id"], body["client"]["name"], body["client"]["created"]) == (client.pk, "Jean Dupont", True)
    change = body["client"]["changes"][-1]
    assert {name: change[name] for name in ("field", "old", "new", "words")} == {
        "field": "horse", "old": "", "new": "Tornado", "words": "Tornado"
    }  # fmt: skip
    assert body["processed_at"]
    assert body["poll_after_ms"] == 0


def test_an_updated_record_is_called_updated(studio: Studio) -> None:
    studio.client("Jean", "Dupont")
    assert status_of(studio, end(studio.hear(JEAN, **SAID)))["message"] == "Client record “Jean Dupont” updated"


def test_a_note_that_failed_says_why(studio: Studio) -> None:
    body = status_of(studio, end(studio.note(JEAN), "error", error="This is no sound."))
    assert (body["status"], body["progress"], body["error_message"], body["message"]) == (
        "failed", 100, "This is no sound.", "This is no sound."
    )  # fmt: skip


def test_a_question_shows_its_candidates(studio: Studio) -> None:
    twins = [studio.client("Jean", "Dupont"), studio.client("Jean", "Dupont", phone="0470")]
    body = status_of(studio, end(studio.hear(JEAN, **SAID)))
    assert body["message"] == "Of whom does this note speak?"
    assert [(row["id"], row["phone"]) for row in body["question"]["candidates"]] == [(twins[0].pk, ""), (twins[1].pk, "0470")]


def test_a_question_says_what_each_candidate_has_left(studio: Studio) -> None:
    twins = [studio.client("Jean", "Dupont") for _ in range(3)]
    today = timezone.localdate()
    studio.world.pack(twins[0], credits=7, valid_from=today)
    studio.world.period(twins[1], valid_from=today)
    body = status_of(studio, end(studio.hear(JEAN, **SAID)))
    assert [row["sessions_left"] for row in body["question"]["candidates"]] == [7, None, 0]


def test_a_question_is_answered(studio: Studio) -> None:
    twin = studio.client("Jean", "Dupond")
    note = end(studio.hear(JEAN, **SAID))
    answer = api(studio.manager).post(f"/api/audio/notes/{note.pk}/answer/", {"client": twin.pk})
    assert (answer.status_code, answer.json()["client"]["id"], answer.json()["question"]) == (200, twin.pk, None)
    assert api(studio.manager).post(f"/api/audio/notes/{note.pk}/answer/", {"client": twin.pk}).status_code == 409


def test_another_clubs_client_is_no_answer(studio: Studio) -> None:
    studio.client("Jean", "Dupond")
    note, stranger = end(studio.hear(JEAN, **SAID)), World("Other", prefix="other-").camille
    assert api(studio.manager).post(f"/api/audio/notes/{note.pk}/answer/", {"client": stranger.pk}).status_code == 404


def test_the_history_of_a_client_is_newest_first(studio: Studio) -> None:
    client = studio.hear(JEAN, **SAID).client
    assert client
    rows = api(studio.manager).get(f"/api/clients/{client.pk}/changes/").json()["results"]
    assert [row["field"] for row in rows] == ["horse", "last_name", "first_name"]
    assert (rows[0]["label"], rows[0]["undone"], rows[0]["position_seconds"]) == ("horse", False, 3.0)


def test_undo_and_redo(studio: Studio) -> None:
    studio.hear(JEAN, **SAID)
    change = FieldChange.objects.get(field="horse")
    url = f"/api/clients/changes/{change.pk}"
    assert api(studio.manager).post(f"{url}/undo/").json()["undone"] is True
    answer = api(studio.manager).post(f"{url}/undo/")
    assert (answer.status_code, answer.json()) == (409, {"detail": "This change is already undone."})
    assert api(studio.manager).post(f"{url}/redo/").json()["undone"] is False


def test_erasing_a_client_whose_lessons_stand_leaves_an_empty_record(studio: Studio) -> None:
    camille = studio.world.camille
    studio.world.plan(clients=[camille.pk])
    note = studio.hear("rides Tornado", client=camille, horse="Tornado")
    answer = api(studio.manager).post(f"/api/clients/{camille.pk}/erase/")
    camille.refresh_from_db()
    assert (answer.json(), camille.horse, camille.email) == ({"deleted": False}, "", "")
    assert not VoiceNote.objects.filter(pk=note.pk).exists()
    assert not FieldChange.objects.exists()


def test_who_was_erased_has_no_progress_left(studio: Studio) -> None:
    camille = studio.world.camille
    studio.world.plan(clients=[camille.pk])
    assign(programme_of(studio.world), camille)
    assert api(studio.manager).post(f"/api/clients/{camille.pk}/erase/").json() == {"deleted": False}
    assert not camille.realisations.exists()
    assert not camille.evaluations.exists()


CALLS: dict[str, Callable[[VoiceNote, FieldChange], tuple[str, str]]] = {
    "status": lambda note, change: ("get", f"/api/audio/status/{note.pk}"),
    "note": lambda note, change: ("get", f"/api/audio/notes/{note.pk}/"),
    "file": lambda note, change: ("get", f"/api/audio/notes/{note.pk}/file/"),
    "delete": lambda note, change: ("delete", f"/api/audio/notes/{note.pk}/"),
    "answer": lambda note, change: ("post", f"/api/audio/notes/{note.pk}/answer/"),
    "rerun": lambda note, change: ("post", f"/api/audio/notes/{note.pk}/rerun/"),
    "changes": lambda note, change: ("get", f"/api/clients/{change.client_id}/changes/"),
    "erase": lambda note, change: ("post", f"/api/clients/{change.client_id}/erase/"),
    "undo": lambda note, change: ("post", f"/api/clients/changes/{change.pk}/undo/"),
    "redo": lambda note, change: ("post", f"/api/clients/changes/{change.pk}/redo/"),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_stranger_finds_nothing(studio: Studio, call: str) -> None:
    note = studio.hear(JEAN, **SAID)
    stranger = World("Other", prefix="other-").manager
    method, url = CALLS[call](note, FieldChange.objects.get(field="horse"))
    assert getattr(api(stranger), method)(url).status_code == 404


@pytest.mark.parametrize("call", ["delete", "answer", "rerun", "erase", "undo", "redo"])
def test_a_teacher_reads_and_changes_nothing(studio: Studio, call: str) -> None:
    note = studio.hear(JEAN, **SAID)
    method, url = CALLS[call](note, FieldChange.objects.get(field="horse"))
    assert getattr(api(studio.world.teacher_user()), method)(url).status_code == 403


def test_a_stranger_lists_nothing(studio: Studio) -> None:
    studio.hear(JEAN, **SAID)
    assert api(World("Other", prefix="other-").manager).get("/api/audio/notes/").json()["count"] == 0


def test_a_list_costs_three_queries_whatever_its_length(studio: Studio) -> None:
    studio.client("Jean", "Dupond")
    for number in range(5):
        studio.hear(JEAN, **SAID)
        studio.hear(f"Ada rides {number}", first_name="Ada", last_name="rides", horse=str(number))
    manager = api(studio.manager)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        body = manager.get("/api/audio/notes/").json()
    assert body["count"] == 10
    assert len(queries) <= 3 + 3, [query["sql"][:80] for query in queries]  # session, user, membership


@pytest.mark.parametrize("status", ["pending", "processing", "done", "failed"])
def test_a_list_is_narrowed_by_status(studio: Studio, status: str) -> None:
    of_job = {"pending": "pending", "processing": "running", "done": "done", "failed": "cancelled"}
    notes = {name: end(studio.note(JEAN), job) for name, job in of_job.items()}
    rows = api(studio.manager).get("/api/audio/notes/", {"status": status}).json()["results"]
    assert [row["audio_record_id"] for row in rows] == [notes[status].pk]


def test_a_note_outlives_its_job(studio: Studio) -> None:
    done, failed = end(studio.hear(JEAN, **SAID)), end(studio.note(JEAN), "error", error="This is no sound.")
    services.keep_reasons()
    Job.objects.all().delete()
    assert [fresh(note).status for note in (done, failed)] == ["done", "failed"]
    assert fresh(failed).error == "This is no sound."


def test_a_note_is_processed_again(studio: Studio) -> None:
    note = end(studio.hear(JEAN, **SAID))
    answer = api(studio.manager).post(f"/api/audio/notes/{note.pk}/rerun/")
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    again = api(studio.manager).post(f"/api/audio/notes/{note.pk}/rerun/")
    assert (again.status_code, again.json()) == (409, {"detail": "This note is already being processed."})


def test_the_preference_is_the_callers_own(studio: Studio) -> None:
    manager = api(studio.manager)
    assert manager.get("/api/audio/preferences/").json() == {"email_when_done": False}
    assert manager.patch("/api/audio/preferences/", {"email_when_done": True}).json() == {"email_when_done": True}
    assert manager.get("/api/audio/preferences/").json() == {"email_when_done": True}
    assert api(World("Other", prefix="other-").manager).get("/api/audio/preferences/").json() == {"email_when_done": False}
