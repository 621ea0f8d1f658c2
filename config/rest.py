"""What the API reads and writes, where the frameworks' own classes answer 500 to hostile input."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from knox.auth import TokenAuthentication
from rest_framework import exceptions, parsers, renderers, views
from rest_framework.response import Response


def answer(error: Exception, context: dict[str, Any]) -> Response | None:
    """Django's own words for a missing row are English and name the class."""
    return views.exception_handler(exceptions.NotFound() if isinstance(error, Http404) else error, context)


class JSONParser(parsers.JSONParser):
    def parse(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().parse(*args, **kwargs)
        except RecursionError as error:
            raise exceptions.ParseError(_("This JSON is nested too deeply.")) from error


class JSONRenderer(renderers.JSONRenderer):
    """A message may quote half a character, which UTF-8 cannot hold: then it is escaped, as it came."""

    def render(self, *args: Any, **kwargs: Any) -> bytes:
        try:
            return super().render(*args, **kwargs)
        except UnicodeEncodeError:
            self.ensure_ascii = True  # type: ignore[misc]  # this renderer serves this one answer
            return super().render(*args, **kwargs)


class Tokens(TokenAuthentication):
    def authenticate_credentials(self, token: bytes) -> tuple[AbstractBaseUser, Any]:
        if not token.isalnum():  # bytes: ASCII letters and digits, which is all that a token has
            raise exceptions.AuthenticationFailed(_("Invalid token."))
        user, row = super().authenticate_credentials(token)
        return user, row


class TokensScheme(KnoxTokenScheme):  # type: ignore[no-untyped-call]  # drf-spectacular's own
    """So that the OpenAPI schema says how to send one."""

    target_class = "config.rest.Tokens"
