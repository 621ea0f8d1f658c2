"""Where the client lives: a street at least; a town alone is for the notes."""

import re

from .found import Found
from .numbers import MONTHS
from .phones import is_former
from .proper import PARTICLES, is_stop, proper_run, spell
from .repairs import CORRECTED
from .speech import BREAKS, Speech
from .stops import STOPS
from .word_sets import word_set

STREET = {
    "fr": "rue|avenue|av|boulevard|bd|chemin|place|impasse|allee|route|chaussee|quai|square|clos|dreve|sentier|ruelle|venelle|cite",
    "en": "street|road|lane|avenue|drive|close|court|way|place|square|gardens|crescent|terrace|grove|row|park|mews|rd|st|ave",
}
# A number, the street's words, perhaps the box; in French the kind of street comes first, in English last.
FRENCH = re.compile(rf" (?P<number>[0-9]{{1,4}} (?:(?:bis|ter|[a-e]) )?)?(?:, )?(?P<kind>{STREET['fr']}) ")
ENGLISH = re.compile(rf" (?P<number>[0-9]{{1,4}}[a-e]? )(?P<name>(?:[a-z]+ ){{1,3}}?)(?P<kind>{STREET['en']}) ")
ANNOUNCED = word_set("adresse habite habitant demeure domicilie domiciliee vit demenage")
NUMBER_AFTER = re.compile(r" (?:, )?(?:au )?(?:numero |n )?(?P<number>[0-9]{1,4}(?: bis| ter)?) (?!ans |heures |h )")
TOWN = re.compile(r" (?:, )?(?:a |au |in )?(?P<code>[0-9](?: ?[0-9]){3,4}) ")
FRENCH_STREET_WORDS = 6


def find_address(speech: Speech) -> Found | None:
    finder, read = (ENGLISH, _english) if speech.language == "en" else (FRENCH, _french)
    chosen: Found | None = None
    for match in finder.finditer(speech.text):
        first = speech.index(match.start())
        found = None if is_former(speech, first) else read(speech, match)
        if found and (chosen is None or CORRECTED in speech.before(first, 5)):
            chosen = found
    return chosen


def _ends_a_date(speech: Speech, first: int, match: re.Match[str]) -> bool:
    """`le 30 11 1985, rue Haute`; but `06 12 34 56 78, 12 rue Haute`."""
    return bool(match["number"]) and speech.at(first + 1) == "," and (speech.at(first - 1).isdigit() or speech.at(first - 1) in MONTHS)


def _french(speech: Speech, match: re.Match[str]) -> Found | None:
    first, kind = speech.index(match.start()), speech.index(match.start("kind"))
    number = "" if _ends_a_date(speech, first, match) else (match["number"] or "").strip()
    first = first if number else kind
    end = _end_of_street(speech, kind + 1)
    if end == kind + 1:
        return None
    street = " ".join([speech.raw(kind).lower() if not speech.cased else speech.raw(kind), _street_name(speech, kind + 1, end)])
    announced = bool(number or ANNOUNCED & set(speech.before(first, 6)))
    if number:
        street = f"{number} {street}"
    elif (after := NUMBER_AFTER.match(speech.text, speech.place(end) - 1)) and not _is_town(speech, end):
        street, end = f"{street} {after['number']}", speech.index(after.end() - 1)
    town, end = _town(speech, end)
    if not (announced or town[:1].isdigit()):
        return None
    return speech.found(", ".join([street, town] if town else [street]), first, end)


def _end_of_street(speech: Speech, index: int) -> int:
    """Particles and articles belong to it, then one word, and more where capitals say so."""
    full, limit = 0, index + FRENCH_STREET_WORDS
    while index < min(len(speech), limit):
        word = speech.at(index)
        linked = word in PARTICLES or word in {"aux", "au", "l", "d", "saint", "sainte", "notre", "grand", "grande", "petit", "petite"}
        if word in BREAKS or not word.isalpha() or (full and not linked and not _goes_on(speech, index)):
            break
        if not linked and word in STOPS["fr"] and not _is_raised(speech, index) and full:
            break
        if full and linked and is_stop(speech, index + 1) and speech.at(index + 1) not in PARTICLES:
            break
        full += not linked
        index += 1
    return index if full else index - (index - limit + FRENCH_STREET_WORDS)


def _goes_on(speech: Speech, index: int) -> bool:
    return _is_raised(speech, index) or speech.words[index].glue in {"-", "'", "’"} or speech.at(index - 1) in PARTICLES


def _is_raised(speech: Speech, index: int) -> bool:
    return speech.cased and speech.raw(index)[0].isupper()


def _street_name(speech: Speech, first: int, last: int) -> str:
    """Capitals for what has none: `rue des lilas` is written `rue des Lilas`."""
    said = speech.said(first, last)
    if speech.cased and not said.islower():
        return said
    small = PARTICLES | {"aux", "au"}
    return " ".join(part.lower() if part.lower() in small else _raised(part.lower()) for part in said.split())


def _raised(word: str) -> str:
    lead, apostrophe, rest = word.partition("'")
    return f"{lead}'{rest.capitalize()}" if apostrophe and len(lead) == 1 else "-".join(part.capitalize() for part in word.split("-"))


def _is_town(speech: Speech, index: int) -> bool:
    return TOWN.match(speech.text, speech.place(index) - 1) is not None


def _town(speech: Speech, index: int) -> tuple[str, int]:
    """Postal code and town, or a town after `à`."""
    match = TOWN.match(speech.text, speech.place(index) - 1)
    if match:
        end = speech.index(match.end())
        units = proper_run(speech, end) if end < len(speech) else []
        units = units if speech.cased else _short(speech, units)
        code = match["code"].replace(" ", "")
        return (f"{code} {spell(speech, units)}", units[-1].last) if units else (code, end)
    if speech.at(index) in {"a", ","} and index + 1 < len(speech):
        start = index + (2 if speech.at(index + 1) == "a" else 1)
        units = _short(speech, proper_run(speech, start)) if start < len(speech) else []
        if units and (speech.at(start - 1) == "a" or _is_raised(speech, start)):
            return spell(speech, units), units[-1].last
    return "", index


def _short(speech: Speech, units: list) -> list:  # type: ignore[type-arg]  # list[Unit]
    """Without capitals a town is its first word, and what hangs on it with a particle."""
    if speech.cased:
        return units
    full = [number for number, unit in enumerate(units) if speech.at(unit.first) not in PARTICLES]
    if len(full) > 1 and full[1] == full[0] + 1:
        return units[: full[0] + 1] if not is_stop(speech, units[full[1]].last) else units[: full[1] + 1]
    return units


def _english(speech: Speech, match: re.Match[str]) -> Found | None:
    first, end = speech.index(match.start()), speech.index(match.end())
    if any(word in STOPS["en"] for word in match["name"].split()):
        return None
    postcode = re.compile(r" (?:, )?(?P<code>[a-z]{1,2}[0-9]{1,2}[a-z]? ?[0-9][a-z]{2}) ")
    street = _titled(speech.said(speech.index(match.start("name")), end))
    parts = [f"{match['number'].strip()} {street}"]
    if speech.at(end) in {",", "in"} and not is_stop(speech, end + 1):
        end += 1
    units = proper_run(speech, end) if end < len(speech) else []
    if units:
        parts.append(spell(speech, units))
        end = units[-1].last
    if code := postcode.match(speech.text, speech.place(end) - 1):
        parts.append(code["code"].upper())
        end = speech.index(code.end())
    return speech.found(", ".join(parts), first, end)


def _titled(street: str) -> str:
    return " ".join(part[:1].upper() + part[1:].lower() if part.islower() or part.isupper() else part for part in street.split())
