"""Does a value follow from the words that it is said to come from, and were these words spoken? Nothing else is believed."""

from collections.abc import Callable
from datetime import date

from .ages import OLDEST, read_date
from .emails import find_email
from .found import Found
from .numbers import LONE
from .orders import passages_of_orders
from .phones import digits_of, find_phone, written_phone
from .speech import Speech
from .words import fold, split

MOST_WORDS = 200
Reading = Callable[[str, Speech, date], str | None]


def supported(name: str, value: str, words: str, *, transcript: str, language: str, today: date) -> Found | None:
    """With the value as the words have it; None for a value or words that nobody said."""
    place = locate(words, transcript)
    if place is None or not value.strip():
        return None
    start, end = place
    read = READINGS[name](value.strip(), Speech(transcript[start:end], language), today)
    return Found(read, transcript[start:end], start, end) if read else None


def locate(words: str, transcript: str) -> tuple[int, int] | None:
    """Where these words stand, whatever the case, accents, spaces and punctuation; not in what was said to the machine."""
    wanted = [word.text for word in split(words) if word.text not in {",", "."}]
    spoken = [word for word in split(transcript) if word.text not in {",", "."}]
    orders = passages_of_orders(transcript)
    for index in range(len(spoken) - len(wanted) + 1 if 0 < len(wanted) <= MOST_WORDS else 0):
        if all(spoken[index + step].text == word for step, word in enumerate(wanted)):
            start, end = spoken[index].start, spoken[index + len(wanted) - 1].end
            if not any(start < last and first < end for first, last in orders):
                return start, end
    return None


def _name(value: str, words: Speech, today: date) -> str | None:
    """Its letters one after the other, so that a spelled name counts too."""
    return value if _is_run(_letters(value), [word.text for word in words.words]) else None


def _plain(value: str, words: Speech, today: date) -> str | None:
    """Every word of it was said; numbers may have been spoken."""
    said = {word.text for word in words.words}
    said |= {"1"} if said & LONE else set()
    return value if {word.text for word in Speech(value, words.language).words} - {",", "."} <= said else None


def _verbatim(value: str, words: Speech, today: date) -> str | None:
    """What says more than its words gives way to them."""
    return _plain(value, words, today) or words.said(0, len(words))


def _email(value: str, words: Speech, today: date) -> str | None:
    found = find_email(words) or find_email(Speech(f"e-mail {words.transcript}", words.language))
    return found.value if found and found.value == value.lower() else None


def _phone(value: str, words: Speech, today: date) -> str | None:
    """As it was said: a country's code that a model adds is its own guess."""
    found = find_phone(words)
    said = digits_of(found.value) if found else "".join(word.text for word in words.words if word.is_number)
    wanted = digits_of(value)
    if wanted == said:
        return written_phone(said, words.language) or value
    return found.value if found and wanted.startswith("+") and said.startswith("0") and wanted.endswith(said[1:]) else None


def _birth_date(value: str, words: Speech, today: date) -> str | None:
    dates = (read_date(words, words.place(index), today) for index in range(len(words)))
    return value if any(found and found.value == value for found in dates) else None


def _age(value: str, words: Speech, today: date) -> str | None:
    said = any(word.is_number and word.text == value for word in words.words)
    return value if said and len(value) <= 3 and 1 <= int(value) <= OLDEST else None


def _letters(text: str) -> str:
    return "".join(letter for letter in fold(text) if letter.isalnum())


def _is_run(letters: str, words: list[str]) -> bool:
    """Do some words in a row make exactly these letters?"""
    for first in range(len(words)):
        rest = letters
        for word in words[first:]:
            if not rest.startswith(word):
                break
            rest = rest[len(word) :]
            if not rest:
                return True
    return False


READINGS: dict[str, Reading] = {
    "first_name": _name,
    "last_name": _name,
    "email": _email,
    "phone": _phone,
    "birth_date": _birth_date,
    "age": _age,
    "address": _plain,
    "level": _verbatim,
    "horse": _name,
    "availability": _verbatim,
    "notes": _verbatim,
}
