"""Voice notes for operators: looked at, and acted on by the same services."""

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser

from audio import services
from audio.models import FieldChange, NotePreference, VoiceNote
from jobs.models import Job
from lessons.models import Membership
from tests.audio.studio import Studio, fresh

pytestmark = pytest.mark.django_db
LIST = "/admin/audio/voicenote/"


@pytest.fixture
def operator(client: Browser) -> Browser:
    client.force_login(User.objects.create_superuser("operator"), "django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def note(studio: Studio) -> VoiceNote:
    return studio.hear("Jane Smith rides Apollo", first_name="Jane", last_name="Smith", horse="Apollo")


@pytest.mark.parametrize("model", [VoiceNote, FieldChange, NotePreference])
def test_each_list_and_each_row_can_be_looked_at(operator: Browser, studio: Studio, note: VoiceNote, model: type) -> None:
    services.save_preference(membership=Membership.objects.get(user=studio.manager), email_when_done=True)
    name = f"/admin/audio/{model._meta.model_name}/"  # type: ignore[attr-defined]  # of a model
    row = model.objects.first()  # type: ignore[attr-defined]  # of a model
    assert operator.get(name).status_code == operator.get(f"{name}{row.pk}/change/").status_code == 200


@pytest.mark.parametrize("status", ["pending", "processing", "done", "failed"])
def test_the_list_is_narrowed_by_status(operator: Browser, note: VoiceNote, status: str) -> None:
    found = operator.get(LIST, {"status": status}).context["cl"].result_count
    assert found == (status == "pending")


def act(operator: Browser, note: VoiceNote, action: str) -> str:
    answer = operator.post(LIST, {"action": action, "_selected_action": [note.pk]}, follow=True)
    return " ".join(str(message) for message in answer.context["messages"])


def test_a_note_is_processed_again(operator: Browser, note: VoiceNote) -> None:
    Job.objects.update(status="error")
    assert act(operator, note, "rerun_selected") == "1 note changed."
    assert fresh(note).status == "pending"


def test_a_note_under_way_is_left_alone(operator: Browser, note: VoiceNote) -> None:
    assert act(operator, note, "rerun_selected") == f"{note.pk}: This note is already being processed."


def test_a_note_is_deleted_with_its_recording(operator: Browser, note: VoiceNote) -> None:
    act(operator, note, "delete_notes")
    assert not VoiceNote.objects.exists()
    assert Job.objects.filter(kind="audio.erase_recording").count() == 1
