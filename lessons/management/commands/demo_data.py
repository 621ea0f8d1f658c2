from typing import Any

from django.core.management.base import BaseCommand

from lessons import services


class Command(BaseCommand):
    help = "Makes the demo club with its people, cards and two weeks of lessons; safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        club = services.fill_demo()
        self.stdout.write(f"{club.name}: {club.teachers.count()} teachers, {club.clients.count()} clients, {club.lessons.count()} lessons")
