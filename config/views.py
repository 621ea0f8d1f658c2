"""Answers that need no database: health of the web process, and every error page."""

from typing import Any

from axes.helpers import get_cool_off
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


def respond_with_error(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    """DRF's shape for programs, a page for people. The page is rendered without the request: it needs no database, session or user."""
    if request.path_info.startswith("/api/"):
        return JsonResponse({"detail": f"{title}. {text}"}, status=status)
    template = "503.html" if status == 503 else "error.html"
    return HttpResponse(render_to_string(template, {"title": title, "text": text}), status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return respond_with_error(request, 400, _("This request was not understood"), _("Go back and try again."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return respond_with_error(request, 403, _("This is not open to you"), _("Ask the manager of your club for access."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return respond_with_error(request, 403, _("This form has expired"), _("Go back, reload the page and send the form again."))


def not_found(request: HttpRequest, exception: Exception | None = None, **kwargs: Any) -> HttpResponse:
    return respond_with_error(request, 404, _("There is nothing here"), _("Perhaps it was deleted, or the address has a slip in it."))


def server_error(request: HttpRequest) -> HttpResponse:
    return respond_with_error(request, 500, _("Something went wrong"), _("It is noted. Go back and try again."))


def locked_out(request: HttpRequest, response: HttpResponse | None, credentials: dict[str, Any] | None) -> HttpResponse:
    cool_off = get_cool_off(request)
    minutes = round(cool_off.total_seconds() / 60)
    text = ngettext("Try again in %(minutes)d minute.", "Try again in %(minutes)d minutes.", minutes) % {"minutes": minutes}
    answer = respond_with_error(request, 429, _("Too many wrong passwords"), text)
    answer["Retry-After"] = str(60 * minutes)
    return answer
