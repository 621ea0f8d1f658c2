"""The club of tests.lessons with a microphone: recordings, and notes whose words are known."""

import math
import struct
import wave
from io import BytesIO
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from audio import services
from audio.extraction import Extraction, Found
from audio.models import FieldChange, VoiceNote
from audio.storage import recordings
from jobs.models import Job
from jobs.worker import drain
from lessons.models import Client
from tests.lessons.world import World

SILENCE_SECONDS = 1.0


class Studio:
    def __init__(self, world: World) -> None:
        self.world, self.club, self.manager = world, world.club, world.manager

    def upload(self, content: bytes | None = None, **options: Any) -> VoiceNote:
        return services.upload_note(club=self.club, user=self.manager, file=recording(content), **options)

    def note(self, text: str = "", client: Client | None = None) -> VoiceNote:
        """Transcribed already; its job waits to read these words."""
        name = recordings().save(f"audio/{self.club.pk}/2026-01-01/note.wav", ContentFile(wav()))
        note = VoiceNote.objects.create(
            club=self.club,
            client=client,
            created_by=self.manager,
            file=name,
            content_type="audio/wav",
            size_bytes=len(wav()),
            sha256="0" * 64,
            language="en",
            transcription=text,
            words=[[word, float(second), second + 0.9] for second, word in enumerate(text.split())],
            transcribed_at=timezone.now(),
        )
        return services.rerun_note(note=note, user=self.manager)

    def hear(self, text: str, client: Client | None = None, **fields: Any) -> VoiceNote:
        """A note that was applied: each field is said by its own value, or by the words beside it."""
        note = self.note(text, client)
        self.apply(note, **fields)
        return fresh(note)

    def apply(self, note: VoiceNote, **fields: Any) -> VoiceNote | None:
        """As the note's job would, had it found these."""
        assert note.job
        return services.apply_note(note=note, extraction=found_in(note.transcription, **fields), job=note.job.pk, hold=nobody_else)

    def client(self, first_name: str, last_name: str = "", **values: Any) -> Client:
        return self.world.client(first_name, last_name=last_name, **{"email": "", **values})


def nobody_else() -> None:
    """Holds a job that no other hand is on."""


def found_in(text: str, **fields: Any) -> Extraction:
    found = {}
    for name, given in fields.items():
        value, words = (given, given) if isinstance(given, str) else given
        start = text.find(words)
        found[name] = Found(value, words, start, start + len(words))
    return Extraction(found)


def fresh(note: VoiceNote) -> VoiceNote:
    return VoiceNote.objects.with_details().get(pk=note.pk)


def history(client: Client) -> list[tuple[str, str, str]]:
    rows = FieldChange.objects.filter(client=client, undone_at=None).order_by("id")
    return list(rows.values_list("field", "old", "new"))


def attempt(kind: str) -> Job:
    """Let the one job of this kind have its next attempt, however long it should wait."""
    Job.objects.waiting().filter(kind=kind).update(run_at=None)
    Job.objects.waiting().exclude(kind=kind).delete()
    drain()
    return Job.objects.get(kind=kind)


def recording(content: bytes | None = None, name: str = "note.wav") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, wav() if content is None else content)


def wav(seconds: float = SILENCE_SECONDS, hertz: int = 0, rate: int = 16000) -> bytes:
    """Silence, or a tone."""
    out = BytesIO()
    frames = (int(8000 * math.sin(2 * math.pi * hertz * n / rate)) for n in range(int(seconds * rate)))
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"".join(struct.pack("<h", frame) for frame in frames) if hertz else bytes(2 * int(seconds * rate)))
    return out.getvalue()
