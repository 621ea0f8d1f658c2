"""A server that speaks OpenAI's protocol. What it refuses is final; what it cannot do now is tried again by the queue."""

from collections.abc import Iterator
from contextlib import contextmanager

import openai
from django.conf import settings
from django.utils.translation import gettext as _

from audio.diagnosis import Diagnosis
from jobs.registry import PermanentError, RetryableError

CONNECT_SECONDS = 10
LONGEST_WAIT_SECONDS = 3600
MOST_WORDS = 300  # of a server that answers with a whole page
NO_CREDIT = "insufficient_quota"  # a 429 that waiting does not mend
KEYLESS = "none"  # the SDK wants a key; a server of one's own may want none


@contextmanager
def connected(model_setting: str, *, seconds: float | None = None) -> Iterator[openai.OpenAI]:
    """For one call: whatever goes wrong becomes a PermanentError or a RetryableError, in words for who waits.

    The SDK retries nothing by itself: only the queue knows how much time is left.
    """
    timeout = openai.Timeout(seconds or settings.OPENAI_TIMEOUT, connect=CONNECT_SECONDS)
    key, server = settings.OPENAI_API_KEY or KEYLESS, settings.OPENAI_BASE_URL or None
    try:
        with openai.OpenAI(api_key=key, base_url=server, timeout=timeout, max_retries=0) as client:
            yield client
    except openai.APITimeoutError as error:
        # Translators: "Le service de langage n’a pas répondu à temps."
        raise RetryableError(_("The language service did not answer in time.")) from error
    except openai.APIConnectionError as error:
        # Translators: "Le service de langage est injoignable."
        raise RetryableError(_("The language service could not be reached.")) from error
    except openai.APIStatusError as error:
        raise _of_status(error, model_setting) from error
    except openai.ContentFilterFinishReasonError as error:
        raise PermanentError(_("The language model refused to read this note.")) from error
    except (openai.OpenAIError, ValueError, AttributeError, TypeError) as error:
        # the last two: the SDK looks for its fields in whatever JSON a server sent
        # Translators: "La réponse du service de langage est incomplète ou illisible."
        raise RetryableError(_("The answer of the language service is incomplete or could not be read.")) from error


def _of_status(error: openai.APIStatusError, model_setting: str) -> PermanentError | RetryableError:
    facts = {"status": error.status_code, "words": words_of(error), "setting": model_setting}
    if error.code == NO_CREDIT:
        return PermanentError(_("The account at the language service has no credit left: %(words)s") % facts)
    if error.status_code == 429:
        return RetryableError(_("The language service is busy: %(words)s") % facts, after=_retry_after(error))
    if error.status_code >= 500 or error.status_code in (408, 409):
        return RetryableError(_("The language service had a failure of its own (%(status)d).") % facts, after=_retry_after(error))
    if error.status_code in (401, 403):
        text = _("The language service refuses our key (%(status)d), an operator must check OPENAI_API_KEY: %(words)s")
        return PermanentError(text % facts)
    text = _("The language service refuses (%(status)d), an operator must check %(setting)s: %(words)s")
    return PermanentError(text % facts)


def words_of(error: openai.APIStatusError) -> str:
    """The server's own, without the JSON around them."""
    body = error.body
    said = body.get("message") if isinstance(body, dict) else body
    return " ".join(str(said or error.message).split())[:MOST_WORDS]


def _retry_after(error: openai.APIStatusError) -> float | None:
    """In seconds; a date, which few servers send, is left to the job's own delay."""
    try:
        seconds = float(error.response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return min(seconds, LONGEST_WAIT_SECONDS) if seconds >= 0 else None


def diagnose(model_setting: str) -> Diagnosis:
    """Asks for the list of models, which costs nothing."""
    model = getattr(settings, model_setting)
    facts = {"server": settings.OPENAI_BASE_URL or "api.openai.com", "model": model}
    if not (settings.OPENAI_API_KEY or settings.OPENAI_BASE_URL):
        return Diagnosis("fail", _("openai: there is no key"), _("Set OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own."))
    try:
        with connected(model_setting, seconds=CONNECT_SECONDS) as client:
            known = {each.id for each in client.models.list()}
    except PermanentError as error:
        if isinstance(error.__cause__, openai.NotFoundError):  # a small server may have no list
            return Diagnosis("ok", _("openai: %(server)s answers, and lists no models") % facts)
        return Diagnosis("fail", f"openai: {error}", _("Check OPENAI_API_KEY and OPENAI_BASE_URL."))
    except RetryableError as error:
        return Diagnosis("fail", f"openai: {error}", _("Check OPENAI_BASE_URL and the network; notes wait and are tried again."))
    if model not in known:
        text = _("openai: %(server)s does not list the model %(model)s") % facts
        return Diagnosis("warn", text, _("Set %(setting)s to one that it has.") % {"setting": model_setting})
    return Diagnosis("ok", _("openai: %(server)s answers and has the model %(model)s") % facts)
