"""English without a network, a key or a download: good enough to try everything, never more than that."""

import threading
from collections.abc import Iterator
from functools import cache
from typing import IO, TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext as _

from audio.decoding import SAMPLE_RATE
from audio.diagnosis import Diagnosis

from .contract import Progress, Transcriber, Transcript, Word

if TYPE_CHECKING:
    from audio.decoding import Samples

FRAMES_A_SECOND = 100
MOST_STATES = 3000  # weighed at a time: half the work of the default, and on clear voices not a word worse
WINDOW_SECONDS = 0.6  # of silence between two utterances; a shorter one cuts off first syllables
LONGEST_UTTERANCE_SECONDS = 20  # between two looks whether the note was cancelled
LONGEST_WORD_SECONDS = 2.5  # a tone is heard as one endless word
LOUDEST_GAIN = 20
PEAK = 0.9

_one_at_a_time = threading.Lock()  # a decoder holds one utterance


class PocketSphinx(Transcriber):
    name = "pocketsphinx"
    languages: ClassVar[tuple[str, ...]] = ("en",)

    def hear(self, file: IO[bytes], samples: "Samples", *, language: str | None, progress: Progress) -> Transcript:
        words: list[Word] = []
        total = len(samples) / SAMPLE_RATE
        with _one_at_a_time:
            for start, sound in _utterances(_as_pcm(samples)):
                words += _words(sound, start)
                progress(min(total, start + len(sound) / 2 / SAMPLE_RATE), total)
        return Transcript(" ".join(word.text for word in words), "en", words)

    def diagnose(self) -> Diagnosis:
        _decoder()
        return Diagnosis(
            "warn",
            # Translators: "pocketsphinx : anglais seulement, hors ligne, pour essayer"
            _("pocketsphinx: English only, offline, for trying things out"),
            _("For French, or for real use: TRANSCRIBER=faster-whisper, or openai (README, Voice notes)."),
        )


@cache
def _decoder() -> Any:
    """Its model is loaded once a process."""
    from pocketsphinx import Decoder

    return Decoder(samprate=SAMPLE_RATE, loglevel="FATAL", maxhmmpf=MOST_STATES)


def _as_pcm(samples: "Samples") -> bytes:
    """16 bits, and loud enough for the detection of speech."""
    gain = min(LOUDEST_GAIN, PEAK / max(samples.max(), -samples.min()))
    pcm: bytes = (samples * (gain * 32767)).astype("<i2").tobytes()
    return pcm


def _utterances(pcm: bytes) -> Iterator[tuple[float, bytes]]:
    """What is speech: its start in seconds, and its sound. Neither silence nor a quiet noise is."""
    from pocketsphinx import Endpointer

    endpointer = Endpointer(window=WINDOW_SECONDS, sample_rate=SAMPLE_RATE)
    most = LONGEST_UTTERANCE_SECONDS * SAMPLE_RATE * 2
    sound, start = bytearray(), 0.0
    for place in range(0, len(pcm), endpointer.frame_bytes):
        frame = pcm[place : place + endpointer.frame_bytes]
        whole = len(frame) == endpointer.frame_bytes
        speech = endpointer.process(frame) if whole else endpointer.end_stream(frame)
        if speech is None:
            continue
        start = start if sound else max(endpointer.speech_start, start)
        sound += speech
        if not endpointer.in_speech or len(sound) >= most:
            yield start, bytes(sound)
            start += len(sound) / 2 / SAMPLE_RATE  # where the next one begins, if this one goes on
            sound.clear()
    if sound:
        yield start, bytes(sound)


def _words(sound: bytes, start: float) -> list[Word]:
    decoder = _decoder()
    decoder.start_utt()
    try:
        decoder.process_raw(sound, full_utt=True)
    finally:
        decoder.end_utt()
    heard = [(segment.word.partition("(")[0], segment.start_frame, segment.end_frame + 1) for segment in decoder.seg() or ()]
    return [
        Word(text, round(start + first / FRAMES_A_SECOND, 2), round(start + last / FRAMES_A_SECOND, 2))
        for text, first, last in heard
        if text.strip("<>[]") == text and text and last - first <= LONGEST_WORD_SECONDS * FRAMES_A_SECOND
    ]
