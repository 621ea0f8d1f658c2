"""A note to be read: its words with the fields that they filled, numbered alike, and a map of when somebody speaks. No query."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.text import capfirst, get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lessons.models import Client

from .models import FieldChange, VoiceNote
from .record import PLAIN

BARS = 90
LOWEST_BAR = 12  # per cent, where nobody speaks
FIELDS = (*PLAIN, "notes")
UNPLACED = 10**9


@dataclass(frozen=True)
class Numbered:
    number: int
    change: FieldChange


@dataclass
class Piece:
    """Of the transcript; with `refs` it filled these fields."""

    text: str
    refs: list[Numbered] = field(default_factory=list)


@dataclass(frozen=True)
class Bar:
    """Of the map, in per cent of its picture."""

    x: float
    width: float
    y: float
    height: float
    second: float
    filled: bool  # a field


@dataclass(frozen=True)
class Reading:
    changes: list[Numbered]
    pieces: list[Piece]
    bars: list[Bar]
    unchanged: str
    unsaid: str


def read_note(note: VoiceNote, changes: Iterable[FieldChange]) -> Reading:
    """`changes` in the order in which they were written."""
    places = sorted(((*_place(note, change), change) for change in changes), key=lambda place: (place[0], place[2].pk))
    numbered = [(start, end, Numbered(number, change)) for number, (start, end, change) in enumerate(places, 1)]
    written = {change.field for _start, _end, change in places}
    return Reading(
        changes=[each for _start, _end, each in numbered],
        pieces=_pieces(note.transcription, numbered),
        bars=_bars(note, [change for _start, _end, change in places]),
        unchanged=_unchanged(note, written),
        unsaid=_unsaid(note, written),
    )


def name_of(name: str) -> str:
    return str(Client._meta.get_field(name).verbose_name)  # type: ignore[union-attr]  # a field of its own, no relation


def _place(note: VoiceNote, change: FieldChange) -> tuple[int, int]:
    """Where its words are in the transcript; after everything where they are not."""
    if not change.words:
        return UNPLACED, UNPLACED
    found = note.found.get(change.field)
    start = found["start"] if found and found["words"] == change.words else note.transcription.find(change.words)
    return (start, start + len(change.words)) if start >= 0 else (UNPLACED, UNPLACED)


def _pieces(text: str, numbered: list[tuple[int, int, Numbered]]) -> list[Piece]:
    """Words that fill several fields carry several numbers."""
    pieces: list[Piece] = []
    cursor, open_from = 0, 0
    for start, end, each in numbered:
        if start >= len(text):
            continue
        if pieces and pieces[-1].refs and start < cursor:
            cursor = max(cursor, end)
            pieces[-1].text = text[open_from:cursor]
            pieces[-1].refs.append(each)
            continue
        pieces += [Piece(text[cursor:start]), Piece(text[start:end], [each])]
        cursor, open_from = end, start
    return [piece for piece in [*pieces, Piece(text[cursor:])] if piece.text]


def _bars(note: VoiceNote, changes: list[FieldChange]) -> list[Bar]:
    if not note.words or not note.duration_seconds:
        return []
    step = note.duration_seconds / BARS
    spans = [span for change in changes if (span := _span(note.words, change))]
    bars = []
    for place in range(BARS):
        begin, end = place * step, (place + 1) * step
        spoken = sum(max(0.0, min(end, word[2]) - max(begin, word[1])) for word in note.words if word[1] < end and word[2] > begin)
        height = LOWEST_BAR + (100 - LOWEST_BAR) * min(1.0, spoken / step) * _liveliness(place)
        filled = any(first < end and last > begin for first, last in spans)
        bars.append(Bar(round(100 * place / BARS, 2), round(62 / BARS, 2), round((100 - height) / 2, 1), round(height, 1), begin, filled))
    return bars


def _liveliness(place: int) -> float:
    """A row of equal bars does not look like speech. Nothing is measured here: the map says when, not how loud."""
    return (1.0, 0.62, 0.84, 0.5, 0.94, 0.7, 0.56)[place % 7]


def _span(words: list[list[Any]], change: FieldChange) -> tuple[float, float] | None:
    """From the first to the last word that said it."""
    if change.position_seconds is None:
        return None
    first = next((index for index, word in enumerate(words) if word[1] >= change.position_seconds - 0.01), None)
    if first is None:
        return None
    last = min(len(words), first + max(1, len(change.words.split()))) - 1
    return float(words[first][1]), float(words[last][2])


def _unchanged(note: VoiceNote, written: set[str]) -> str:
    names = [name for name in FIELDS if name in note.found and name not in written]
    if not names or note.client_id is None:
        return ""
    # Translators: French “Déjà dans la fiche : %(fields)s.”
    return _("Already in the record: %(fields)s.") % {"fields": _listed(names)}


def _unsaid(note: VoiceNote, written: set[str]) -> str:
    said = written | set(note.found) | ({"notes"} if "age" in note.found else set())
    names = [name for name in FIELDS if name not in said]
    if not names or note.client_id is None:
        return ""
    # Translators: French “%(fields)s : non cité, inchangé.”, “%(fields)s : non cités, inchangés.”
    text = ngettext("%(fields)s: not mentioned, unchanged.", "%(fields)s: not mentioned, unchanged.", len(names))
    return capfirst(text % {"fields": _listed(names)})


def _listed(names: list[str]) -> str:
    return get_text_list([name_of(name) for name in names], _("and"))
