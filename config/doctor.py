"""The self-test of an installation: each part is really used once, and where it fails the remedy is said.

A check returns what it found, or raises: then its part failed, with the words of the exception.
"""

import shutil
import smtplib
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core import checks, mail
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.db import InterfaceError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from audio import openai_client
from audio.diagnosis import Diagnosis
from audio.transcription import transcriber
from config.checks import DEVELOPMENT_KEY
from jobs import services
from jobs.health import queue_names
from jobs.models import Worker

SLOW_ROUND_TRIP_MS = 20
LEAST_FREE_BYTES = 1024**3
MAIL_SECONDS = 10
SHORTEST_KEY, FEWEST_CHARACTERS = 32, 10
SHARED_BY_NONE = ("Dummy", "LocMem")


@dataclass(frozen=True)
class Check:
    name: str
    label: str | Promise
    look: Callable[[], Diagnosis]
    remedy: str | Promise  # where `look` raises


@dataclass(frozen=True)
class Finding:
    check: Check
    diagnosis: Diagnosis

    def as_dict(self) -> dict[str, str]:
        found = self.diagnosis
        return {"name": self.check.name, "level": found.level, "what": found.what, "remedy": found.remedy}


def examine() -> Iterator[Finding]:
    """One after the other, so that whoever waits for a slow one sees which."""
    for check in CHECKS:
        yield Finding(check, _look(check))


def _look(check: Check) -> Diagnosis:
    """A part that fails in a way that nobody foresaw is a finding too."""
    try:
        return check.look()
    except Exception as error:
        if isinstance(error, OperationalError | InterfaceError) and not connection.is_usable():
            # Translators: "la base de données ne répond pas : %(error)s"
            text = _("the database does not answer: %(error)s") % {"error": _first_line(error)}
            return Diagnosis("fail", text, _("Check that it runs, and DATABASE_URL."))
        return Diagnosis("fail", f"{type(error).__name__}: {_first_line(error)}", str(check.remedy))


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), "")


def look_at_settings() -> Diagnosis:
    """What the system checks say: this command runs where they would refuse to start anything else."""
    found = sorted(checks.run_checks(), key=lambda message: -message.level)
    serious = [message for message in found if message.level >= checks.WARNING]
    if not serious:
        return Diagnosis("ok", _("no complaint of the system checks"))
    worst = serious[0]
    return Diagnosis(
        "fail" if worst.is_serious() else "warn",
        " ".join(str(message.msg) for message in serious),
        " ".join(str(message.hint) for message in serious if message.hint),
    )


def look_at_database() -> Diagnosis:
    connection.ensure_connection()
    milliseconds = min(_round_trip_ms() for _again in range(3))
    facts = {"system": connection.display_name, "ms": f"{milliseconds:.1f}"}
    if milliseconds > SLOW_ROUND_TRIP_MS:
        text = _("%(system)s takes %(ms)s ms for nothing") % facts
        return Diagnosis("warn", text, _("Bring it nearer: every page and every job ask it many times."))
    return Diagnosis("ok", _("%(system)s answers in %(ms)s ms") % facts)


def _round_trip_ms() -> float:
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return (time.perf_counter() - began) * 1000


def look_at_migrations() -> Diagnosis:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        return Diagnosis("ok", _("all are applied"))
    text = ngettext("%(count)d is not applied", "%(count)d are not applied", len(plan)) % {"count": len(plan)}
    return Diagnosis("fail", text, "manage.py migrate")


def look_at_workers() -> Diagnosis:
    if settings.JOBS_INLINE:
        text = _("none needed: jobs run within the request")
        return Diagnosis("warn", text, _("For debugging only: unset JOBS_INLINE and start manage.py qcluster."))
    if not services.workers_alive():
        return Diagnosis("fail", _("none is alive: nothing in the background happens"), _("Start them: manage.py qcluster (deploy/)."))
    alive = Worker.objects.filter(services.is_alive())
    served = {name.strip() for queues in alive.values_list("queues", flat=True) for name in queues.split(",")}
    if alone := [name for name in queue_names() if name not in served]:
        text = _("none serves the queue %(queue)s") % {"queue": ", ".join(alone)}
        return Diagnosis("warn", text, _("Add it to JOBS_QUEUES of a worker, on this machine or another."))
    count = alive.count()
    return Diagnosis("ok", ngettext("%(count)d is alive", "%(count)d are alive", count) % {"count": count})


def look_at_mail_server() -> Diagnosis:
    """A greeting and a NOOP; no message is sent."""
    backend: Any = mail.get_connection()
    if not hasattr(backend, "host"):
        text = _("%(backend)s cannot be tried without sending") % {"backend": settings.EMAIL_BACKEND.rpartition(".")[2]}
        return Diagnosis("warn", text, _("Send yourself a letter: manage.py sendtestemail you@example.org"))
    backend.timeout = min(MAIL_SECONDS, settings.EMAIL_TIMEOUT)
    where = {"server": f"{backend.host}:{backend.port}"}
    try:
        backend.open()
        backend.connection.ehlo_or_helo_if_needed()
        code, _answer = backend.connection.noop()
    except smtplib.SMTPAuthenticationError:
        text = _("%(server)s refuses the user name or the password") % where
        return Diagnosis("fail", text, _("Correct them in EMAIL_URL."))
    except (OSError, smtplib.SMTPException) as error:
        text = _("%(server)s: %(error)s") % {**where, "error": _reason(error)}
        return Diagnosis("fail", text, _("Check EMAIL_URL and that the server runs; in development: manage.py mailbox."))
    finally:
        with suppress(OSError, smtplib.SMTPException):
            backend.close()
    if code != 250:
        return Diagnosis("fail", _("%(server)s answers with %(code)d") % {**where, "code": code}, _("Ask whoever runs it."))
    return Diagnosis("ok", _("%(server)s answers") % where)


def _reason(error: Exception) -> str:
    """Without the number of the system's error, which helps nobody."""
    return str(getattr(error, "strerror", None) or _first_line(error) or type(error).__name__)


def look_at_storage() -> Diagnosis:
    """A small file is written, read and deleted where letters and where recordings are kept."""
    for name in ("default", "audio"):
        _try_storage(storages[name])
    local = storages["audio"]
    free = shutil.disk_usage(_existing(Path(local.location))).free if isinstance(local, FileSystemStorage) else LEAST_FREE_BYTES
    if free < LEAST_FREE_BYTES:
        text = _("%(free)d MB are left on the disk") % {"free": free // 1024**2}
        return Diagnosis("warn", text, _("Make room, or lower AUDIO_RETENTION_DAYS."))
    return Diagnosis("ok", _("files are written, read and deleted"))


def _try_storage(storage: Storage) -> None:
    written = uuid4().bytes
    name = storage.save(f"doctor-{uuid4()}.probe", ContentFile(written))
    try:
        with storage.open(name) as file:
            if file.read() != written:
                raise OSError(_("what was read is not what was written"))
    finally:
        storage.delete(name)


def _existing(folder: Path) -> Path:
    return next(parent for parent in (folder, *folder.parents) if parent.exists())


def look_at_pdf_libraries() -> Diagnosis:
    from weasyprint.text.ffi import harfbuzz_subset

    from letters.pdf import write_pdf

    if not write_pdf('<html lang="fr"><title>Aussitôt</title><p>Aussitôt</p></html>', {}).startswith(b"%PDF"):
        raise ValueError(_("what was written is no PDF"))
    if not harfbuzz_subset:
        text = _("a page is written, without harfbuzz-subset: a letter takes twice as long")
        return Diagnosis("warn", text, "apt-get install libharfbuzz-subset0")
    return Diagnosis("ok", _("a page is written"))


def look_at_cache() -> Diagnosis:
    key, value = f"doctor-{uuid4()}", str(uuid4())
    cache.set(key, value, 60)
    found = cache.get(key)
    cache.delete(key)
    backend = settings.CACHES["default"]["BACKEND"].rpartition(".")[2]
    if any(backend.startswith(name) for name in SHARED_BY_NONE):
        text = _("%(backend)s is not shared by web and workers") % {"backend": backend}
        return Diagnosis("fail", text, _("Unset CACHE_URL for the database, or name a Redis."))
    if found != value:
        raise ValueError(_("what was read is not what was written"))
    return Diagnosis("ok", _("%(backend)s keeps what it is given") % {"backend": backend})


def look_at_keys() -> Diagnosis:
    try:
        secret = settings.SECRET_KEY
    except ImproperlyConfigured:
        secret = ""
    weak = len(secret) < SHORTEST_KEY or len(set(secret)) < FEWEST_CHARACTERS or secret == DEVELOPMENT_KEY
    if weak:
        text = _("SECRET_KEY can be guessed") if secret else _("SECRET_KEY is missing")
        return Diagnosis("warn" if settings.DEBUG else "fail", text, "SECRET_KEY=$(openssl rand -base64 48)")
    asking = [name for name in ("TRANSCRIBER", "EXTRACTOR") if getattr(settings, name) == "openai"]
    if asking and not (settings.OPENAI_API_KEY or settings.OPENAI_BASE_URL):
        text = ngettext(
            "OPENAI_API_KEY is missing: %(settings)s needs it", "OPENAI_API_KEY is missing: %(settings)s need it", len(asking)
        ) % {"settings": ", ".join(asking)}
        return Diagnosis("fail", text, _("Set OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own."))
    return Diagnosis("ok", _("all that are needed are there"))


def look_at_transcriber() -> Diagnosis:
    return transcriber().diagnose()


def look_at_extractor() -> Diagnosis:
    if settings.EXTRACTOR == "openai":
        return openai_client.diagnose("OPENAI_EXTRACTION_MODEL")
    return Diagnosis("ok", _("rules: French and English, offline"))


CHECKS = (
    Check("settings", gettext_lazy("settings"), look_at_settings, gettext_lazy("Correct it in the environment or in .env.")),
    Check("database", gettext_lazy("database"), look_at_database, gettext_lazy("Check that it runs, and DATABASE_URL.")),
    Check("migrations", gettext_lazy("migrations"), look_at_migrations, "manage.py migrate"),
    Check("workers", gettext_lazy("workers"), look_at_workers, "manage.py migrate"),
    Check("mail", gettext_lazy("mail server"), look_at_mail_server, gettext_lazy("Check EMAIL_URL.")),
    Check("storage", gettext_lazy("storage"), look_at_storage, gettext_lazy("Let the user who runs Aussitôt write to VAR_DIR/media.")),
    Check("pdf", gettext_lazy("PDF libraries"), look_at_pdf_libraries, "bin/setup --production"),
    Check("cache", gettext_lazy("cache"), look_at_cache, gettext_lazy("manage.py createcachetable; or check CACHE_URL.")),
    Check("keys", gettext_lazy("keys"), look_at_keys, gettext_lazy("Check SECRET_KEY.")),
    Check("transcriber", gettext_lazy("transcriber"), look_at_transcriber, gettext_lazy("Check TRANSCRIBER.")),
    Check("extractor", gettext_lazy("extractor"), look_at_extractor, gettext_lazy("Check EXTRACTOR.")),
)
