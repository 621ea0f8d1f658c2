"""The API of a mail service on loopback, which answers by script and keeps what it was asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pytest_django import Settings

from config.mail_services import anymail_settings, backend_of
from tests.cluster import PATIENCE_SECONDS

SECRETS = {"postmark": "reports:a-long-password-of-the-tests", "mailgun": "a-signing-key-of-the-tests"}
YES = {
    "postmark": {"ErrorCode": 0, "Message": "OK", "MessageID": "0a129aee-e1cd-480d-b08d-4f48548ff48d", "To": "t@example.org"},
    "mailgun": {"id": "<20261121.1@mg.example.org>", "message": "Queued. Thank you."},
}
Answer = tuple[int, Any] | str  # a status and a body; or DROP, HANG


class Service(ThreadingHTTPServer):
    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        self.closed = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class Handler(BaseHTTPRequestHandler):
    server: Service
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, dict(self.headers), body))
        answer = self.server.answer
        if isinstance(answer, str):
            if answer == "HANG":
                self.server.closed.wait(PATIENCE_SECONDS)
            self.close_connection = True
            return
        status, words = answer
        content = words if isinstance(words, bytes) else json.dumps(words).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(answer: Answer) -> Iterator[Service]:
    server = Service(answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closed.set()
        server.shutdown()
        server.server_close()
        thread.join(30)


def set_up(settings: Settings, name: str, url: str = "", timeout: int = 60) -> None:
    settings.MAIL_SERVICE, settings.MAIL_WEBHOOK_SECRET = name, SECRETS[name]
    settings.EMAIL_BACKEND = backend_of(name)
    settings.ANYMAIL = anymail_settings(name, key="the-key", url=url, secret=SECRETS[name], timeout=timeout)
