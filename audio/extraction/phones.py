"""Telephone numbers, spoken or written."""

import phonenumbers
from phonenumbers import Leniency, PhoneNumber, PhoneNumberFormat, PhoneNumberMatcher

from .found import Found
from .repairs import CORRECTED
from .speech import Speech
from .stops import STOPS
from .word_sets import word_set

REGIONS = {"fr": ("BE", "FR", "CH", "LU"), "en": ("GB", "BE", "IE", "US")}  # only for the length and the spaces: no country is made up
STRANGERS = word_set("farrier vet dentist veterinaire marechal dentiste")
NEW = word_set("nouveau nouvelle new now maintenant")
ANNOUNCERS = word_set("number phone mobile cell telephone numero portable gsm tel call reach")
FORMER = word_set("ancien ancienne vieux vieille old former previous")
UNITS = word_set("ans years rue avenue boulevard chemin place euros heures")  # the number before one of these is no part of the phone's
MOST_GROUPS = 16
Group = tuple[int, str]  # the word, its digits


def find_phone(speech: Speech) -> Found | None:
    """The last one where the speaker corrected himself, else the first."""
    chosen: Found | None = None
    index = 0
    while index < len(speech):
        if not _may_begin(speech, index):
            index += 1
            continue
        groups, end = _groups(speech, index)
        found = _read(speech, groups)
        corrected = found and any(word.text == CORRECTED for word in speech.words[groups[0][0] : end])
        if found and not is_former(speech, index) and (chosen is None or corrected or _is_corrected(speech, index)):
            chosen = found
        index = end
    return chosen


def is_former(speech: Speech, index: int) -> bool:
    """`son ancien numéro, c'était…`, `n'appelle plus le…`; "9 years old" is no former number."""
    words = speech.before(index, 7)
    if "don" in words or STRANGERS & set(words):
        return True
    former = [place for place, word in enumerate(words) if word in FORMER and words[place - 1 : place] not in (["years"], ["year"])]
    former += [
        place for place, word in enumerate(words) if word in {"plus", "pas"} and {"n", "ne", "est"} & set(words[max(0, place - 4) : place])
    ]
    return bool(former) and not NEW & set(words[max(former) :])


def _may_begin(speech: Speech, index: int) -> bool:
    return speech.words[index].is_number or (speech.at(index) == "plus" and index + 1 < len(speech) and speech.words[index + 1].is_number)


def _is_corrected(speech: Speech, index: int) -> bool:
    return CORRECTED in speech.before(index, 4)


def _groups(speech: Speech, index: int) -> tuple[list[Group], int]:
    """The digits from here on, through pauses and a correction."""
    groups: list[Group] = []
    while index < len(speech) and len(groups) < 2 * MOST_GROUPS:
        word = speech.words[index]
        if word.is_number or (word.text == "plus" and not groups):
            groups.append((index, "+" if word.text == "plus" else word.text))
        elif word.text == CORRECTED and groups and (after := _after_correction(speech, index)):
            groups.append((index, CORRECTED))
            index = after - 1
        elif word.text != "," or not groups:
            break
        index += 1
    while groups and groups[-1][1] == CORRECTED:
        groups.pop()
    return groups, max(index, groups[0][0] + 1)


def _after_correction(speech: Speech, index: int) -> int | None:
    """`non pardon, c'est le 06…`"""
    for after in range(index + 1, min(index + 5, len(speech))):
        if _may_begin(speech, after):
            return after
        if speech.at(after) not in {"c", "est", "le", "it", "s", "is", "numero", ","}:
            break
    return None


def _read(speech: Speech, groups: list[Group]) -> Found | None:
    marks = [number for number, group in enumerate(groups) if group[1] == CORRECTED]
    if not marks:
        return _longest(speech, groups)
    before, after = groups[: marks[-1]], groups[marks[-1] + 1 :]
    before = [group for group in before if group[1] != CORRECTED] if len(marks) == 1 else before[marks[-2] + 1 :]
    again = _longest(speech, after)
    if again:
        return again
    for kept in range(len(before) - 1, 0, -1):  # only the end was said again: it replaces as much as makes a number
        found = _longest(speech, before[:kept] + after)
        if found:
            return found
    return _longest(speech, before)


def _longest(speech: Speech, groups: list[Group]) -> Found | None:
    """The longest beginning that can be a number: `… 56 78` goes before `… 56 78 12 (ans)`."""
    if groups and speech.at(groups[-1][0] + 1) in UNITS:
        groups = groups[:-1]
    announced = bool(groups) and bool(ANNOUNCERS & set(speech.before(groups[0][0], 5)))
    for last in range(min(len(groups), MOST_GROUPS), 0, -1):
        value = written_phone("".join(digits for _, digits in groups[:last]), speech.language, announced=announced)
        if value and (last == len(groups) or _counts_something(speech, groups, last)):
            return speech.found(value, groups[0][0], groups[last - 1][0] + 1)
    return None


def _counts_something(speech: Speech, groups: list[Group], last: int) -> bool:
    """What is left over of the digits must belong to something else; a number that is too long is nobody's."""
    after = speech.at(groups[-1][0] + 1)
    return speech.at(groups[last - 1][0] + 1) == "," or (after.isalpha() and after not in STOPS[speech.language])


def written_phone(digits: str, language: str, *, announced: bool = True) -> str | None:
    """With the spaces of its country; without a country's code none is added. Ten digits without a 0 are American."""
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    american = announced and language == "en" and len(digits) == 10
    if not (digits[:1] in {"0", "+"} or american) or not 9 <= len(digits) <= (16 if digits[0] == "+" else 11):
        return None
    if digits.startswith("+"):
        return next((phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL) for number in _possible(digits, None)), None)
    numbers = [number for region in REGIONS[language] for number in _possible(digits, region)]
    numbers = [number for number in numbers if phonenumbers.is_valid_number(number)] or numbers
    return next((text for number in numbers if (text := _national(number, digits))), None)


def _possible(digits: str, region: str | None) -> list[PhoneNumber]:
    matches = PhoneNumberMatcher(digits, region, leniency=Leniency.POSSIBLE)
    return [match.number for match in matches if match.raw_string == digits]


def _national(number: PhoneNumber, digits: str) -> str:
    text = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    return text if digits_of(text) == digits else digits


def digits_of(phone: str) -> str:
    return "".join(letter for letter in phone if letter in "+0123456789")
