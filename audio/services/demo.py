"""What managers of the demo club have said: notes of a synthetic voice, as the embedded transcriber heard them. Safe to repeat."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.files import File
from django.db import transaction
from django.utils import timezone

from audio.extraction.rules import extract_by_rules
from audio.models import VoiceNote
from lessons.models import Client, Club

from .applying import apply_extraction, day_of
from .files import fingerprint, keep_recording

FOLDER = Path(__file__).resolve().parents[1] / "demo_notes"


def fill_demo_notes(*, club: Club) -> None:
    """Starts no job."""
    with transaction.atomic():
        if club.voice_notes.exists():
            return
        heard = json.loads((FOLDER / "heard.json").read_text())
        for hours_ago, spoken in zip(range(3 * len(heard), 0, -3), heard, strict=True):
            _fill_note(club, spoken, timedelta(hours=hours_ago))


def _fill_note(club: Club, spoken: dict[str, Any], ago: timedelta) -> None:
    first_name, _space, last_name = spoken["client"].partition(" ")
    path = FOLDER / spoken["recording"]
    with path.open("rb") as opened:
        file = File(opened)
        note = VoiceNote.objects.create(
            club=club,
            client=Client.objects.filter(club=club, first_name=first_name, last_name=last_name).first() if first_name else None,
            created_by=User.objects.filter(memberships__club=club).order_by("pk").first(),
            sha256=fingerprint(file),
            file=keep_recording(club=club, file=file, extension=path.suffix),
            content_type="audio/ogg",
            size_bytes=file.size,
            duration_seconds=spoken["seconds"],
            language="en",
            transcription=spoken["text"],
            words=spoken["words"],
            created_at=timezone.now() - ago,
            transcribed_at=timezone.now() - ago,
            processed_at=timezone.now() - ago,
        )
    apply_extraction(note=note, extraction=extract_by_rules(note.transcription, language="en", today=day_of(note)))
    note.changes.update(changed_at=note.created_at)
