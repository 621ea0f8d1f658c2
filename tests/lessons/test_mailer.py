"""An e-mail as it goes over the wire."""

import re
from email import message_from_bytes
from email.generator import BytesGenerator
from email.policy import default
from io import BytesIO

import pytest
from django.core.mail import EmailMultiAlternatives

from lessons import mailer


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_every_line_ends_as_mail_servers_want_it_and_nothing_else_changes(line_end: str) -> None:
    lines, file = ["Bonjour,", "", ".", "From Anna: à bientôt"], bytes(range(256)) * 400
    message = EmailMultiAlternatives("Été", line_end.join(lines), "a@example.org", ["b@example.org"], headers={"X-Line": "1"})
    message.attach_alternative(f"<p>{line_end}à</p>", "text/html")
    message.attach("file.bin", file, "application/octet-stream")
    _sender, _recipients, data = mailer._envelope(message)
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", data)
    words, attachment = message_from_bytes(data, policy=default).iter_parts()
    plain, html = (part.get_content().splitlines() for part in words.iter_parts())
    assert (plain, html, attachment.get_content()) == (lines, ["<p>", "à</p>"], file)


@pytest.mark.parametrize("subject", ["Lesson", "Leçon d’équitation", "x" * 66, "x" * 67, "word " * 40, "word" * 40, " a  b ", ""])
def test_headers_are_written_as_django_writes_them(subject: str) -> None:
    headers = {"Date": "Sat, 21 Nov 2026 10:00:00 +0000", "Message-ID": "<a@b>"}
    headers |= {f"X-{length}": ("ab " * 40)[:length] for length in range(60, 90)}
    message = EmailMultiAlternatives(subject, "Bonjour", '"Écuries, du Bois" <a@example.org>', ["b@example.org"] * 9, headers=headers)
    plain = BytesIO()
    BytesGenerator(plain, mangle_from_=False).flatten(message.message(), linesep="\r\n")
    _sender, _recipients, data = mailer._envelope(message)
    assert data == plain.getvalue()
