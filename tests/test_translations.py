"""The French is complete: every text of the code and the pages is there, and none of them is a guess."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest

ROOT = Path(__file__).resolve().parents[1]
SPEAKING = ("config", "jobs", "lessons", "letters", "audio", "staffing", "templates", "locale")
CATALOGUE = Path("locale/fr/LC_MESSAGES/django.po")


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> polib.POFile:
    """What `makemessages` finds now, merged with what is translated."""
    copy = tmp_path_factory.mktemp("texts")
    for name in SPEAKING:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    command = [sys.executable, "-m", "django", "makemessages", "--locale", "fr", "--verbosity", "0"]
    without_settings = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}  # the copy holds no tests
    subprocess.run(command, cwd=copy, check=True, capture_output=True, env=without_settings)
    return polib.pofile(str(copy / CATALOGUE))


def test_every_text_has_its_french(extracted: polib.POFile) -> None:
    missing = [entry.msgid for entry in extracted.untranslated_entries()]
    assert not missing, f"{len(missing)} to translate in {CATALOGUE} after: .venv/bin/python manage.py makemessages -l fr"


def test_no_french_is_a_guess(extracted: polib.POFile) -> None:
    assert [entry.msgid for entry in extracted.fuzzy_entries()] == []


def test_placeholders_are_the_same_in_both_languages() -> None:
    done = subprocess.run(["msgfmt", "--check", "--output-file=/dev/null", CATALOGUE], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
