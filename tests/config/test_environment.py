import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.environment import CheckedEnv

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("JOBS_WORKERS", "two", "JOBS_WORKERS has a value that cannot be used"),
        ("JOBS_WORKERS", "0", "JOBS_WORKERS is 0"),
        ("JOBS_STOP_SECONDS", "1O", "JOBS_STOP_SECONDS has a value that cannot be used"),
        ("JOBS_QUEUES", "default,leters", "JOBS_QUEUES names an unknown queue: 'leters'"),
        ("JOBS_QUEUES", ",", "JOBS_QUEUES is empty"),
        ("JOBS_INLINE", "1", "JOBS_INLINE"),
        ("DATABASE_URL", "mysql://root@localhost/club", "DATABASE_URL has a value that cannot be used"),
        ("DATABASE_URL", "postgres://localhost:port/club", "DATABASE_URL has a value that cannot be used"),
        ("DATABASE_URL", "postgres://localhost", "DATABASE_URL has a value that cannot be used"),
        ("EMAIL_URL", "mail.example.org", "EMAIL_URL has a value that cannot be used"),
        ("EMAIL_URL", "smtp://mail.example.org:smtp", "EMAIL_URL has a value that cannot be used"),
        ("CACHE_URL", "reddis://localhost", "CACHE_URL has a value that cannot be used"),
        ("BASE_URL", "club.example", "BASE_URL is not a web address"),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL has a value that cannot be used"),
        ("DEBUG", "treu", "DEBUG has a value that cannot be used"),
        ("SECRET_KEY", "", "SECRET_KEY is missing"),
        ("SECRET_KEY", "insecure-for-development-only", "SECRET_KEY is the one for development"),
        ("SECRET_KEY", "$NOT_SET", "SECRET_KEY is missing"),
        ("VAR_DIR", "/proc/aussitot", "VAR_DIR has a value that cannot be used"),
        ("VAR_DIR", "/dev/null", "VAR_DIR has a value that cannot be used"),
        ("JOBS_RETENTION_SECONDS", str(10**20), "JOBS_RETENTION_SECONDS is 100000000000000000000"),
        ("DEFAULT_FROM_EMAIL", "rubbish", "DEFAULT_FROM_EMAIL is not an e-mail address"),
        ("DEFAULT_FROM_EMAIL", "Club <a@example.org>, b@example.org", "DEFAULT_FROM_EMAIL is not an e-mail address"),
        ("DEFAULT_FROM_EMAIL", "", "DEFAULT_FROM_EMAIL is not an e-mail address"),
        ("JOBS_STOP_SECONDS", "nan", "JOBS_STOP_SECONDS has a value that cannot be used"),
        ("BASE_URL", "http://[club", "BASE_URL is not a web address"),
        ("AUDIO_MAX_MEGABYTES", "0", "AUDIO_MAX_MEGABYTES is 0"),
        ("AUDIO_RETENTION_DAYS", "never", "AUDIO_RETENTION_DAYS has a value that cannot be used"),
        ("OPENAI_TIMEOUT", "600", "OPENAI_TIMEOUT is 600"),
        ("OPENAI_BASE_URL", "whisper.local", "OPENAI_BASE_URL is not a web address"),
        ("AUDIO_S3_ENDPOINT_URL", "store.local", "AUDIO_S3_ENDPOINT_URL is not a web address"),
        ("TRANSCRIBER", "whisper", "TRANSCRIBER has a value that cannot be used"),
        ("TRANSCRIBER", "openai", "TRANSCRIBER is openai, and there is no key"),
        ("EXTRACTOR", "openai", "EXTRACTOR is openai, and there is no key"),
    ],
)
def test_a_wrong_value_is_a_message_with_a_hint_and_no_traceback(name: str, value: str, expected: str) -> None:
    words = check_with(name, value)
    assert expected in words
    assert "HINT:" in words
    assert "Traceback" not in words


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("JOBS_WORKERS", "3"),
        ("VAR_DIR", ""),
        ("AUDIO_S3_BUCKET", "recordings"),
        ("DEFAULT_FROM_EMAIL", "Écuries <club@example.org>"),
        ("DEFAULT_FROM_EMAIL", "club@intranet"),
    ],
)
def test_right_values_raise_no_message(name: str, value: str) -> None:
    assert "no issues" in check_with(name, value)


def test_a_web_server_refuses_to_start_with_a_wrong_value() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import config.wsgi"], cwd=ROOT, env=environment("JOBS_WORKERS", "0"), capture_output=True, text=True
    )
    assert done.returncode == 3
    assert "JOBS_WORKERS is 0" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("word", "value"), [("1", True), ("true", True), ("ON", True), ("0", False), ("no", False), ("", False)])
def test_a_switch_takes_the_usual_words(monkeypatch: pytest.MonkeyPatch, word: str, value: bool) -> None:
    monkeypatch.setenv("SWITCH", word)
    env = CheckedEnv()
    assert env.bool("SWITCH", default=not value) is value
    assert not env.problems


def check_with(name: str, value: str) -> str:
    done = subprocess.run([sys.executable, "manage.py", "check"], cwd=ROOT, env=environment(name, value), capture_output=True, text=True)
    return done.stdout + done.stderr


def environment(name: str, value: str) -> dict[str, str]:
    kept = {key: os.environ[key] for key in ("PATH", "VAR_DIR", "HOME") if key in os.environ}
    return {**kept, "SECRET_KEY": "of-the-tests", name: value}
