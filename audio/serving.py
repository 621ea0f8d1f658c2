"""A private recording, whole or in part: a player that jumps asks for ranges of bytes."""

import re
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from .models import VoiceNote

PIECE = 64 * 1024
PLAYABLE = {"audio/webm", "audio/ogg", "audio/mp4", "audio/mpeg", "audio/wav", "audio/flac", "audio/aac"}


def serve_recording(request: HttpRequest, note: VoiceNote) -> HttpResponseBase:
    """Raises FileNotFoundError where it is gone."""
    file = note.file.open("rb")
    asked = _range(request, note, file.size)
    if asked is None:
        file.close()
        return _finished(HttpResponse(status=416, headers={"Content-Range": f"bytes */{file.size}"}), note)
    start, end = asked
    part = (start, end) != (0, file.size) or "Range" in request.headers
    response = StreamingHttpResponse(_pieces(file, start, end), status=206 if part else 200)
    response["Content-Length"] = str(end - start)
    if part:
        response["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
    return _finished(response, note)


def _finished(response: Any, note: VoiceNote) -> HttpResponseBase:
    """Played as sound or not at all: what somebody uploaded never becomes a page of ours."""
    name = str(note.file.name)
    extension = name[name.rfind(".") :]
    response["Content-Type"] = note.content_type if note.content_type in PLAYABLE else "application/octet-stream"
    response["Content-Disposition"] = f'inline; filename="note-{note.pk}{extension}"'
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = _etag(note)
    response["Cache-Control"] = "private, no-cache"
    return response  # type: ignore[no-any-return]  # one of two kinds of response


def _etag(note: VoiceNote) -> str:
    return f'"{note.sha256}"'


def _range(request: HttpRequest, note: VoiceNote, size: int) -> tuple[int, int] | None:
    """The first byte and the one after the last; None where there are no such bytes. Of several ranges, or of none, the whole."""
    if request.headers.get("If-Range", _etag(note)) != _etag(note):
        return 0, size
    found = re.fullmatch(r"bytes=(\d{0,15})-(\d{0,15})", request.headers.get("Range", "").strip())
    if not found or found.groups() == ("", ""):
        return 0, size
    first, last = found.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
    return (start, end) if start < end else None


def _pieces(file: Any, start: int, end: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        while start < end and (piece := file.read(min(PIECE, end - start))):
            start += len(piece)
            yield piece
