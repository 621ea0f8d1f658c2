"""Each part of the self-test can fail, for a real cause, and names its remedy."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
import weasyprint.text.ffi
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.functions import Now
from pytest_django import Settings

from audio.diagnosis import Diagnosis
from config import doctor
from jobs.models import Worker
from tests.audio.openai_server import running
from tests.lessons.conftest import in_english
from tests.lessons.mailservers import ScriptedServer, real_server, refusing_port

__all__ = ["in_english"]
ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


def find(name: str) -> Diagnosis:
    return next(doctor._look(check) for check in doctor.CHECKS if check.name == name)


def work(queues: str = "default, letters, audio, staffing") -> None:
    Worker.objects.create(owner="host:1:1", host="host", pid=1, queues=queues, since=Now(), seen_at=Now())


def use_mail_server(settings: Settings, port: int) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port


def test_it_tries_what_the_operator_relies_on() -> None:
    names = [check.name for check in doctor.CHECKS]
    wanted = ["database", "migrations", "workers", "mail", "storage", "pdf", "cache", "keys", "transcriber", "extractor"]
    assert names == ["settings", *wanted]


def test_wrong_settings_are_named_with_the_hint_of_the_check(settings: Settings) -> None:
    assert find("settings").level == "ok"
    settings.JOBS_WORKERS = 0
    assert find("settings") == Diagnosis("fail", "JOBS_WORKERS is 0.", "Set it to 1 or more.")


def test_a_database_that_answers_is_fine() -> None:
    assert find("database").level == "ok"


def test_a_slow_database_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "SLOW_ROUND_TRIP_MS", 0)
    assert find("database").level == "warn"


def test_a_migration_that_is_not_applied_is_counted() -> None:
    assert find("migrations").level == "ok"
    MigrationRecorder(connection).record_unapplied("admin", "0003_logentry_add_action_flag_choices")
    assert find("migrations") == Diagnosis("fail", "1 is not applied", "manage.py migrate")


def test_without_a_worker_nothing_happens() -> None:
    diagnosis = find("workers")
    assert (diagnosis.level, "qcluster" in diagnosis.remedy) == ("fail", True)


def test_workers_for_every_queue_are_fine() -> None:
    work()
    assert find("workers") == Diagnosis("ok", "1 is alive")


def test_a_queue_that_nobody_serves_is_named() -> None:
    work("default, letters")
    diagnosis = find("workers")
    assert (diagnosis.level, diagnosis.what) == ("warn", "none serves the queue audio, staffing")


def test_a_mail_server_that_answers_is_fine_and_gets_no_mail(settings: Settings) -> None:
    with real_server() as (port, catcher):
        use_mail_server(settings, port)
        assert find("mail").level == "ok"
    assert catcher.caught == []


def test_a_mail_server_that_is_not_there_is_named(settings: Settings) -> None:
    with refusing_port() as port:
        use_mail_server(settings, port)
        diagnosis = find("mail")
    assert (diagnosis.level, f"127.0.0.1:{port}" in diagnosis.what, "EMAIL_URL" in diagnosis.remedy) == ("fail", True, True)


def test_a_mail_server_that_refuses_the_password_is_named(settings: Settings) -> None:
    with ScriptedServer(EHLO="250-here\r\n250 AUTH PLAIN", AUTH="535 wrong") as server:
        use_mail_server(settings, server.port)
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = "club"
        diagnosis = find("mail")
    assert (diagnosis.level, "password" in diagnosis.what) == ("fail", True)


@pytest.mark.parametrize("script", [{"HELLO": "554 go away"}, {"NOOP": "421 closing"}, {"NOOP": "DROP"}])
def test_a_mail_server_that_does_not_want_to_is_named(settings: Settings, script: dict[str, str]) -> None:
    with ScriptedServer(**script) as server:
        use_mail_server(settings, server.port)
        assert find("mail").level == "fail"


def test_a_mail_service_that_can_only_send_is_not_called_fine(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    assert find("mail").level == "warn"


def test_storage_is_used_and_left_as_it_was(settings: Settings) -> None:
    assert find("storage").level == "ok"
    assert [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()] == []


def test_a_storage_that_cannot_be_written_is_named(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings.MEDIA_ROOT = tmp_path / "file" / "media"
    diagnosis = find("storage")
    assert (diagnosis.level, "VAR_DIR" in diagnosis.remedy) == ("fail", True)


def test_a_disk_that_is_nearly_full_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LEAST_FREE_BYTES", 2**60)
    assert "AUDIO_RETENTION_DAYS" in find("storage").remedy


def test_a_page_becomes_a_pdf() -> None:
    assert find("pdf").level == "ok"


def test_a_missing_harfbuzz_subset_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library is not there: WeasyPrint then subsets fonts in Python."""
    monkeypatch.setattr("weasyprint.pdf.fonts.harfbuzz_subset", None)
    monkeypatch.setattr(weasyprint.text.ffi, "harfbuzz_subset", None)
    diagnosis = find("pdf")
    assert (diagnosis.level, diagnosis.remedy) == ("warn", "apt-get install libharfbuzz-subset0")


def test_missing_pdf_libraries_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint.text.ffi", None)
    diagnosis = find("pdf")
    assert (diagnosis.level, diagnosis.remedy) == ("fail", "bin/setup --production")


def test_a_cache_that_keeps_is_fine() -> None:
    assert find("cache").level == "ok"


def test_a_cache_that_is_not_shared_fails(settings: Settings) -> None:
    settings.CACHES = {**settings.CACHES, "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    assert find("cache").level == "fail"


@pytest.mark.django_db(transaction=True)
def test_a_cache_without_its_table_fails(settings: Settings) -> None:
    default = {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "no_such_table"}
    settings.CACHES = {**settings.CACHES, "default": default}
    diagnosis = find("cache")
    assert (diagnosis.level, "createcachetable" in diagnosis.remedy) == ("fail", True)


@pytest.mark.parametrize("secret", ["", "short", "a" * 60, "insecure-for-development-only"])
def test_a_key_that_can_be_guessed_fails(settings: Settings, secret: str) -> None:
    settings.SECRET_KEY = secret
    assert find("keys").level == "fail"


def test_the_key_of_a_chosen_service_must_be_there(settings: Settings) -> None:
    settings.SECRET_KEY = "".join(map(chr, range(60, 110)))
    assert find("keys").level == "ok"
    settings.EXTRACTOR, settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = "openai", "", ""
    assert find("keys").what == "OPENAI_API_KEY is missing: EXTRACTOR needs it"


def test_the_active_transcriber_is_named() -> None:
    assert find("transcriber").what.startswith("pocketsphinx: English only")


def test_a_transcriber_that_cannot_work_fails(settings: Settings) -> None:
    settings.TRANSCRIBER, settings.WHISPER_MODEL = "faster-whisper", "/nowhere"
    assert find("transcriber").level == "fail"


def test_the_active_extractor_is_tried(settings: Settings) -> None:
    assert find("extractor").what.startswith("rules")
    settings.EXTRACTOR, settings.OPENAI_API_KEY = "openai", "a-key"
    with running() as server:
        settings.OPENAI_BASE_URL = server.url
        server.refuses(401, "Incorrect API key provided.")
        assert find("extractor").level == "fail"


def test_the_command_says_it_in_lines_and_fails_with_a_part() -> None:
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", stdout=out, no_color=True)
    assert ended.value.code == 1
    lines = out.getvalue().splitlines()
    assert any(line.startswith("FAILS  workers") for line in lines)
    assert lines[-1].startswith("11 parts tried:")


def test_the_command_speaks_json() -> None:
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("doctor", "--json", stdout=out)
    body = json.loads(out.getvalue())
    assert body["status"] == "fail"
    assert {"name": "migrations", "level": "ok", "what": "all are applied", "remedy": ""} in body["checks"]


def examine_elsewhere(**environment: str) -> tuple[int, dict[str, dict[str, str]]]:
    """As an operator runs it: its exit code, and what it says of each part."""
    wishes = {"SECRET_KEY": "", "DEBUG": "0", "DJANGO_SETTINGS_MODULE": "config.settings", **environment}
    command = [sys.executable, "manage.py", "doctor", "--json"]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **wishes}, capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    return done.returncode, {check["name"]: check for check in json.loads(done.stdout)["checks"]}


def test_without_a_database_it_still_examines_the_rest(tmp_path: Path) -> None:
    with refusing_port() as port:
        code, parts = examine_elsewhere(DATABASE_URL=f"postgres://nobody@127.0.0.1:{port}/none", VAR_DIR=str(tmp_path))
    assert code == 1
    assert {parts[name]["level"] for name in ("settings", "database", "migrations", "workers", "cache", "keys")} == {"fail"}
    assert parts["storage"]["level"] == parts["pdf"]["level"] == "ok"


def test_on_an_empty_database_it_says_how_to_fill_it(tmp_path: Path) -> None:
    code, parts = examine_elsewhere(DATABASE_URL=f"sqlite:///{tmp_path}/empty.sqlite3", VAR_DIR=str(tmp_path))
    assert (code, parts["database"]["level"]) == (1, "ok")
    assert parts["migrations"]["remedy"] == parts["workers"]["remedy"] == "manage.py migrate"
    assert "createcachetable" in parts["cache"]["remedy"]
