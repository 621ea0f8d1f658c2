"""A loopback object store that speaks as much of S3 as django-storages asks for."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

LONG_AGO = "Wed, 01 Jan 2020 00:00:00 GMT"


class Store:
    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.calls: list[str] = []
        self.url = ""


@contextmanager
def running() -> Iterator[Store]:
    store = Store()
    http = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, store))
    store.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield store
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, store: Store, *args: Any) -> None:
        self.store = store
        super().__init__(*args)

    @property
    def key(self) -> str:
        """After the bucket."""
        return unquote(urlsplit(self.path).path).strip("/").partition("/")[2]

    def do_PUT(self) -> None:
        self.store.objects[self.key] = self._content()
        self.answer(200)

    def do_GET(self) -> None:
        if not self.key:
            self.answer(200, _listing(self.store, parse_qs(urlsplit(self.path).query)))
            return
        self.answer(200 if self.key in self.store.objects else 404, self.store.objects.get(self.key, b""))

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        self.store.objects.pop(self.key, None)
        self.answer(204)

    def answer(self, status: int, content: bytes = b"") -> None:
        self.store.calls.append(f"{self.command} {status}")
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Last-Modified", LONG_AGO)
        self.send_header("ETag", '"0"')
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _content(self) -> bytes:
        return _unchunked(self.rfile.read(int(self.headers["Content-Length"])), self.headers.get("Content-Encoding", ""))

    def log_message(self, format: str, *args: object) -> None:
        """A test prints nothing."""


def _unchunked(body: bytes, encoding: str) -> bytes:
    """The SDK's own framing: a size, a chunk, a size…, and a checksum at the end."""
    if "aws-chunked" not in encoding:
        return body
    pieces = []
    while body:
        head, _end, body = body.partition(b"\r\n")
        size = int(head.partition(b";")[0], 16)
        if not size:
            break
        pieces.append(body[:size])
        body = body[size + 2 :]
    return b"".join(pieces)


def _listing(store: Store, query: dict[str, list[str]]) -> bytes:
    prefix, delimiter = query.get("prefix", [""])[0], query.get("delimiter", [""])[0]
    rows, folders = [], set()
    for key in sorted(store.objects):
        rest = key.removeprefix(prefix)
        if key.startswith(prefix) and delimiter and delimiter in rest:
            folders.add(prefix + rest.partition(delimiter)[0] + delimiter)
        elif key.startswith(prefix):
            rows.append(f"<Contents><Key>{key}</Key><Size>1</Size><LastModified>2020-01-01T00:00:00Z</LastModified></Contents>")
    rows += [f"<CommonPrefixes><Prefix>{folder}</Prefix></CommonPrefixes>" for folder in sorted(folders)]
    return f"<ListBucketResult><IsTruncated>false</IsTruncated>{''.join(rows)}</ListBucketResult>".encode()
