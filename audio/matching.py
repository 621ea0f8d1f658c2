"""Of whom a note speaks. Nothing is guessed: what could be two people, or half of a name, is a question for the manager."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from typing import Any

from lessons.models import Club

from .record import Said, folded, phone_key

ALIKE = 0.8  # of two names, as difflib counts: Dupond and Dupont, Renard and Renart
MOST_CANDIDATES = 8


@dataclass(frozen=True)
class Person:
    """What is compared of a client."""

    pk: int
    first_name: str
    last_name: str
    email: str
    phone: str
    birth_date: date | None


@dataclass(frozen=True)
class Match:
    """One client, or a question with its candidates, or (neither) somebody new."""

    client: int | None = None
    ask: bool = False
    candidates: tuple[int, ...] = ()


def match(said: Iterable[Said], people: list[Person], club: Club) -> Match:
    """By e-mail or phone, then by name."""
    values = {piece.field: piece.value for piece in said}
    if reached := _by_contact(values, people, club):
        return _of_reached(values, reached)
    first, last = values.get("first_name", ""), values.get("last_name", "")
    if not first and not last:
        return Match(ask=bool(values))
    if first and last:
        return _by_full_name(values, people)
    return _question([person for person in people if _shares_part(first or last, person)])


def _by_contact(values: dict[str, Any], people: list[Person], club: Club) -> list[Person]:
    email, phone = values.get("email"), values.get("phone")
    return [
        person
        for person in people
        if (email and person.email.casefold() == email.casefold()) or (phone and _same_number(phone, person.phone, club))
    ]


def _same_number(one: str, other: str, club: Club) -> bool:
    """Their ends first: to read a number with its country takes a while."""
    return _end_of(one) == _end_of(other) and phone_key(one, club) == phone_key(other, club)


def _end_of(number: str) -> str:
    return "".join(letter for letter in number if letter.isdecimal())[-6:]


def _of_reached(values: dict[str, Any], reached: list[Person]) -> Match:
    """Brothers and sisters share an address: who is reached by it must also be who was named."""
    fitting = [person for person in reached if _fits(values, person)]
    if len(fitting) == 1 and not _other_birth(values, fitting[0]):
        return Match(client=fitting[0].pk)
    return _question(fitting or reached)


def _by_full_name(values: dict[str, Any], people: list[Person]) -> Match:
    name = _name(values["first_name"], values["last_name"])
    namesakes = [person for person in people if _name(person.first_name, person.last_name) == name]
    if len(namesakes) == 1 and not _other_birth(values, namesakes[0]):
        return Match(client=namesakes[0].pk)
    return _question(namesakes or [person for person in people if _sounds_like(values, person)])


def _question(people: list[Person]) -> Match:
    return Match(ask=True, candidates=tuple(person.pk for person in people[:MOST_CANDIDATES])) if people else Match()


def _name(first: str, last: str) -> list[str]:
    """In any order: people say the last name first too."""
    return sorted(folded(f"{first} {last}").split())


def _fits(values: dict[str, Any], person: Person) -> bool:
    """Every part of a name that was said is a part of this person's."""
    theirs = set(_name(person.first_name, person.last_name))
    return set(_name(values.get("first_name", ""), values.get("last_name", ""))) <= theirs


def _shares_part(part: str, person: Person) -> bool:
    return folded(part) in (folded(person.first_name), folded(person.last_name))


def _other_birth(values: dict[str, Any], person: Person) -> bool:
    said = values.get("birth_date")
    return bool(said and person.birth_date and said != person.birth_date)


def _sounds_like(values: dict[str, Any], person: Person) -> bool:
    """A name is heard, not read: one letter off in each part may be the same person."""
    pairs = ((values["first_name"], person.first_name), (values["last_name"], person.last_name))
    return all(_alike(folded(one), folded(other)) for one, other in pairs)


def _alike(one: str, other: str) -> bool:
    """The cheap bounds first: most pairs of names in a club are nothing alike."""
    matcher = SequenceMatcher(None, one, other)
    return matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE
