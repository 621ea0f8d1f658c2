"""Reference data from files: each wrong line is named, and then all of it comes in or nothing."""

import io
import zipfile
from decimal import Decimal

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation

from jobs.models import Job
from jobs.services import StateConflict
from jobs.worker import drain
from staffing import services
from staffing.models import Centre, Direction, ReferenceImport, ReferenceTask, Volume
from staffing.reference import version_of
from staffing.tables import read_file
from tests.lessons.world import World
from tests.staffing.organisation import Organisation

pytestmark = pytest.mark.django_db


def check(organisation: Organisation, content: str | bytes, name: str = "data.csv") -> ReferenceImport:
    upload = SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)
    coming = services.start_import(club=organisation.club, user=None, upload=upload)
    drain()
    coming.refresh_from_db()
    return coming


def bring_in(organisation: Organisation, content: str | bytes, name: str = "data.csv") -> ReferenceImport:
    coming = check(organisation, content, name)
    assert coming.state == "ready", (coming.error, coming.line_errors)
    services.apply_import(coming=coming, user=None)
    drain()
    coming.refresh_from_db()
    return coming


def workbook(**sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(content := io.BytesIO())
    return content.getvalue()


def test_the_check_writes_nothing(organisation: Organisation) -> None:
    version = version_of(organisation.club.pk)
    coming = check(organisation, "code;libellé;minutes\nNEW;Nouveau;12,5\n")
    assert (coming.state, coming.counts) == ("ready", {"tasks": {"new": 1, "changed": 0, "same": 0}})
    assert version_of(organisation.club.pk) == version


def test_a_checked_file_is_written_when_somebody_says_so(organisation: Organisation) -> None:
    assert bring_in(organisation, "code;libellé;minutes\nNEW;Nouveau;12,5\n").state == "applied"
    assert ReferenceTask.objects.get(code="NEW").minutes == Decimal("12.5")


def test_a_known_code_is_changed_and_an_equal_line_left_alone(organisation: Organisation) -> None:
    coming = bring_in(organisation, "code,label,minutes\nCALL,Call,9\nVISIT,Visit,60\n")
    assert coming.counts["tasks"] == {"new": 0, "changed": 1, "same": 1}
    assert ReferenceTask.objects.get(code="CALL").minutes == 9


def test_volumes_are_found_by_their_codes(organisation: Organisation) -> None:
    bring_in(organisation, "centre;tâche;volume\nPORT;CALL;1 234,50\nFARM;VISIT;7\n")
    assert Volume.objects.get(centre=organisation.port, task=organisation.call).units == Decimal("1234.50")
    assert Volume.objects.get(centre=organisation.farm, task=organisation.visit).units == 7


def test_a_workbook_brings_everything_at_once(organisation: Organisation) -> None:
    content = workbook(
        volumes=[["centre", "task", "units"], ["ISLE", "SWIM", 10]],
        centres=[["direction", "code", "name", "headcount"], ["EAST", "ISLE", "Isle", 1.5]],
        tasks=[["code", "label", "minutes"], ["SWIM", "Swim", 30]],
        directions=[["code", "name"], ["EAST", "East"]],
        notes=[["Made by Léa"]],
    )
    bring_in(organisation, content, "all.xlsx")
    assert Volume.objects.get(centre__code="ISLE", task__code="SWIM").units == 10


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("NEW;New;", "minutes: A number is missing."),
        ("NEW;New;-1", "minutes: At least 0.01."),
        ("NEW;New;0", "minutes: At least 0.01."),
        ("NEW;New;often", "minutes: “often” is not a number."),
        ("NEW;New;NaN", "minutes: “NaN” is not a number."),
        ("NEW;New;1e9", "minutes: Less than 10000."),
        ("NEW;New;1.234", "minutes: At most 2 decimal places."),
        (";New;1", "code: Must not be empty."),
        (f"{'X' * 21};New;1", "code: At most 20 characters."),
        ("CALL;Again;1", "The same is already on line 2."),
    ],
)
def test_a_wrong_line_is_named_with_its_reason(organisation: Organisation, line: str, words: str) -> None:
    coming = check(organisation, f"code;label;minutes\nCALL;Call;7,5\n{line}\n")
    assert coming.state == "refused"
    assert coming.line_errors == [{"sheet": "", "line": 3, "error": words}]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("NOWHERE;CALL;1", "centre: There is no “NOWHERE”."),
        ("PORT;NOTHING;1", "task: There is no “NOTHING”."),
        ("PORT;CALL;-1", "units: At least 0."),
    ],
)
def test_a_volume_that_cannot_be_is_named(organisation: Organisation, line: str, words: str) -> None:
    assert check(organisation, f"centre;task;units\n{line}\n").line_errors[0]["error"] == words


def test_a_problem_is_told_under_the_name_that_the_file_has_for_its_column(organisation: Organisation) -> None:
    coming = check(organisation, "Code centre;Tâche;Volume\nPORT;NOTHING;x\n")
    assert coming.line_errors[0]["error"] == "Volume: “x” is not a number. Tâche: There is no “NOTHING”."


def test_a_code_in_two_directions_asks_for_the_direction(organisation: Organisation) -> None:
    organisation.centre(organisation.south, "PORT", "1")
    assert "direction" in check(organisation, "centre;task;units\nPORT;CALL;1\n").line_errors[0]["error"]
    assert check(organisation, "direction;centre;task;units\nSOUTH;PORT;CALL;1\n").state == "ready"


def test_the_centre_of_another_club_is_not_known(organisation: Organisation) -> None:
    other = Organisation(World("Elsewhere", "other-"))
    other.centre(other.north, "ABROAD", "1")
    assert check(organisation, "centre;task;units\nABROAD;CALL;1\n").state == "refused"


def test_line_numbers_are_those_of_the_file(organisation: Organisation) -> None:
    """A cell may span lines, and empty lines are passed over."""
    coming = check(organisation, 'code;label;minutes\n\nA;"two\nlines";1\nB;Bad;x\n')
    assert [error["line"] for error in coming.line_errors] == [5]


def many_volumes(organisation: Organisation, count: int) -> list[str]:
    """A file that is read in several pieces: each centre has the two tasks."""
    Centre.objects.bulk_create(
        Centre(direction=organisation.north, code=f"C{number:05}", name="Centre", headcount=Decimal(1)) for number in range(count // 2)
    )
    lines = [f"C{number:05};{task};5" for task in ("VISIT", "CALL") for number in range(count // 2)]
    return ["centre;task;units", *lines]


def test_one_wrong_line_among_thousands_is_named_and_nothing_comes_in(organisation: Organisation) -> None:
    lines = many_volumes(organisation, 5000)
    lines[4321 - 1] = "C00001;NOTHING;5"
    coming = check(organisation, "\n".join(lines))
    assert (coming.state, coming.error_count) == ("refused", 1)
    assert coming.line_errors == [{"sheet": "", "line": 4321, "error": "task: There is no “NOTHING”."}]
    with pytest.raises(StateConflict):
        services.apply_import(coming=coming, user=None)
    assert Volume.objects.count() == 4


def test_thousands_of_lines_come_in_and_are_known_again(organisation: Organisation) -> None:
    lines = many_volumes(organisation, 5000)
    assert bring_in(organisation, "\n".join(lines)).counts["volumes"] == {"new": 5000, "changed": 0, "same": 0}
    lines[1] = "C00000;VISIT;6"
    assert check(organisation, "\n".join(lines)).counts["volumes"] == {"new": 0, "changed": 1, "same": 4999}


def test_a_line_that_comes_again_far_below_is_found(organisation: Organisation) -> None:
    lines = [*many_volumes(organisation, 5000), "C00000;VISIT;7"]
    coming = check(organisation, "\n".join(lines))
    assert coming.line_errors == [{"sheet": "", "line": 5002, "error": "The same is already on line 2."}]


def test_wrong_lines_are_listed_in_the_order_of_the_file(organisation: Organisation) -> None:
    coming = check(organisation, "centre;task;units\nPORT;CALL;x\nMILL;CALL;x\nFARM;CALL;x\n")
    assert [error["line"] for error in coming.line_errors] == [2, 3, 4]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x00\x01\x02", "This is neither a CSV nor an XLSX file."),
        (b"PK\x03\x04 not a workbook", "This is neither a CSV nor an XLSX file."),
        (b"code;label;minutes\n", "The file has no line under its head."),
        (b"a;b;c\n1;2;3\n", "The first line must name the columns, such as: centre, task, units."),
        (b"centre;volume\nPORT;1\n", "These columns are missing: task."),
        (b"code;label;Minutes;minutes\nNEW;New;1;2\n", "Two columns mean the same: Minutes."),
    ],
)
def test_a_file_that_is_none_says_what_is_wrong(organisation: Organisation, content: bytes, words: str) -> None:
    coming = check(organisation, content)
    assert (coming.state, coming.error) == ("refused", words)


def test_missing_columns_are_named_by_names_that_would_be_read(organisation: Organisation) -> None:
    with translation.override("fr"):
        assert check(organisation, "direction;code\nNORTH;NEW\n").error == "Il manque ces colonnes\xa0: nom, en poste."
        bring_in(organisation, "direction;code;nom;en poste\nNORTH;NEW;New;1\n")


def test_a_long_name_of_a_file_is_shortened(organisation: Organisation) -> None:
    coming = check(organisation, "code;label;minutes\nNEW;New;1\n", f"{'long' * 60}.csv")
    assert (coming.state, len(coming.name), coming.name[-4:]) == ("ready", 200, ".csv")


def test_data_changed_since_the_check_leave_nothing_half_written(organisation: Organisation) -> None:
    coming = check(organisation, "direction;code;name;headcount\nNORTH;NEW;New;1\nSOUTH;OLD;Old;1\n")
    services.apply_import(coming=coming, user=None)
    Direction.objects.get(code="SOUTH").delete()
    drain()
    assert Job.objects.get(kind="staffing.apply_import").status == "error"
    assert not Centre.objects.filter(code="NEW").exists()


def test_two_clicks_import_once(organisation: Organisation) -> None:
    coming = check(organisation, "code;label;minutes\nNEW;New;1\n")
    services.apply_import(coming=coming, user=None)
    drain()
    with pytest.raises(StateConflict):
        services.apply_import(coming=coming, user=None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_each_way_in_which_spreadsheets_save_text_is_read(encoding: str, delimiter: str) -> None:
    content = delimiter.join(["code", "libellé", "minutes"]) + "\r\n" + delimiter.join(["ÉTÉ", "Stage d’été", "1"])
    assert read_file("data.csv", content.encode(encoding))[0].rows == [["ÉTÉ", "Stage d’été", "1"]]


def test_a_number_of_a_workbook_is_read_as_the_spreadsheet_shows_it(organisation: Organisation) -> None:
    """1.1 × 3 is stored as 3.3000000000000003."""
    tasks: list[list[object]] = [["code", "label", "minutes"], [101, "Sum", 1.1 * 3]]
    bring_in(organisation, workbook(tasks=tasks), "data.xlsx")
    assert ReferenceTask.objects.get(code="101").minutes == Decimal("3.3")


def damaged(content: bytes, last_cell: bytes) -> bytes:
    """A workbook that opens, with something after its last line."""
    with zipfile.ZipFile(io.BytesIO(content)) as book, zipfile.ZipFile(changed := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as copy:
        for name in book.namelist():
            part = book.read(name)
            copy.writestr(name, part.replace(b"</sheetData>", last_cell + b"</sheetData>") if "sheet1" in name else part)
    return changed.getvalue()


@pytest.mark.parametrize("last_cell", [b"<row><c", b'<row r="3"><c r="A3" t="s"><v>99999</v></c></row>', b'<row r="x"><c r="A3"/></row>'])
def test_a_workbook_damaged_in_the_middle_is_refused(organisation: Organisation, last_cell: bytes) -> None:
    tasks: list[list[object]] = [["code", "label", "minutes"], ["NEW", "Nouveau", 1]]
    coming = check(organisation, damaged(workbook(tasks=tasks), last_cell), "data.xlsx")
    assert (coming.state, bool(coming.error)) == ("refused", True)


def test_a_cell_at_the_far_end_of_a_sheet_does_not_widen_each_line() -> None:
    tasks: list[list[object]] = [["code", "label", "minutes"], ["NEW", "Nouveau", 1]]
    content = damaged(workbook(tasks=tasks), b'<row r="3"><c r="XFD3"><v>1</v></c></row>')
    assert [table.rows for table in read_file("data.xlsx", content)] == [[["NEW", "Nouveau", "1"]]]
