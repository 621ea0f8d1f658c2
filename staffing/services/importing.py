"""Reference data from a file: a dry run that names each wrong line, then all of it or nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from pathlib import PurePath
from typing import Any

import tablib
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from jobs.registry import PermanentError
from jobs.services import StateConflict, enqueue
from lessons.models import Club
from staffing.models import ReferenceImport
from staffing.reference import stamp_of
from staffing.resources import RESOURCES, ROWS_A_STATEMENT, Known, ReferenceResource
from staffing.tables import MOST_BYTES, VOLUMES, Table, Unreadable, read_file
from staffing.versions import wait_for_other_writers

from .running import Refused

ERRORS_KEPT = 200
LONGEST_LABEL = 200
State = ReferenceImport.State
Report = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Found:
    """What a file holds: rows to be written, unless it was a dry run; counts by kind; the first errors and how many there are."""

    resources: list[ReferenceResource]
    counts: dict[str, Any]
    errors: list[dict[str, Any]]
    error_count: int


def start_import(*, club: Club, user: Any, upload: "UploadedFile[Any]") -> ReferenceImport:
    """Keeps the file and has it checked in the background. Raises Refused for one that is empty or too large."""
    size = upload.size or 0
    if not size:
        raise Refused({"file": [_("The file is empty.")]})
    if size > MOST_BYTES:
        raise Refused({"file": [_("At most %(most)d MB.") % {"most": MOST_BYTES // 2**20}]})
    name = PurePath(upload.name or "import").name[-200:]
    coming = ReferenceImport(club=club, name=name, created_by=user)
    coming.file.save(f"club{club.pk}.bin", ContentFile(upload.read()), save=False)
    try:
        with transaction.atomic():
            coming.save()
            _follow(coming, "staffing.check_import", user)
    except BaseException:
        coming.file.delete(save=False)
        raise
    return coming


def apply_import(*, coming: ReferenceImport, user: Any) -> ReferenceImport:
    """Writes what the check has shown. Raises StateConflict unless it found nothing to correct."""
    with transaction.atomic():
        locked = ReferenceImport.objects.select_for_update().get(pk=coming.pk)
        if locked.state != State.READY:
            raise StateConflict(_("Only a file that was checked, and not yet imported, can be imported."))
        _follow(locked, "staffing.apply_import", user)
    return locked


def check_import(*, coming: ReferenceImport, report: Report) -> None:
    """The dry run: nothing but its outcome is written."""
    try:
        found = _read(coming, report, dry_run=True)
    except Unreadable as problem:
        ReferenceImport.objects.filter(pk=coming.pk).update(state=State.REFUSED, error=str(problem))
        return
    state = State.REFUSED if found.error_count else State.READY
    outcome = {"counts": found.counts, "line_errors": found.errors, "error_count": found.error_count}
    ReferenceImport.objects.filter(pk=coming.pk).update(state=state, **outcome)


def write_import(*, coming: ReferenceImport, report: Report) -> None:
    """In the transaction of its job. Raises PermanentError where the data have changed so that the file no longer fits.

    What takes long, reading and checking, comes before the lock that others wait for; it is done again only if they wrote meanwhile.
    """
    stamp = stamp_of(coming.club_id)
    found = _read(coming, report, dry_run=False)
    wait_for_other_writers()
    if stamp_of(coming.club_id) != stamp:
        found = _read(coming, report, dry_run=False)
    if found.error_count:
        raise PermanentError(
            _("The reference data have changed since the check. Check the file again: %(error)s") % {"error": found.errors[0]["error"]}
        )
    for resource in found.resources:
        resource.write()
    ReferenceImport.objects.filter(pk=coming.pk).update(state=State.APPLIED, counts=found.counts, applied_at=Now())


def _follow(coming: ReferenceImport, kind: str, user: Any) -> None:
    # Translators: "Import : %(name)s"
    label = (_("Import: %(name)s") % {"name": coming.name})[:LONGEST_LABEL]
    coming.job = enqueue(kind, coming.pk, label=label, scope=coming.club.scope, user=user)
    coming.save(update_fields=["job"])


def _read(coming: ReferenceImport, report: Report, *, dry_run: bool) -> Found:
    """After a table with errors the rest is checked all the same."""
    with coming.file.open("rb") as file:
        tables = read_file(coming.name, file.read())
    known = Known(coming.club)
    total, done = sum(len(table.rows) for table in tables), 0
    resources: list[ReferenceResource] = []
    errors: list[dict[str, Any]] = []
    for table in tables:
        resource = RESOURCES[table.kind](known)
        wrong: list[dict[str, Any]] = []
        for rows, lines in _pieces(table):
            wrong += _import_piece(resource, table, rows, lines, dry_run=dry_run)
            done += len(rows)
            report(done, total, "")
        resources.append(resource)
        errors += sorted(wrong, key=itemgetter("line"))
    counts = {table.kind: resource.counts for table, resource in zip(tables, resources, strict=True)}
    return Found(resources, counts, errors[:ERRORS_KEPT], len(errors))


def _pieces(table: Table) -> Iterator[tuple[list[list[str]], list[int]]]:
    """Those of one centre together, so that what the club has of them already is read once, and never all of it at a time."""
    order = list(range(len(table.rows)))
    if table.kind == VOLUMES:
        order.sort(key=lambda number: table.rows[number][table.columns.index("centre")])
    for first in range(0, len(order), ROWS_A_STATEMENT):
        piece = order[first : first + ROWS_A_STATEMENT]
        yield [table.rows[number] for number in piece], [table.lines[number] for number in piece]


def _import_piece(
    resource: ReferenceResource, table: Table, rows: list[list[str]], lines: list[int], *, dry_run: bool
) -> list[dict[str, Any]]:
    dataset = tablib.Dataset(*rows, headers=_headers(table.columns))
    resource.begin_piece([dict(zip(table.columns, row, strict=True)) for row in rows], lines)
    result = resource.import_data(dataset, dry_run=dry_run, raise_errors=False)
    for error in result.base_errors:
        raise error.error
    for row in result.error_rows:
        raise row.errors[0].error  # a mistake of ours, not of the file
    return [{"sheet": table.sheet, "line": lines[row.number - 1], "error": _words(row.error, table)} for row in result.invalid_rows]


def _headers(columns: list[str]) -> list[str]:
    """A column that we do not know is carried along under a name that nobody asks for."""
    return [name or f"?{number}" for number, name in enumerate(columns)]


def _words(error: ValidationError, table: Table) -> str:
    """Each problem after the name of its column, as the file has it."""
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    heads = dict(zip(table.columns, table.heads, strict=True))
    # Translators: what is wrong in a column of a file; French “%(column)s : %(problem)s”
    said = [
        _("%(column)s: %(problem)s") % {"column": heads.get(name, name), "problem": " ".join(texts)}
        for name, texts in error.message_dict.items()
        if name != "__all__"
    ]
    return " ".join(said or error.messages)
