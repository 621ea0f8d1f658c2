"""The e-mail that carries a letter."""

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
    message.attach(filename_of(letter.teacher_name, letter.year, letter.club.language), pdf, "application/pdf")
    return message


def compose_test(club: Club, to: str, volunteer: str, year: int, pdf: bytes) -> EmailMultiAlternatives:
    with translation.override(club.language):
        # Translators: "Essai : lettre de volontariat %(year)s"
        subject = _("Test: volunteer letter %(year)s") % {"year": year}
        message = _compose(club, to, subject, {"first_name": "", "year": year, "test_of": volunteer})
    message.attach(filename_of(volunteer, year, club.language), pdf, "application/pdf")
    return message


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
