"""A file of teachers as spreadsheets write it: each line a card. The form checks them; nothing is written here."""

import csv
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

from django.utils.translation import gettext as _

from lessons.models import Club, Teacher

MOST_LINES = 5_000
# The names of the columns, in French and in English, without accents, capitals or hyphens.
COLUMNS = {
    "first_name": ("prenom", "first name"),
    "last_name": ("nom", "nom de famille", "last name", "name"),
    "email": ("email", "e mail", "courriel", "adresse e mail"),
    "phone": ("telephone", "gsm", "phone"),
    "address": ("adresse", "adresse postale", "address", "postal address"),
    "activity": ("activite", "activite volontaire", "activity"),
    "employed_as": ("salarie pour", "employe pour", "employed for"),
}


class BadLine(Exception):
    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@dataclass
class Line:
    number: int
    values: dict[str, str]
    known: int | None = None  # the teacher whom it changes
    errors: list[str] = field(default_factory=list)
    cleaned: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.values.get('first_name', '')} {self.values.get('last_name', '')}".strip()


@dataclass
class TeacherFile:
    lines: list[Line] = field(default_factory=list)
    error: str = ""  # of the file as a whole

    @property
    def wrong(self) -> list[Line]:
        return [line for line in self.lines if line.errors]

    @property
    def is_good(self) -> bool:
        return bool(self.lines) and not self.error and not self.wrong

    @property
    def new(self) -> int:
        return sum(line.known is None for line in self.lines)

    @property
    def changed(self) -> int:
        return len(self.lines) - self.new

    def people(self) -> list[tuple[int | None, dict[str, Any]]]:
        return [(line.known, line.cleaned) for line in self.lines]


def parse(content: str) -> TeacherFile:
    """Lines and columns; nothing is checked yet but the head of the file."""
    try:
        rows = list(_rows(content))
    except BadLine as bad:
        # Translators: French “La ligne %(number)d ne peut pas être lue : un guillemet ouvre ou ferme une case au mauvais endroit.”
        words = _("Line %(number)d cannot be read: a quotation mark opens or closes a cell in the wrong place.")
        return TeacherFile(error=words % {"number": bad.number})
    if not rows:
        return TeacherFile(error=_("The file is empty."))
    head = [_column(name) for name in rows[0][1]]
    if "first_name" not in head:
        # Translators: French “La première ligne doit nommer les colonnes, dont « prénom ».”
        return TeacherFile(error=_("The first line must name the columns, “first name” among them."))
    if len(rows) - 1 > MOST_LINES:
        return TeacherFile(error=_("More than %(most)d lines: split the file.") % {"most": MOST_LINES})
    lines = [Line(number, _values(head, cells)) for number, cells in rows[1:]]
    return TeacherFile(lines, "" if lines else _("The file has no line under its head."))


def match(read: TeacherFile, club: Club) -> None:
    """Who is there already: by e-mail address, else by name. Two lines for one person are a mistake."""
    by_email: dict[str, int] = {}
    by_name: dict[str, int] = {}
    for teacher in Teacher.objects.filter(club=club).order_by("-pk"):
        by_email[teacher.email.casefold()] = by_name[str(teacher).casefold()] = teacher.pk
    by_email.pop("", None)
    seen: dict[str, int] = {}
    for line in read.lines:
        email, name = line.values.get("email", "").casefold(), line.name.casefold()
        line.known = by_email.get(email) or by_name.get(name)
        key = str(line.known or (email or name))
        if key in seen:
            # Translators: French “La même personne est déjà à la ligne %(number)d.”
            line.errors.append(_("The same person is already on line %(number)d.") % {"number": seen[key]})
        seen.setdefault(key, line.number)


def _rows(content: str) -> Iterator[tuple[int, list[str]]]:
    """Each with the line that it ends on. A cell in quotation marks may hold several lines, such as an address."""
    first = content.partition("\n")[0]
    delimiter = max(";,\t", key=first.count)
    reader = csv.reader(StringIO(content, newline=None), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise BadLine(reader.line_num) from error


def _values(head: list[str], cells: list[str]) -> dict[str, str]:
    return {name: cell for name, cell in zip(head, cells + [""] * len(head), strict=False) if name}


def _column(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode().replace("-", " ").replace("_", " ").strip()
    return next((column for column, names in COLUMNS.items() if plain in names), "")
