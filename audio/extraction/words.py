"""Cut a transcript into words that remember where they stood."""

import re
import unicodedata
from dataclasses import dataclass

TOKEN = re.compile(
    r"[0-9]{1,2}(?=[hH](?:[0-9]{2})?\b|[aApP][mM]\b)|[hH](?=[0-9]{2}\b)|[^\W_](?:[^\W_]|[\u0300-\u036f])*|[@+~]|[.!?;…\n]|[,:()]"
)
SEPARATORS = set("-._'’/+‐‑")  # between two words without a space they tell an address or a compound name
ENDS = set(".!?;…\n")
PAUSES = set(",:()")


@dataclass(frozen=True, slots=True)
class Word:
    text: str  # lower case, no accents; "." ends a sentence, "," is any smaller pause
    start: int
    end: int
    glue: str = " "  # what joins it to the word before

    @property
    def is_number(self) -> bool:
        return self.text.isascii() and self.text.isdigit()

    @property
    def is_letter(self) -> bool:
        return len(self.text) == 1 and self.text.isalpha()


def fold(text: str) -> str:
    """Lower case without accents."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(letter))


def split(transcript: str) -> list[Word]:
    words: list[Word] = []
    end = 0
    for match in TOKEN.finditer(transcript):
        start, text, gap = match.start(), match.group(), transcript[end : match.start()]
        if text in ENDS | PAUSES:
            if _is_inside_a_word(transcript, start):
                continue  # the gap before the next word shows it
            words.append(Word("." if text in ENDS else ",", start, match.end()))
        elif folded := _folded(text):
            glue = gap if gap in SEPARATORS or (not gap and words) else " "
            words.append(Word(folded, start, match.end(), glue))
        end = match.end()
    return words


def _folded(text: str) -> str:
    """Some letters fold into several words (½, ﷺ): the patterns count on one word, one space."""
    return {"+": "plus", "~": ""}.get(text, "".join(letter for letter in fold(text) if letter.isalnum() or letter == "@"))


def _is_inside_a_word(transcript: str, place: int) -> bool:
    """The point of `gmail.com`, the comma of `1,5`; not that of `foin, elle`."""
    return 0 < place < len(transcript) - 1 and transcript[place - 1].isalnum() and transcript[place + 1].isalnum()
