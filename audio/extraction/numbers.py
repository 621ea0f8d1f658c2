"""Spoken numbers as digits: `quatre cent septante-cinq` is 475, `double zero one` 0 0 1."""

from dataclasses import dataclass

from text_to_num import find_numbers

from .repairs import DIGITS
from .word_sets import word_set
from .words import Word

SPELLING = {"fr": {"zero": "zéro"}, "en": {"oh": "o"}}  # what text2num knows
POINTS = word_set("virgule point dot moins minus plus")  # they part numbers here, as in an e-mail address
LONE = word_set("un une one o oh")  # an article, a pronoun, O'Brien, unless another number is next to it
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "janvier january jan",
            "fevrier february feb",
            "mars march",
            "avril april apr",
            "mai may",
            "juin june jun",
            "juillet july jul",
            "aout august aug",
            "septembre september sept sep",
            "octobre october oct",
            "novembre november nov",
            "decembre december dec",
        ),
        start=1,
    )
    for name in names.split()
}


@dataclass(frozen=True, slots=True)
class Part:
    """A word in the shape that text2num asks for."""

    word: str
    apart: bool = False

    def text(self) -> str:
        return self.word

    def nt_separated(self, previous: "Part") -> bool:
        return self.apart

    def not_a_number_part(self) -> bool:
        return False


def with_digits(words: list[Word], language: str) -> list[Word]:
    spelling = SPELLING[language]
    parts = [
        Part("|" if word.text in POINTS else spelling.get(word.text, word.text), apart=_ends_hundreds(words, index))
        for index, word in enumerate(words)
    ]
    result: list[Word] = []
    done = 0
    for number in find_numbers(parts, language, 0):
        result += words[done : number.start]
        said = words[number.start : number.end]
        if number.is_ordinal and not _beside_a_month(words, number.start, number.end):
            result += said
        else:
            result.append(Word(_digits(number.text), said[0].start, said[-1].end, said[0].glue))
        done = number.end
    return _without_lone(result + words[done:], words)


def _ends_hundreds(words: list[Word], index: int) -> bool:
    """In a row of single digits `… double oh nine hundred one two three` is 00 900 1 2 3."""
    before = [word.text for word in words[max(0, index - 3) : index]]
    return len(before) == 3 and before[2] == "hundred" and before[0] in DIGITS and words[index].text in DIGITS


def _digits(text: str) -> str:
    """3rd and 1er are 3 and 1."""
    return "".join(letter for letter in text if letter in "0123456789")


def _beside_a_month(words: list[Word], start: int, end: int) -> bool:
    """Within two words: `the third of march`, `march the third`."""
    return any(word.text in MONTHS for word in words[max(0, start - 2) : end + 2])


def _without_lone(words: list[Word], before: list[Word]) -> list[Word]:
    lone = {word.start: word for word in before if word.text in LONE}
    result = list(words)
    for index, word in enumerate(words):
        neighbours = words[max(0, index - 1) : index] + words[index + 1 : index + 2]
        if word.text in {"0", "1"} and word.start in lone and not any(other.is_number or other.text in MONTHS for other in neighbours):
            result[index] = lone[word.start]
    return result
