"""The e-mail that carries a letter."""

from base64 import encodebytes
from email.mime.base import MIMEBase
from email.mime.nonmultipart import MIMENonMultipart
from email.utils import formataddr, parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from lessons.models import Club

from .letter import filename_of
from .models import VolunteerLetterSend


def compose(letter: VolunteerLetterSend, pdf: bytes) -> EmailMultiAlternatives:
    first_name = letter.teacher.first_name if letter.teacher else letter.teacher_name
    with translation.override(letter.club.language):
        # Translators: "Votre lettre de volontariat %(year)s"
        subject = _("Your volunteer letter %(year)s") % {"year": letter.year}
        message = _compose(letter.club, letter.recipient_email, subject, {"first_name": first_name, "year": letter.year})
    message.extra_headers["Message-ID"] = letter.message_id
    message.attach(_attachment(filename_of(letter.teacher_name, letter.year, letter.club.language), pdf))
    return message


def compose_test(club: Club, to: str, volunteer: str, year: int, pdf: bytes) -> EmailMultiAlternatives:
    with translation.override(club.language):
        # Translators: "Essai : lettre de volontariat %(year)s"
        subject = _("Test: volunteer letter %(year)s") % {"year": year}
        message = _compose(club, to, subject, {"first_name": "", "year": year, "test_of": volunteer})
    message.attach(_attachment(filename_of(volunteer, year, club.language), pdf))
    return message


def _attachment(name: str, pdf: bytes) -> MIMEBase:
    """As Django and Python make it, who copy a PDF into text and back on the way."""
    part = MIMENonMultipart("application", "pdf", name=name)
    part["Content-Transfer-Encoding"] = "base64"
    part["Content-Disposition"] = f'attachment; filename="{name}"'  # plain ASCII, and no quotes: see filename_of
    part.set_payload(encodebytes(pdf).decode("ascii"))
    return part


def _compose(club: Club, to: str, subject: str, context: dict[str, Any]) -> EmailMultiAlternatives:
    context = {**context, "club": club}
    message = EmailMultiAlternatives(
        subject=subject,
        body=render_to_string("letters/mail/letter.txt", context).strip() + "\n",
        from_email=formataddr((" ".join(club.name.split()), parseaddr(settings.DEFAULT_FROM_EMAIL)[1])),
        to=[to],
        reply_to=[club.email] if club.email else None,
        headers={"Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(render_to_string("letters/mail/letter.html", context), "text/html")
    return message
