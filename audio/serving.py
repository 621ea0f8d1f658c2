"""A private recording, whole or in part: a player that jumps asks for ranges of bytes."""

import re
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified, StreamingHttpResponse

from .models import VoiceNote
from .storage import open_recording

PIECE = 64 * 1024
PLAYABLE = {"audio/webm", "audio/ogg", "audio/mp4", "audio/mpeg", "audio/wav", "audio/flac", "audio/aac"}


class NoSuchPart(Exception):
    pass


def serve_recording(request: HttpRequest, note: VoiceNote) -> HttpResponseBase:
    """Raises FileNotFoundError where it is gone."""
    if request.headers.get("If-None-Match") == _etag(note):
        return _described(HttpResponseNotModified(), note)
    file = open_recording(str(note.file.name))
    try:
        part = _part(request, note, file.size)
    except NoSuchPart:
        file.close()
        return _described(HttpResponse(status=416, headers={"Content-Range": f"bytes */{file.size}"}), note)
    start, end = part or (0, file.size)
    response = StreamingHttpResponse(_pieces(file, start, end), status=206 if part else 200)
    response["Content-Length"] = str(end - start)
    if part:
        response["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
    return _described(response, note)


def _described(response: HttpResponseBase, note: VoiceNote) -> HttpResponseBase:
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
    return response


def _etag(note: VoiceNote) -> str:
    return f'"{note.sha256}"'


def _part(request: HttpRequest, note: VoiceNote, size: int) -> tuple[int, int] | None:
    """The first byte and the one after the last. None: the whole, which also answers several ranges, or one that says nothing."""
    found = re.fullmatch(r"bytes=(\d{0,15})-(\d{0,15})", request.headers.get("Range", "").strip())
    if not found or request.headers.get("If-Range", _etag(note)) != _etag(note):
        return None
    first, last = found.groups()
    if (not first and not last) or (first and last and int(first) > int(last)):
        return None
    start = int(first) if first else max(0, size - int(last))
    end = min(size, int(last) + 1) if first and last else size
    if start >= end:
        raise NoSuchPart
    return start, end


def _pieces(file: Any, start: int, end: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        while start < end and (piece := file.read(min(PIECE, end - start))):
            start += len(piece)
            yield piece
