"""Each way in which a mail server can fail a letter (the first ones are in test_deliver_letter.py): tried again, final, or unsure."""

import socket
from typing import Any

import pytest
from pytest_django import Settings

from letters.models import VolunteerLetterSend
from tests.lessons.mailservers import ScriptedServer
from tests.letters.conftest import Use
from tests.letters.office import Office, attempt, statuses

UNREACHABLE = "The mail server could not be reached, or broke off the conversation."


@pytest.fixture
def letter(office: Office) -> VolunteerLetterSend:
    return office.letter_to(office.lea)


@pytest.fixture
def impatient(settings: Settings, use: Use) -> Use:
    def use_for_seconds(port: int) -> None:
        use(port)
        settings.EMAIL_TIMEOUT = 5  # so much may a busy machine be late

    return use_for_seconds


class SlowServer(ScriptedServer):
    """Takes longer than the timeout, with a sign of life each half second."""

    def _answer(self, line: socket.socket, moment: str, usual: str) -> bool:
        if moment == "MAIL":
            for _ in range(11):
                line.sendall(b"250-wait\r\n")
                self.closed.wait(0.5)
        return super()._answer(line, moment, usual)


class ServerThatLeavesWithinTheText(ScriptedServer):
    """It hangs up when it has read a part of the message."""

    def _swallow(self, words: Any) -> bool:
        next(words)
        self.lines[-1].shutdown(socket.SHUT_RDWR)
        return False


class ServerWithoutRealTls(ScriptedServer):
    def _answer(self, line: socket.socket, moment: str, usual: str) -> bool:
        going = super()._answer(line, moment, usual)
        if moment == "STARTTLS":
            line.sendall(b"these are no words of TLS\r\n")
        return going and moment != "STARTTLS"


def test_a_server_that_refuses_the_connection_is_tried_again(letter: VolunteerLetterSend, use: Use, refusing_port: int) -> None:
    use(refusing_port)
    job = attempt()
    assert (job.status, job.error, statuses()) == ("pending", UNREACHABLE, {"Léa Dumont": "pending"})


@pytest.mark.parametrize("moment", ["HELLO", "EHLO", "MAIL", "RCPT", "DATA"])
def test_a_server_that_hangs_before_the_text_is_tried_again(
    letter: VolunteerLetterSend, impatient: Use, settings: Settings, moment: str
) -> None:
    with ScriptedServer(**{moment: "HANG"}) as server:
        impatient(server.port)
        settings.EMAIL_TIMEOUT = 1  # whatever comes too late, the letter has not left
        assert (attempt().status, statuses()) == ("pending", {"Léa Dumont": "pending"})
        assert server.accepted == 0


def test_a_server_that_hangs_after_the_text_leaves_an_unsure_letter(letter: VolunteerLetterSend, impatient: Use) -> None:
    with ScriptedServer(END="HANG") as server:
        impatient(server.port)
        assert (attempt().status, statuses()) == ("error", {"Léa Dumont": "unsure"})
        assert server.calls == 1


def test_a_slow_server_gets_the_letter(letter: VolunteerLetterSend, impatient: Use) -> None:
    with SlowServer() as server:
        impatient(server.port)
        assert (attempt().status, statuses(), server.accepted) == ("done", {"Léa Dumont": "sent"}, 1)


def test_a_server_that_leaves_within_the_text_has_not_taken_it(letter: VolunteerLetterSend, use: Use) -> None:
    with ServerThatLeavesWithinTheText() as server:
        use(server.port)
        attempt()
        assert server.accepted == 0
    assert set(statuses().values()) <= {"pending", "unsure"}  # as far as the text had left us


def test_greylisting_costs_one_attempt(letter: VolunteerLetterSend, use: Use) -> None:
    with ScriptedServer(RCPT="450 4.2.0 greylisted, come back later") as server:
        use(server.port)
        job = attempt()
        assert (job.status, job.error) == ("pending", "450 4.2.0 greylisted, come back later")
        del server.script["RCPT"]
        assert (attempt().status, statuses(), server.accepted) == ("done", {"Léa Dumont": "sent"}, 1)
    assert VolunteerLetterSend.objects.get().attempts == 2


def test_a_server_that_closes_for_the_night_after_the_text_has_not_taken_it(letter: VolunteerLetterSend, use: Use) -> None:
    with ScriptedServer(END="421 4.3.2 shutting down") as server:
        use(server.port)
        assert (attempt().status, statuses()) == ("pending", {"Léa Dumont": "pending"})


def test_a_line_that_broke_between_two_letters_costs_no_attempt(office: Office, use: Use) -> None:
    with ScriptedServer() as server:
        use(server.port)
        office.letter_to(office.lea)
        attempt()
        server.lines[-1].shutdown(socket.SHUT_RDWR)
        office.letter_to(office.sophie)
        job = attempt()
        assert (job.status, job.attempts, server.calls, server.accepted) == ("done", 1, 2, 2)


def test_a_wrong_password_is_tried_again_and_said(letter: VolunteerLetterSend, use: Use, settings: Settings) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "club", "wrong"
    with ScriptedServer(EHLO="250-hello\r\n250 AUTH PLAIN", AUTH="535 5.7.8 wrong password") as server:
        use(server.port)
        job = attempt()
    assert (job.status, job.error, statuses()) == ("pending", "535 5.7.8 wrong password", {"Léa Dumont": "pending"})


def test_a_server_without_the_tls_that_we_ask_for_gets_nothing(letter: VolunteerLetterSend, use: Use, settings: Settings) -> None:
    settings.EMAIL_USE_TLS = True
    with ScriptedServer() as server:
        use(server.port)
        assert (attempt().status, server.accepted) == ("pending", 0)
    assert statuses() == {"Léa Dumont": "pending"}


def test_a_broken_handshake_is_tried_again(letter: VolunteerLetterSend, use: Use, settings: Settings) -> None:
    settings.EMAIL_USE_TLS = True
    with ServerWithoutRealTls(EHLO="250-hello\r\n250 STARTTLS", STARTTLS="220 go on") as server:
        use(server.port)
        job = attempt()
        assert (job.status, job.error, server.accepted) == ("pending", UNREACHABLE, 0)
