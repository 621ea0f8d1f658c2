"""The conversation with the mail server. What matters is what we may conclude when it breaks off.

Until the final dot of the message is on its way the server cannot have accepted it: trying again is safe. After the dot only
the server's answer tells; when it does not come, nobody knows, and the message must not be sent again by itself.
"""

import secrets
import select
import smtplib
import socket
import threading
import time
from email.generator import BytesGenerator
from email.message import Message
from email.policy import Compat32
from functools import lru_cache
from io import BytesIO
from typing import Any

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import BadHeaderError, sanitize_address
from django.utils.translation import gettext as _

from . import mail_services
from .mail_services import Verdict

STALE_SECONDS = 10  # a connection that was idle for so long is asked whether it still stands
FOLDED_FROM = 76  # characters of a header
TRANSPORT_ERRORS = (OSError, smtplib.SMTPException)


class TemporaryFailure(Exception):
    """Certainly not accepted; worth another attempt."""


class Refusal(Exception):
    """Certainly not accepted, and the server means it; the text is the server's own."""


class UnknownOutcome(Exception):
    """Perhaps accepted."""


VERDICTS = {Verdict.LATER: TemporaryFailure, Verdict.REFUSED: Refusal, Verdict.UNKNOWN: UnknownOutcome}


class _Generator(BytesGenerator):
    """A PDF has a thousand lines, and Python writes them one by one."""

    def _write_lines(self, lines: str) -> None:
        if "\r" in lines:
            super()._write_lines(lines)  # type: ignore[misc]  # the stubs leave it out
        else:
            self.write(lines.replace("\n", self._NL))  # type: ignore[attr-defined]  # as above


class _Policy(Compat32):
    """Most headers are short and plain, and Python looks through each for where it might be folded: a third of writing a message."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        if isinstance(value, str) and value.isascii() and value.isprintable() and len(name) + len(value) < FOLDED_FROM:
            return f"{name}: {value}{self.linesep}".encode("ascii")
        return super().fold_binary(name, value)


_POLICY = _Policy()


class _Line(threading.local):
    """The one connection of a worker, kept from message to message."""

    backend: Any = None
    used_at = 0.0


_line = _Line()


def connect() -> None:
    """See that a connection stands. What goes wrong here is about us or the server, not about a message: it can be tried again."""
    if _line.backend and not _still_stands():
        hang_up()
    if _line.backend is None:
        backend = get_connection()
        try:
            backend.open()
            _do_not_wait_for_more(backend)
        except TRANSPORT_ERRORS as error:
            _cut(backend)  # a refused log-in leaves a line that stands
            raise TemporaryFailure(_words(error)) from error
        _line.backend = backend
        _line.used_at = time.monotonic()


def _do_not_wait_for_more(backend: Any) -> None:
    """The final dot is a packet of its own: Nagle's algorithm held it back for 40 ms, half the time of a letter."""
    sock = getattr(getattr(backend, "connection", None), "sock", None)
    if sock is not None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def send(message: EmailMessage) -> None:
    """Over the connection that connect() opened."""
    if not isinstance(_line.backend, EmailBackend):
        _hand_over(message)
        return
    try:
        sender, recipients, data = _envelope(message)
    except (BadHeaderError, ValueError) as error:
        raise Refusal(_("This e-mail address cannot be used.")) from error
    try:
        _converse(_smtp(), sender, recipients, data)
    except Refusal:
        _line.used_at = 0.0  # the connection is fine, but ask
        raise
    except BaseException:  # a time limit too: in the middle of a conversation there is no going on
        hang_up()
        raise
    _line.used_at = time.monotonic()


def hang_up() -> None:
    backend, _line.backend = _line.backend, None
    _cut(backend)


def _cut(backend: Any) -> None:
    connection = getattr(backend, "connection", None) or getattr(backend, "_partial_connection", None)  # Django’s, before it is set up
    if connection is not None:
        connection.close()  # without QUIT: the other side may be gone


def _still_stands() -> bool:
    if not isinstance(_line.backend, EmailBackend):
        return True
    smtp = _smtp()
    try:
        if smtp.sock is None or select.select([smtp.sock], [], [], 0)[0]:
            return False  # unasked words of a mail server are its farewell
        return time.monotonic() - _line.used_at < STALE_SECONDS or smtp.rset()[0] == 250
    except TRANSPORT_ERRORS:
        return False


def _smtp() -> smtplib.SMTP:
    smtp: smtplib.SMTP = _line.backend.connection
    return smtp


def _hand_over(message: EmailMessage) -> None:
    """A mail service's API; of another backend that is not SMTP (a file, a console) nobody knows how far it came."""
    backend = _line.backend
    try:
        if mail_services.is_mail_service(backend):
            mail_services.send(backend, message)
        else:
            backend.send_messages([message])
    except mail_services.NotAccepted as error:
        raise VERDICTS[error.verdict](error.words or _words(error)) from error
    except Exception as error:
        raise UnknownOutcome(str(error)) from error


def _envelope(message: EmailMessage) -> tuple[str, list[str], bytes]:
    sender = _sender(message.from_email)
    recipients = [sanitize_address(address, "utf-8") for address in message.recipients()]
    mime = message.message()
    for part in filter(Message.is_multipart, mime.walk()):
        part.set_boundary(secrets.token_hex(16))  # Python would look through the whole e-mail for one that it does not hold
    data = BytesIO()
    _Generator(data, mangle_from_=False, policy=_POLICY).flatten(mime, linesep="\r\n")
    return sender, recipients, data.getvalue()


@lru_cache(maxsize=100)
def _sender(address: str) -> str:
    """The same in all messages of a club, and to take it apart costs a tenth of a millisecond."""
    return str(sanitize_address(address, "utf-8"))


def _converse(smtp: smtplib.SMTP, sender: str, recipients: list[str], data: bytes) -> None:
    try:
        smtp.ehlo_or_helo_if_needed()
        _expect(250, *smtp.mail(sender, ["BODY=8BITMIME"] if smtp.has_extn("8bitmime") else []))
        for recipient in recipients:
            _expect(250, *smtp.rcpt(recipient))
        _expect(354, *smtp.docmd("DATA"))
        smtp.send(_stuffed(data))
    except TRANSPORT_ERRORS as error:
        raise TemporaryFailure(_words(error)) from error
    try:
        smtp.send(b".\r\n")
        code, words = smtp.getreply()
    except TRANSPORT_ERRORS as error:
        raise UnknownOutcome(_words(error)) from error
    if not (200 <= code < 300 or 400 <= code < 600):
        raise UnknownOutcome(f"{code} {words!r}")
    _expect(250, code, words)


def _expect(code: int, answered: int, words: bytes) -> None:
    if answered // 100 == code // 100:  # the first digit decides (RFC 5321, 4.3.2)
        return
    said = f"{answered} {words.decode(errors='replace')}"
    if 500 <= answered < 600:
        raise Refusal(said)
    raise TemporaryFailure(said)


def _stuffed(data: bytes) -> bytes:
    """A line that begins with a dot would end the message."""
    return (b"\n" + data.rstrip(b"\r\n")).replace(b"\n.", b"\n..")[1:] + b"\r\n"


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return f"{error.smtp_code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"
    return _("The mail server could not be reached, or broke off the conversation.")
