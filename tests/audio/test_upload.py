"""A recording is taken in at once, by what it holds; what cannot be one is refused at its field."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import TemporaryUploadedFile
from knox.models import get_token_model
from pytest_django import Settings
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate

from audio.api import UploadView
from audio.models import VoiceNote
from audio.services import Refused
from audio.storage import recordings
from jobs.models import Job
from jobs.signals import enqueued
from lessons.models import Client
from tests.audio.studio import Studio, recording, wav
from tests.cluster import cluster_environment
from tests.lessons.world import World, api

pytestmark = pytest.mark.django_db
UPLOAD = "/api/audio/upload"


def upload(studio: Studio, content: bytes | None = None, headers: dict[str, str] | None = None, **fields: Any) -> Any:
    fields = {"file": recording(content), **fields}
    return api(studio.manager).post(UPLOAD, fields, format="multipart", headers=headers)


def kept() -> list[str]:
    storage = recordings()
    assert isinstance(storage, FileSystemStorage)
    return [path.name for path in Path(storage.location).rglob("*") if path.is_file()]


def test_it_is_answered_at_once_with_a_job_to_follow(studio: Studio) -> None:
    answer = upload(studio)
    note, job = VoiceNote.objects.get(), Job.objects.get(kind="audio.process")
    assert answer.status_code == 202
    assert answer.json() == {
        "audio_record_id": note.pk,
        "status": "pending",
        "job": {"token": job.token, "status": "pending", "status_url": f"/api/jobs/{job.token}/"},
        "status_url": f"/api/audio/status/{note.pk}",
    }


def test_what_is_known_of_it_is_kept(studio: Studio) -> None:
    upload(studio, client=studio.world.camille.pk, language="fr")
    note = VoiceNote.objects.get()
    assert (note.client, note.created_by, note.language, note.club) == (studio.world.camille, studio.manager, "fr", studio.club)
    assert (note.content_type, note.size_bytes, len(note.sha256)) == ("audio/wav", len(wav()), 64)
    with note.file.open() as file:
        assert file.read() == wav()


def test_its_job_names_nobody_and_belongs_to_the_club(studio: Studio) -> None:
    upload(studio)
    job = Job.objects.get(kind="audio.process")
    assert (job.queue, job.args, job.scope, job.max_attempts) == ("audio", [VoiceNote.objects.get().pk], studio.club.scope, 3)


def test_the_file_in_the_storage_is_nobody_elses_to_read(studio: Studio) -> None:
    upload(studio)
    assert Path(VoiceNote.objects.get().file.path).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "content", [b"", b"not a sound at all", b"\xff\xd8\xff\xe0 a picture named webm", b"<html><script>alert(1)</script>"]
)
def test_what_is_no_sound_is_refused_at_its_field(studio: Studio, content: bytes) -> None:
    answer = upload(studio, content)
    assert (answer.status_code, list(answer.json())) == (400, ["file"])
    assert not VoiceNote.objects.exists()
    assert kept() == []


def test_a_body_of_a_thousand_files_is_refused_in_json(studio: Studio) -> None:
    files = {f"file{number}": recording(b"x") for number in range(1000)}
    answer = api(studio.manager).post(UPLOAD, files, format="multipart")
    assert (answer.status_code, list(answer.json())) == (400, ["detail"])


def test_no_file_is_refused_at_its_field(studio: Studio) -> None:
    answer = api(studio.manager).post(UPLOAD, {}, format="multipart")
    assert (answer.status_code, list(answer.json())) == (400, ["file"])


def test_a_recording_that_is_too_long_is_refused(studio: Studio, settings: Settings) -> None:
    settings.AUDIO_MAX_MINUTES = 1
    answer = upload(studio, wav(seconds=66, rate=8000))
    assert (answer.status_code, list(answer.json())) == (400, ["file"])


@pytest.mark.parametrize("size", [1024 * 1024 + 1, 3 * 1024 * 1024])
def test_a_file_that_is_too_large_is_413(studio: Studio, settings: Settings, size: int) -> None:
    settings.AUDIO_MAX_MEGABYTES = 1
    answer = upload(studio, wav() + bytes(size - len(wav())))
    assert (answer.status_code, answer.json()) == (413, {"file": ["The recording is larger than 1 MB."]})
    assert kept() == []


@pytest.fixture
def gunicorn(transactional_db: None, tmp_path: Path) -> Iterator[int]:
    """The port of the web server of production: Django's own reads to the end by itself."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"fd://{listener.fileno()}", "--no-control-socket"]
        environment = cluster_environment(AUDIO_MAX_MEGABYTES="1", VAR_DIR=str(tmp_path))
        with subprocess.Popen(command, env=environment, pass_fds=[listener.fileno()], stderr=subprocess.DEVNULL) as process:
            try:
                yield listener.getsockname()[1]  # whoever comes too early waits in the line of the socket
            finally:
                process.terminate()


def test_the_refusal_reaches_who_is_still_sending(gunicorn: int) -> None:
    _row, token = get_token_model().objects.create(user=World().manager)
    headers = {"Authorization": f"Token {token}", "Content-Type": "multipart/form-data; boundary=x", "Accept-Language": "en"}
    line = HTTPConnection("127.0.0.1", gunicorn, timeout=60)
    line.request("POST", UPLOAD, bytes(6 * 1024 * 1024), headers)
    answer = line.getresponse()
    assert (answer.status, "larger than 1 MB" in answer.read().decode()) == (413, True)
    line.close()


def test_more_than_ten_a_minute_is_429(studio: Studio) -> None:
    answers: list[Response] = [upload(studio, b"x") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [400] * 10 + [429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60


def test_the_same_key_again_is_the_same_note(studio: Studio) -> None:
    ids = {upload(studio, headers={"Idempotency-Key": "one"}).json()["audio_record_id"] for _ in range(2)}
    assert (len(ids), len(kept()), Job.objects.filter(kind="audio.process").count()) == (1, 1, 1)


@pytest.mark.parametrize("field", ["client", "language"])
def test_an_unknown_client_or_language_is_refused_at_its_field(studio: Studio, field: str) -> None:
    other = World("Other", prefix="other-").camille
    wrong: dict[str, Any] = {field: other.pk if field == "client" else "tlh"}
    answer = upload(studio, **wrong)
    assert (answer.status_code, list(answer.json())) == (400, [field])


def test_a_failed_transaction_leaves_no_file(studio: Studio) -> None:
    def refuse(**kwargs: Any) -> None:
        raise RuntimeError("the job table is on fire")

    enqueued.connect(refuse)
    try:
        with pytest.raises(RuntimeError):
            studio.upload()
    finally:
        enqueued.disconnect(refuse)
    assert (kept(), VoiceNote.objects.count()) == ([], 0)


def test_a_client_who_is_deleted_meanwhile_is_refused_at_its_field(transactional_db: None) -> None:
    studio = Studio(World())
    hugo = studio.client("Hugo")
    Client.objects.filter(pk=hugo.pk).delete()
    with pytest.raises(Refused) as refusal:
        studio.upload(client=hugo)
    assert refusal.value.message_dict == {"client": ["This client has been deleted meanwhile."]}
    assert kept() == []


def test_a_storage_that_is_away_is_503_and_leaves_nothing(studio: Studio, settings: Settings) -> None:
    settings.MEDIA_ROOT = "/dev/null/full"
    answer = upload(studio)
    assert (answer.status_code, answer.json()["detail"].split(":")[0]) == (503, "The recording could not be stored")
    assert not VoiceNote.objects.exists()
    page = api(studio.manager).post("/audio/", {"file": recording()}, format="multipart", follow=True)
    assert "could not be stored" in page.content.decode()


def test_only_a_manager_records(studio: Studio) -> None:
    answer = api(studio.world.teacher_user()).post(UPLOAD, {"file": recording()}, format="multipart")
    assert answer.status_code == 403
    assert api(None).post(UPLOAD, {"file": recording()}, format="multipart").status_code in (401, 403)


def test_an_upload_never_stays_in_memory(studio: Studio) -> None:
    """However small, it goes to a temporary file at once."""
    request = APIRequestFactory().post(UPLOAD, {"file": recording(b"x")}, format="multipart")
    force_authenticate(request, studio.manager)
    UploadView.as_view()(request)
    assert [type(file) for file in request.FILES.values()] == [TemporaryUploadedFile]
    request.close()
