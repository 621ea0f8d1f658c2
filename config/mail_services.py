"""Mail services besides SMTP (django-anymail, the optional extra `mail-services`): what each needs, from the same four variables."""

from typing import Any

KEY = {"postmark": "POSTMARK_SERVER_TOKEN", "mailgun": "MAILGUN_API_KEY"}
URL = {"postmark": "POSTMARK_API_URL", "mailgun": "MAILGUN_API_URL"}
SECRET = {"postmark": "WEBHOOK_SECRET", "mailgun": "MAILGUN_WEBHOOK_SIGNING_KEY"}  # name:password, and a key for signatures
SERVICES = tuple(KEY)


def anymail_settings(service: str, *, key: str, url: str, secret: str, timeout: int) -> dict[str, Any]:
    given = {KEY[service]: key, URL[service]: url, SECRET[service]: secret}
    return {"REQUESTS_TIMEOUT": timeout, **{name: value for name, value in given.items() if value}}


def backend_of(service: str) -> str:
    return f"anymail.backends.{service}.EmailBackend"


def is_secret(service: str, text: str) -> bool:
    """Long enough not to be guessed; where the service logs in, with the name that it does so under."""
    name, colon, password = text.partition(":")
    return text.isascii() and (bool(name and colon and len(password) >= 16) if service == "postmark" else len(text) >= 16)
