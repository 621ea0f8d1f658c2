"""What the demo club has heard: somebody new, a known client, and a question."""

from datetime import timedelta

import pytest
from django.db.models import F

from audio import services
from audio.models import FieldChange, VoiceNote
from jobs.models import Job
from lessons.models import Club
from lessons.services import fill_demo

pytestmark = pytest.mark.django_db


@pytest.fixture
def club() -> Club:
    club = fill_demo()
    services.fill_demo_notes(club=club)
    return club


def test_each_sort_of_outcome_is_shown(club: Club) -> None:
    made, updated, asks = VoiceNote.objects.order_by("id")
    assert [str(made.client), str(updated.client), asks.client] == ["Emily Carter", "Camille Renard", None]
    assert [note.status for note in (made, updated, asks)] == ["done"] * 3
    assert asks.question
    assert len(asks.question["candidates"]) == 2


def test_each_was_understood_when_it_was_said(club: Club) -> None:
    for note in VoiceNote.objects.all():
        assert note.processed_at
        assert abs(note.processed_at - note.created_at) < timedelta(minutes=1)
    assert not FieldChange.objects.exclude(changed_at=F("note__created_at")).exists()


def test_its_recordings_can_be_played(club: Club) -> None:
    for note in VoiceNote.objects.all():
        with note.file.open() as file:
            assert file.read(4) == b"OggS"


def test_each_change_knows_its_second(club: Club) -> None:
    assert not FieldChange.objects.filter(position_seconds=None).exists()


def test_filling_twice_changes_nothing_and_starts_no_job(club: Club) -> None:
    services.fill_demo_notes(club=club)
    assert (VoiceNote.objects.count(), Job.objects.count()) == (3, 0)
