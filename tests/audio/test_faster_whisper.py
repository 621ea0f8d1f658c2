"""The real faster-whisper, from detecting speech to aligning words, with a model that hears what its script says."""

import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django import Settings

from audio.transcription import transcriber, whisper
from jobs.registry import PermanentError
from tests.audio import scripted_whisper, voices
from tests.audio.listening import hear
from tests.audio.studio import wav

SAID = "Bonjour, je m'appelle Élodie Martin, j'ai trente-cinq ans."


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scripted_whisper.build(tmp_path_factory.mktemp("whisper"), SAID)


@pytest.fixture(autouse=True)
def scripted(settings: Settings, model: Path, tmp_path: Path) -> None:
    settings.TRANSCRIBER, settings.WHISPER_MODEL, settings.VAR_DIR = "faster-whisper", str(model), tmp_path
    settings.WHISPER_DEVICE, settings.WHISPER_COMPUTE_TYPE, settings.WHISPER_DOWNLOAD = "cpu", "default", False


def test_french_is_written_down() -> None:
    transcript = hear(voices.french(), "fr")
    assert (transcript.text, transcript.language) == (SAID, "fr")


def test_each_word_has_its_place_in_the_recording() -> None:
    """Between spaces: Whisper's own pieces cut « j'ai » and « trente-cinq » in two."""
    words = hear(voices.french(), "fr").words
    assert [word.text for word in words] == SAID.split()
    starts = [word.start_seconds for word in words]
    assert starts == sorted(starts)
    assert 0 < starts[-1] < 4


def test_words_after_a_silence_keep_their_place() -> None:
    words = hear(voices.joined(wav(seconds=4), voices.english()), "en").words
    assert words[0].start_seconds > 3


def test_without_a_language_it_finds_out_by_itself() -> None:
    assert hear(voices.french(), None).text == SAID


@pytest.mark.parametrize("content", [wav(seconds=5), voices.noise(3, 0.01)])
def test_of_silence_nothing_is_invented(content: bytes) -> None:
    """Whatever it is given, this model says its sentence: the detection of speech comes before it."""
    assert hear(content, "fr").text == ""


def test_what_the_model_itself_takes_for_silence_is_dropped(settings: Settings, tmp_path: Path) -> None:
    settings.WHISPER_MODEL = str(scripted_whisper.build(tmp_path / "m", "Sous-titres réalisés par la communauté.", silent=True))
    transcript = hear(voices.french(), "fr")
    assert (transcript.text, transcript.words) == ("", [])


def test_progress_is_told_in_seconds_of_the_recording() -> None:
    seen: list[tuple[float, float]] = []
    hear(voices.joined(*[voices.english()] * 12), "en", lambda done, total: seen.append((done, total)))
    assert len(seen) > 2
    assert seen == sorted(seen)
    assert all(0 <= done <= total for done, total in seen)


def test_a_cancelled_note_is_not_heard_to_its_end() -> None:
    seen: list[float] = []

    def cancel(done: float, total: float) -> None:
        seen.append(done)
        if done > 0:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        hear(voices.joined(*[voices.english()] * 12), "en", cancel)
    assert seen[-1] < 40


def test_its_model_is_loaded_once_a_process() -> None:
    assert whisper.load_model(download=False) is whisper.load_model(download=False)


@pytest.mark.usefixtures("in_english")
@pytest.mark.parametrize("name", ["small", "no-such-size", "/nowhere/at/all"])
def test_a_model_that_is_not_there_is_said_so_and_not_fetched(settings: Settings, name: str) -> None:
    settings.WHISPER_MODEL = name
    with pytest.raises(PermanentError, match="is not on this server"):
        hear(voices.french(), "fr")
    diagnosis = transcriber().diagnose()
    assert diagnosis.level == "fail"
    assert "WHISPER_MODEL" in diagnosis.remedy


@pytest.mark.usefixtures("in_english")
def test_a_folder_without_a_model_is_said_so(settings: Settings, tmp_path: Path) -> None:
    settings.WHISPER_MODEL = str(tmp_path)
    assert transcriber().diagnose().level == "fail"


@pytest.mark.usefixtures("in_english")
def test_a_model_that_may_be_fetched_is_announced(settings: Settings) -> None:
    settings.WHISPER_MODEL, settings.WHISPER_DOWNLOAD = "small", True
    diagnosis = transcriber().diagnose()
    assert (diagnosis.level, "will be fetched" in diagnosis.what) == ("warn", True)


def test_its_diagnosis_loads_the_model() -> None:
    assert transcriber().diagnose().level == "ok"


@pytest.mark.usefixtures("in_english")
def test_without_its_package_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    whisper._load.cache_clear()
    with pytest.raises(PermanentError, match="package faster-whisper is missing"):
        hear(voices.french(), "fr")
    assert "requirements-whisper.txt" in transcriber().diagnose().remedy


def test_a_web_process_loads_nothing_of_it() -> None:
    code = "import django; django.setup(); import audio.transcription, sys; sys.exit('faster_whisper' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
