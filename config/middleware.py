"""What a person sees when something fails: a page that says so, never a traceback."""

import sys
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.utils import translation
from django.utils.translation import gettext as _

from .views import not_found, respond_with_error, server_error

RETRY_AFTER_SECONDS = 5


class DatabaseAwayMiddleware:
    """First in the list, so that it also covers the session, the user and the log-in throttle, which need the database themselves."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 500 and getattr(request, "database_away", False):
            return respond_database_away(request)
        return response


class OwnErrorPagesMiddleware:
    """With DEBUG too: people who try the demo are no developers, and the traceback is in the log."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if settings.DEBUG and isinstance(response, HttpResponseNotFound):  # no 404 of ours is of this class
            return not_found(request)
        if settings.DEBUG and response.status_code == 500:
            return server_error(request)
        return response


@receiver(got_request_exception)
def mark_database_away(sender: object, request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Django turns an exception into a response at each layer of middleware; this signal is where all of them pass."""
    error = sys.exc_info()[1]
    # SQLite calls a missing table "operational" too: that is a forgotten migration, which waiting does not mend.
    if request and isinstance(error, OperationalError | InterfaceError) and not str(error).startswith("no such "):
        request.database_away = True  # type: ignore[attr-defined]  # a mark of ours


def respond_database_away(request: HttpRequest) -> HttpResponse:
    # The layer that chooses the language is inside of this one and may not have been reached.
    with translation.override(translation.get_language_from_request(request)):
        reading = request.method in ("GET", "HEAD")
        text = _("Try again in a few seconds.") if reading else _("Nothing was saved. Go back and send it again in a few seconds.")
        response = respond_with_error(request, 503, _("The database does not answer"), text)
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    response["Cache-Control"] = "no-store"
    return response
