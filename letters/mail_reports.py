"""The mail service's reports (django-anymail, the optional extra `mail-services`): who posts them proves it, by password or signature.

Our own Message-ID travels with each letter and comes back with each report; what the service calls the message is its own affair.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from anymail.exceptions import AnymailConfigurationError
from anymail.signals import EventType, tracking
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from django.conf import settings
from django.core.exceptions import BadRequest
from django.dispatch import receiver
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.translation import gettext as _

from . import services
from .models import VolunteerLetterSend

logger = logging.getLogger(__name__)
BOUNCES = {EventType.BOUNCED, EventType.REJECTED, EventType.FAILED}
ARRIVALS = {EventType.DELIVERED, EventType.OPENED, EventType.CLICKED}
LONGEST_REASON = 1000


class ReadsCarefully:
    """A report that is none is the sender's mistake, not a failure of ours."""

    def run_validators(self, request: HttpRequest) -> None:
        with refused_if_odd():
            super().run_validators(request)  # type: ignore[misc]  # of the view that this is mixed into

    def parse_events(self, request: HttpRequest) -> Any:
        with refused_if_odd():
            return super().parse_events(request)  # type: ignore[misc]  # as above


@contextmanager
def refused_if_odd() -> Iterator[None]:
    try:
        yield
    except (ValueError, LookupError, TypeError, AttributeError, AnymailConfigurationError) as error:
        raise BadRequest("This is no report of a mail service.") from error


class PostmarkReports(ReadsCarefully, PostmarkTrackingWebhookView):
    """Postmark proves itself with the name and password in the address that it was given."""


class MailgunReports(ReadsCarefully, MailgunTrackingWebhookView):
    """Mailgun signs each report."""


VIEWS: dict[str, Any] = {"postmark": PostmarkReports, "mailgun": MailgunReports}


def respond(request: HttpRequest) -> HttpResponseBase:
    response: HttpResponseBase = VIEWS[settings.MAIL_SERVICE].as_view()(request)
    return response


@receiver(tracking)
def note(event: Any, **kwargs: Any) -> None:
    message_id = _text(event.metadata.get("message_id")) if isinstance(event.metadata, dict) else ""
    letter = VolunteerLetterSend.objects.select_related("club").filter(message_id=message_id).first() if message_id else None
    if letter is None:
        return  # a notice of a lesson, or a message of another program
    with translation.override(letter.club.language):
        known = _note(event, message_id)
    logger.info("letter %d: reported as %s%s", letter.pk, event.event_type, "" if known else ", which changes nothing")


def _note(event: Any, message_id: str) -> bool:
    if event.event_type in BOUNCES:
        at = event.timestamp if isinstance(event.timestamp, datetime) and event.timestamp.tzinfo else None
        return services.mark_bounced(message_id=message_id, reason=_reason(event), at=at)
    if event.event_type in ARRIVALS:
        return services.mark_arrived(message_id=message_id)
    if event.event_type == EventType.COMPLAINED:
        return services.mark_complained(message_id=message_id)
    return False


def _reason(event: Any) -> str:
    # Translators: "La boîte du destinataire l’a renvoyée."
    return _text(event.mta_response) or _text(event.description) or _("The mailbox turned it back.")


def _text(value: Any) -> str:
    """Databases refuse NUL."""
    return value.replace("\x00", "")[:LONGEST_REASON].strip() if isinstance(value, str) else ""
