from typing import Any

from django.core.management.base import BaseCommand

from audio.services import fill_demo_notes
from lessons.services import fill_demo, fill_demo_programmes
from letters.services import fill_demo_letters
from staffing.services import make_reference_set


class Command(BaseCommand):
    help = "Makes the demo club: people, cards, lessons, programmes, the words of its letters, voice notes, reference data; safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        club = fill_demo()
        fill_demo_programmes(club=club)
        fill_demo_letters(club=club)
        make_reference_set(club=club)
        fill_demo_notes(club=club)
        names = ("teachers", "clients", "lessons", "programmes", "voice_notes")
        counts = (f"{getattr(club, name).count()} {name.replace('_', ' ')}" for name in names)
        self.stdout.write(f"{club.name}: {', '.join(counts)}")
