"""The long history of `bin/faults letters`: minutes, so the ordinary run, which looks for test_*.py, leaves it out."""

from collections.abc import Callable
from dataclasses import asdict

import pytest

from tests.letters.killing import Pace, send_under_fire

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_thousand_letters_while_a_worker_is_killed_every_second(record_property: Callable[[str, object], None]) -> None:
    seen = send_under_fire(1000, Pace(), patience_seconds=1800)
    record_property("figures", asdict(seen))
    assert seen.crashed_attempts > 10, f"too few died in the middle of a letter: {seen}"
    assert (seen.sent + seen.unsure, seen.failed) == (1000, 0), seen
    assert (seen.doubled, seen.without_pdf) == (0, 0), seen
