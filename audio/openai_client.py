"""The server that speaks OpenAI's protocol. What it refuses is final; what it cannot do now is tried again by the queue."""

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import openai
from django.conf import settings
from django.utils.translation import gettext as _
from pydantic import ValidationError

from audio.diagnosis import Diagnosis
from jobs.registry import PermanentError, RetryableError

CONNECT_SECONDS = 10
MOST_WORDS = 300  # of a server that answers with a whole page
NO_CREDIT = "insufficient_quota"  # a 429 that waiting does not mend
KEYLESS = "none"  # the SDK wants one; a server of one's own may not


def client() -> openai.OpenAI:
    return _client(settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY, settings.OPENAI_TIMEOUT)


@cache
def _client(base_url: str, api_key: str, seconds: float) -> openai.OpenAI:
    """Once a process, for its connections. It retries nothing by itself: only the queue knows how much time is left."""
    timeout = openai.Timeout(seconds, connect=CONNECT_SECONDS)
    return openai.OpenAI(base_url=base_url or None, api_key=api_key or KEYLESS, timeout=timeout, max_retries=0)


@contextmanager
def errors_for_people() -> Iterator[None]:
    """Whatever goes wrong inside becomes a PermanentError or a RetryableError, in words for who waits."""
    try:
        yield
    except openai.APITimeoutError as error:
        # Translators: "Le service de langage n’a pas répondu à temps."
        raise RetryableError(_("The language service did not answer in time.")) from error
    except openai.APIConnectionError as error:
        # Translators: "Le service de langage est injoignable."
        raise RetryableError(_("The language service could not be reached.")) from error
    except openai.APIStatusError as error:
        raise _of_status(error) from error
    except (openai.APIResponseValidationError, json.JSONDecodeError, ValidationError) as error:
        # Translators: "La réponse du service de langage est incomplète ou illisible."
        raise RetryableError(_("The answer of the language service is incomplete or cannot be read.")) from error


def _of_status(error: openai.APIStatusError) -> Exception:
    facts = {"status": error.status_code, "words": words_of(error)}
    if error.status_code >= 500:
        # Translators: "Le service de langage a une panne (%(status)d)."
        return RetryableError(_("The language service has a failure (%(status)d).") % facts, after=_retry_after(error))
    if error.status_code in (408, 409, 429) and error.code != NO_CREDIT:
        # Translators: "Le service de langage est surchargé : %(words)s"
        return RetryableError(_("The language service is overloaded: %(words)s") % facts, after=_retry_after(error))
    # Translators: "Le service de langage refuse (%(status)d) : %(words)s"
    return PermanentError(_("The language service refuses (%(status)d): %(words)s") % facts)


def words_of(error: openai.APIStatusError) -> str:
    """The server's own, without the JSON around them."""
    body = error.body
    said = body.get("message") if isinstance(body, dict) else body
    return " ".join(str(said or error.message).split())[:MOST_WORDS]


def _retry_after(error: openai.APIStatusError) -> float | None:
    """In seconds; a date, which few servers send, is left to the queue's own delay."""
    try:
        seconds = float(error.response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None


def diagnose(model: str) -> Diagnosis:
    """Asks for the list of models, which costs nothing."""
    facts = {"server": settings.OPENAI_BASE_URL or "api.openai.com", "model": model}
    if not (settings.OPENAI_API_KEY or settings.OPENAI_BASE_URL):
        return Diagnosis("fail", _("openai: there is no key"), _("Set OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own."))
    try:
        with errors_for_people():
            known = {each.id for each in client().with_options(timeout=CONNECT_SECONDS).models.list()}
    except PermanentError as error:
        if isinstance(error.__cause__, openai.NotFoundError):  # a small server may have no list
            return Diagnosis("ok", _("openai: %(server)s answers, and lists no models") % facts)
        return Diagnosis("fail", f"openai: {error}", _("Check OPENAI_API_KEY and OPENAI_BASE_URL."))
    except RetryableError as error:
        return Diagnosis("fail", f"openai: {error}", _("Check OPENAI_BASE_URL and the network; notes wait and are tried again."))
    if model not in known:
        text = _("openai: %(server)s does not list the model %(model)s") % facts
        return Diagnosis("warn", text, _("Set OPENAI_TRANSCRIPTION_MODEL or OPENAI_EXTRACTION_MODEL to one that it has."))
    return Diagnosis("ok", _("openai: %(server)s answers and has the model %(model)s") % facts)
