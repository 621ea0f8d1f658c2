"""Sentences as a person would say them."""

from datetime import UTC, datetime

import pytest
from django.utils import translation

from lessons import wording


@pytest.mark.parametrize(
    ("place", "said"),
    [("Carrière", "la carrière"), ("manège", "le manège"), ("Petit manège", "le petit manège"), ("Écurie B", "l’écurie B"),
     ("La carrière", "la carrière"), ("Hall 2", "le hall 2")],
)  # fmt: skip
def test_french_puts_an_article_before_a_place(place: str, said: str) -> None:
    with translation.override("fr"):
        assert wording.with_article(place) == said


def test_english_keeps_the_name() -> None:
    assert wording.with_article("Carrière") == "Carrière"


@pytest.mark.parametrize(("hour", "minute", "said"), [(9, 12, "9:12"), (16, 0, "16:00")])
def test_a_time_of_day(hour: int, minute: int, said: str) -> None:
    assert wording.clock(datetime(2027, 2, 3, hour, minute, tzinfo=UTC)) == said


def test_a_taken_place_in_words_and_as_a_sentence() -> None:
    start, end = (datetime(2027, 2, 3, hour, tzinfo=UTC) for hour in (16, 17))
    said = wording.place_taken("Carrière", "Sophie Lambert", "Galop 2", start, end)
    assert said == "Carrière is taken from 16:00 to 17:00 by Sophie Lambert (Galop 2)"
    with translation.override("fr"):
        said = wording.place_taken("Carrière", "Sophie Lambert", "Galop 2", start, end)
    assert said == "la carrière est prise de 16:00 à 17:00 par Sophie Lambert (Galop 2)"
    assert wording.as_sentence(said) == "La carrière est prise de 16:00 à 17:00 par Sophie Lambert (Galop 2)."
