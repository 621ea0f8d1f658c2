import os
import signal
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from config import mailbox
from config.demo import free_ports
from tests.cluster import PATIENCE_SECONDS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def port(settings: Settings) -> Iterator[int]:
    settings.DEBUG = True
    catcher = mailbox.start_catcher(settings.MAILBOX_DIR, free_ports(1)[0])
    yield catcher.port
    catcher.stop()


def test_a_message_is_kept_as_it_was_sent(port: int, settings: Settings) -> None:
    send(port, letter())
    mail = next(mailbox.newest_first(settings.MAILBOX_DIR))
    assert (mail.subject, mail.sent_to) == ("Galop 4 · mercredi", "léa@example.org")
    assert mail.body("plain").strip() == "Cours prévu à 18:00."
    assert [part.get_filename() for part in mail.attachments] == ["fiche.pdf"]


def test_no_half_written_message_is_left(port: int, settings: Settings) -> None:
    send(port, letter())
    assert [path.suffix for path in settings.MAILBOX_DIR.iterdir()] == [".eml"]


def test_a_full_disk_is_told_to_the_sender(port: int, settings: Settings) -> None:
    settings.MAILBOX_DIR.rmdir()
    with pytest.raises(smtplib.SMTPDataError) as refused:
        send(port, letter())
    assert refused.value.smtp_code == 452


def test_the_list_shows_subjects_newest_first(client: Client, port: int) -> None:
    send(port, letter("premier"))
    send(port, letter("second"))
    page = client.get("/dev/mail/").content.decode()
    assert 0 < page.index("second") < page.index("premier")


def test_programs_find_the_mail_to_an_address(client: Client, port: int) -> None:
    send(port, letter())
    assert client.get("/dev/mail/messages.json?to=nobody@").json()["count"] == 0
    row = client.get("/dev/mail/messages.json?to=léa@").json()["results"][0]
    assert row["text"].strip() == "Cours prévu à 18:00."


def test_a_message_page_shows_text_and_attachment(client: Client, port: int, settings: Settings) -> None:
    send(port, letter())
    mail = next(mailbox.newest_first(settings.MAILBOX_DIR))
    page = client.get(f"/dev/mail/{mail.id}/").content.decode()
    assert "Cours prévu à 18:00." in page
    assert "fiche.pdf" in page


def test_html_of_a_message_may_run_and_fetch_nothing(client: Client, port: int, settings: Settings) -> None:
    send(port, letter())
    mail = next(mailbox.newest_first(settings.MAILBOX_DIR))
    answer = client.get(f"/dev/mail/{mail.id}/html/")
    assert b"<b>18:00</b>" in answer.content
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "default-src 'none'" in answer["Content-Security-Policy"]


def test_an_attachment_is_downloaded_never_shown(client: Client, port: int, settings: Settings) -> None:
    send(port, letter())
    mail = next(mailbox.newest_first(settings.MAILBOX_DIR))
    answer = client.get(f"/dev/mail/{mail.id}/attachments/0/")
    assert answer.getvalue() == b"%PDF-"
    assert answer["Content-Disposition"] == 'attachment; filename="fiche.pdf"'
    assert client.get(f"/dev/mail/{mail.id}/attachments/1/").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("id", ["x", "x" * 5000, "..", "%00", "20261121T000000000000-00000000"])
def test_a_message_that_is_none_is_not_there(client: Client, settings: Settings, id: str) -> None:
    settings.DEBUG = True
    assert client.get(f"/dev/mail/{id}/").status_code == 404


@pytest.mark.parametrize("path", ["", "messages.json", "{id}/", "{id}/html/", "{id}/source/", "{id}/attachments/0/"])
def test_outside_development_there_is_no_mailbox(client: Client, port: int, settings: Settings, path: str) -> None:
    send(port, letter())
    address = "/dev/mail/" + path.format(id=next(mailbox.newest_first(settings.MAILBOX_DIR)).id)
    assert client.get(address).status_code == 200
    settings.DEBUG = False
    assert client.get(address).status_code == 404


def test_the_command_catches_until_it_is_told_to_stop(tmp_path: Path) -> None:
    port = free_ports(1)[0]
    environment = {**os.environ, "SECRET_KEY": "of-the-tests", "VAR_DIR": str(tmp_path)}
    command = [sys.executable, "manage.py", "mailbox", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert str(port) in process.stdout.readline()
        send(port, letter())
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0
    assert len(list((tmp_path / "mailbox").glob("*.eml"))) == 1


def test_a_port_in_use_is_one_clear_line(port: int, tmp_path: Path) -> None:
    environment = {**os.environ, "SECRET_KEY": "of-the-tests", "VAR_DIR": str(tmp_path)}
    command = [sys.executable, "manage.py", "mailbox", "--port", str(port)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert f"cannot use port {port}" in done.stderr
    assert "Traceback" not in done.stderr


def letter(subject: str = "Galop 4 · mercredi") -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "club@example.org", "léa@example.org"
    message.set_content("Cours prévu à 18:00.")
    message.add_alternative("Cours prévu à <b>18:00</b>.", subtype="html")
    message.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename="fiche.pdf")
    return message


def send(port: int, message: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", port) as server:
        server.send_message(message)
