"""What a client's record takes from words: only what was said, only what its field can hold."""

from datetime import date
from typing import Any

import pytest

from audio import record
from audio.record import clean, second_of, with_paragraph
from lessons.models import Client, Club

CLUB = Club(country="BE", language="en")
TODAY = date(2026, 11, 21)
WORDS: list[list[Any]] = [["Jean", 0.0, 0.4], ["Dupont", 0.5, 0.9], ["rides", 1.0, 1.3], ["Tornado", 1.4, 2.0]]
TEXT = "Jean Dupont rides Tornado"


def read(text: str = TEXT, **found: tuple[str, str]) -> list[record.Said]:
    pieces = {
        name: {"value": value, "words": words, "start": text.find(words), "end": text.find(words) + len(words)}
        for name, (value, words) in found.items()
    }
    return record.read(pieces, transcript=text, words=WORDS, club=CLUB, today=TODAY)


def test_a_value_comes_with_its_words_and_their_second() -> None:
    assert read(horse=("Tornado", "Tornado")) == [record.Said("horse", "Tornado", "Tornado", 1.4)]


def test_a_phone_number_that_nobody_said_is_dropped() -> None:
    assert read(phone=("0470123456", "0470 12 34 56")) == []


def test_words_that_stand_elsewhere_support_nothing() -> None:
    piece = {"horse": {"value": "Tornado", "words": "Tornado", "start": 0, "end": 7}}
    assert record.read(piece, transcript=TEXT, words=[], club=CLUB, today=TODAY) == []


def test_a_value_without_words_is_dropped() -> None:
    assert read(horse=("Tornado", "")) == []


@pytest.mark.parametrize("name", ["id", "club", "club_id", "created_at", "is_staff"])
def test_no_other_field_of_a_client_can_be_named(name: str) -> None:
    assert clean(name, "1") is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("email", "jean at example"),
        ("birth_date", "yesterday"),
        ("birth_date", "2999-01-01"),
        ("birth_date", "1790-01-01"),
        ("first_name", "x" * 151),
        ("phone", "1" * 41),
        ("horse", " \x00 "),
    ],
)
def test_what_a_field_cannot_hold_is_dropped(name: str, text: str) -> None:
    assert clean(name, text) is None


@pytest.mark.parametrize(
    ("name", "text", "kept"),
    [("email", " Jean@Example.ORG", "jean@example.org"), ("birth_date", "1990-03-03", date(1990, 3, 3)), ("address", "12\n rue", "12 rue")],
)
def test_a_value_is_kept_as_its_field_keeps_it(name: str, text: str, kept: Any) -> None:
    assert clean(name, text) == kept


def test_an_age_is_noted_with_its_day_and_becomes_no_birth_date() -> None:
    [said] = read("Jean is 35", age=("35", "35"))
    assert (said.field, said.value) == ("notes", "35 years old (said on 21/11/2026)")


def test_an_age_beside_a_birth_date_says_nothing_more() -> None:
    said = read("born 1990-03-03, so 36", birth_date=("1990-03-03", "1990-03-03"), age=("36", "36"))
    assert [piece.field for piece in said] == ["birth_date"]


def test_the_same_person_in_another_spelling_is_no_change() -> None:
    client = Client(club=CLUB, first_name="Léa", email="lea@example.org", phone="0470 12 34 56")
    said = [record.Said("first_name", "Lea", ""), record.Said("email", "LEA@example.org", ""), record.Said("phone", "+32470123456", "")]
    assert record.changes_to(client, said) == []


def test_notes_are_added_to_and_never_overwritten() -> None:
    client = Client(club=CLUB, notes="Afraid of dogs.")
    [change] = record.changes_to(client, [record.Said("notes", "Allergic to hay", "allergic to hay")])
    record.write(client, change)
    assert client.notes == "Afraid of dogs.\nAllergic to hay"


def test_notes_that_are_there_already_are_no_change() -> None:
    client = Client(club=CLUB, notes="Allergic to hay.")
    assert record.changes_to(client, [record.Said("notes", "allergic to hay", "")]) == []


def test_a_word_within_a_longer_note_is_not_that_note() -> None:
    client = Client(club=CLUB, notes="Not shy at all")
    assert [change.new for change in record.changes_to(client, [record.Said("notes", "shy", "shy")])] == ["shy"]


@pytest.mark.parametrize(
    ("notes", "old", "new", "result"),
    [
        ("", "", "a", "a"),
        ("a", "", "b", "a\nb"),
        ("a\nb\nc", "b", "", "a\nc"),
        ("a\r\nb\r\nc", "b", "", "a\r\nc"),
        ("not shy at all\nshy", "shy", "", "not shy at all"),
        ("not shy at all\nshy", "shy", "bold", "not shy at all\nbold"),
        ("b\nc", "b", "", "c"),
        ("a\nb", "b", "", "a"),
        ("b", "b", "", ""),
        ("a\nb", "b", "c", "a\nc"),
    ],
)
def test_a_paragraph_comes_and_goes_without_a_trace(notes: str, old: str, new: str, result: str) -> None:
    assert with_paragraph(notes, old, new) == result


@pytest.mark.parametrize(("place", "second"), [(0, 0.0), (5, 0.5), (7, 0.5), (18, 1.4)])
def test_a_place_in_the_text_has_its_second(place: int, second: float) -> None:
    assert second_of(place, TEXT, WORDS) == second


def test_a_text_without_times_has_no_second() -> None:
    assert second_of(3, TEXT, []) is None
