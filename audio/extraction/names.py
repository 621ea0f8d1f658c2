"""Whose note it is."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .found import Found
from .introductions import (
    BEGINNING,
    COMPOUND_FIRST,
    COMPOUND_SECOND,
    INTRODUCTIONS,
    OPENINGS,
    OTHERS,
    PARENTS,
    PARTS,
    PERSON,
    STARTERS,
    TITLE,
)
from .proper import PARTICLES, Unit, is_stop, proper_run, spell
from .repairs import CORRECTED
from .speech import Speech
from .spelled import as_spelled, likeness


@dataclass(frozen=True)
class Named:
    first_name: list[Unit]
    last_name: list[Unit]
    sureness: int  # 0 is the surest

    @property
    def units(self) -> list[Unit]:
        return self.first_name + self.last_name


def find_names(speech: Speech) -> dict[str, Found]:
    named = _named_by_parts(speech) or _best(
        [*_introduced(speech), *_opening(speech), *(_child(speech) if speech.language == "en" else ())], speech
    )
    if named is None:
        return {}
    named = _corrected(speech, named)
    found = {
        field: speech.found(_compound(spell(speech, units)), units[0].first, units[-1].last)
        for field, units in (("first_name", named.first_name), ("last_name", named.last_name))
        if units
    }
    return as_spelled(speech, found, named.units[-1].last)


def _introduced(speech: Speech) -> Iterator[Named]:
    for sureness, pattern in enumerate(INTRODUCTIONS[speech.language]):
        pattern = pattern.replace("PERSON", PERSON[speech.language]).replace("TITLE", TITLE[speech.language])
        for match in re.finditer(pattern, speech.text):
            before, index = speech.index(match.start()), speech.index(match.end())
            index = _past(speech, index, TITLE[speech.language].split("|"))
            units = proper_run(speech, index)
            if _is_of_another(speech, before, index) or (units and _is_a_parent(speech, units[-1].last)):
                continue
            if units and (speech.at(units[0].first) == "l" or _comes_late(speech, sureness, index)):
                continue
            formal = speech.at(index - 1) in TITLE[speech.language].split("|")
            if units and (sureness <= 1 or formal or _is_plausible(speech, units)):
                yield _split(speech, units, sureness, formal=formal)


def _comes_late(speech: Speech, sureness: int, index: int) -> bool:
    """`pour` and `with` lead to a name where the note begins; later, and without capitals, to anything."""
    return sureness == len(INTRODUCTIONS[speech.language]) - 1 and not speech.cased and index > BEGINNING


def _past(speech: Speech, index: int, titles: list[str]) -> int:
    while speech.at(index) in titles or (speech.at(index) in {".", ","} and speech.at(index - 1) in titles):
        index += 1
    return index


def _is_of_another(speech: Speech, before: int, index: int) -> bool:
    """`son cheval s'appelle Spirit`, `sa mère c'est Claire`; but `la maman de Zoé` leads to the client."""
    words = speech.before(before, 4)
    near = words[len(words) - words[::-1].index(",") :] if "," in words else words
    return bool(OTHERS[speech.language] & set(near[-3:])) and speech.at(index - 1) not in {"de", "d"}


def _is_a_parent(speech: Speech, index: int) -> bool:
    """`Paul Henrion, le papa de Lise`, `Paul Henry, Lisa's dad`: the child is the client."""
    index += speech.at(index) == ","
    if speech.language == "fr":
        index += speech.at(index) in {"le", "la", "c", "qui"} and speech.at(index + 1) not in {"est"}
        return speech.at(index) in PARENTS and speech.at(index + 1) in {"de", "d"}
    return (speech.at(index + 1) == "s" and speech.at(index + 2) in PARENTS) or (
        speech.at(index + 1) in PARENTS and speech.at(index + 2) == "of"
    )


def _child(speech: Speech) -> Iterator[Named]:
    """`Lucy's mum`."""
    for match in re.finditer(r" (?P<child>[a-z]{2,}) s (?:mum|mom|mother|dad|father|parents) ", speech.text):
        unit = Unit(speech.index(match.start("child")), speech.index(match.end("child")))
        if not is_stop(speech, unit.first):
            yield Named([unit], [], len(INTRODUCTIONS["en"]))


def _is_plausible(speech: Speech, units: list[Unit]) -> bool:
    """After a weak introduction a name has capitals, or two words and a clear end."""
    before = speech.before(units[0].first, 2)
    parent = len(before) == 2 and before[0] in PARENTS and before[1] in {"de", "d"}
    surely_one = (
        parent
        or before[-1:] in (["petite"], ["petit"], ["jeune"], ["little"], ["young"], ["ici"])
        or (speech.language == "fr" and before == ["c", "est"])
    )
    if len(units) < 2 and not surely_one:
        return False
    return speech.raw(units[0].first)[0].isupper() if speech.cased else is_stop(speech, units[-1].last)


def _opening(speech: Speech) -> Iterator[Named]:
    """A name that begins the note or a sentence: `Louise Garnier, née le…`."""
    starts = [0, *(index + 1 for index, word in enumerate(speech.words) if word.text in {".", CORRECTED})]
    for start in starts:
        index = start
        while index < len(speech) and (speech.at(index) in STARTERS or (speech.at(index) == "," and index > start)):
            index += 1
        units = proper_run(speech, index) if index < len(speech) else []
        if (
            len(units) >= 2
            and speech.at(units[0].first) not in PARTICLES
            and _is_plausible(speech, units)
            and _opens(speech, units[-1].last)
        ):
            yield _split(speech, units, len(INTRODUCTIONS[speech.language]), formal=False)


def _opens(speech: Speech, index: int) -> bool:
    word = speech.at(index)
    return word in OPENINGS[speech.language] or word.isdigit() or index >= len(speech) or (word == "." and speech.cased)


def _split(speech: Speech, units: list[Unit], sureness: int, *, formal: bool) -> Named:
    if len(units) == 2 and speech.cased and _shouted(speech, units[0]) and not _shouted(speech, units[1]):
        units = units[::-1]  # DUPONT Jean
    if (formal and len(units) == 1) or speech.at(units[0].first) in PARTICLES - {"ben", "al", "saint", "st"}:
        return Named([], units, sureness)
    units = _said_once(speech, units)
    pair = [speech.at(unit.first) for unit in units[:2]]
    plain = all(unit.last == unit.first + 1 for unit in units[:2])
    first = 2 if len(units) > 2 and plain and pair[0] in COMPOUND_FIRST and pair[1] in COMPOUND_SECOND else 1
    return Named(units[:first], units[first:], sureness)


def _shouted(speech: Speech, unit: Unit) -> bool:
    raw = speech.raw(unit.first)
    return raw.isupper() and len(raw) > 1


def _said_once(speech: Speech, units: list[Unit]) -> list[Unit]:
    """`olivia castel euh castelain`: the second try counts."""
    if len(units) < 3:
        return units
    one, other = (speech.at(unit.first) for unit in units[-2:])
    if one[:3] == other[:3] and likeness(one, other) > 0.7:
        return [*units[:-2], units[-1]]
    return units


def _best(candidates: list[Named], speech: Speech) -> Named | None:
    """The surest, then the first; with the last name that another mention of the same first name gives."""
    if not candidates:
        return None
    best = min(candidates, key=lambda named: (named.sureness, named.units[0].first))
    if best.last_name or not best.first_name:
        return best
    same = [named for named in candidates if named.last_name and spell(speech, named.first_name) == spell(speech, best.first_name)]
    return same[0] if same else best


def _named_by_parts(speech: Speech) -> Named | None:
    """`prénom Julie, nom de famille Martin`."""
    units: list[list[Unit]] = []
    for pattern in PARTS[speech.language]:
        runs = (proper_run(speech, speech.index(match.end())) for match in re.finditer(pattern, speech.text))
        units.append(next((run for run in runs if run), []))
    first, last = units
    return Named(first[:1], last, 0) if first and last else None


def _corrected(speech: Speech, named: Named) -> Named:
    """What follows "no, sorry" replaces the whole name, or the last name alone when it is one word."""
    end = named.units[-1].last
    if speech.at(end) != CORRECTED:
        return named
    lead = re.compile(r" (?:c est |s appelle |elle s appelle |il s appelle |it s |is |called )?").match(
        speech.text, speech.place(end + 1) - 1
    )
    units = proper_run(speech, speech.index(lead.end())) if lead else []
    if not units:
        return named
    if len(units) == 1 and named.last_name and named.first_name:
        return Named(named.first_name, units, named.sureness)
    return _corrected(speech, _split(speech, units, named.sureness, formal=not named.first_name))


def _compound(name: str) -> str:
    """An engine's `Jean Pierre` is written `Jean-Pierre`."""
    parts = name.lower().split(" ")
    return name.replace(" ", "-") if len(parts) == 2 and parts[0] in COMPOUND_FIRST and parts[1] in COMPOUND_SECOND else name
