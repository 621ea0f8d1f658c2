"""What the pages share: recording in the page, and the way back."""

from collections.abc import Callable
from typing import Any

from csp.constants import SELF
from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from audio.forms import RecordingForm
from audio.gone import erased_is_404
from audio.overview import remark_on_transcriber
from audio.services import MEGABYTE
from jobs.services import StateConflict
from lessons.models import Client, Club
from lessons.views import View

LISTENING = {"media-src": [SELF, "blob:"]}  # to what was just recorded, before it is sent


def with_recorder(view: View) -> View:
    page: Callable[..., Any] = csp_update(LISTENING)(view)
    return page


def recorder_for(club: Club, client: Client | None = None, form: RecordingForm | None = None) -> dict[str, Any]:
    return {
        "form": form or RecordingForm(club=club, client=client),
        "club": club,  # named when it is sent: in another tab the same person may have gone to another club
        "client": client,
        "remark": remark_on_transcriber(),
        "most_seconds": settings.AUDIO_MAX_MINUTES * 60,
        "most_bytes": settings.AUDIO_MAX_MEGABYTES * MEGABYTE,
        "most_minutes": settings.AUDIO_MAX_MINUTES,
        "most_megabytes": settings.AUDIO_MAX_MEGABYTES,
    }


def act(request: HttpRequest, service: Callable[[], object], done: str) -> HttpResponse:
    try:
        with erased_is_404():
            service()
    except StateConflict as conflict:
        messages.error(request, str(conflict))
    else:
        messages.success(request, done)
    return go_back(request)


def go_back(request: HttpRequest) -> HttpResponse:
    """To where the button was."""
    place = request.POST.get("next", "")
    mine = place.startswith(("/audio/", "/club/clients/")) and url_has_allowed_host_and_scheme(place, None)
    return redirect(place if mine else "notes")


def page_number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and 0 < len(text) < 7 and int(text) else 1
