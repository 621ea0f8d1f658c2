"""What browsers and phones record becomes samples; what is no recording is said to be none."""

import struct
import tracemalloc
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from audio.decoding import MARGIN_SECONDS, SAMPLE_RATE, UnreadableAudio, decode, probe
from tests.audio import voices
from tests.audio.studio import wav

TYPES = {"webm": "webm", "ogg": "ogg", "mp4": "mp4", "mp3": "mpeg", "flac": "flac", "aac": "aac"}


def samples_of(content: bytes, max_seconds: float = 60) -> Any:
    return decode(BytesIO(content), max_seconds)


def seconds_of(content: bytes) -> float:
    return len(samples_of(content)) / SAMPLE_RATE


@cache
def spoken_seconds() -> float:
    return seconds_of(voices.english())


@pytest.mark.parametrize("kind", TYPES)
def test_every_format_is_known_by_what_it_holds(kind: str) -> None:
    found = probe(BytesIO(voices.recorded(kind)))
    assert (found.container, found.content_type) == (kind, f"audio/{TYPES[kind]}")


@pytest.mark.parametrize("kind", TYPES)
def test_every_format_sounds_as_what_was_spoken(kind: str) -> None:
    original, heard = samples_of(voices.english()), samples_of(voices.recorded(kind))
    assert len(heard) / SAMPLE_RATE == pytest.approx(spoken_seconds(), abs=0.1)
    loudness = [np.sqrt(np.mean(samples**2)) for samples in (original, heard)]
    assert loudness[1] == pytest.approx(loudness[0], rel=0.1)


@pytest.mark.parametrize("kind", TYPES)
def test_a_long_comment_before_the_sound_hides_nothing(kind: str) -> None:
    content = voices.recorded(kind, comment="x" * 300_000)
    assert probe(BytesIO(content)).content_type == f"audio/{TYPES[kind]}"
    assert seconds_of(content) == pytest.approx(spoken_seconds(), abs=0.1)


def test_samples_are_mono_at_16_khz_between_minus_one_and_one() -> None:
    samples = samples_of(wav(seconds=1, hertz=440, rate=48000))
    assert (samples.dtype, samples.ndim) == (np.float32, 1)
    assert len(samples) == pytest.approx(SAMPLE_RATE, rel=0.01)
    assert 0.2 < np.abs(samples).max() <= 1


def test_silence_is_a_right_answer() -> None:
    assert not samples_of(wav(seconds=2)).any()


def test_a_browsers_recording_says_nothing_of_its_length() -> None:
    live = voices.recorded("webm", live=True)
    assert probe(BytesIO(live)).duration_seconds is None
    assert seconds_of(live) == pytest.approx(spoken_seconds(), abs=0.1)


def test_the_length_in_a_header_is_known_before_anything_is_decoded() -> None:
    assert probe(BytesIO(wav(seconds=3))).duration_seconds == pytest.approx(3)
    assert probe(BytesIO(voices.recorded("mp4"))).duration_seconds == pytest.approx(spoken_seconds(), abs=0.1)


def test_a_length_that_could_only_be_guessed_is_not_told() -> None:
    assert probe(BytesIO(voices.recorded("mp3"))).duration_seconds is None


def test_of_a_film_the_sound_is_heard() -> None:
    found = probe(BytesIO(voices.film()))
    assert (found.content_type, found.codec) == ("audio/mp4", "aac")
    assert seconds_of(voices.film()) == pytest.approx(spoken_seconds(), abs=0.2)


@pytest.mark.parametrize("claimed", [0xFFFFFF00, 0xFFFFFFFF, 0])
def test_a_header_that_claims_4_gb_is_not_believed(claimed: int) -> None:
    content = bytearray(wav(seconds=2))
    content[4:8] = struct.pack("<I", 0xFFFFFFFF)
    content[40:44] = struct.pack("<I", claimed)
    assert probe(BytesIO(content)).duration_seconds == pytest.approx(2, abs=0.1)
    assert seconds_of(bytes(content)) == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("kind", ["webm", "ogg", "mp3"])
def test_of_a_recording_that_breaks_off_what_is_there_is_kept(kind: str) -> None:
    content = voices.recorded(kind)
    assert seconds_of(content[: len(content) // 2]) == pytest.approx(spoken_seconds() / 2, rel=0.3)


def test_of_a_damaged_recording_the_rest_is_kept() -> None:
    content = bytearray(voices.recorded("webm"))
    for place in range(3000, len(content), 1500):
        content[place] ^= 255
    assert seconds_of(bytes(content)) > spoken_seconds() / 2


def test_a_name_decides_nothing(tmp_path: Path) -> None:
    file = tmp_path / "note.mp3"
    file.write_bytes(voices.recorded("webm"))
    with file.open("rb") as opened:
        assert probe(opened).container == "webm"


def jpeg() -> bytes:
    out = BytesIO()
    Image.new("RGB", (300, 200)).save(out, "JPEG")
    return out.getvalue()


NO_SOUND: dict[str, Callable[[], bytes]] = {
    "a picture": jpeg,
    "a text": lambda: b"Hello, I am no sound. " * 2000,
    "noise of bytes": lambda: np.random.default_rng(1).bytes(200_000),
    "half an mp4, whose index is at its end": lambda: voices.recorded("mp4")[:10_000],
    "a header alone": lambda: voices.recorded("webm")[:300],
    "an archive": lambda: b"PK\x03\x04" + bytes(5000),
}


@pytest.mark.usefixtures("in_english")
@pytest.mark.parametrize("content", NO_SOUND.values(), ids=list(NO_SOUND))
def test_what_is_no_recording_is_refused(content: Callable[[], bytes]) -> None:
    with pytest.raises(UnreadableAudio, match="no sound recording"):
        probe(BytesIO(content()))
    with pytest.raises(UnreadableAudio, match="no sound recording"):
        decode(BytesIO(content()), 60)


@pytest.mark.usefixtures("in_english")
def test_an_empty_file_is_said_to_be_empty() -> None:
    with pytest.raises(UnreadableAudio, match="The file is empty"):
        probe(BytesIO(b""))


@pytest.mark.usefixtures("in_english")
@pytest.mark.parametrize("content", [wav(seconds=0), wav(seconds=0.01)])
def test_a_recording_without_sound_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableAudio, match="holds no sound"):
        decode(BytesIO(content), 60)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("list.txt", "ffconcat version 1.0\nfile secret.mp3\n"),
        ("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nsecret.mp3\n#EXT-X-ENDLIST\n"),
    ],
)
def test_a_playlist_opens_no_file_of_this_machine(name: str, content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """libav would play it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.mp3").write_bytes(voices.recorded("mp3"))
    (tmp_path / name).write_text(content)
    with av.open(str(tmp_path / name)) as naive:
        assert naive.streams.audio
    with (tmp_path / name).open("rb") as file, pytest.raises(UnreadableAudio):
        decode(file, 60)


@pytest.mark.parametrize("rate", [1, 100, 1_000_000])
def test_a_rate_at_which_nobody_records_is_refused(rate: int) -> None:
    """A byte a second would become 16,000 samples."""
    content = bytearray(wav(seconds=1))
    content[24:32] = struct.pack("<II", rate, 2 * rate)
    with pytest.raises(UnreadableAudio):
        decode(BytesIO(content), 600)


@pytest.mark.usefixtures("in_english")
def test_what_is_too_long_is_refused_without_decoding_it_all() -> None:
    """A browser's recording tells it by no header."""
    file = BytesIO(voices.recorded("webm", voices.noise(400), live=True))
    tracemalloc.start()
    with pytest.raises(UnreadableAudio, match="longer than 1 minute"):
        decode(file, 60)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert file.tell() < len(file.getvalue()) / 2
    assert peak < 2.5 * (60 + MARGIN_SECONDS) * SAMPLE_RATE * 4


def test_a_recorder_that_stops_itself_at_the_limit_is_not_too_late() -> None:
    assert len(samples_of(wav(seconds=61), max_seconds=60)) == 61 * SAMPLE_RATE


class Storage(BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        raise ConnectionResetError("the storage hung up")


def test_trouble_of_the_storage_is_not_taken_for_a_bad_file() -> None:
    """The queue tries again."""
    with pytest.raises(ConnectionResetError):
        decode(Storage(voices.recorded("webm")), 60)
