"""Files of reference data as spreadsheets write them: CSV of one kind, or XLSX with a sheet a kind. Nothing is checked but the form."""

import codecs
import csv
import io
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from openpyxl.utils.exceptions import InvalidFileException

MOST_LINES = 250_000
MOST_BYTES = 25 * 2**20
MOST_UNPACKED_BYTES = 400 * 2**20  # a small XLSX can unpack to anything
MOST_COLUMNS = 50  # one cell far to the right would make every line as wide
# What the parts of an XLSX reader raise at damage; RuntimeError and NotImplementedError at a password or a strange compression.
DAMAGED = (
    zipfile.BadZipFile, zlib.error, ParseError, InvalidFileException, LookupError, ValueError, TypeError, AttributeError,
    RuntimeError, EOFError, OSError,
)  # fmt: skip
DIRECTIONS, CENTRES, TASKS, VOLUMES = KINDS = ("directions", "centres", "tasks", "volumes")
# The names of the columns, in French and in English, without accents, capitals or hyphens.
COLUMNS = {
    "code": ("code",),
    "name": ("nom", "name", "libelle du centre"),
    "direction": ("direction", "code direction", "direction code"),
    "centre": ("centre", "code centre", "centre code"),
    "task": ("tache", "code tache", "task", "task code"),
    "headcount": ("en poste", "effectif", "etp", "headcount"),
    "label": ("libelle", "label"),
    "family": ("famille", "family"),
    "unit": ("unite", "unit"),
    "minutes": ("minutes", "minutes par unite", "minutes per unit"),
    "units": ("volume", "unites", "unites par an", "units", "units a year"),
}
NEEDED = {  # by the first that fits; the rest may be missing
    VOLUMES: ("centre", "task", "units"),
    CENTRES: ("direction", "code", "name", "headcount"),
    TASKS: ("code", "label", "minutes"),
    DIRECTIONS: ("code", "name"),
}


class Unreadable(Exception):
    """The text says what is wrong with the file as a whole."""


@dataclass
class Table:
    kind: str
    columns: list[str]
    heads: list[str]  # as the file names them
    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)  # of the file, one a row
    sheet: str = ""


def read_file(name: str, content: bytes) -> list[Table]:
    """Tables in the order in which they refer to each other. Raises Unreadable."""
    if not content.strip():
        raise Unreadable(_("The file is empty."))
    sheets = _sheets(content) if content.startswith(b"PK") else [("", _csv_rows(_text(content)))]
    tables = [table for sheet, rows in sheets if (table := _table(sheet, rows))]
    if not tables:
        raise Unreadable(_("The file has no line under its head."))
    kinds = [table.kind for table in tables]
    if len(set(kinds)) < len(kinds):
        raise Unreadable(_("Two sheets hold the same kind of data."))
    return sorted(tables, key=lambda table: KINDS.index(table.kind))


def _table(sheet: str, rows: Iterator[tuple[int, list[str]]]) -> Table | None:
    _line, head = next(rows, (0, []))
    last = max((number for number, name in enumerate(head, 1) if name), default=0)
    columns = [_column(name) for name in head[:last]]
    if not any(columns):
        if sheet:
            return None  # a sheet of notes among the others
        raise Unreadable(_("The first line must name the columns, such as: %(names)s.") % {"names": _said(NEEDED[VOLUMES])})
    if twice := next((name for name, column in zip(head, columns, strict=False) if column and columns.count(column) > 1), ""):
        raise Unreadable(_("Two columns mean the same: %(name)s.") % {"name": twice})
    table = Table(_kind(columns, sheet), columns, head[:last], sheet=sheet)
    for line, cells in rows:
        if len(table.rows) == MOST_LINES:
            text = ngettext("More than %(most)d line: split the file.", "More than %(most)d lines: split the file.", MOST_LINES)
            raise Unreadable(text % {"most": MOST_LINES})
        table.rows.append((cells + [""] * len(columns))[: len(columns)])
        table.lines.append(line)
    return table if table.rows else None


def _kind(columns: list[str], sheet: str) -> str:
    for kind, needed in NEEDED.items():
        if set(needed) <= set(columns):
            return kind
    where = f"{sheet} : " if sheet else ""
    missing = [
        name for name in NEEDED[VOLUMES if "units" in columns else TASKS if "minutes" in columns else CENTRES] if name not in columns
    ]
    raise Unreadable(where + _("These columns are missing: %(names)s.") % {"names": _said(missing)})


def _said(columns: Iterable[str]) -> str:
    """By names that would be understood."""
    words = {
        "code": pgettext("column of a file", "code"),
        "name": pgettext("column of a file", "name"),
        "direction": pgettext("column of a file", "direction"),
        "centre": pgettext("column of a file", "centre"),
        "task": pgettext("column of a file", "task"),
        "headcount": pgettext("column of a file", "headcount"),
        "label": pgettext("column of a file", "label"),
        "minutes": pgettext("column of a file", "minutes"),
        "units": pgettext("column of a file", "units"),
    }
    return ", ".join(words[column] for column in columns)


def _text(content: bytes) -> str:
    """As spreadsheets save it: UTF-8 with or without its mark, UTF-16 with one, else Windows' own."""
    try:
        if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return content.decode("utf-16")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _csv_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    if "\0" in text:
        raise Unreadable(_("This is neither a CSV nor an XLSX file."))
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(";,\t", key=first.count))
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise Unreadable(_("Line %(number)d cannot be read.") % {"number": reader.line_num}) from error


def _sheets(content: bytes) -> Iterator[tuple[str, Iterator[tuple[int, list[str]]]]]:
    with _damage_told():
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MOST_UNPACKED_BYTES:
                raise Unreadable(_("The file is too large: split it."))
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    for sheet in book.worksheets:
        yield sheet.title, _sheet_rows(sheet)


def _sheet_rows(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    """A sheet is unpacked while it is read, so damage may show at any line."""
    with _damage_told():
        for number, cells in enumerate(sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS), 1):
            texts = [_cell(cell) for cell in cells]
            if any(texts):
                yield number, texts


def _cell(value: Any) -> str:
    """A number as the spreadsheet shows it: 3.3, where its file says 3.3000000000000003."""
    if isinstance(value, float):
        return f"{value:.15g}"
    return "" if value is None else str(value).strip()


@contextmanager
def _damage_told() -> Iterator[None]:
    try:
        yield
    except DAMAGED as error:
        raise Unreadable(_("This is neither a CSV nor an XLSX file.")) from error


def _column(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    words = " ".join(plain.replace("-", " ").replace("_", " ").split())
    return next((column for column, names in COLUMNS.items() if words in names), "")
