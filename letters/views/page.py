"""What the pages share: how a PDF is shown, and the way back. They are for managers: the letters hold addresses and contracts."""

from collections.abc import Callable
from typing import Any

from csp.constants import NONE, SELF
from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.clickjacking import xframe_options_sameorigin

from lessons.views import View

A_PDF = {"default-src": [NONE], "object-src": [SELF], "frame-ancestors": [SELF]}


def in_a_frame(view: View) -> View:
    """A page of ours may show the answer in a frame; it may itself load nothing."""
    framed: Callable[..., Any] = csp_replace(A_PDF)(xframe_options_sameorigin(view))
    return framed


def respond_pdf(content: bytes, filename: str, *, download: bool = False) -> HttpResponse:
    disposition = "attachment" if download else "inline"
    headers = {"Content-Disposition": f'{disposition}; filename="{filename}"', "Cache-Control": "no-store"}
    return HttpResponse(content, content_type="application/pdf", headers=headers)


def go_back(request: HttpRequest) -> HttpResponse:
    """To where the button was."""
    place = request.POST.get("next", "")
    mine = place.startswith("/club/letters/") and url_has_allowed_host_and_scheme(place, None)
    return redirect(place if mine else "letters")
