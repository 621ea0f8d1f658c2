"""The spoken sentences, and how well an extractor reads them."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from audio.extraction.rules import extract_by_rules
from audio.extraction.words import fold

SENTENCES = Path(__file__).resolve().parents[1] / "sentences"
TODAY = date(2026, 11, 21)
EXACT = {"email", "birth_date", "age"}


@dataclass(frozen=True)
class Sentence:
    text: str
    language: str
    fields: dict[str, Any]


@dataclass
class Score:
    right: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)  # a value that nobody said, or another one
    missed: Counter[str] = field(default_factory=Counter)
    slips: list[str] = field(default_factory=list)

    def precision(self, name: str) -> float:
        return _share(self.right[name], self.wrong[name])

    def recall(self, name: str) -> float:
        return _share(self.right[name], self.missed[name])

    def count(self, sentence: Sentence, name: str, got: str | None) -> None:
        wanted = sentence.fields.get(name)
        if got is not None and wanted is not None and same(name, got, wanted):
            self.right[name] += 1
            return
        self.wrong[name] += got is not None
        self.missed[name] += wanted is not None
        self.slips.append(f"{name}: {got!r} where {wanted!r} was said: {sentence.text}")


def sentences(*halves: str) -> Iterator[Sentence]:
    for language in ("french", "english"):
        for half in halves:
            rows = tomllib.loads((SENTENCES / f"{language}_{half}.toml").read_text())["sentence"]
            yield from (Sentence(row["text"], language[:2], row["fields"]) for row in rows)


def score(rows: Iterable[Sentence]) -> Score:
    result = Score()
    for row in rows:
        found = extract_by_rules(row.text, language=row.language, today=TODAY).fields
        for name in {*found, *row.fields}:
            result.count(row, name, found[name].value if name in found else None)
    return result


def same(name: str, got: str, wanted: Any) -> bool:
    """Case, accents and punctuation do not count, nor how a telephone number is grouped. Notes may say a little more than they must."""
    if name == "notes":
        kept, phrases = plain(got), [plain(phrase) for phrase in wanted]
        return all(phrase in kept for phrase in phrases) and len(kept.split()) <= 2 * len(" ".join(phrases).split()) + 6
    if name == "phone":
        return re.sub(r"[^+0-9]", "", got) == str(wanted)
    return got == str(wanted) if name in EXACT else plain(got) == plain(wanted)


def plain(text: str) -> str:
    return " ".join(re.sub(r"[\W_]+", " ", fold(text)).split())


def _share(right: int, others: int) -> float:
    return right / (right + others) if right + others else 1.0
