"""Of whom a note speaks: an address or a full name decides; what could be two people is a question."""

from datetime import date
from typing import Any

import pytest

from audio.matching import Match, Person, match
from audio.record import Said
from lessons.models import Club

CLUB = Club(country="BE")
JEAN = Person(1, "Jean", "Dupont", "jean@example.org", "0470 12 34 56", date(1990, 5, 1))
LEA = Person(2, "Léa", "Martin", "famille@example.org", "", None)
PAUL = Person(3, "Paul", "Martin", "famille@example.org", "", None)
CAMILLE = Person(4, "Camille", "Renard", "", "", None)
PEOPLE = [JEAN, LEA, PAUL, CAMILLE]


def who(people: list[Person] = PEOPLE, **values: Any) -> Match:
    return match([Said(name, value, str(value)) for name, value in values.items()], people, CLUB)


def test_an_email_finds_its_client() -> None:
    assert who(email="JEAN@example.org") == Match(client=1)


@pytest.mark.parametrize("number", ["0470123456", "+32 470 12 34 56", "0032470123456"])
def test_a_phone_number_finds_its_client_however_it_is_written(number: str) -> None:
    assert who(phone=number) == Match(client=1)


@pytest.mark.parametrize(("first", "last"), [("jean", "DUPONT"), ("Dupont", "Jean"), ("Léa", "Martin"), ("Lea", "martin")])
def test_a_full_name_finds_its_client_in_any_spelling(first: str, last: str) -> None:
    assert who(first_name=first, last_name=last).client in (1, 2)


def test_a_name_chooses_between_two_who_share_an_address() -> None:
    assert who(email="famille@example.org", first_name="Paul") == Match(client=3)


def test_a_shared_address_alone_is_a_question() -> None:
    assert who(email="famille@example.org") == Match(ask=True, candidates=(2, 3))


def test_a_brother_who_is_not_known_yet_does_not_become_his_sister() -> None:
    assert who(email="famille@example.org", first_name="Hugo", last_name="Martin") == Match(ask=True, candidates=(2, 3))


def test_an_email_of_one_and_a_phone_of_another_are_a_question() -> None:
    assert who(email="jean@example.org", phone="0471 00 00 00", people=[JEAN, Person(9, "Ada", "", "", "0471000000", None)]) == Match(
        ask=True, candidates=(1, 9)
    )


def test_two_of_one_name_are_a_question() -> None:
    twin = Person(8, "Jean", "Dupont", "", "", None)
    assert who(people=[JEAN, twin], first_name="Jean", last_name="Dupont") == Match(ask=True, candidates=(1, 8))


def test_the_same_name_with_another_birth_date_is_a_question() -> None:
    assert who(first_name="Jean", last_name="Dupont", birth_date=date(2001, 1, 1)) == Match(ask=True, candidates=(1,))


def test_a_name_that_sounds_like_one_is_a_question() -> None:
    assert who(first_name="Jean", last_name="Dupond") == Match(ask=True, candidates=(1,))


def test_half_a_name_is_a_question_where_somebody_has_it() -> None:
    assert who(first_name="Camille") == Match(ask=True, candidates=(4,))
    assert who(last_name="Martin") == Match(ask=True, candidates=(2, 3))


@pytest.mark.parametrize("name", [{"first_name": "Zoé"}, {"first_name": "Zoé", "last_name": "Petit"}, {"last_name": "Petit"}])
def test_a_name_that_nobody_has_is_somebody_new(name: dict[str, Any]) -> None:
    assert who(**name) == Match()


def test_facts_without_a_name_are_a_question() -> None:
    assert who(level="Galop 3") == Match(ask=True)


def test_nothing_said_is_nobody() -> None:
    assert who() == Match()
