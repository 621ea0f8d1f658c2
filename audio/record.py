"""A client's record as words fill it: what each field takes, what counts as the same, and what would change. Nothing here writes."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import phonenumbers
from django.core.exceptions import ValidationError
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from lessons.models import Client, Club

PLAIN = ("first_name", "last_name", "email", "phone", "birth_date", "address", "level", "horse", "availability")
LONGEST_NOTE = 2000
OLDEST = 120


@dataclass(frozen=True)
class Said:
    """A value that a record can take, and the words that say it."""

    field: str
    value: Any
    words: str
    position_seconds: float | None = None


@dataclass(frozen=True)
class Change:
    """What a field would become, as text. Of the notes: a paragraph in place of another, or beside the others."""

    said: Said
    old: str
    new: str


def read(found: dict[str, dict[str, Any]], *, transcript: str, words: list[list[Any]], club: Club, today: date) -> list[Said]:
    """Only what the transcript says, letter for letter, and what the field can hold; the rest is dropped."""
    said = []
    for name, piece in found.items():
        start, end = piece["start"], piece["end"]
        if not piece["words"] or transcript[start:end] != piece["words"]:
            continue
        value = clean(name, str(piece["value"]))
        if value is not None:
            said.append(Said(name, value, piece["words"], second_of(start, transcript, words)))
    return _age_as_note(said, club, today)


def clean(name: str, text: str) -> Any:
    """As the field keeps it; None where it cannot be kept."""
    text = " ".join(text.replace("\x00", "").split())
    if name in ("notes", "age"):
        return text[:LONGEST_NOTE] or None
    if name not in PLAIN or not text:
        return None
    if name == "birth_date":
        return _past_day(text)
    text = text.lower() if name == "email" else text
    try:
        return Client._meta.get_field(name).clean(text, None)  # type: ignore[union-attr]  # a field of its own, no relation
    except ValidationError:
        return None


def changes_to(client: Client, said: Iterable[Said]) -> list[Change]:
    """What the client's record does not hold yet. `notes` are added to, never overwritten."""
    found, notes = [], client.notes
    for piece in said:
        if piece.field == "notes":
            if folded(piece.value) in map(folded, notes.splitlines()):
                continue
            notes = f"{notes}\n{piece.value}"
            found.append(Change(piece, "", piece.value))
        elif not same(piece.field, getattr(client, piece.field), piece.value, client.club):
            found.append(Change(piece, as_text(getattr(client, piece.field)), as_text(piece.value)))
    return found


def same(name: str, one: Any, other: Any, club: Club) -> bool:
    """For a person: with or without accents and capitals, a phone number with or without its country."""
    if not one or not other:
        return bool(one) == bool(other)
    if name == "birth_date":
        return bool(one == other)
    if name == "phone":
        return phone_key(one, club) == phone_key(other, club)
    return folded(one) == folded(other)


def write(client: Client, change: Change) -> None:
    """On the instance only."""
    name = change.said.field
    value = with_paragraph(client.notes, change.old, change.new) if name == "notes" else as_value(name, change.new)
    setattr(client, name, value)


def has_paragraph(notes: str, text: str) -> bool:
    return not text or _paragraph(text).search(notes) is not None


def with_paragraph(notes: str, old: str, new: str) -> str:
    """`new` in the place of `old`; an empty `old` adds, an empty `new` takes away."""
    if not old:
        return f"{notes.rstrip()}\n{new}" if notes.strip() else new
    found = _paragraph(old).search(notes)
    if not found:
        return notes
    before, after = notes[: found.start()], notes[found.end() :]
    return f"{before}{new}{after}" if new else (before.rstrip("\r\n") + after if after else before.rstrip()).lstrip("\r\n")


def _paragraph(text: str) -> re.Pattern[str]:
    """Whole lines: “shy” does not stand in “not shy at all”."""
    return re.compile(rf"(?:\A|(?<=\n)){re.escape(text)}(?=\r?\n|\Z)")


def as_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value or "")


def as_value(name: str, text: str) -> Any:
    if name == "birth_date":
        return date.fromisoformat(text) if text else None
    return text


def folded(text: str) -> str:
    """Without accents, capitals, hyphens and double spaces."""
    letters = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[-'’.]", " ", letters).casefold().split())


def phone_key(number: str, club: Club) -> str:
    """International where it can be read so, else its digits."""
    try:
        parsed = phonenumbers.parse(number, club.country)
    except phonenumbers.NumberParseException:
        return re.sub(r"\D", "", number)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def second_of(offset: int, transcript: str, words: list[list[Any]]) -> float | None:
    """When the word at this place of the transcript was spoken."""
    cursor, second = 0, None
    for text, start, _end in words:
        place = transcript.find(str(text).strip(), cursor)
        if place < 0:
            continue
        if place > offset:
            break
        second, cursor = float(start), place + len(str(text).strip())
    return second


def _past_day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    today = timezone.localdate()
    return day if day <= today and today.year - day.year <= OLDEST else None


def _age_as_note(said: list[Said], club: Club, today: date) -> list[Said]:
    """An age alone is no birth date: it is noted with the day on which it was said."""
    fields = {piece.field for piece in said}
    kept = []
    for piece in said:
        if piece.field != "age":
            kept.append(piece)
        elif "birth_date" not in fields and piece.value.isdecimal() and 0 < int(piece.value) <= OLDEST:
            with translation.override(club.language):
                # Translators: "35 ans (dit le 21/11/2026)"
                text = _("%(age)s years old (said on %(date)s)") % {"age": piece.value, "date": date_format(today, "SHORT_DATE_FORMAT")}
            kept.append(Said("notes", text, piece.words, piece.position_seconds))
    return kept
