"""Whose note it is."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from .found import Found
from .proper import PARTICLES, Unit, is_stop, proper_run, spell
from .repairs import CORRECTED
from .speech import Speech
from .word_sets import word_set
from .words import fold

TITLE = {"fr": "madame|monsieur|mademoiselle|mme|mlle|mr", "en": "mister|mrs|missus|miss|ms|mr|madam"}
PERSON = {
    "fr": "cliente?|eleves?|cavalieres?|cavaliers?|petite?|gamine?|dame|monsieur|jeune fille|jeune|inscrite?|membre|stagiaire",
    "en": "client|customer|student|pupil|rider|member|girl|boy|kid|lady|man|guy",
}
# What comes right before a name, surest first.
INTRODUCTIONS = {
    "fr": (
        r" (?:m|s) appelle (?:donc )?| se nomme | nommee? | nom (?:et prenom |complet )?(?:c est|est|,) ",
        r" (?:mon fils|ma fille|notre fils|notre fille) (?:qui |, )?(?:s appelle |c est )?",
        r" fiche (?:client )?(?:de |d |pour |,)?",
        r" (?:PERSON) , | (?:nouveau|nouvelle|le|la|l|cette|cet|notre|un|une) (?:jeune )?(?:PERSON) (?:, |c est |est )?",
        r" (?:inscription|inscrite?|inscrire|inscris|note|dossier)(?: pour| de| d|,| ,)* ",
        r" (?:TITLE) ",
        r" (?:suis|parle|parler|discute|vu|rencontre|recu|telephone|rappeler?|appeler?) (?:avec |a )?",
        r" (?:au telephone|maman de|mere de|papa de|pere de|parents de|concernant|propos de|ici|pour|avec) ",
    ),
    "en": (
        r" (?:my|his|her|their|the|full|s) name (?:is |s )| (?:is|s|are) (?:called|named) | (?:PERSON) (?:called|named) ",
        r" (?:my|our) (?:son|daughter) (?:, |who )?(?:is called |called |named |is )?",
        r" (?:file|record|note|form)(?: for|,| ,)* ",
        r" (?:the|our|new|this|a) (?:PERSON) (?:, |is |s |, )?| client , ",
        r" (?:registration|registered|register|sign up|signed up|enrol|enrolled|update)(?: for| of|,| ,)* ",
        r" (?:TITLE) ",
        r" (?:little|young) ",
        r" (?:spoke|speaking|talked|talking|met|saw|called|had|seen) (?:to |with )?",
        r" (?:this is|here is|it s|it is|i m|i am|about|for|with) (?:about )?",
    ),
}
PARTS = {
    "fr": (r" prenom (?:c est |est |, )?", r" nom (?:de famille )?(?:c est |est |, )?"),
    "en": (r" (?:first|given|1) name (?:is |s |, )?", r" (?:last|family) name (?:is |s |, )?| surname (?:is |s |, )?"),
}
OPENINGS = {  # after a name that begins a sentence
    "fr": word_set(
        "a est , il elle son sa ses ne nee habite monte vient aime veut voudrait aimerait souhaite peut doit va avait "
        "mail telephone tel numero"
    ),
    "en": word_set(
        "is has had was can will would , he she his her born lives rides wants needs came comes passed moved called fell broke "
        "likes loves rode phone email aged"
    ),
}
STARTERS = word_set("alors bonjour bonsoir salut voila ok okay so well hi hello hey donc c est it s and et pour now")
ANIMALS = {
    "fr": word_set("cheval chevaux poney poneys jument hongre chien chat"),
    "en": word_set("horse horses pony ponies mare gelding dog cat"),
}
RELATIVES = {
    "fr": word_set(
        "mere pere maman papa mari femme frere soeur fils fille cousin cousine ami amie moniteur monitrice mamie papi oncle tante"
    ),
    "en": word_set(
        "mother father mum mom dad husband wife brother sister son daughter cousin friend teacher instructor coach "
        "grandmother grandfather uncle aunt"
    ),
}
OTHERS = {
    language: ANIMALS[language] | RELATIVES[language] for language in ("fr", "en")
}  # a name or an age after these is not the client's
PARENTS = word_set("maman mere papa pere parents mum mom mother dad father")
BEGINNING = 8  # words
COMPOUND_FIRST = word_set("jean marie anne pierre paul louis")
COMPOUND_SECOND = word_set(
    "pierre paul jacques marc marie luc francois claude louis yves christophe philippe michel baptiste charles noel sebastien "
    "sophie laure claire christine therese laurence helene louise france alice rose julie"
)


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
    return _as_spelled(speech, found, named.units[-1].last)


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


def likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


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


MARKS = {"tiret": "-", "hyphen": "-", "dash": "-", "apostrophe": "'"}
SPELLING_LEADS = {
    "fr": r" (?:, )?(?:(?:ca |cela |qui |je )?(?:s |l )?(?:ecrit|epelle|orthographie) |avec )?",
    "en": r" (?:, )?(?:that s |it s |which is )?(?:spelled |spelt |written )?",
}


def _as_spelled(speech: Speech, found: dict[str, Found], end: int) -> dict[str, Found]:
    """Letters spelled right after the name correct what the engine heard."""
    letters, first, last = letters_after(speech, end)
    if not letters:
        return found
    names = {field: re.sub(r"[^a-z]", "", fold(item.value)) for field, item in found.items()}
    plain = re.sub(r"[^a-z]", "", letters)
    if plain == "".join(names.values()) or any(name.endswith(plain) for name in names.values()):
        return found
    field = max(names, key=lambda name: likeness(names[name], plain))
    if likeness(names[field], plain) < 0.5:
        return found
    spelled = "-".join("'".join(part.capitalize() for part in piece.split("'")) for piece in letters.split("-"))
    return {**found, field: speech.found(spelled, first, last)}


def letters_after(speech: Speech, index: int) -> tuple[str, int, int]:
    """The letters spelled from this word on, at least three, and where they stand."""
    lead = re.compile(SPELLING_LEADS[speech.language]).match(speech.text, max(0, speech.place(index) - 1))
    first = last = speech.index(lead.end()) if lead else index
    letters = ""
    while last < len(speech) and (speech.words[last].is_letter or speech.at(last) in MARKS) and not _begins_a_sentence(speech, last):
        letters += MARKS.get(speech.at(last), speech.at(last))
        last += 1
    return (letters, first, last) if len(letters) > 2 else ("", index, index)


def _begins_a_sentence(speech: Speech, index: int) -> bool:
    """The i of `v a u g h a n i was born`, the j of `h u g o j'ai`."""
    apostrophe = index + 1 < len(speech) and speech.words[index + 1].glue in {"'", "’"}
    return apostrophe or (speech.at(index) == "i" and speech.at(index + 1) in {"am", "m", "was", "live", "have", "ve", "d", "ll", "ride"})
