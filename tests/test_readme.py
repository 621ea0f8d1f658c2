"""The README says what is: its tables are compared with the code, its commands are run word for word."""

import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.demo import free_ports
from jobs.models import Job
from letters.models import VolunteerLetterSend
from tests.cluster import PATIENCE_SECONDS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()


def section(title: str) -> str:
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def block(title: str) -> str:
    return section(title).partition("```sh\n")[2].partition("```")[0]


def rows(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip().startswith("|")]


def test_the_life_of_a_job_is_told_as_in_the_code() -> None:
    assert rows(section("Life of a job")) == rows(Job.Status.__doc__ or "")


def test_the_life_of_a_letter_is_told_as_in_the_code() -> None:
    life = section("Volunteer letters").partition("The life of a letter")[2]
    assert rows(life) == rows(VolunteerLetterSend.Status.__doc__ or "")


def test_every_setting_is_in_the_table_and_no_other() -> None:
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z0-9_]+)"', (ROOT / "config/settings.py").read_text()))
    assert {row.split("`")[1] for row in rows(section("Settings"))[2:]} == read


def test_every_place_on_the_map_exists() -> None:
    named = re.findall(r"`([\w./]+/[\w./]*|[\w]+/)`", section("Where does X live"))
    assert named
    assert [place for place in named if not (ROOT / place).exists()] == []


def test_every_command_that_it_names_exists() -> None:
    assert [name for name in set(re.findall(r"bin/\w+", README)) if not os.access(ROOT / name, os.X_OK)] == []


def test_the_quick_start_is_what_runs_here() -> None:
    commands = [line.partition("#")[0].strip() for line in block("Quick start").splitlines()]
    assert commands == ["bin/demo", "bin/test"]
    assert "bin/test" in (ROOT / ".ci/run").read_text()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The quick start's first command, on ports and in a directory of its own; afterwards nothing of it may be left."""
    port, smtp_port = free_ports(2)
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")}
    environment |= {"PORT": str(port), "SMTP_PORT": str(smtp_port), "VAR_DIR": str(tmp_path_factory.mktemp("var"))}
    command = block("Quick start").partition("#")[0].strip()
    with subprocess.Popen(
        ["bash", "-c", command], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout
        words = next((line for line in process.stdout if line.startswith("Ready:")), "")
        try:
            assert words == f"Ready: http://127.0.0.1:{port}/\n"
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(PATIENCE_SECONDS)
    assert [port for port in (port, smtp_port) if answers(port)] == []


def test_the_demo_of_the_quick_start_gets_ready(demo: str) -> None:
    assert demo.startswith("http://127.0.0.1:")


def test_the_calls_of_the_api_work_as_they_are_written(demo: str) -> None:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block("The API, with curl")], env={**os.environ, "URL": demo}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert '"status_url"' in done.stdout


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
