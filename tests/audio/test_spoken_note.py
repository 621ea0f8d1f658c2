"""From a voice to a client's record: real speech, the real transcribers, the real job."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from audio import tasks
from audio.models import VoiceNote
from jobs.claims import Claims
from jobs.models import Job
from jobs.services import cancel
from jobs.worker import drain
from lessons.models import Client
from tests.audio import scripted_whisper, voices
from tests.audio.openai_server import Answer, Server, refusal, running
from tests.audio.studio import Studio, attempt, fresh, wav

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]
JANE = "hello my name is jane smith and my telephone number is zero four seven one two three four five six seven"


@pytest.fixture(autouse=True)
def embedded(settings: Settings) -> None:
    settings.TRANSCRIBER, settings.EXTRACTOR = "pocketsphinx", "rules"


@pytest.fixture
def server(settings: Settings) -> Iterator[Server]:
    with running() as server:
        settings.TRANSCRIBER, settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = "openai", server.url, "a-key"
        yield server


def process(studio: Studio, content: bytes, **options: str) -> VoiceNote:
    note = studio.upload(content, **options)
    drain()
    return fresh(note)


@pytest.mark.parametrize("kind", ["webm", "ogg", "mp4", "mp3"])
def test_a_spoken_note_becomes_a_client(studio: Studio, kind: str) -> None:
    note = process(studio, voices.recorded(kind, voices.english(JANE)))
    client = Client.objects.get(last_name="Smith")
    assert (note.status, note.client, note.client_created) == ("done", client, True)
    assert client.phone.replace(" ", "").endswith("471234567")


def test_each_change_knows_where_in_the_recording_it_was_said(studio: Studio) -> None:
    content = voices.joined(wav(seconds=2), voices.english(JANE))
    changes = process(studio, content).change_rows
    seconds = {change.field: change.position_seconds for change in changes}
    assert seconds["phone"] > seconds["last_name"] > 2  # type: ignore[operator]  # both are known


def test_its_length_is_known_once_it_is_decoded(studio: Studio) -> None:
    note = studio.upload(voices.recorded("webm", live=True))
    assert note.duration_seconds is None
    drain()
    assert fresh(note).duration_seconds == pytest.approx(3.9, abs=0.7)


@pytest.mark.parametrize("content", [wav(seconds=3), wav(seconds=5, hertz=433), voices.noise(3, 0.2)])
def test_of_what_is_no_speech_nothing_is_written(studio: Studio, content: bytes) -> None:
    before = Client.objects.count()
    note = process(studio, content)
    assert (note.status, note.transcription, note.client) == ("done", "", None)
    assert Client.objects.count() == before


def test_a_note_said_to_be_french_is_refused_at_once_and_says_why(studio: Studio) -> None:
    note = process(studio, voices.french(), language="fr")
    assert (note.status, "English only" in note.error) == ("failed", True)
    assert Job.objects.get(kind="audio.process").attempts == 1


def test_french_is_understood_by_whisper(studio: Studio, settings: Settings, tmp_path: Path) -> None:
    model = scripted_whisper.build(tmp_path / "model", "Bonjour, je m'appelle Élodie Martin, j'ai trente-cinq ans.")
    settings.TRANSCRIBER, settings.WHISPER_MODEL, settings.WHISPER_DEVICE = "faster-whisper", str(model), "cpu"
    note = process(studio, voices.recorded("webm", voices.french()), language="fr")
    assert (note.status, str(note.client)) == ("done", "Élodie Martin")


def test_a_missing_model_is_told_to_who_waits(studio: Studio, settings: Settings) -> None:
    settings.TRANSCRIBER, settings.WHISPER_MODEL = "faster-whisper", "small"
    note = process(studio, voices.french(), language="fr")
    assert (note.status, "is not on this server" in note.error) == ("failed", True)


def test_a_service_that_is_busy_decides_when_it_is_asked_again(studio: Studio, server: Server) -> None:
    server.refuses(429, "Slow down.", retry_after="1800")
    note = process(studio, voices.english())
    job = Job.objects.get(kind="audio.process")
    assert (note.status, job.attempts, job.error) == ("pending", 1, "The language service is busy: Slow down.")
    assert job.run_at
    assert (job.run_at - job.created_at).total_seconds() > 1700


def test_after_its_last_attempt_a_note_fails_with_the_reason(studio: Studio, server: Server) -> None:
    server.refuses(503, "maintenance")
    note = studio.upload(voices.english())
    for _ in range(3):
        job = attempt("audio.process")
    assert (job.status, job.attempts, len(server.asked)) == ("error", 3, 3)
    assert "failure of its own (503)" in fresh(note).error


def test_a_note_that_a_service_could_not_hear_at_first_is_heard_later(studio: Studio, server: Server) -> None:
    server.says(refusal(500, "oops"), Answer({"text": "My name is Jane Smith."}))
    note = studio.upload(voices.english())
    for _ in range(2):
        attempt("audio.process")
    assert (fresh(note).status, str(fresh(note).client)) == ("done", "Jane Smith")


def test_who_waits_sees_how_far_it_is(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    report = Claims.report

    def overheard(hold: Claims, job: Job, **changes: Any) -> None:
        seen.append(changes["message"])
        report(hold, job, **changes)

    monkeypatch.setattr(Claims, "report", overheard)
    process(studio, voices.joined(*[voices.english()] * 4))
    assert "0:00 of 0:16 transcribed" in seen
    assert seen.index("Transcribing") < seen.index("Understanding what was said")


def test_a_note_that_takes_too_long_to_hear_says_so_and_is_not_heard_in_vain_again(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "PATIENCE_SECONDS", 0)
    note = process(studio, voices.joined(*[voices.english(), voices.joined(wav(seconds=2))] * 4))
    assert note.error.startswith("Only 0:0")
    assert "Record shorter notes" in note.error
    assert Job.objects.get().attempts == 1


def test_a_note_that_is_cancelled_while_it_is_heard_keeps_nothing(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody cancels between the first words and the next."""
    report = Claims.report

    def cancelled_meanwhile(hold: Claims, job: Job, **changes: Any) -> None:
        if changes["message"].startswith("0:0") and not changes["message"].startswith("0:00"):
            cancel(Job.objects.get(pk=job.pk))
        report(hold, job, **changes)

    monkeypatch.setattr(Claims, "report", cancelled_meanwhile)
    pause = wav(seconds=2)
    note = process(studio, voices.joined(voices.english(), pause, voices.english(), pause, voices.english()))
    assert (note.job and note.job.status, note.transcription, note.client) == ("cancelled", "", None)
