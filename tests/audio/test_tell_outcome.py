"""Who recorded a note is told what came of it, where they asked for it, at most once."""

from typing import Any

import pytest

from audio import services
from audio.models import VoiceNote
from jobs.models import Job
from jobs.services import retry
from lessons import mailer
from lessons.models import Membership
from tests.audio.conftest import Use
from tests.audio.studio import Studio, attempt
from tests.lessons.mailservers import Catcher, ScriptedServer

pytestmark = pytest.mark.django_db
JEAN = "Jean Dupont rides Tornado"
SAID: dict[str, Any] = {"first_name": "Jean", "last_name": "Dupont", "horse": "Tornado"}
KIND = "audio.send_outcome"


@pytest.fixture
def wanted(studio: Studio) -> Studio:
    services.save_preference(membership=Membership.objects.get(user=studio.manager), email_when_done=True)
    return studio


def test_without_the_wish_nothing_is_sent(studio: Studio) -> None:
    studio.hear(JEAN, **SAID)
    assert not Job.objects.filter(kind=KIND).exists()


def test_it_says_what_became_of_the_record(wanted: Studio, caught: Catcher) -> None:
    wanted.hear(JEAN, **SAID)
    assert attempt(KIND).status == "done"
    [(recipients, message)] = caught.caught
    body = message.get_body(("plain",))
    assert body
    assert (recipients, message["Subject"]) == (["manager@example.org"], "Client record “Jean Dupont” created")
    assert "horse: Tornado" in body.get_content()


def test_it_speaks_the_clubs_language(wanted: Studio, caught: Catcher) -> None:
    wanted.club.language = "fr"
    wanted.club.save()
    wanted.hear(JEAN, **SAID)
    attempt(KIND)
    [(_recipients, message)] = caught.caught
    assert message["Subject"] == "Fiche client « Jean Dupont » créée"


def test_a_question_is_told_too(wanted: Studio, caught: Catcher) -> None:
    wanted.client("Jean", "Dupond")
    wanted.hear(JEAN, **SAID)
    attempt(KIND)
    assert caught.caught[0][1]["Subject"] == "Of whom does this note speak?"


def test_a_note_that_changes_nothing_says_nothing(wanted: Studio) -> None:
    wanted.client("Jean", "Dupont", horse="Tornado")
    wanted.hear(JEAN, **SAID)
    assert not Job.objects.filter(kind=KIND).exists()


def test_who_has_left_the_club_is_not_told(wanted: Studio) -> None:
    Membership.objects.filter(user=wanted.manager).delete()
    wanted.hear(JEAN, **SAID)
    assert not Job.objects.filter(kind=KIND).exists()


def test_a_server_that_is_busy_is_asked_again(wanted: Studio, use: Use, caught: Catcher) -> None:
    wanted.hear(JEAN, **SAID)
    own_port = caught_port()
    with ScriptedServer(MAIL="451 later") as busy:
        use(busy.port)
        assert attempt(KIND).status == "pending"
        mailer.hang_up()
    use(own_port)
    assert attempt(KIND).status == "done"
    assert len(caught.caught) == 1


def test_a_broken_conversation_is_not_begun_again(wanted: Studio, use: Use) -> None:
    wanted.hear(JEAN, **SAID)
    with ScriptedServer(END="DROP") as server:
        use(server.port)
        job = attempt(KIND)
        assert (job.status, job.error, job.retryable) == ("error", "It may have arrived: it will not be sent again by itself.", False)
        mailer.hang_up()


def test_what_the_server_refused_can_be_sent_by_a_persons_retry(wanted: Studio, use: Use, caught: Catcher) -> None:
    wanted.hear(JEAN, **SAID)
    own_port = caught_port()
    with ScriptedServer(RCPT="550 no such mailbox") as refusing:
        use(refusing.port)
        refused = attempt(KIND)
        mailer.hang_up()
    use(own_port)
    retry(refused)
    assert (refused.status, refused.retryable, attempt(KIND).status, len(caught.caught)) == ("pending", True, "done", 1)


def test_a_worker_that_died_in_the_conversation_leaves_it_at_that(wanted: Studio, caught: Catcher) -> None:
    note = wanted.hear(JEAN, **SAID)
    VoiceNote.objects.filter(pk=note.pk).update(email_begun_at=note.created_at)
    assert attempt(KIND).status == "error"
    assert caught.caught == []


def caught_port() -> int:
    from django.conf import settings

    return int(settings.EMAIL_PORT)
