"""Every arrow of the table in `VolunteerLetterSend.Status` is taken here, and every other one is refused."""

import re
from collections.abc import Callable
from contextlib import suppress

import pytest
from django.db.models import Q
from django.utils import timezone

from jobs.models import Job
from jobs.registry import PermanentError, RetryableError
from jobs.services import StateConflict
from lessons.models import Teacher
from letters import services
from letters.models import VolunteerLetterSend
from tests.lessons.mailservers import ScriptedServer, refusing_port
from tests.letters.conftest import Use
from tests.letters.office import Office

S = VolunteerLetterSend.Status


class Life:
    """A letter in some status, and what may befall it."""

    def __init__(self, office: Office, use: Use, status: str) -> None:
        self.office, self.use = office, use
        self.pk = office.letter_to(office.lea).pk
        sent_at = timezone.now() if status in (S.SENT, S.BOUNCED) else None
        VolunteerLetterSend.objects.update(status=status, sent_at=sent_at)

    @property
    def letter(self) -> VolunteerLetterSend:
        return VolunteerLetterSend.objects.with_person().get(pk=self.pk)

    @property
    def status(self) -> str:
        row = VolunteerLetterSend.objects.filter(pk=self.pk).first()
        return row.status if row else "–"

    def deliver(self, answer: dict[str, str]) -> None:
        with ScriptedServer(**answer) as server:
            self.use(server.port)
            services.deliver(letter=self.letter, held=Q(), finish=lambda: None, last_attempt=False)

    def archive(self) -> None:
        Teacher.objects.filter(pk=self.office.lea.pk).update(active=False)
        self.deliver({})

    def deliver_to_nobody(self) -> None:
        with refusing_port() as port:
            self.use(port)
            services.deliver(letter=self.letter, held=Q(), finish=lambda: None, last_attempt=True)

    def lose_the_job(self) -> None:
        Job.objects.all().delete()
        services.settle_lost_letters()

    def cancel_the_job(self) -> None:
        Job.objects.update(status="cancelled")
        services.settle_lost_letters()

    def stop_all(self) -> None:
        job = Job.objects.get(kind="letters.send")
        assert job.batch_id
        services.cancel_waiting(club=self.office.club, batch=job.batch_id)

    def bounce_before_the_answer(self) -> None:
        VolunteerLetterSend.objects.update(sending_since=timezone.now())
        services.mark_bounced(message_id=self.letter.message_id, reason="mailbox full")


ACTIONS: dict[str, Callable[[Life], object]] = {
    "accepted": lambda life: life.deliver({}),
    "refused": lambda life: life.deliver({"RCPT": "550 no"}),
    "out of reach": lambda life: life.deliver_to_nobody(),
    "cut off": lambda life: life.deliver({"END": "DROP"}),
    "archived": lambda life: life.archive(),
    "job lost": lambda life: life.lose_the_job(),
    "job cancelled": lambda life: life.cancel_the_job(),
    "stop all": lambda life: life.stop_all(),
    "stop": lambda life: services.cancel_letter(letter=life.letter),
    "retry": lambda life: services.retry_letter(letter=life.letter, user=None),
    "it arrived": lambda life: services.resolve_unsure(letter=life.letter, arrived=True, user=None),
    "send again": lambda life: services.resolve_unsure(letter=life.letter, arrived=False, user=None),
    "bounce": lambda life: services.mark_bounced(message_id=life.letter.message_id, reason="mailbox full"),
    "early bounce": lambda life: life.bounce_before_the_answer(),
    "report of its arrival": lambda life: services.mark_arrived(message_id=life.letter.message_id),
    "complaint": lambda life: services.mark_complained(message_id=life.letter.message_id),
    "send to all": lambda life: life.office.send(),
}
ARROWS = {
    (S.PENDING, "accepted"): S.SENT,
    (S.PENDING, "refused"): S.FAILED,
    (S.PENDING, "out of reach"): S.FAILED,
    (S.PENDING, "cut off"): S.UNSURE,
    (S.PENDING, "archived"): S.HELD,
    (S.PENDING, "job lost"): S.FAILED,
    (S.PENDING, "job cancelled"): S.CANCELLED,
    (S.PENDING, "stop"): S.CANCELLED,
    (S.PENDING, "stop all"): S.CANCELLED,
    (S.CANCELLED, "accepted"): S.SENT,
    (S.CANCELLED, "refused"): S.FAILED,
    (S.CANCELLED, "out of reach"): S.FAILED,
    (S.CANCELLED, "cut off"): S.UNSURE,
    (S.CANCELLED, "archived"): S.HELD,
    (S.CANCELLED, "retry"): S.PENDING,
    (S.FAILED, "accepted"): S.SENT,  # an operator's retry of the job: pending in between
    (S.FAILED, "cut off"): S.UNSURE,
    (S.FAILED, "archived"): S.HELD,
    (S.FAILED, "retry"): S.PENDING,
    (S.BOUNCED, "retry"): S.PENDING,
    (S.UNSURE, "it arrived"): S.SENT,
    (S.UNSURE, "send again"): S.PENDING,
    (S.UNSURE, "bounce"): S.BOUNCED,
    (S.SENT, "bounce"): S.BOUNCED,
    (S.PENDING, "early bounce"): S.BOUNCED,
    (S.UNSURE, "early bounce"): S.BOUNCED,
    (S.SENT, "early bounce"): S.BOUNCED,
    (S.UNSURE, "report of its arrival"): S.SENT,
    (S.UNSURE, "complaint"): S.SENT,
    (S.HELD, "send to all"): "–",
}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("status", S.values)
def test_a_letter_goes_where_its_life_allows_and_nowhere_else(office: Office, use: Use, status: str, action: str) -> None:
    life = Life(office, use, status)
    with suppress(StateConflict, PermanentError, RetryableError):  # a refusal is an answer too
        ACTIONS[action](life)
    assert life.status == ARROWS.get((S(status), action), status)


def test_every_arrow_that_is_taken_is_in_the_table() -> None:
    table = set(re.findall(r"^ *\| `(\w+)` → (?:`(\w+)`|–)", S.__doc__ or "", re.MULTILINE))
    by_hand = {(begin, end) for begin in ("failed", "cancelled") for end in ("sent", "unsure", "failed", "held")}  # by way of pending
    taken = {(str(begin), "" if end == "–" else str(end)) for (begin, _action), end in ARROWS.items()} - by_hand
    assert taken == table
