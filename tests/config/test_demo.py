import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from config.demo import free_ports
from tests.lessons.mailservers import refusing_port

ROOT = Path(__file__).resolve().parents[2]


def demo(tmp_path: Path, **environment: str) -> str:
    variables = {**os.environ, "VAR_DIR": str(tmp_path), **environment}
    done = subprocess.run([sys.executable, "-m", "config.demo"], cwd=ROOT, env=variables, capture_output=True, text=True)
    assert done.returncode == 1
    return done.stderr


def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        words = demo(tmp_path, PORT=str(port))
    assert words == f"bin/demo: port {port} is already in use. Choose another: PORT={port + 1} bin/demo\n"


@pytest.mark.parametrize("value", ["http", "0", "70000", "-1"])
def test_a_port_that_is_none_is_one_clear_line(tmp_path: Path, value: str) -> None:
    assert demo(tmp_path, PORT=value) == f"bin/demo: PORT={value} is not a port.\n"


def test_a_database_that_does_not_answer_is_one_clear_line(tmp_path: Path) -> None:
    port, smtp_port = map(str, free_ports(2))
    with refusing_port() as nobody:
        words = demo(tmp_path, DATABASE_URL=f"postgres://nobody@127.0.0.1:{nobody}/nowhere", PORT=port, SMTP_PORT=smtp_port)
    assert words.startswith("bin/demo: manage.py migrate failed: ")
    assert words.count("\n") == 1
