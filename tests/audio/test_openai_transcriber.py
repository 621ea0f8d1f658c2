"""A server of OpenAI's protocol, over real HTTP: what it hears, and everything that it can do wrong."""

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from audio.transcription import Transcript, transcriber
from jobs.registry import PermanentError, RetryableError
from tests.audio import voices
from tests.audio.listening import hear
from tests.audio.openai_server import Answer, Server, refusal, running
from tests.audio.studio import wav

pytestmark = pytest.mark.usefixtures("in_english")
WORDS = ("Bonjour", "je", "m'appelle", "Jean", "Dupont")
VERBOSE = {
    "text": "Bonjour, je m'appelle Jean Dupont.",
    "language": "french",
    "duration": 2.0,
    "words": [
        {"word": word, "start": place / 2, "end": place / 2 + 0.4}
        for place, word in enumerate(["Bonjour", "je", "m'appelle", "Jean", "Dupont"])
    ],
    "segments": [{"id": 0, "start": 0.0, "end": 3.0, "text": " Bonjour, je m'appelle Jean Dupont.", "no_speech_prob": 0.01}],
}


@pytest.fixture
def server(settings: Settings) -> Iterator[Server]:
    with running() as server:
        settings.TRANSCRIBER, settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = "openai", server.url, "sk-of-the-club"
        settings.OPENAI_TRANSCRIPTION_MODEL, settings.OPENAI_TIMEOUT = "whisper-1", 30
        yield server


def listen(language: str | None = "fr") -> Transcript:
    return hear(voices.recorded("webm", live=True), language)


def test_what_the_server_hears_is_kept_with_the_times_of_its_words(server: Server) -> None:
    server.says(VERBOSE)
    transcript = listen()
    assert transcript.text == VERBOSE["text"]
    assert [(word.text, word.start_seconds) for word in transcript.words][3:] == [("Jean", 1.5), ("Dupont", 2.0)]


def test_it_is_given_the_recording_as_it_was_made(server: Server) -> None:
    server.says(VERBOSE)
    listen()
    [asked] = server.asked
    assert voices.recorded("webm", live=True) in asked.content
    assert asked.file_name == "note.webm"
    assert asked.headers["Authorization"] == "Bearer sk-of-the-club"
    assert (asked.form["model"], asked.form["language"], asked.form["response_format"]) == ("whisper-1", "fr", "verbose_json")


@pytest.mark.parametrize(("kind", "name"), [("mp4", "note.m4a"), ("mp3", "note.mp3"), ("ogg", "note.ogg")])
def test_it_is_told_the_type_that_the_recording_has(server: Server, kind: str, name: str) -> None:
    server.says(VERBOSE)
    hear(voices.recorded(kind))
    assert server.asked[0].file_name == name


def test_a_server_without_times_gives_the_text_alone(server: Server) -> None:
    server.says(refusal(400, "response_format verbose_json is not supported"), {"text": "Bonjour."})
    assert listen() == Transcript("Bonjour.", "fr")
    assert [asked.form["response_format"] for asked in server.asked] == ["verbose_json", "json"]
    assert voices.recorded("webm", live=True) in server.asked[1].content


def test_without_a_language_the_server_finds_out(server: Server) -> None:
    server.says(VERBOSE)
    assert listen(None).language == "french"
    assert "language" not in server.asked[0].form


def test_of_silence_the_server_is_not_even_asked(server: Server) -> None:
    server.says(VERBOSE)
    assert hear(wav(seconds=5), "fr").text == ""
    assert server.asked == []


def test_a_sentence_that_the_server_takes_for_silence_is_dropped(server: Server) -> None:
    segments = [*VERBOSE["segments"], {"start": 3.0, "end": 5.0, "text": " Sous-titres.", "no_speech_prob": 0.97}]  # type: ignore[misc]  # a list
    words = [*VERBOSE["words"], {"word": "Sous-titres", "start": 3.5, "end": 4.0}]  # type: ignore[misc]  # a list
    server.says({**VERBOSE, "text": f"{VERBOSE['text']} Sous-titres.", "segments": segments, "words": words})
    transcript = listen()
    assert transcript.text == VERBOSE["text"]
    assert transcript.words[-1].text == "Dupont"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413])
def test_a_refusal_is_final_and_told_in_the_servers_words(server: Server, status: int) -> None:
    server.refuses(status, "Incorrect API key provided.")
    with pytest.raises(PermanentError, match=rf"\({status}\).* OPENAI_.*: Incorrect API key provided\.$"):
        listen()


def test_an_account_without_credit_is_final(server: Server) -> None:
    server.refuses(429, "You exceeded your current quota.", "insufficient_quota")
    with pytest.raises(PermanentError, match="exceeded your current quota"):
        listen()


def test_too_many_requests_are_tried_again_when_the_server_says(server: Server) -> None:
    server.refuses(429, "Slow down.", retry_after="77")
    with pytest.raises(RetryableError, match="busy: Slow down") as caught:
        listen()
    assert caught.value.after == 77


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_failure_of_the_server_is_tried_again(server: Server, status: int) -> None:
    server.refuses(status, "secret stack trace")
    with pytest.raises(RetryableError, match=rf"had a failure of its own \({status}\)\.$"):
        listen()
    assert len(server.asked) == 1  # by the queue, which knows how much time is left


def test_a_server_that_hangs_is_tried_again(server: Server, settings: Settings) -> None:
    settings.OPENAI_TIMEOUT = 0.5
    server.says(Answer(hang=True))
    with pytest.raises(RetryableError, match="did not answer in time"):
        listen()


def test_a_server_that_is_not_there_is_tried_again(settings: Settings) -> None:
    with running() as gone:
        settings.TRANSCRIBER, settings.OPENAI_BASE_URL = "openai", gone.url
    with pytest.raises(RetryableError, match="could not be reached"):
        listen()


BROKEN: dict[str, Any] = {
    "JSON that ends too soon": b'{"text": "Bonjour, je m\'app',
    "a page instead": b"<!doctype html><title>Welcome</title>",
    "no text": {"task": "transcribe"},
    "a text that is none": {"text": {"a": 1}},
    "words of the wrong kind": {**VERBOSE, "words": [{"word": 3, "start": "now"}]},
    "nothing": b"",
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=list(BROKEN))
def test_an_answer_that_cannot_be_read_is_tried_again(server: Server, body: Any) -> None:
    server.says(body)
    with pytest.raises(RetryableError, match="incomplete or could not be read"):
        listen()


def test_a_line_that_is_cut_in_the_middle_is_tried_again(server: Server) -> None:
    server.says(Answer(VERBOSE, cut=40))
    with pytest.raises(RetryableError, match="could not be reached"):
        listen()


def test_progress_reaches_the_end(server: Server) -> None:
    server.says(VERBOSE)
    seen: list[float] = []
    hear(voices.english(), "en", lambda done, total: seen.append(done / total))
    assert (seen[0], seen[-1]) == (0, 1)


def models(*names: str) -> dict[str, Any]:
    return {"object": "list", "data": [{"id": name, "object": "model", "created": 1, "owned_by": "us"} for name in names]}


def test_its_diagnosis_finds_the_model(server: Server) -> None:
    server.says(models("whisper-1", "gpt-4o-mini"))
    assert transcriber().diagnose().level == "ok"


def test_its_diagnosis_misses_a_model_that_the_server_has_not(server: Server) -> None:
    server.says(models("other"))
    diagnosis = transcriber().diagnose()
    assert (diagnosis.level, "whisper-1" in diagnosis.what) == ("warn", True)


def test_a_small_server_that_lists_no_models_works(server: Server) -> None:
    server.refuses(404, "There is no such page.")
    assert transcriber().diagnose().level == "ok"


def test_its_diagnosis_names_a_wrong_key(server: Server) -> None:
    server.refuses(401, "Incorrect API key provided.")
    diagnosis = transcriber().diagnose()
    assert (diagnosis.level, "Incorrect API key" in diagnosis.what, "OPENAI_API_KEY" in diagnosis.remedy) == ("fail", True, True)


def test_its_diagnosis_names_a_missing_key(settings: Settings) -> None:
    settings.TRANSCRIBER, settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = "openai", "", ""
    assert transcriber().diagnose().level == "fail"
