"""Birth dates, and ages where no date was said."""

import re
from collections.abc import Iterator
from datetime import date

from .found import Found
from .introductions import OTHERS
from .numbers import MONTHS
from .repairs import CORRECTED
from .speech import BREAKS, Speech
from .spelled import letters_after
from .stops import STOPS
from .word_sets import word_set

OLDEST = 120
MONTH = "|".join(MONTHS)
DAY, YEAR = r"(?:1er |premier |first )?[0-9]{0,2}", r"(?:[0-9]{4}|[0-9]{2} [0-9]{2}|[0-9]{2})"
BORN = {
    "fr": r" (?:nee?s?|naissance|anniversaire) (?:, |donc |c est |est )*(?:le )?(?:[a-z]{3,5}di |dimanche )?",
    "en": r" (?:born|birth|birthday|dob) (?:, |is |was |s )*(?:on )?(?:the )?(?:[a-z]{3,6}day )?",
}
DATES = (
    rf"(?P<day>[0-9]{{1,2}}|premier|first|1er) (?:of )?(?P<month>{MONTH}) (?:, |in |of )?(?P<year>{YEAR}) ",
    rf"(?P<month>{MONTH}) (?:the )?(?P<day>[0-9]{{1,2}}|first|premier) (?:, )?(?P<year>{YEAR}) ",
    r"(?P<day>[0-9]{1,2}) (?P<month>[0-9]{1,2}) (?P<year>[0-9]{4}|[0-9]{2}) ",
    r"(?P<year>[0-9]{4}) (?P<month>[0-9]{1,2}) (?P<day>[0-9]{1,2}) ",
)
AGAIN = rf"{CORRECTED} (?:c est |it s |en |in |le |on |the )*"
AGE = {
    "fr": (r" (?P<age>[0-9]{1,3}) ans ", r" agee? de (?P<age>[0-9]{1,3}) ", r" age (?:, |c est |est )?(?P<age>[0-9]{1,3}) "),
    "en": (
        r" (?P<age>[0-9]{1,3}) (?:years? old|year old|yo|years of age) ",
        r" (?:aged?|turned) (?:is |, )?(?P<age>[0-9]{1,3}) ",
        r" (?:i m|i am|he s|she s|is) (?:now |only |just )?(?P<age>[0-9]{1,3}) (?=[,.] |and |but |her |his |she |he |my |a |with |$)",
    ),
}
NOT_AN_AGE = {
    "fr": word_set(
        "fetera fete feter ses commence depuis pendant y dans durant moins environs experience pratique frere soeur tous aura bientot"
    ),
    "en": word_set("for since in within under over than brother sister every be nearly"),
}
MINE = (["mon"], ["ma"], ["notre"], ["my"], ["our"])  # a parent who calls about a child
STREETS = word_set("street road lane rue avenue boulevard place chemin months h am pm")
AFTER_AN_AGE = word_set("d qu que experience de")


def find_birth_date(speech: Speech, today: date) -> Found | None:
    chosen: Found | None = None
    for born in re.finditer(BORN[speech.language], speech.text):
        if _is_of_another(speech, speech.index(born.start())):
            continue
        found = read_date(speech, born.end(), today)
        if found and (chosen is None or CORRECTED in speech.before(speech.index(born.start()), 6)):
            chosen = found
    return chosen


def read_date(speech: Speech, place: int, today: date) -> Found | None:
    """The date that begins at this place of the text, with what the speaker corrected in it."""
    for pattern in DATES:
        match = re.compile(pattern).match(speech.text, place)
        if match is None:
            continue
        parts = {name: match[name] for name in ("day", "month", "year")}
        parts, end = _with_corrections(speech, parts, match.end())
        value = _date(parts, today)
        if value:
            return speech.found(value.isoformat(), speech.index(match.start()), speech.index(end))
    return None


def _with_corrections(speech: Speech, parts: dict[str, str], end: int) -> tuple[dict[str, str], int]:
    """`le 3 mars 90, non, 91`: the year alone, or the date anew."""
    patterns = [*DATES, rf"(?P<year>{YEAR}) ", rf"(?P<day>[0-9]{{1,2}}) (?:of )?(?P<month>{MONTH}) "]
    for pattern in patterns:
        match = re.compile(AGAIN + pattern).match(speech.text, end)
        if match:
            return {**parts, **match.groupdict()}, match.end()
    return parts, end


def _date(parts: dict[str, str], today: date) -> date | None:
    day = 1 if parts["day"] in {"premier", "first", "1er"} else int(parts["day"])
    month = MONTHS.get(parts["month"]) or int(parts["month"])
    year = int(parts["year"].replace(" ", ""))
    if len(parts["year"]) == 2:
        year += 2000 if 2000 + year <= today.year else 1900
    try:
        value = date(year, month, day)
    except ValueError:
        return None
    return value if value <= today and today.year - value.year <= OLDEST else None


def find_age(speech: Speech, name: Found | None) -> Found | None:
    """The last one where the speaker corrected himself, else the first."""
    chosen = _after_name(speech, name) if name else None
    for found, first in sorted(_ages(speech), key=lambda pair: pair[1]):
        if chosen is None or CORRECTED in speech.before(first, 4):
            chosen = found
    return chosen


def _after_name(speech: Speech, name: Found) -> Found | None:
    """`stephen clarke, sixty-one, experienced rider`: a bare number right after the name."""
    index = letters_after(speech, speech.index_after(name))[2]
    index += speech.at(index) in {",", "."}
    number, following = speech.at(index), speech.at(index + 1)
    if not re.fullmatch("[1-9][0-9]?", number) or not (following in BREAKS or following in STOPS[speech.language] - STREETS):
        return None
    return speech.found(number, index, index + 1)


def _ages(speech: Speech) -> Iterator[tuple[Found, int]]:
    for pattern in AGE[speech.language]:
        for match in re.finditer(pattern, speech.text):
            first, last = speech.index(match.start("age")), speech.index(match.end())
            years = int(match["age"])
            before = set(speech.before(first, 3))
            if speech.raw(first - 1) == "à":
                continue
            otherwise = before & NOT_AN_AGE[speech.language] or speech.at(last) in AFTER_AN_AGE
            if 1 <= years <= OLDEST and not otherwise and not _is_of_another(speech, first):
                yield speech.found(str(years), first, last), first


def _is_of_another(speech: Speech, index: int) -> bool:
    """`son frère a 10 ans`; but `la maman de Zoé, Zoé a 9 ans`."""
    words = speech.before(index, 5)
    near = words[len(words) - words[::-1].index(",") :] if "," in words else words
    theirs = {place for place, word in enumerate(near) if word in OTHERS[speech.language] and near[place - 1 : place] not in MINE}
    return bool(theirs) or (speech.language == "fr" and near[-2:] == ["a", "l"])
