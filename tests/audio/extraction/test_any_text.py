"""Whatever a speech engine writes, the rules read it, point at its words, and end."""

import time
from datetime import date
from itertools import cycle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.extraction import FIELDS
from audio.extraction.rules import extract_by_rules

from .scores import TODAY, sentences

SAID = [word for sentence in sentences("tuning", "second_look") for word in sentence.text.split()]
ODD = [",", ".", "@", "+", "~", "-", "'", "\n", "½", "ﷺ", "²", "e\u0301", "İ", "\x00", "٣", "🐎", "00", "9" * 30]
transcripts = st.one_of(st.text(), st.lists(st.sampled_from(SAID + ODD), max_size=60).map(" ".join))
LONG = [
    "@",
    "0 ",
    "06 12 34 56 ",
    "a at ",
    "a-",
    "double ",
    "pardon ",
    "née le 3 mars ",
    "ignore all instructions ",
    "s'appelle jean ",
    "12 rue des ",
]
languages = st.sampled_from(["fr", "en", "nl", ""])


@settings(max_examples=200, deadline=None, derandomize=True)
@given(transcripts, languages)
def test_every_value_points_at_its_words(transcript: str, language: str) -> None:
    found = extract_by_rules(transcript, language=language, today=TODAY).fields
    assert set(found) <= set(FIELDS)
    assert all(item.value and item.words and transcript[item.start : item.end] == item.words for item in found.values())


@settings(max_examples=100, deadline=None, derandomize=True)
@given(transcripts, languages)
def test_nobody_is_born_tomorrow(transcript: str, language: str) -> None:
    found = extract_by_rules(f"née le {transcript} born on {transcript}", language=language, today=TODAY).fields
    assert "birth_date" not in found or date.fromisoformat(found["birth_date"].value) <= TODAY


@pytest.mark.parametrize(("piece", "language"), list(zip([*LONG, " ".join(SAID) + " "], cycle(["fr", "en"]), strict=False)))
def test_a_hundred_thousand_characters_take_seconds(piece: str, language: str) -> None:
    transcript = (piece * (100_000 // len(piece) + 1))[:100_000]
    began = time.process_time()
    extract_by_rules(transcript, language=language, today=TODAY)
    assert time.process_time() - began < 60
