"""Letters that a speaker spells after a name correct what the engine heard."""

import re
from difflib import SequenceMatcher

from .found import Found
from .speech import Speech
from .words import fold

MARKS = {"tiret": "-", "hyphen": "-", "dash": "-", "apostrophe": "'"}
SPELLING_LEADS = {
    "fr": r" (?:, )?(?:(?:ca |cela |qui |je )?(?:s |l )?(?:ecrit|epelle|orthographie) |avec )?",
    "en": r" (?:, )?(?:that s |it s |which is )?(?:spelled |spelt |written )?",
}


def as_spelled(speech: Speech, found: dict[str, Found], end: int) -> dict[str, Found]:
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


def likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()
