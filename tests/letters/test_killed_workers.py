"""Workers are killed with SIGKILL in the middle of letters, and once the main process: each letter is sent once, or said to be unsure."""

import pytest

from tests.letters.killing import Pace, send_under_fire

pytestmark = pytest.mark.django_db(transaction=True)


def test_letters_whose_workers_are_killed_are_sent_once_or_unsure() -> None:
    seen = send_under_fire(60, Pace(every_seconds=0.4, main_every=4, most=6), patience_seconds=300)
    assert seen.crashed_attempts, "nobody died in the middle of a letter"
    assert (seen.sent + seen.unsure, seen.failed) == (60, 0), seen
    assert (seen.doubled, seen.without_pdf) == (0, 0), seen
