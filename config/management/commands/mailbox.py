import signal
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.mailbox import start_catcher


class Command(BaseCommand):
    help = "Catches the mail of a development machine; read it at /dev/mail/."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=1025)
        parser.add_argument("--delay-ms", type=int, default=0, help="how long each message takes, as a real relay does")

    def handle(self, *, port: int, delay_ms: int, **options: Any) -> None:
        # Blocked before the server's thread starts, so that no other thread takes the signal.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
        try:
            controller = start_catcher(settings.MAILBOX_DIR, port, delay_ms / 1000)
        except OSError as error:
            raise CommandError(f"The mail catcher cannot use port {port}: {error.strerror}.") from error
        self.stdout.write(f"Catching mail on 127.0.0.1:{port}")
        signal.sigwait({signal.SIGTERM, signal.SIGINT})
        controller.stop()
