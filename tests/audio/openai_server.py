"""A loopback server that speaks OpenAI's two endpoints over real HTTP, well or badly as a test wants."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TRANSCRIPTIONS, CHAT = "/v1/audio/transcriptions", "/v1/chat/completions"


@dataclass
class Answer:
    """`cut`: so many bytes are sent of what was promised; `hang`: nothing is, until the server ends."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    hang: bool = False

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass
class Asked:
    path: str
    headers: Message
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def form(self) -> dict[str, str]:
        """Of a multipart body: each field that is no file by its name, the last of several."""
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        message = BytesParser(policy=HTTP).parsebytes(head + self.content)
        fields = (part for part in message.iter_parts() if part.get_filename() is None)
        return {str(part.get_param("name", header="content-disposition")): str(part.get_content()).strip() for part in fields}

    @property
    def file_name(self) -> str:
        return self.content.partition(b'filename="')[2].partition(b'"')[0].decode()


class Server:
    """Gives the scripted answers in turn, the last one again and again, and keeps what was asked."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[Asked] = []
        self.ended = threading.Event()
        self.url = ""

    def says(self, *answers: Answer | Any) -> None:
        self.answers = [answer if isinstance(answer, Answer) else Answer(answer) for answer in answers]

    def refuses(self, status: int, words: str, code: str = "", **headers: str) -> None:
        self.says(refusal(status, words, code, **headers))

    def writes(self, content: Any, refusal: str | None = None) -> None:
        """A message of the chat; what is no text becomes JSON."""
        self.says(chat(content if isinstance(content, str | None) else json.dumps(content), refusal))

    def next_answer(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def refusal(status: int, words: str, code: str = "", **headers: str) -> Answer:
    body = {"error": {"message": words, "type": "error", "code": code or None}}
    return Answer(body, status, {name.replace("_", "-"): value for name, value in headers.items()})


def chat(content: str | None, refusal: str | None = None) -> Answer:
    message = {"role": "assistant", "content": content, "refusal": refusal}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    return Answer({"id": "1", "object": "chat.completion", "created": 1, "model": "scripted", "choices": [choice]})


@contextmanager
def running() -> Iterator[Server]:
    server = Server()
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    server.url = f"http://127.0.0.1:{http.server_port}/v1"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        http.shutdown()
        http.server_close()
        thread.join()


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            content = self._content()
            server.asked.append(Asked(self.path, self.headers, content))
            self.answer(server.next_answer() if self.path in (TRANSCRIPTIONS, CHAT) else refusal(404, "There is no such page."))

        def do_GET(self) -> None:
            server.asked.append(Asked(self.path, self.headers, b""))
            self.answer(server.next_answer())

        def answer(self, answer: Answer) -> None:
            if answer.hang:
                server.ended.wait(60)
                return
            content = answer.content
            self.send_response(answer.status)
            for name, value in {"Content-Type": "application/json", "Content-Length": str(len(content)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content[: answer.cut])
            self.close_connection = answer.cut is not None

        def _content(self) -> bytes:
            if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            pieces = []
            while size := int(self.rfile.readline(), 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(pieces)

        def log_message(self, format: str, *args: Any) -> None:
            """A test prints nothing."""

    return Handler
