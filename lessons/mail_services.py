"""What may be concluded when the API of a mail service did not say yes (django-anymail, the optional extra `mail-services`).

Certainly not accepted: a request that never reached the service, and an answer of 4xx or 503. Everything else, a lost answer and
500, 502 or 504 above all, may come from behind the point where the service took the message: then nobody knows.
"""

import ssl
from collections.abc import Iterator
from enum import Enum
from typing import Any

from django.core.exceptions import ImproperlyConfigured

# Our key, our credit, our pace, or their maintenance: about the service and us, not about the message.
TRY_LATER = {401, 402, 403, 408, 425, 429, 503}
TAKEN = {"sent", "queued"}
LONGEST_WORDS = 500


class Verdict(Enum):
    LATER = "certainly not accepted, worth another attempt"
    REFUSED = "certainly not accepted, and meant so"
    UNKNOWN = "perhaps accepted"


def is_mail_service(backend: Any) -> bool:
    return type(backend).__module__.startswith("anymail.")


class NotAccepted(Exception):
    """`words` are the service's own; empty where it said nothing."""

    def __init__(self, verdict: Verdict, words: str) -> None:
        super().__init__(words)
        self.verdict, self.words = verdict, words


def send(backend: Any, message: Any) -> None:
    """The Message-ID goes with it as a note, because the service names the message as it likes; reports give it back."""
    message.metadata = {"message_id": message.extra_headers.get("Message-ID", "")}
    try:
        backend.send_messages([message])
    except Exception as error:
        raise NotAccepted(_judge(error), _words_of(getattr(error, "response", None))) from error
    outcome = message.anymail_status
    if not outcome.status & TAKEN:  # it answered 4xx and named no recipient, so that Anymail does not call it an error
        verdict = _verdict_on(getattr(outcome.esp_response, "status_code", 0))
        raise NotAccepted(verdict, _words_of(outcome.esp_response))


def _judge(error: Exception) -> Verdict:
    from anymail.exceptions import AnymailAPIError, AnymailError  # an optional extra, here only if its backend is in use

    if isinstance(error, AnymailAPIError):
        if error.status_code is None:
            return Verdict.LATER if _never_reached_it(error) else Verdict.UNKNOWN
        return _verdict_on(error.status_code)
    if isinstance(error, AnymailError):  # no recipient was taken, or the message could not be put into the service's words
        return Verdict.REFUSED
    return Verdict.LATER if isinstance(error, ImproperlyConfigured) else Verdict.UNKNOWN


def _verdict_on(status: int) -> Verdict:
    if status in TRY_LATER:
        return Verdict.LATER
    return Verdict.REFUSED if 400 <= status < 500 else Verdict.UNKNOWN


def _words_of(response: Any) -> str:
    if response is None:
        return ""
    try:
        body = response.json()
        words = body.get("Message") or body.get("message") or response.reason
    except (ValueError, AttributeError):  # no JSON, or no object
        words = response.reason
    return f"{response.status_code} {words}"[:LONGEST_WORDS]


def _never_reached_it(error: BaseException) -> bool:
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    return any(isinstance(cause, NewConnectionError | ConnectTimeoutError | ssl.SSLCertVerificationError) for cause in _causes(error))


def _causes(error: Any) -> Iterator[Any]:
    """requests and urllib3 wrap the reason in several layers, by `reason`, as an argument, and as a cause."""
    layers, seen = [error], set()
    while layers:
        layer = layers.pop()
        if id(layer) in seen or not isinstance(layer, BaseException):
            continue
        seen.add(id(layer))
        yield layer
        layers += [layer.__cause__, layer.__context__, getattr(layer, "reason", None), *layer.args]
