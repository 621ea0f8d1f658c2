"""The e-mail that says what came of a note."""

from email.utils import formataddr, parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone, translation

from .models import VoiceNote
from .wording import outcome


def compose(note: VoiceNote) -> EmailMultiAlternatives:
    club = note.club
    with translation.override(club.language), timezone.override(club.zone):
        context: dict[str, Any] = {
            "note": note,
            "club": club,
            "outcome": outcome(note),
            "changes": list(note.changes.filter(undone_at=None).order_by("id")),
            "link": f"{settings.BASE_URL.rstrip('/')}/audio/",
        }
        message = EmailMultiAlternatives(
            subject=" ".join(context["outcome"].split()),
            body=render_to_string("audio/mail/outcome.txt", context).strip() + "\n",
            from_email=formataddr((" ".join(club.name.split()), parseaddr(settings.DEFAULT_FROM_EMAIL)[1])),
            to=[note.created_by.email] if note.created_by else [],
            headers={"Message-ID": note.message_id, "Auto-Submitted": "auto-generated"},
        )
        message.attach_alternative(render_to_string("audio/mail/outcome.html", context), "text/html")
    return message
