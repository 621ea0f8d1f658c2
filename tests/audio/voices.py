"""Real recordings, spoken here: English by flite, French by espeak-ng, written in every format that browsers and phones record in."""

import subprocess
import wave
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import numpy as np
from av.audio.resampler import AudioResampler

FORMATS = {  # container, codec, rate
    "webm": ("webm", "libopus", 48000),
    "ogg": ("ogg", "libopus", 48000),
    "mp4": ("mp4", "aac", 44100),
    "mp3": ("mp3", "libmp3lame", 44100),
    "flac": ("flac", "flac", 16000),
    "aac": ("adts", "aac", 44100),
}
HELLO = "hello my name is john smith and i am thirty five years old"


@cache
def english(text: str = HELLO, voice: str = "rms") -> bytes:
    return _spoken("flite", "-voice", voice, "-t", text, "-o")


@cache
def french(text: str = "Bonjour, je m'appelle Jean Dupont.") -> bytes:
    return _spoken("espeak-ng", "-v", "fr", text, "-w")


@cache
def noise(seconds: float, loudness: float = 0.2) -> bytes:
    return _wav(np.random.default_rng(1).normal(size=int(seconds * 16000)) * loudness)


def joined(*parts: bytes) -> bytes:
    """One recording after the other."""
    return _wav(np.concatenate([_samples(part) for part in parts]))


def quieter(content: bytes, gain: float) -> bytes:
    return _wav(_samples(content) * gain)


def _samples(content: bytes) -> Any:
    with wave.open(BytesIO(content)) as file:
        assert (file.getframerate(), file.getnchannels()) == (16000, 1)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768


def _wav(samples: Any) -> bytes:
    out = BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes((samples.clip(-1, 1) * 32767).astype("<i2").tobytes())
    return out.getvalue()


def _spoken(*command: str) -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "voice.wav"
        subprocess.run([*command, str(file)], check=True, capture_output=True)
        return file.read_bytes()


@cache
def recorded(kind: str, wav: bytes | None = None, live: bool = False, comment: str = "") -> bytes:
    """`live`: without a length in its header, as a browser writes while somebody still speaks."""
    container, codec, rate = FORMATS[kind]
    out, options = BytesIO(), {"live": "1"} if live else {}
    with av.open(out, "w", format=container, options=options) as target, av.open(BytesIO(wav or english()), "r") as source:
        target.metadata.update({"comment": comment} if comment else {})
        stream: Any = target.add_stream(codec, rate=rate, layout="mono")
        resampler = AudioResampler(stream.format.name, "mono", rate, frame_size=stream.codec_context.frame_size or 1024)
        for frame in [*source.decode(audio=0), None]:
            for piece in resampler.resample(frame):
                target.mux(stream.encode(piece))
        target.mux(stream.encode(None))
    return out.getvalue()


def film() -> bytes:
    """A picture that moves and a voice beside it, as a telephone records."""
    out = BytesIO()
    with av.open(out, "w", format="mp4") as target, av.open(BytesIO(english()), "r") as source:
        pictures: Any = target.add_stream("mpeg4", rate=10)
        sound: Any = target.add_stream("aac", rate=44100, layout="mono")
        pictures.width = pictures.height = 64
        pictures.pix_fmt = "yuv420p"
        for number in range(20):
            frame = av.VideoFrame(64, 64, "yuv420p")
            frame.pts = number
            target.mux(pictures.encode(frame))
        resampler = AudioResampler("fltp", "mono", 44100, frame_size=1024)
        for piece in [piece for frame in [*source.decode(audio=0), None] for piece in resampler.resample(frame)]:
            target.mux(sound.encode(piece))
        target.mux(pictures.encode(None))
        target.mux(sound.encode(None))
    return out.getvalue()
