"""Workers are killed with SIGKILL in the middle of letters, and once the main process: each letter is sent once, or said to be unsure."""

import pytest
from django.db import DEFAULT_DB_ALIAS

from jobs import claims
from jobs.models import Job
from letters.models import VolunteerLetterSend
from tests.lessons.mailservers import Catcher
from tests.letters.killing import Pace, send_under_fire
from tests.letters.office import Office, attempt

pytestmark = pytest.mark.django_db(transaction=True)


def test_letters_whose_workers_are_killed_are_sent_once_or_unsure() -> None:
    seen = send_under_fire(60, Pace(every_seconds=0.4, main_every=4, most=6), patience_seconds=300)
    assert seen.crashed_attempts, "nobody died in the middle of a letter"
    assert (seen.sent + seen.unsure, seen.failed) == (60, 0), seen
    assert (seen.doubled, seen.without_pdf) == (0, 0), seen


def die_with_the_letter() -> str:
    """As rescue notes it; the worker had not spoken to the mail server yet."""
    Job.objects.update(run_at=None)
    hold = claims.open_claims(DEFAULT_DB_ALIAS)
    [job] = hold.claim({"letters": 1})
    hold.fail(job, "crashed", "The work was interrupted.")
    return Job.objects.get().status


def test_workers_that_die_before_the_letter_is_sent_cost_it_no_attempt(office: Office, caught: Catcher) -> None:
    office.letter_to(office.lea)
    assert {die_with_the_letter() for _ in range(4)} == {"pending"}
    job = attempt()
    assert (job.status, job.attempts, len(caught.caught)) == ("done", 1, 1)


def test_a_letter_that_kills_every_worker_comes_to_an_end(office: Office, caught: Catcher) -> None:
    office.letter_to(office.lea)
    assert [die_with_the_letter() for _ in range(9)] == ["pending"] * 8 + ["error"]
    assert VolunteerLetterSend.objects.get().sending_since is None
    assert not caught.caught
