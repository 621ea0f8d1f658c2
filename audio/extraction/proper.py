"""Runs of words that make a proper name: of a person, a town, a horse."""

from dataclasses import dataclass

from .speech import Speech
from .stops import STOPS
from .word_sets import word_set

PARTICLES = word_set(
    "de du des d la le les l van von den der dem ter ten te vande vanden vander el al ben bint da di do dos del della mac mc st saint"
)
LOWER = word_set("de du des d la le les l den der dem ter ten te von da di do dos del della")  # inside a name
JOINING = {"-", "‐", "‑", "'", "’"}
MOST_JOINED = 5
ELIDED = {"d", "o", "l", "mc"}


@dataclass(frozen=True)
class Unit:
    """Words joined by hyphen or apostrophe count as one: `Anne-Sophie`, `O'Brien`."""

    first: int
    last: int  # exclusive


def proper_run(speech: Speech, index: int, *, most: int = 5) -> list[Unit]:
    """The name that begins at this word. Capitals decide where the transcript has them, else the words that no name holds."""
    if index >= len(speech):
        return []
    units = _capitalised(speech, index, most) if speech.cased and speech.raw(index)[:1].isupper() else []
    return units or _caseless(speech, index, most)


def spell(speech: Speech, units: list[Unit]) -> str:
    """The name as one writes it."""
    french = [speech.at(unit.first) for unit in units[:2]] in (["de", "la"], ["de", "l"])  # de la Fontaine, but De Smet
    return " ".join(_written(speech, unit, inside=french or number > 0) for number, unit in enumerate(units))


def is_stop(speech: Speech, index: int) -> bool:
    word = speech.at(index)
    return len(word) < 2 or not word.isalpha() or word in STOPS[speech.language]


def unit_at(speech: Speech, index: int) -> Unit:
    last = index + 1
    while last < min(len(speech), index + MOST_JOINED) and _is_joined(speech, last):
        last += 1
    if last == index + 1 and speech.at(index) in {"d", "o"} and not is_stop(speech, last) and len(speech.at(last)) > 1:
        last += 1  # an engine's "d hondt", "o brien"
    return Unit(index, last)


def _is_joined(speech: Speech, index: int) -> bool:
    glue, previous = speech.words[index].glue, speech.at(index - 1)
    if glue in {"'", "’"}:
        return previous in ELIDED and len(speech.at(index)) > 1
    return glue in JOINING and speech.at(index).isalpha() and len(speech.at(index)) > 1


def _capitalised(speech: Speech, index: int, most: int) -> list[Unit]:
    units: list[Unit] = []
    while index < len(speech) and len(units) < most:
        unit = unit_at(speech, index)
        capital = speech.raw(index)[0].isupper() or speech.raw(unit.last - 1)[0].isupper()
        if not capital and not (units and speech.at(index) in PARTICLES and _capital_follows(speech, unit.last)):
            break
        if not speech.at(index).isalpha() or (is_stop(speech, index) and speech.at(index) not in PARTICLES and unit.last == index + 1):
            break
        units.append(unit)
        index = unit.last
    return _without_loose_particles(speech, units)


def _capital_follows(speech: Speech, index: int) -> bool:
    """Past further particles: `van den Broeck`."""
    while speech.at(index) in PARTICLES and speech.raw(index)[0].islower():
        index += 1
    return index < len(speech) and speech.raw(index)[0].isupper()


def _caseless(speech: Speech, index: int, most: int) -> list[Unit]:
    """A first word, particles, one word more; a further one only where the name surely ends after it."""
    units: list[Unit] = []
    full = 0
    while index < len(speech) and len(units) < most:
        unit = unit_at(speech, index)
        word = speech.at(index)
        particle = bool(units) and unit.last == index + 1 and word in PARTICLES and not (full > 1 and word in LOWER)
        if not particle and (_cannot_be_named(speech, unit) or (full >= 2 and not is_stop(speech, unit.last))):
            break
        units.append(unit)
        full += not particle
        index = unit.last
    return _without_loose_particles(speech, units)


def _cannot_be_named(speech: Speech, unit: Unit) -> bool:
    if unit.last > unit.first + 1:
        return speech.at(unit.last - 1) in STOPS[speech.language] or not all(
            speech.at(index).isalpha() for index in range(unit.first, unit.last)
        )
    return is_stop(speech, unit.first) or len(speech.at(unit.first)) < 2


def _without_loose_particles(speech: Speech, units: list[Unit]) -> list[Unit]:
    while units and units[-1].last == units[-1].first + 1 and speech.at(units[-1].first) in PARTICLES - {"ben", "al", "saint"}:
        units = units[:-1]
    return units


def _written(speech: Speech, unit: Unit, *, inside: bool) -> str:
    raw = speech.transcript[speech.words[unit.first].start : speech.words[unit.last - 1].end]
    if speech.at(unit.first) in {"d", "o"} and unit.last == unit.first + 2:
        raw = raw.replace(" ", "'")
    if any(letter.isupper() for letter in raw) and any(letter.islower() for letter in raw):
        return raw
    if inside and raw.lower() in LOWER:
        return raw.lower()
    return _titled(raw.lower())


def _titled(name: str) -> str:
    """`o'brien`, `anne-sophie`, `mcgregor`."""
    titled = "".join(letter.upper() if number == 0 or name[number - 1] in "-'’ " else letter for number, letter in enumerate(name))
    return f"Mc{titled[2:].capitalize()}" if titled.startswith("Mc") and len(titled) > 4 else titled
