"""Voice notes: decoding beside faster-whisper's own, the whole job beside the bare call of the transcriber, uploads, extraction.

The voice is flite's, the transcriber pocketsphinx. Bare call and job take turns in one process, so that both see the same machine.
"""

import os
import sys
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")

import django

django.setup()

from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test.utils import override_settings
from faster_whisper.audio import decode_audio

from audio import services
from audio.decoding import SAMPLE_RATE, decode
from audio.models import VoiceNote
from audio.transcription import sphinx, transcriber
from benchmarks.audio_extraction import measure_extraction
from benchmarks.audio_upload import judge_uploads, measure_uploads
from benchmarks.report import Report, wants_json
from jobs.models import Job
from jobs.worker import drain
from lessons.models import Club
from tests.audio import voices

ROUNDS = int(os.environ.get("ROUNDS", "3"))
NOTES = 3  # a round, each beside a bare call
KINDS = ("webm", "ogg", "mp4", "mp3", "flac")
OURS, PEER, BARE = "Aussitôt", "faster_whisper.decode_audio", "bare transcriber call"
SPEED = "seconds of {} a second"
NOTE = "a note of half a minute, s"
LOADS = "models loaded for all notes of a process"
MEMORY = "memory to decode 10 minutes, MiB"


def main() -> int:
    call_command("migrate", run_syncdb=True, verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("demo_data", verbosity=0)
    report = Report("audio")
    speech = voices.joined(*[voices.english()] * 8)
    for _ in range(ROUNDS):
        measure_decoding(report, speech)
    with override_settings(TRANSCRIBER="pocketsphinx", EXTRACTOR="rules"):
        measure_pipeline(report, voices.recorded("webm", speech, live=True))
    measure_memory(report)
    measure_uploads(report)
    measure_extraction(report)
    judge(report)
    return report.finish(as_json=wants_json())


def judge(report: Report) -> None:
    speeds = {kind: report.median(OURS, SPEED.format(kind)) for kind in KINDS}
    peers = {kind: report.median(PEER, SPEED.format(kind)) for kind in KINDS}
    report.ratio("ratio_vs_faster_whisper_decode_audio", min(speeds[kind] / peers[kind] for kind in KINDS))
    report.ratio("decoding_vs_100_times_real_time", min(speeds.values()) / 100, at_least=1)
    report.ratio("ratio_vs_bare_transcriber_call", report.median(BARE, NOTE) / report.median(OURS, NOTE), at_least=1 / 1.05)
    report.limit(OURS, LOADS, at_most=1)
    report.limit(OURS, MEMORY, at_most=100)
    judge_uploads(report)


def measure_decoding(report: Report, speech: bytes) -> None:
    seconds = len(decode(BytesIO(speech), 600)) / SAMPLE_RATE
    for kind in KINDS:
        content = voices.recorded(kind, speech)
        report.add(PEER, SPEED.format(kind), seconds / time_of(partial(decode_audio, BytesIO(content))))
        report.add(OURS, SPEED.format(kind), seconds / time_of(partial(decode, BytesIO(content), 600)))


def measure_pipeline(report: Report, recording: bytes) -> None:
    """From the claim of the job to its end, beside the same words by the transcriber alone. The first note of both is not counted."""
    bare(recording)
    process_note(recording)
    for _ in range(ROUNDS * NOTES):
        report.add(BARE, NOTE, bare(recording))
        report.add(OURS, NOTE, process_note(recording))
    report.add(OURS, LOADS, sphinx._decoder.cache_info().misses)
    VoiceNote.objects.all().delete()
    drain()  # which erases the recordings
    Job.objects.all().delete()


def bare(recording: bytes) -> float:
    samples = decode(BytesIO(recording), 600)

    def hear() -> None:
        transcriber().transcribe(BytesIO(recording), samples, language="en", progress=lambda done, total: None)

    return time_of(hear)


def process_note(recording: bytes) -> float:
    """In this process, as a worker does it; its words are those of nobody, so no client is kept."""
    club = Club.objects.get(name="Les Écuries du Bois")
    file = SimpleUploadedFile("note.webm", recording)
    note = services.upload_note(club=club, user=User.objects.get(username="manager"), file=file, language="en")
    assert note.job
    Job.objects.waiting().exclude(pk=note.job.pk).delete()
    seconds = time_of(drain)
    note = VoiceNote.objects.get(pk=note.pk)
    assert (note.status, note.transcription.startswith("hello my name is")) == ("done", True), note.error
    if note.client:
        note.client.delete()
    drain()  # which erases the recording
    return seconds


def measure_memory(report: Report) -> None:
    content = voices.recorded("webm", voices.noise(600), live=True)
    tracemalloc.start()
    decode(BytesIO(content), 600)
    report.add(OURS, MEMORY, tracemalloc.get_traced_memory()[1] / 1024**2)
    tracemalloc.stop()


def time_of(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
