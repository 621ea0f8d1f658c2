"""The mail catcher of development: an SMTP server on loopback that keeps each message as a file, and what reads them again."""

import asyncio
import re
import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

LARGEST_BYTES = 30_000_000
START_SECONDS = 60  # aiosmtpd's own 5 are too few on a machine that does much else
ID = re.compile(r"\d{8}T\d{12}-[0-9a-f]{8}")  # as `store` names a message
SENT_TO = "X-Envelope-To"  # who the message really went to, which its own headers need not say


class Catcher:
    def __init__(self, directory: Path, delay_seconds: float = 0) -> None:
        self.directory = directory
        self.delay_seconds = delay_seconds

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's name
        await asyncio.sleep(self.delay_seconds)  # a real relay takes its time, and benchmarks want to see it
        try:
            store(self.directory, envelope)
        except OSError as error:
            return f"452 {error.strerror}"
        return "250 OK"


def start_catcher(directory: Path, port: int, delay_seconds: float = 0) -> Controller:
    """Returns once the server answers. Raises OSError where the port is taken."""
    directory.mkdir(parents=True, exist_ok=True)
    socket.create_server(("127.0.0.1", port)).close()  # refused at once; aiosmtpd would tell after 5 s
    controller = Controller(
        Catcher(directory, delay_seconds), hostname="127.0.0.1", port=port, data_size_limit=LARGEST_BYTES, ready_timeout=START_SECONDS
    )
    controller.start()
    return controller


def store(directory: Path, envelope: Envelope) -> None:
    """Whole or not at all: a reader never sees half a message."""
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"
    content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
    unfinished = directory / f".{name}.part"
    unfinished.write_bytes(f"{SENT_TO}: {', '.join(envelope.rcpt_tos)}\r\n".encode() + content)
    unfinished.replace(directory / f"{name}.eml")


@dataclass(frozen=True)
class Mail:
    id: str
    message: EmailMessage

    @property
    def received_at(self) -> datetime:
        return datetime.strptime(self.id.partition("-")[0], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)

    @property
    def subject(self) -> str:
        return str(self.message["Subject"] or "")

    @property
    def sent_to(self) -> str:
        return str(self.message[SENT_TO] or "")

    @property
    def attachments(self) -> "list[EmailMessage[str, str]]":
        return list(self.message.iter_attachments())

    def body(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        return part.get_content() if part else ""


def find(directory: Path, id: str) -> Mail | None:
    if not ID.fullmatch(id):
        return None
    try:
        return Mail(id, message_from_bytes((directory / f"{id}.eml").read_bytes(), EmailMessage, policy=policy.default))
    except FileNotFoundError:
        return None


def newest_first(directory: Path) -> Iterator[Mail]:
    for path in sorted(directory.glob("*.eml"), reverse=True):
        if mail := find(directory, path.stem):
            yield mail
