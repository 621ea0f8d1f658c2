"""Taking in an upload without holding it in memory, and turning away what is too large before it is stored."""

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request

from .services import MEGABYTE

ENVELOPE = 64 * 1024  # what a multipart body is besides its file
DRAINED = 8  # so many times the limit is read and thrown away, so that the refusal reaches who sends; then the line is cut
PIECE = 64 * 1024


def is_too_large(request: HttpRequest | Request) -> bool:
    """By what it announces; a server reads no more than that."""
    return _announced(request) > _most_bytes() + ENVELOPE


def drain(request: HttpRequest | Request) -> None:
    """Whoever is still sending does not hear an answer."""
    left = min(_announced(request), DRAINED * _most_bytes())
    while left > 0 and (piece := request.read(min(PIECE, left))):
        left -= len(piece)


def _most_bytes() -> int:
    most: int = settings.AUDIO_MAX_MEGABYTES
    return most * MEGABYTE


def _announced(request: HttpRequest | Request) -> int:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isdecimal() else 0
