from typing import Any

from django.core.management.base import BaseCommand

from audio.services import fill_demo_notes
from lessons.services import fill_demo
from letters.services import fill_demo_letters


class Command(BaseCommand):
    help = (
        "Makes the demo club with its people, cards, two weeks of lessons, the words of its letters and some voice notes; safe to repeat."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        club = fill_demo()
        fill_demo_letters(club=club)
        fill_demo_notes(club=club)
        names = ("teachers", "clients", "lessons", "voice_notes")
        counts = (f"{getattr(club, name).count()} {name.replace('_', ' ')}" for name in names)
        self.stdout.write(f"{club.name}: {', '.join(counts)}")
