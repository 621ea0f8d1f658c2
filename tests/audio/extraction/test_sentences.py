"""How well the rules read what people really say: sixty sentences, and two dozen with traps."""

import pytest

from audio.extraction import FIELDS

from .scores import Score, score, sentences


@pytest.fixture(scope="module")
def sixty() -> Score:
    return score(sentences("tuning", "held_out"))


@pytest.mark.parametrize("name", FIELDS)
def test_what_is_read_was_said(sixty: Score, name: str) -> None:
    assert sixty.precision(name) >= 0.95, "\n".join(sixty.slips)


@pytest.mark.parametrize("name", FIELDS)
def test_what_was_said_is_read(sixty: Score, name: str) -> None:
    assert sixty.recall(name) >= 0.85, "\n".join(sixty.slips)


def test_the_set_has_thirty_sentences_of_each_language() -> None:
    assert [sentence.language for sentence in sentences("tuning", "held_out")] == ["fr"] * 30 + ["en"] * 30


def test_every_field_is_said_in_the_set(sixty: Score) -> None:
    assert all(sixty.right[name] >= 5 for name in FIELDS)


def test_traps_lead_to_no_wrong_value() -> None:
    result = score(sentences("second_look"))
    assert sum(result.wrong.values()) / sum(result.right.values()) <= 0.05, "\n".join(result.slips)
