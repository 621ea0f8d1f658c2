"""Recordings in an object store instead of on the disk: kept, read, played in parts, erased, swept up."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from audio import services
from audio.models import VoiceNote
from jobs.models import Job
from jobs.worker import drain
from tests.audio import s3
from tests.audio.studio import Studio, recording, wav
from tests.lessons.world import World, api

pytestmark = pytest.mark.django_db


@pytest.fixture
def store(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[s3.Store]:
    for name, value in {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "eu-west-1"}.items():
        monkeypatch.setenv(name, value)
    with s3.running() as store:
        options = {"bucket_name": "recordings", "endpoint_url": store.url, "default_acl": "private", "addressing_style": "path"}
        settings.STORAGES = {**settings.STORAGES, "audio": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}}
        yield store


@pytest.fixture
def studio(store: s3.Store) -> Studio:
    return Studio(World())


def upload(studio: Studio) -> VoiceNote:
    answer = api(studio.manager).post("/api/audio/upload", {"file": recording(), "language": "en"}, format="multipart")
    assert answer.status_code == 202, answer.json()
    return VoiceNote.objects.get(pk=answer.json()["audio_record_id"])


def test_a_recording_goes_to_the_bucket_alone(studio: Studio, store: s3.Store) -> None:
    note = upload(studio)
    assert store.objects == {note.file.name: wav()}


def test_its_job_reads_it_there(studio: Studio, store: s3.Store) -> None:
    note = upload(studio)
    drain()
    job = Job.objects.get(kind="audio.process")
    note.refresh_from_db()
    assert (job.status, job.error, note.duration_seconds) == ("done", "", 1.0)


def test_a_player_gets_its_part(studio: Studio, store: s3.Store) -> None:
    note = upload(studio)
    answer = api(studio.manager).get(f"/api/audio/notes/{note.pk}/file/", headers={"Range": "bytes=4-11"})
    assert (answer.status_code, answer.getvalue()) == (206, wav()[4:12])


def test_a_recording_that_is_gone_is_404(studio: Studio, store: s3.Store) -> None:
    note = upload(studio)
    store.objects.clear()
    assert api(studio.manager).get(f"/api/audio/notes/{note.pk}/file/").status_code == 404


def test_it_is_erased_with_its_note(studio: Studio, store: s3.Store) -> None:
    services.delete_note(note=upload(studio))
    drain()
    assert store.objects == {}


def test_an_orphan_is_swept_up(studio: Studio, store: s3.Store) -> None:
    note = upload(studio)
    store.objects[f"audio/{studio.club.pk}/2020-01-01/orphan.wav"] = b"x"
    Job.objects.all().delete()
    assert services.sweep_recordings() >= 1
    assert list(store.objects) == [note.file.name]
