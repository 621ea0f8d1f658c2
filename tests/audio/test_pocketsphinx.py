"""The embedded transcriber: clear English, offline, and honest about it."""

import threading

import pytest
from pytest_django import Settings

from audio.transcription import spoken_language, transcriber
from jobs.registry import PermanentError
from tests.audio import voices
from tests.audio.listening import hear, word_error_rate
from tests.audio.studio import wav

SENTENCES = (
    voices.HELLO,
    "please call me on monday morning about the riding lesson",
    "she lives in a small house near the river with her two children",
    "his telephone number is zero four seven one two three four five six seven",
    "the horse was calm today and he worked very well in the arena",
)


@pytest.fixture(autouse=True)
def embedded(settings: Settings) -> None:
    settings.TRANSCRIBER = "pocketsphinx"


def test_it_is_what_runs_without_any_setting(settings: Settings) -> None:
    assert transcriber().name == "pocketsphinx"


@pytest.mark.parametrize("voice", ["rms", "slt"])
def test_clear_english_is_understood(voice: str) -> None:
    rates = [word_error_rate(text, hear(voices.english(text, voice)).text) for text in SENTENCES]
    assert sum(rates) / len(rates) <= 0.25


def test_a_browsers_recording_is_understood_as_well() -> None:
    assert word_error_rate(voices.HELLO, hear(voices.recorded("webm", live=True)).text) <= 0.25


def test_each_word_has_its_place_in_the_recording() -> None:
    transcript = hear(voices.english())
    assert [word.text for word in transcript.words] == transcript.text.split()
    starts = [word.start_seconds for word in transcript.words]
    assert starts == sorted(starts)
    assert all(word.start_seconds < word.end_seconds < 4.5 for word in transcript.words)


def test_words_after_a_silence_keep_their_place() -> None:
    late = hear(voices.joined(wav(seconds=3), voices.english()))
    early = hear(voices.english())
    assert late.words[0].text == early.words[0].text == "hello"
    assert late.words[0].start_seconds == pytest.approx(early.words[0].start_seconds + 3, abs=0.3)


def test_speech_without_a_pause_is_heard_in_pieces() -> None:
    """So that a note can be cancelled, and its progress seen."""
    seen: list[float] = []
    transcript = hear(voices.joined(*[voices.english()] * 8), progress=lambda done, total: seen.append(done / total))
    assert len(seen) > 2
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1, abs=0.1)
    assert transcript.text.count("hello my name is") > 5


def test_a_cancelled_note_is_not_heard_to_its_end() -> None:
    class Cancelled(Exception):
        pass

    def cancel(done: float, total: float) -> None:
        if done > 0:
            raise Cancelled

    with pytest.raises(Cancelled):
        hear(voices.joined(voices.english(), wav(seconds=2), voices.english()), progress=cancel)
    assert word_error_rate(voices.HELLO, hear(voices.english()).text) <= 0.25  # the next note is not disturbed


@pytest.mark.parametrize("content", [wav(seconds=5), wav(seconds=5, hertz=433), voices.noise(3, 0.01), voices.noise(3, 0.2)])
def test_what_is_no_speech_has_no_words(content: bytes) -> None:
    assert hear(content).text == ""


def test_a_quiet_voice_is_heard() -> None:
    assert word_error_rate(voices.HELLO, hear(voices.quieter(voices.english(voice="kal16"), 0.015)).text) <= 0.25


@pytest.mark.usefixtures("in_english")
def test_a_french_note_is_refused_instead_of_guessed_at() -> None:
    with pytest.raises(PermanentError, match="understands spoken English only"):
        hear(voices.french(), language="fr")


def test_a_note_of_which_nobody_says_the_language_is_taken_for_english(settings: Settings) -> None:
    assert spoken_language("fr") == "en"
    settings.TRANSCRIBER = "faster-whisper"
    assert spoken_language("fr") == "fr"


def test_two_notes_at_once_do_not_mix() -> None:
    """A request that works inline and a thread beside it share one decoder."""
    heard: dict[str, str] = {}

    def listen(text: str) -> None:
        heard[text] = hear(voices.english(text)).text

    threads = [threading.Thread(target=listen, args=(text,)) for text in SENTENCES[:3]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(word_error_rate(text, heard[text]) <= 0.25 for text in SENTENCES[:3])


@pytest.mark.usefixtures("in_english")
def test_its_diagnosis_names_the_better_choices() -> None:
    diagnosis = transcriber().diagnose()
    assert diagnosis.level == "warn"
    assert "English only" in diagnosis.what
    assert "faster-whisper" in diagnosis.remedy
