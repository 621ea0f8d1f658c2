"""From whatever a browser or a phone recorded to samples. What a file is, its content says, never its name.

Nothing here trusts what was uploaded: only the formats and codecs below are opened (a playlist names other files of this machine),
and no more is decoded than was asked for, whatever a header promises.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

if TYPE_CHECKING:
    import av
    import numpy as np
    from av.audio import AudioStream
    from av.audio.resampler import AudioResampler
    from av.container import InputContainer

    Samples = np.ndarray[tuple[int], np.dtype[np.float32]]

SAMPLE_RATE = 16_000
BYTES_A_SAMPLE = 4
MARGIN_SECONDS = 5  # a recorder that stops itself at the limit stops a little after it
SHORTEST_SECONDS = 0.1
RATES = range(4_000, 384_001)  # one sample a second, which a header may claim, would become 16,000
FORMATS = {  # a demuxer's first name → how it is called, its type
    "matroska": ("webm", "audio/webm"),
    "ogg": ("ogg", "audio/ogg"),
    "mov": ("mp4", "audio/mp4"),
    "mp3": ("mp3", "audio/mpeg"),
    "wav": ("wav", "audio/wav"),
    "flac": ("flac", "audio/flac"),
    "aac": ("aac", "audio/aac"),
}
GUESSING = {"mp3", "aac"}  # without a header: their length is guessed from the first seconds
OPTIONS = {
    "format_whitelist": "matroska,webm,ogg,mov,mp4,m4a,3gp,3g2,mj2,mp3,wav,flac,aac",
    "codec_whitelist": "opus,libopus,vorbis,aac,mp3,mp3float,flac,alac,amrnb,amrwb,libopencore_amrnb,libopencore_amrwb,adpcm_ima_wav,"
    "adpcm_ms,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f64le,pcm_u8,pcm_alaw,pcm_mulaw",
    "protocol_whitelist": "none",
    "probesize": "16384",  # a WAV of noise is searched for hidden DTS so far: in all its length 20 ms a megabyte, in the web process
}


class UnreadableAudio(Exception):
    """No second try can read it; the text is for the person who sent it."""


@dataclass(frozen=True)
class Probe:
    container: str
    codec: str
    content_type: str
    duration_seconds: float | None  # None: the file does not say, as a browser's recordings do not


def probe(file: IO[bytes]) -> Probe:
    """A look at its head and its first sound. Raises UnreadableAudio."""
    with _opened(file) as container:
        stream = _sound_of(container)
        frame = next(_frames(container, stream), None)
        if frame is None:
            raise _no_sound()
        name, content_type = FORMATS[container.format.name.split(",")[0]]
        return Probe(name, stream.codec_context.name, content_type, _duration(container, name))


def decode(file: IO[bytes], max_seconds: float) -> Samples:
    """Mono, 16 kHz, from -1 to 1. Of a damaged recording what can be read. Raises UnreadableAudio, also beyond `max_seconds`."""
    import numpy as np

    most = int((max_seconds + MARGIN_SECONDS) * SAMPLE_RATE) * BYTES_A_SAMPLE
    sound = bytearray()
    with _opened(file) as container:
        for piece in _resampled(_frames(container, _sound_of(container))):
            sound += piece
            if len(sound) > most:
                raise UnreadableAudio(too_long(max_seconds))
    if len(sound) < SHORTEST_SECONDS * SAMPLE_RATE * BYTES_A_SAMPLE:
        raise _no_sound()
    samples = np.frombuffer(sound, np.float32)
    return np.nan_to_num(samples, copy=False) if not np.isfinite(samples).all() else samples


class _Nameless:
    """What libav gets to see of a file: its name would weigh in its guess of the format."""

    def __init__(self, file: IO[bytes]) -> None:
        file.seek(0)
        self.read, self.seek, self.tell = file.read, file.seek, file.tell


@contextmanager
def _opened(file: IO[bytes]) -> Iterator[InputContainer]:
    """Trouble of the storage itself passes through as it is: a second try may help."""
    import av

    try:
        with av.open(_Nameless(file), "r", options=OPTIONS, metadata_errors="ignore") as container:
            yield container
    except av.FFmpegError as error:
        if not _size(file):
            # Translators: "Le fichier est vide."
            raise UnreadableAudio(_("The file is empty.")) from error
        # Translators: "Ce fichier n’est pas un enregistrement sonore lisible (WebM, Ogg, MP4, MP3, WAV, FLAC ou AAC), ou il est endommagé."
        words = _("This file is no sound recording that can be read (WebM, Ogg, MP4, MP3, WAV, FLAC or AAC), or it is damaged.")
        raise UnreadableAudio(words) from error


def _sound_of(container: InputContainer) -> AudioStream:
    if not container.streams.audio:
        raise _no_sound()
    return container.streams.audio[0]


def _frames(container: InputContainer, stream: AudioStream) -> Iterator[av.AudioFrame]:
    """A packet that cannot be decoded is left out; where the file breaks off, it ends."""
    import av

    with suppress(av.FFmpegError):
        for packet in container.demux(stream):
            with suppress(av.FFmpegError):
                yield from stream.codec_context.decode(packet)


def _resampled(frames: Iterator[av.AudioFrame]) -> Iterator[memoryview]:
    """Some recordings change their rate or their channels on the way: then another resampler goes on."""
    resampler: AudioResampler | None = None
    shape: Any = None
    for frame in frames:
        if frame.sample_rate not in RATES:
            raise _no_sound()
        if resampler is None or shape != _shape(frame):
            yield from _pieces(resampler, None)
            resampler, shape = _new_resampler(), _shape(frame)
        frame.pts = None  # times that jump must not become gaps
        yield from _pieces(resampler, frame)
    yield from _pieces(resampler, None)


def _new_resampler() -> AudioResampler:
    from av.audio.resampler import AudioResampler

    return AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)


def _shape(frame: av.AudioFrame) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _pieces(resampler: AudioResampler | None, frame: av.AudioFrame | None) -> Iterator[memoryview]:
    if resampler is not None:
        for piece in resampler.resample(frame):
            yield memoryview(piece.planes[0])[: piece.samples * BYTES_A_SAMPLE]


def _duration(container: InputContainer, name: str) -> float | None:
    """As the header says, unless it could only guess; libav itself does not believe a WAV that claims more than the file holds."""
    if name in GUESSING or not container.duration or container.duration < 0:
        return None
    return container.duration / 1_000_000


def _size(file: IO[bytes]) -> int:
    return file.seek(0, 2) or file.tell()


def _no_sound() -> UnreadableAudio:
    # Translators: "Le fichier ne contient aucun son."
    return UnreadableAudio(_("The file holds no sound."))


def too_long(max_seconds: float) -> str:
    minutes = max(1, round(max_seconds / 60))
    # Translators: "L’enregistrement dépasse %(most)d minutes."
    text = ngettext("The recording is longer than %(most)d minute.", "The recording is longer than %(most)d minutes.", minutes)
    return text % {"most": minutes}
