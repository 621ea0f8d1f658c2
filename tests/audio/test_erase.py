"""What is no longer needed goes, recording and all, and no crash keeps it for ever."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from audio import services, wording
from audio.models import FieldChange, VoiceNote
from audio.storage import recordings
from jobs.models import Job
from jobs.worker import drain
from lessons import services as lessons
from lessons.models import Client
from tests.audio.studio import Studio, fresh
from tests.lessons.world import visitor_of

pytestmark = pytest.mark.django_db
JEAN = "Jean Dupont rides Tornado"
SAID: dict[str, Any] = {"first_name": "Jean", "last_name": "Dupont", "horse": "Tornado"}


def kept(note: VoiceNote) -> bool:
    return recordings().exists(str(note.file.name))


def run_erasing() -> None:
    Job.objects.exclude(kind="audio.erase_recording").delete()
    drain()


def test_erasing_a_client_erases_notes_files_and_history(studio: Studio) -> None:
    note = studio.hear(JEAN, **SAID)
    lessons.remove(Client.objects.get(first_name="Jean"))
    assert kept(note)  # until the transaction is over
    run_erasing()
    assert not kept(note)
    assert not VoiceNote.objects.exists()
    assert not FieldChange.objects.exists()


def test_who_was_erased_is_no_answer_any_more(studio: Studio) -> None:
    camille, other = studio.world.camille, studio.client("Camille", "Dubois")
    note = studio.hear("Camille rides Tornado", first_name="Camille", horse="Tornado")
    studio.world.plan(clients=[camille.pk])
    assert services.erase_client(client=camille) is False  # her lesson stands
    assert fresh(note).question == {"candidates": [other.pk]}


def test_an_erasure_that_is_rolled_back_keeps_the_file(studio: Studio) -> None:
    note = studio.hear(JEAN, **SAID)
    with transaction.atomic():
        lessons.remove(Client.objects.get(first_name="Jean"))
        transaction.set_rollback(True)
    run_erasing()
    assert kept(note)


def test_a_deleted_note_leaves_its_client_and_the_history(studio: Studio) -> None:
    note = studio.hear(JEAN, **SAID)
    services.delete_note(note=note)
    run_erasing()
    assert not kept(note)
    change = FieldChange.objects.get(field="horse")
    assert (change.note, change.client.horse) == (None, "Tornado")
    services.undo_change(change=change, user=studio.manager)


def test_a_note_that_is_deleted_while_it_waits_is_not_processed(studio: Studio) -> None:
    note = studio.note(JEAN)
    services.delete_note(note=note)
    assert Job.objects.get(kind="audio.process").status == "cancelled"


def test_a_recording_goes_after_its_days_and_its_words_stay(studio: Studio, settings: Settings) -> None:
    old, young = studio.hear(JEAN, **SAID), studio.hear(JEAN, **SAID)
    VoiceNote.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=settings.AUDIO_RETENTION_DAYS, minutes=5))
    assert services.forget_old_recordings() == 1
    run_erasing()
    assert (kept(old), kept(young)) == (False, True)
    assert (fresh(old).file.name, fresh(old).transcription) == ("", JEAN)


def test_its_words_go_too_where_the_setting_says_so(studio: Studio, settings: Settings) -> None:
    settings.AUDIO_KEEP_TRANSCRIPTS = False
    note = studio.hear(JEAN, **SAID)
    grow_old_with_its_changes(settings)
    services.forget_old_recordings()
    forgotten = fresh(note)
    assert (forgotten.transcription, forgotten.words, forgotten.found) == ("", [], {})
    assert list(FieldChange.objects.filter(client=note.client_id).values_list("words", flat=True)) == ["", "", ""]


def test_words_that_were_erased_are_not_taken_for_silence(studio: Studio, settings: Settings) -> None:
    settings.AUDIO_KEEP_TRANSCRIPTS = False
    note = studio.hear("the weather is fine")
    grow_old_with_its_changes(settings)
    services.forget_old_recordings()
    Job.objects.update(status="done")
    assert wording.message(fresh(note)) == "What was said was erased"


def test_a_change_whose_words_and_note_are_gone_is_still_told_from_a_typed_one(studio: Studio, settings: Settings) -> None:
    settings.AUDIO_KEEP_TRANSCRIPTS = False
    note = studio.hear(JEAN, **SAID)
    grow_old_with_its_changes(settings)
    services.forget_old_recordings()
    services.delete_note(note=fresh(note))
    page = visitor_of(studio.manager).get(f"/club/clients/{note.client_id}/").content.decode()
    assert "Deleted note" in page
    assert "Typed by" not in page


def grow_old_with_its_changes(settings: Settings) -> None:
    long_ago = timezone.now() - timedelta(days=settings.AUDIO_RETENTION_DAYS, minutes=5)
    VoiceNote.objects.update(created_at=long_ago)
    FieldChange.objects.update(changed_at=long_ago)


def test_a_file_that_no_note_names_is_swept_up(studio: Studio) -> None:
    note = studio.hear(JEAN, **SAID)
    orphan = recordings().save(f"audio/{studio.club.pk}/2026-01-01/orphan.wav", ContentFile(b"x"))
    assert services.sweep_recordings() == 0  # it may belong to an upload that is under way
    grow_old(orphan)
    grow_old(str(note.file.name))
    assert services.sweep_recordings() == 1
    assert (recordings().exists(orphan), kept(note)) == (False, True)


class HastyStorage(FileSystemStorage):
    """Somebody else erases each file as soon as it was listed."""

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        folders, names = super().listdir(path)
        for name in names:
            self.delete(f"{path}/{name}")
        return folders, names


def test_a_file_that_vanishes_while_the_folder_is_swept_is_no_failure(studio: Studio, settings: Settings) -> None:
    recordings().save(f"audio/{studio.club.pk}/2026-01-01/orphan.wav", ContentFile(b"x"))
    settings.STORAGES = {**settings.STORAGES, "audio": {"BACKEND": "tests.audio.test_erase.HastyStorage"}}
    assert services.sweep_recordings() == 0


def test_a_recording_that_has_vanished_is_forgotten_like_the_others(studio: Studio, settings: Settings) -> None:
    note = studio.hear(JEAN, **SAID)
    recordings().delete(str(note.file.name))
    grow_old_with_its_changes(settings)
    assert services.forget_old_recordings() == 1
    run_erasing()
    assert (Job.objects.get(kind="audio.erase_recording").status, bool(fresh(note).file)) == ("done", False)


def test_where_nothing_was_ever_recorded_nothing_is_swept_up(db: None) -> None:
    assert services.sweep_recordings() == 0


def test_to_erase_twice_is_no_failure(studio: Studio) -> None:
    note = studio.hear(JEAN, **SAID)
    for _ in range(2):
        services.erase(str(note.file.name))
    assert not kept(note)


def grow_old(name: str) -> None:
    path, long_ago = Path(recordings().path(name)), (timezone.now() - timedelta(days=2)).timestamp()
    os.utime(path, (long_ago, long_ago))
