"""A transcript as the rules read it."""

import re
from bisect import bisect_left

from .found import Found
from .numbers import with_digits
from .repairs import CORRECTED, HESITATIONS, repair
from .words import split

BREAKS = {",", ".", CORRECTED}


class Speech:
    """`text` is one line for the patterns of the rules: `" je m appelle jean dupont , j ai 35 ans . "`; its words know where they stood."""

    def __init__(self, transcript: str, language: str) -> None:
        self.transcript = transcript
        self.language = "en" if language.lower().startswith("en") else "fr"
        self.words = with_digits(repair(split(transcript), self.language), self.language)
        self.text = " " + "".join(f"{word.text} " for word in self.words)
        self.cased = self._is_cased()
        self._places: list[int] = []
        place = 1
        for word in self.words:
            self._places.append(place)
            place += len(word.text) + 1

    def __len__(self) -> int:
        return len(self.words)

    def index(self, place: int) -> int:
        """The first word that begins at this place of `text` or after it: of a match's end, the word after the match."""
        return bisect_left(self._places, place)

    def place(self, index: int) -> int:
        """Where this word begins in `text`; its end for the word after the last."""
        return self._places[index] if index < len(self._places) else len(self.text)

    def at(self, index: int) -> str:
        """The word, or the end of a sentence where there is none."""
        return self.words[index].text if 0 <= index < len(self.words) else "."

    def raw(self, index: int) -> str:
        return self.transcript[self.words[index].start : self.words[index].end]

    def said(self, first: int, last: int) -> str:
        """The transcript's own words from `first` up to `last`, without hesitations."""
        raw = self.transcript[self.words[first].start : self.words[last - 1].end]
        kept = [part for part in raw.split() if part.strip(",.…").lower() not in HESITATIONS[self.language]]
        return " ".join(kept).strip(" ,.;:")

    def found(self, value: str, first: int, last: int) -> Found:
        start, end = self.words[first].start, self.words[last - 1].end
        return Found(value, self.transcript[start:end], start, end)

    def index_of(self, found: Found) -> int:
        """The first word of what was found."""
        return bisect_left(self.words, found.start, key=lambda word: word.start)

    def index_after(self, found: Found) -> int:
        return bisect_left(self.words, found.end, key=lambda word: word.start)

    def before(self, index: int, most: int) -> list[str]:
        """Up to so many words before this one, of the same sentence, the nearest last."""
        texts = [word.text for word in self.words[max(0, index - most) : index]]
        return texts[len(texts) - texts[::-1].index(".") :] if "." in texts else texts

    def _is_cased(self) -> bool:
        """Do capitals mean anything here? Not in a transcript without them, nor in one that has nothing else."""
        letters = re.sub(r"[\W\d_]", "", self.transcript)
        return not (letters.islower() or letters.isupper())
