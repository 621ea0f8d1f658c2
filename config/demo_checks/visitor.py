"""Who does the check: a client program with nothing but the standard library, and the words in which it says what it missed."""

import json
import re
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, Request, build_opener, urlopen

WAIT_SECONDS = 60
Step = tuple[str, Callable[[], str]]  # what is done, and the doing, which says what it saw


class NotSeenError(Exception):
    """An effect that should be there and is not."""


@dataclass
class Answer:
    status: int
    body: Any


@dataclass
class Visitor:
    """Somebody with a token, or nobody yet."""

    url: str
    token: str = ""

    def get(self, path: str, **query: Any) -> Answer:
        return self.send("GET", f"{path}?{urlencode(query)}" if query else path)

    def post(self, path: str, body: dict[str, Any], **headers: str) -> Answer:
        return self.send("POST", path, body, headers)

    def upload(self, path: str, file: Path, **fields: str) -> Answer:
        body, content_type = as_form(fields, file)
        return self.send("POST", path, body, {"Content-Type": content_type})

    def send(self, method: str, path: str, body: dict[str, Any] | bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        status, content = self.exchange(method, path, body, headers)
        return Answer(status, parse(content))

    def fetch(self, path: str) -> bytes:
        """A file, such as a PDF."""
        status, content = self.exchange("GET", path)
        require(status == 200, f"GET {path}: {status}")
        return content

    def exchange(
        self, method: str, path: str, body: dict[str, Any] | bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        sent = {"Accept": "application/json", "Accept-Language": "fr", "Content-Type": "application/json", **(headers or {})}
        if self.token:
            sent["Authorization"] = f"Token {self.token}"
        address = path if path.startswith("http") else self.url + path
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        try:
            with urlopen(Request(address, data, sent, method=method), timeout=30) as answer:
                return answer.status, answer.read()
        except HTTPError as error:
            with error:
                return error.code, error.read()

    def create(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.post(path, body)
        require(answer.status == 201, f"POST {path}: {answer}")
        made: dict[str, Any] = answer.body
        return made

    def all_of(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Every row of a list, page by page."""
        rows: list[dict[str, Any]] = []
        address = f"{path}?{urlencode(query)}"
        while address:
            page = self.get(address).body
            rows += page["results"]
            address = page["next"]
        return rows

    def log_in(self, username: str) -> "Visitor":
        answer = self.post("/api/login/", {"username": username, "password": "demo"})
        require(answer.status == 200, f"{username} cannot log in: {answer}")
        return Visitor(self.url, answer.body["token"])


@dataclass
class Page:
    """Where the browser ended, and what it read there."""

    url: str
    text: str

    @property
    def path(self) -> str:
        return urlsplit(self.url).path


class Browser(Visitor):
    """With cookies instead of a token: what a person does, without the pictures."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.opener = build_opener(HTTPCookieProcessor())
        self.opener.addheaders = [("Accept-Language", "fr")]

    def log_in(self, username: str) -> "Browser":
        page = self.submit("/connexion/", {"username": username, "password": "demo", "next": "/club/planning"})
        require(page.path == "/club/planning", f"{username} cannot log in: {page.url}")
        return self

    def submit(self, path: str, fields: dict[str, str], *, to: str = "", file: Path | None = None) -> Page:
        """The form of that page, with its proof against forgery, to itself or to another address."""
        proof = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.fetch(path).decode())
        require(proof is not None, f"{path} has no form")
        body, content_type = as_form({**fields, "csrfmiddlewaretoken": proof[1] if proof else ""}, file)
        try:
            with self.opener.open(Request(self.url + (to or path), body, {"Content-Type": content_type}), timeout=30) as answer:
                return Page(answer.url, answer.read().decode())
        except HTTPError as error:
            with error:
                raise NotSeenError(f"POST {to or path}: {error.code}") from error

    def fetch(self, path: str) -> bytes:
        try:
            with self.opener.open(self.url + path, timeout=30) as answer:
                return bytes(answer.read())
        except HTTPError as error:
            with error:
                raise NotSeenError(f"GET {path}: {error.code}") from error


def as_form(fields: dict[str, str], file: Path | None = None) -> tuple[bytes, str]:
    """The body and its content type."""
    mark = secrets.token_hex(16)
    parts = [f'form-data; name="{name}"\r\n\r\n{value}'.encode() for name, value in fields.items()]
    if file:
        parts.append(f'form-data; name="file"; filename="{file.name}"\r\n\r\n'.encode() + file.read_bytes())
    body = b"".join(f"--{mark}\r\nContent-Disposition: ".encode() + part + b"\r\n" for part in parts) + f"--{mark}--\r\n".encode()
    return body, f"multipart/form-data; boundary={mark}"


def require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise NotSeenError(otherwise)


def wait_until(condition: Callable[[], bool], what: str, seconds: float = WAIT_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        require(time.monotonic() < deadline, f"waited {seconds} s in vain for {what}")
        time.sleep(0.1)


def parse(content: bytes) -> Any:
    with suppress(ValueError):
        return json.loads(content)
    return content.decode(errors="replace")
