from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audio.services import fill_demo_notes
from lessons.services import fill_demo, fill_demo_programmes
from letters.services import fill_demo_letters
from staffing.services import make_reference_set


class Command(BaseCommand):
    help = "Makes the demo club: people, cards, lessons, programmes, the words of its letters, voice notes, reference data; safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--centres", type=int, default=300, help="of the reference data, up to 5000; what is there already stays")
        parser.add_argument("--tasks", type=int, default=80, help="of the reference data, up to 200")
        parser.add_argument("--seed", type=int, default=1, help="another makes other reference data, the same the same")

    def handle(self, *args: Any, **options: Any) -> None:
        club = fill_demo()
        fill_demo_programmes(club=club)
        fill_demo_letters(club=club)
        try:
            make_reference_set(club=club, **{name: options[name] for name in ("centres", "tasks", "seed")})
        except ValueError as error:
            raise CommandError(str(error)) from error
        fill_demo_notes(club=club)
        names = ("teachers", "clients", "lessons", "programmes", "voice_notes")
        counts = (f"{getattr(club, name).count()} {name.replace('_', ' ')}" for name in names)
        self.stdout.write(f"{club.name}: {', '.join(counts)}")
