"""Mail servers on loopback: a real one that keeps what it gets, and one that misbehaves by script."""

import email
import email.policy
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from tests.cluster import PATIENCE_SECONDS


class Catcher:
    """A handler of aiosmtpd."""

    def __init__(self) -> None:
        self.caught: list[tuple[list[str], EmailMessage]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.caught.append((envelope.rcpt_tos, message))
        return "250 OK"


@contextmanager
def real_server() -> Iterator[tuple[int, Catcher]]:
    catcher = Catcher()
    with serving(catcher) as port:
        yield port, catcher


class OwnPort(Controller):
    """Listens where the system found a free port, and has it from the first moment."""

    def __init__(self, handler: Any) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        super().__init__(handler, hostname="127.0.0.1", port=self.listener.getsockname()[1], ready_timeout=PATIENCE_SECONDS)

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self.listener)


@contextmanager
def serving(handler: Any) -> Iterator[int]:
    """A real mail server with this handler of aiosmtpd, at this port."""
    controller = OwnPort(handler)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


class ScriptedServer:
    """Answers each command with what the script says for its verb, `OK` where it says nothing, and `DROP` cuts the line.

    `HANG` waits until the server is closed. `END` is the moment after the final dot. It counts what it has accepted and how
    often somebody called; `hanging` says that it hangs.
    """

    def __init__(self, **script: str) -> None:
        self.script = script
        self.accepted = self.calls = 0
        self.hanging, self.closed = threading.Event(), threading.Event()
        self.lines: list[socket.socket] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "ScriptedServer":
        self.thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.closed.set()
        for line in [self.listener, *self.lines]:
            with suppress(OSError):  # the other side has gone already
                line.shutdown(socket.SHUT_RDWR)
            line.close()
        self.thread.join(PATIENCE_SECONDS)

    def _serve(self) -> None:
        while True:
            try:
                line, _address = self.listener.accept()
            except OSError:
                return
            self.calls += 1
            self.lines.append(line)
            with suppress(OSError), line, line.makefile("rb") as words:  # the other side may be gone at any word
                self._talk(line, words)

    def _talk(self, line: socket.socket, words: Any) -> None:
        if not self._answer(line, "HELLO", "220 ready"):
            return
        for command in words:
            verb = command.split()[0].decode().upper().rstrip(":")
            usual = "354 go on" if verb == "DATA" else "250 fine"
            if not self._answer(line, verb, usual):
                return
            if verb == "DATA" and self.script.get("DATA", "354").startswith("354"):
                if not self._swallow(words):
                    return
                self.accepted += self.script.get("END", "250").startswith("250")  # before the other side can know of it and look
                if not self._answer(line, "END", "250 accepted"):
                    return

    def _answer(self, line: socket.socket, moment: str, usual: str) -> bool:
        answer = self.script.get(moment, usual)
        if answer == "HANG":
            self.hanging.set()
            self.closed.wait(PATIENCE_SECONDS)
        if answer in ("DROP", "HANG"):
            return False
        line.sendall(answer.encode() + b"\r\n")
        return True

    def _swallow(self, words: Any) -> bool:
        """To the final dot, if it comes."""
        return any(text == b".\r\n" for text in words)


@contextmanager
def refusing_port() -> Iterator[int]:
    """Held, so that nobody else comes to listen there, and not listened to."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield int(holder.getsockname()[1])
