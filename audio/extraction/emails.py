"""E-mail addresses: written, dictated ("jean point dupont arobase…"), spelled."""

from dataclasses import dataclass
from itertools import groupby

from email_validator import EmailNotValidError, validate_email

from .found import Found
from .phones import is_former
from .repairs import CORRECTED
from .speech import BREAKS, Speech
from .spelled import likeness
from .stops import STOPS
from .word_sets import word_set

AT = {"fr": word_set("arobase arrobase arobas arobaze at @"), "en": frozenset(("at", "@"))}
SIGNS = {
    "fr": {"point": ".", "dot": ".", "tiret": "-", "underscore": "_", "plus": "+"},
    "en": {"dot": ".", "point": ".", "period": ".", "underscore": "_", "dash": "-", "hyphen": "-", "minus": "-", "plus": "+"},
}
LONG_SIGNS = {
    ("tiret", "du", "bas"): "_",
    ("tiret", "bas"): "_",
    ("trait", "d", "union"): "-",
    ("tiret", "du", "6"): "-",
    ("tiret", "du", "8"): "_",
}
GLUE = {".": ".", "_": "_", "-": "-", "+": "+", "'": "", "’": ""}
ANCHORS = {
    "fr": word_set("mail email mel courriel coordonnees adresse"),
    "en": word_set("email mail address details"),
}
CAPITALS = word_set("majuscule minuscule majuscules minuscules capital uppercase lowercase")
LEADS = word_set("c est sont are s maintenant donc alors is now it , nouveau nouvelle new mail email e address electronique")
MOST_WORDS = 40


@dataclass(frozen=True)
class Piece:
    """A stretch of words that stands for this part of an address."""

    text: str
    first: int
    last: int  # exclusive


def find_email(speech: Speech) -> Found | None:
    chosen: Found | None = None
    former = ""
    for at in range(1, len(speech) - 1):
        if speech.at(at) not in AT[speech.language]:
            continue
        local = _local(speech, at) or _local_before_correction(speech, at)
        domain = _domain(speech, at)
        value = _valid(local, domain) if local and domain else None
        if not (value and local and domain):
            continue
        found = speech.found(value, local.first, domain.last)
        if is_former(speech, local.first):
            former = value
        elif value != former and (chosen is None or _is_corrected(speech, local.first)):
            chosen = found
    return chosen


def _is_corrected(speech: Speech, index: int) -> bool:
    return CORRECTED in speech.before(index, 7)


def _valid(local: Piece, domain: Piece) -> str | None:
    try:
        return validate_email(f"{local.text}@{domain.text}", check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        return None


def _local(speech: Speech, at: int) -> Piece | None:
    """Back from the at sign: as far as points, glue or spelling reach, or to the words that announce an address."""
    written = speech.words[at].glue != " "
    anchored = None if written else _anchored_start(speech, at)
    first = at
    while first > 0 and first > at - MOST_WORDS and _goes_on(speech, first, at):
        first -= 1
    if anchored is not None:
        first = min(first, anchored)
    elif not (written or _is_sure(speech, first, at)):
        return None
    first += _leading_signs(speech, first, at)
    return Piece(_join(speech, first, at), first, at) if first < at else None


def _is_sure(speech: Speech, first: int, at: int) -> bool:
    """One bare word before the at sign may be anything, unless it was announced."""
    signs = any(_sign(speech, index) or speech.words[index].glue in GLUE for index in range(first + 1, at))
    return signs or speech.at(first - 1) in LEADS | ANCHORS[speech.language] | BREAKS


def _goes_on(speech: Speech, first: int, at: int) -> bool:
    """Does the word before `first` belong to the address too?"""
    before = speech.at(first - 1)
    if before in BREAKS or before in AT[speech.language] or (before == "plus" and speech.at(first - 2) in STOPS[speech.language]):
        return False
    if first == at:
        return True
    if speech.words[first].glue in GLUE:
        return True
    if _sign(speech, first - 1) or _sign(speech, first):
        return True
    short = speech.words[first].is_letter or speech.words[first].is_number
    return (short and speech.words[first - 1].is_letter) or (speech.words[first].is_number and before not in STOPS[speech.language])


def _anchored_start(speech: Speech, at: int) -> int | None:
    """After `son mail c'est`, everything up to the at sign is dictated."""
    for index in range(at - 1, max(-1, at - MOST_WORDS), -1):
        word = speech.at(index)
        if word in {".", CORRECTED} or (word in AT[speech.language] and index != at):
            return None
        if word in ANCHORS[speech.language]:
            start = index + 1
            while start < at and speech.at(start) in LEADS:
                start += 1
            return start if start < at and not _is_prose(speech, start, at) else None
    return None


def _is_prose(speech: Speech, start: int, at: int) -> bool:
    stops = STOPS[speech.language] - frozenset(SIGNS[speech.language]) - CAPITALS
    words = [speech.words[index] for index in _dictated(speech, start, at) if not speech.words[index].is_letter]
    return any(word.text in BREAKS or (word.text in stops and word.glue == " ") for word in words)


def _local_before_correction(speech: Speech, at: int) -> Piece | None:
    """`jean arobase gmail, non pardon, arobase hotmail point com`."""
    if speech.at(at - 1) != CORRECTED:
        return None
    earlier = next((index for index in range(at - 2, max(0, at - 10), -1) if speech.at(index) in AT[speech.language]), None)
    return _local(speech, earlier) if earlier else None


def _domain(speech: Speech, at: int) -> Piece | None:
    index, dotted, label = at + 1, False, 0
    while index < min(len(speech), at + MOST_WORDS):
        sign, length = _sign_at(speech, index)
        if sign in {".", "-"} and index + length < len(speech) and label:
            dotted, label, index = dotted or sign == ".", 0, index + length
            continue
        word = speech.words[index]
        if not word.text.isalnum() or not _continues_label(speech, index, dotted, label):
            break
        label, index = label + 1, index + 1
        dotted = dotted or (index < len(speech) and speech.words[index].glue == ".")
        if index < len(speech) and speech.words[index].glue in {".", "-"}:
            label = 0
    return Piece(_join(speech, at + 1, index), at + 1, index) if dotted else None


def _continues_label(speech: Speech, index: int, dotted: bool, label: int) -> bool:
    """`g mail` and spelled letters are one label; after the point one word is enough."""
    word = speech.words[index]
    if label == 0:
        return True
    if speech.at(index - 1) == "co" and word.text == "uk":
        return True
    if dotted:
        return word.is_letter and speech.words[index - 1].is_letter and label < 3
    return label < 4 or word.is_letter


def _leading_signs(speech: Speech, first: int, at: int) -> int:
    skipped = 0
    while first + skipped < at and _sign(speech, first + skipped):
        skipped += 1
    return skipped


def _dictated(speech: Speech, first: int, last: int) -> list[int]:
    """Without what explains: `alice a l i c e point renard comme l'animal`, `m majuscule`."""
    kept: list[int] = []
    index = first
    while index < last:
        length = _length_of_example(speech, index, last)
        if not length and speech.at(index) not in CAPITALS:
            kept.append(index)
        index += length or 1
    return _spelled_once(speech, kept)


def _length_of_example(speech: Speech, index: int, last: int) -> int:
    if speech.at(index) != "comme" and (speech.at(index), speech.at(index + 1)) not in {("as", "in"), ("like", "the")}:
        return 0
    length = 1 if speech.at(index) == "comme" else 2
    length += speech.at(index + length) in {"le", "la", "l", "les", "un", "une", "mon", "son", "the", "a", "an"}
    return length + 1 if index + length < last else 0


def _spelled_once(speech: Speech, kept: list[int]) -> list[int]:
    """Letters that spell the word before them stand for it."""
    result: list[int] = []
    for letters, run in groupby(kept, key=lambda index: speech.words[index].is_letter):
        indexes = list(run)
        spelled = "".join(speech.at(index) for index in indexes)
        if letters and len(indexes) > 2 and result and likeness(speech.at(result[-1]), spelled) > 0.6:
            result.pop()
        result += indexes
    return result


def _join(speech: Speech, first: int, last: int) -> str:
    text, done = "", first
    for index in _dictated(speech, first, last):
        if index < done:
            continue
        sign, length = _sign_at(speech, index)
        word = speech.words[index]
        if not sign and index > first:
            text += GLUE.get(word.glue, "")
            text += "." if word.text == "uk" and text.endswith(".co") else ""
        text += sign or word.text
        done = index + length
    return text


def _sign(speech: Speech, index: int) -> str:
    return _sign_at(speech, index)[0]


def _sign_at(speech: Speech, index: int) -> tuple[str, int]:
    for words, sign in LONG_SIGNS.items():
        if tuple(speech.at(index + step) for step in range(len(words))) == words:
            return sign, len(words)
    return SIGNS[speech.language].get(speech.at(index), ""), 1
