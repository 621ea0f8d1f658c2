"""`bin/demo --check` sees what happened, can be repeated, and sees what should not have happened."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from config.demo_checks import check_demo
from config.demo_checks.letters import LetterCheck
from config.demo_checks.visitor import NotSeenError, Visitor
from tests.lessons.mailservers import refusing_port

ROOT = Path(__file__).resolve().parents[2]
ANNE, MARC = "anne@example.org", "marc@example.org"


@contextmanager
def mailbox_with(*recipients: str) -> Iterator[str]:
    """Where these have a letter each."""
    mails = [{"id": str(number), "to": to, "subject": "Votre lettre"} for number, to in enumerate(recipients)]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"count": len(mails), "results": mails}).encode())

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join(30)


def check_of(url: str, *recipients: str) -> LetterCheck:
    """After a sending to these."""
    check = LetterCheck(Visitor(url), Visitor(url), "mark")
    check.caught_before, check.ours = set(), [{"email": recipients[0]}]
    check.letters = [{"recipient_email": to} for to in recipients]
    return check


def test_it_sees_every_effect_also_on_the_same_data_again(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")}
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-m", "config.demo", "--check"],
            cwd=ROOT,
            env={**environment, "VAR_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_stack_that_does_not_answer_fails(capsys: pytest.CaptureFixture[str]) -> None:
    with refusing_port() as port:
        assert check_demo(f"http://127.0.0.1:{port}", str) == 1
    assert capsys.readouterr().out.startswith("NO  log in")


def test_a_mail_for_each_letter_is_what_it_wants() -> None:
    with mailbox_with(ANNE, MARC) as url:
        assert check_of(url, ANNE, MARC).see_mails() == "2 mails for 2 letters: « Votre lettre »"


@pytest.mark.parametrize("caught", [(ANNE, MARC, ANNE), (ANNE,), (ANNE, ANNE)])
def test_a_mail_too_many_or_too_few_is_seen(caught: tuple[str, ...]) -> None:
    with mailbox_with(*caught) as url, pytest.raises(NotSeenError, match="too much"):
        check_of(url, ANNE, MARC).see_mails()
