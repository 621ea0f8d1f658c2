"""A wrong setting is a message with its remedy at start, not a surprise at night."""

import re
from collections.abc import Iterator
from email.utils import getaddresses, parseaddr
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from config import mail_services
from jobs import registry

DEVELOPMENT_KEY = "insecure-for-development-only"
LEAST = {  # the least value that makes sense
    "JOBS_WORKERS": 1,
    "JOBS_STOP_SECONDS": 1,
    "JOBS_RETENTION_SECONDS": 0,
    "JOBS_ERROR_RETENTION_SECONDS": 0,
    "EMAIL_TIMEOUT": 1,
    "DB_POOL_SIZE": 1,
    "DB_POOL_MORE": 0,
    "AUDIO_MAX_MEGABYTES": 1,
    "AUDIO_MAX_MINUTES": 1,
    "AUDIO_UPLOADS_A_MINUTE": 1,
    "AUDIO_RETENTION_DAYS": 1,
    "OPENAI_TIMEOUT": 1,
}
MOST = {"OPENAI_TIMEOUT": 280}  # the job that asks is stopped after 300
ADDRESS = re.compile(r"[^@\s<>,;:]+@[^@\s<>,;:]+")
MOST_SECONDS = 10 * 366 * 86400


@register()
def check_environment(**kwargs: Any) -> list[CheckMessage]:
    """What `settings.env` could not read."""
    return [
        Error(f"{problem.name} has a value that cannot be used.", hint=f"Expected: {problem.expected}.", id="config.E001")
        for problem in settings.ENVIRONMENT_PROBLEMS
    ]


@register()
def check_secret_key(**kwargs: Any) -> list[CheckMessage]:
    try:
        secret = settings.SECRET_KEY
    except ImproperlyConfigured:
        secret = ""
    if settings.DEBUG or secret not in ("", DEVELOPMENT_KEY):
        return []
    hint = "Set SECRET_KEY to a long random text (openssl rand -base64 48), or DEBUG=1 on a development machine."
    return [Error("SECRET_KEY is missing." if not secret else "SECRET_KEY is the one for development.", hint=hint, id="config.E002")]


@register()
def check_numbers(**kwargs: Any) -> list[CheckMessage]:
    hints = {name: f"Set it to {least} or more." for name, least in LEAST.items() if getattr(settings, name) < least}
    hints |= {name: f"Set it to {most} or less." for name, most in MOST.items() if getattr(settings, name) > most}
    return [Error(f"{name} is {getattr(settings, name)}.", hint=hint, id="config.E003") for name, hint in hints.items()]


@register()
def check_retention(**kwargs: Any) -> list[CheckMessage]:
    """What lies further back than any date makes the database refuse the question."""
    return [
        Error(f"{name} is {getattr(settings, name)}.", hint=f"Set it to {MOST_SECONDS} (ten years) or less.", id="config.E003")
        for name in ("JOBS_RETENTION_SECONDS", "JOBS_ERROR_RETENTION_SECONDS")
        if getattr(settings, name) > MOST_SECONDS
    ]


@register()
def check_queues(**kwargs: Any) -> list[CheckMessage]:
    """A queue without a kind is a slip of the pen: its workers would wait for ever."""
    known = {"default", "letters", "audio"} | {registry.get(name).queue for name in registry.names()}
    hint = f"Known queues: {', '.join(sorted(known))}."
    if not settings.JOBS_QUEUES:
        return [Error("JOBS_QUEUES is empty: no worker would do anything.", hint=hint, id="config.E004")]
    return [
        Error(f"JOBS_QUEUES names an unknown queue: {name!r}.", hint=hint, id="config.E004") for name in set(settings.JOBS_QUEUES) - known
    ]


@register()
def check_addresses(**kwargs: Any) -> Iterator[CheckMessage]:
    if not _is_web_address(settings.BASE_URL):
        hint = "Set it to the address that people type, such as https://club.example."
        yield Error("BASE_URL is not a web address.", hint=hint, id="config.E005")
    if not _is_sender(settings.DEFAULT_FROM_EMAIL):
        hint = "Set it to one address, with or without a name: Aussitôt <club@example.org>."
        yield Error("DEFAULT_FROM_EMAIL is not an e-mail address.", hint=hint, id="config.E007")
    if "Redis" in settings.CACHES["default"]["BACKEND"] and find_spec("redis") is None:
        yield Error("CACHE_URL names Redis, whose client is not installed.", hint=".venv/bin/pip install redis", id="config.E006")


@register()
def check_voice_notes(**kwargs: Any) -> Iterator[CheckMessage]:
    needed = [name for name in ("TRANSCRIBER", "EXTRACTOR") if getattr(settings, name) == "openai"]
    if needed and not (settings.OPENAI_API_KEY or settings.OPENAI_BASE_URL):
        hint = "Set OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own; or choose another."
        yield Error(f"{' and '.join(needed)} is openai, and there is no key.", hint=hint, id="config.E007")
    if settings.OPENAI_BASE_URL and not _is_web_address(settings.OPENAI_BASE_URL):
        hint = "Set it to an address such as http://127.0.0.1:8001/v1, or leave it empty."
        yield Error("OPENAI_BASE_URL is not a web address.", hint=hint, id="config.E005")
    if settings.TRANSCRIBER == "faster-whisper":
        yield from _missing("TRANSCRIBER is faster-whisper", "faster_whisper", "requirements-whisper.txt")
    if settings.AUDIO_S3_BUCKET:
        yield from _missing("AUDIO_S3_BUCKET names an object store", "storages", "requirements-s3.txt")
    if settings.AUDIO_S3_ENDPOINT_URL and not _is_web_address(settings.AUDIO_S3_ENDPOINT_URL):
        hint = "Set it to the address of the object store, or leave it empty for Amazon's."
        yield Error("AUDIO_S3_ENDPOINT_URL is not a web address.", hint=hint, id="config.E005")


def _missing(wish: str, package: str, requirements: str) -> Iterator[CheckMessage]:
    if find_spec(package) is None:
        hint = f".venv/bin/pip install --require-hashes -r {requirements}"
        yield Error(f"{wish}, and its package is not installed.", hint=hint, id="config.E008")


@register()
def check_mail_service(**kwargs: Any) -> Iterator[CheckMessage]:
    service = settings.MAIL_SERVICE
    if not service:
        return
    if find_spec("anymail") is None:
        hint = ".venv/bin/pip install --require-hashes -r requirements-mail-services.txt"
        yield Error("MAIL_SERVICE needs the extra mail-services, which is not installed.", hint=hint, id="config.E008")
    if not settings.MAIL_SERVICE_KEY:
        yield Error("MAIL_SERVICE_KEY is missing.", hint=f"Set it to the key that {service} gave you.", id="config.E009")
    if not mail_services.is_secret(service, settings.MAIL_WEBHOOK_SECRET):
        hints = {
            "postmark": "Set it to name:password, 16 characters or more, and put both into the webhook’s address.",
            "mailgun": "Set it to the HTTP webhook signing key that Mailgun shows you.",
        }
        problem = "MAIL_WEBHOOK_SECRET is missing or too weak: anybody could say that letters came back."
        yield Error(problem, hint=hints[service], id="config.E010")
    if settings.MAIL_SERVICE_URL and not _is_web_address(settings.MAIL_SERVICE_URL):
        hint = "Leave it empty, or set it to such as https://api.eu.mailgun.net/v3."
        yield Error("MAIL_SERVICE_URL is not a web address.", hint=hint, id="config.E011")


def _is_sender(text: str) -> bool:
    """One address; a host without a dot is fine on a network of one's own."""
    return text.isprintable() and len(getaddresses([text])) == 1 and ADDRESS.fullmatch(parseaddr(text)[1]) is not None


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:  # "http://[club"
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)
