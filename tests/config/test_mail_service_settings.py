"""The optional extra mail-services: without it nothing breaks, and a setting that asks for it in vain says what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.checks import CheckMessage
from pytest_django import Settings

from config.checks import check_mail_service
from config.mail_services import anymail_settings

ROOT = Path(__file__).resolve().parents[2]
CHECK_WITHOUT_ANYMAIL = """
import sys
from django.core.management import execute_from_command_line
sys.modules["anymail"] = None  # as if it were not installed
execute_from_command_line(["manage.py", "check"])
"""


def check_without_the_extra(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    defaults = {"DJANGO_SETTINGS_MODULE": "config.settings", "SECRET_KEY": "x" * 50, "DATABASE_URL": f"sqlite:///{tmp_path}/x.sqlite3"}
    variables = {**os.environ, **defaults, "VAR_DIR": str(tmp_path), **environment}
    return subprocess.run(
        [sys.executable, "-c", CHECK_WITHOUT_ANYMAIL], cwd=ROOT, env=variables, capture_output=True, text=True, check=False
    )


def findings(settings: Settings, service: str, key: str = "key", secret: str = "", url: str = "") -> list[CheckMessage]:
    settings.MAIL_SERVICE, settings.MAIL_SERVICE_KEY = service, key
    settings.MAIL_WEBHOOK_SECRET, settings.MAIL_SERVICE_URL = secret, url
    return list(check_mail_service())


def test_without_the_extra_nothing_breaks(tmp_path: Path) -> None:
    done = check_without_the_extra(tmp_path, MAIL_SERVICE="")
    assert done.returncode == 0, done.stderr


def test_a_service_without_the_extra_names_what_is_missing(tmp_path: Path) -> None:
    done = check_without_the_extra(tmp_path, MAIL_SERVICE="mailgun", MAIL_SERVICE_KEY="key", MAIL_WEBHOOK_SECRET="s" * 32)
    assert done.returncode == 1
    assert "requirements-mail-services.txt" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_service_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    done = check_without_the_extra(tmp_path, MAIL_SERVICE="pigeons")
    assert "MAIL_SERVICE has a value that cannot be used" in done.stderr


@pytest.mark.parametrize(("service", "secret"), [("postmark", "reports:a-long-password-01"), ("mailgun", "a-long-signing-key")])
def test_a_service_with_key_and_secret_is_fine(settings: Settings, service: str, secret: str) -> None:
    assert findings(settings, service, secret=secret) == []


@pytest.mark.parametrize(
    ("service", "secret"),
    [
        ("postmark", ""),
        ("postmark", "a-long-password-without-a-name"),
        ("postmark", "reports:short"),
        ("mailgun", ""),
        ("mailgun", "é" * 40),
    ],
)
def test_a_webhook_without_a_good_secret_is_an_error(settings: Settings, service: str, secret: str) -> None:
    assert [finding.id for finding in findings(settings, service, secret=secret)] == ["config.E010"]


def test_a_service_without_its_key_is_an_error(settings: Settings) -> None:
    assert [finding.id for finding in findings(settings, "mailgun", key="", secret="s" * 32)] == ["config.E009"]


def test_an_address_that_is_none_is_an_error(settings: Settings) -> None:
    assert [finding.id for finding in findings(settings, "mailgun", secret="s" * 32, url="api.eu.mailgun.net")] == ["config.E011"]


def test_the_same_variables_become_what_each_service_needs() -> None:
    given = {"key": "k", "url": "", "secret": "s", "timeout": 20}
    assert anymail_settings("postmark", **given) == {"REQUESTS_TIMEOUT": 20, "POSTMARK_SERVER_TOKEN": "k", "WEBHOOK_SECRET": "s"}  # type: ignore[arg-type]  # of several types
    assert anymail_settings("mailgun", **given)["MAILGUN_WEBHOOK_SIGNING_KEY"] == "s"  # type: ignore[arg-type]  # of several types
