"""The pages of staffing, without JavaScript."""

import csv
import io
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from jobs.worker import drain
from staffing import services
from staffing.models import Centre, ReferenceTask, Simulation
from tests.lessons.world import World
from tests.staffing.organisation import Organisation

pytestmark = pytest.mark.django_db
STANDARD = {"of": "national", "working_days": "218", "hours_a_day": "7.2", "productivity": "85", "absence_rate": "8"}


def browser(user: Any) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def pages(organisation: Organisation) -> Client:
    return browser(organisation.world.manager)


@pytest.fixture
def done(organisation: Organisation) -> Simulation:
    run = services.start_run(club=organisation.club, user=organisation.world.manager, scope="national")
    drain()
    run.refresh_from_db()
    return run


def test_a_form_starts_a_run_and_leads_to_it(pages: Client, organisation: Organisation) -> None:
    answer = pages.post("/staffing/start/", STANDARD | {"of": f"direction:{organisation.north.pk}"}, follow=True)
    run = Simulation.objects.get()
    assert answer.redirect_chain == [(f"/staffing/runs/{run.task_id}/", 302)]
    assert (run.direction, str(run.productivity)) == (organisation.north, "0.8500")
    assert "The result is on its way" in answer.content.decode()


def test_a_result_is_read_as_figures_table_and_picture(pages: Client, done: Simulation) -> None:
    text = pages.get(f"/staffing/runs/{done.task_id}/").content.decode()
    assert "3,501" in text
    assert text.index("Farm") < text.index("Port")  # where the most people are missing comes first
    assert f'src="/staffing/runs/{done.task_id}/centres.svg"' in text


@pytest.mark.parametrize("kind", ["centres", "gaps"])
def test_a_picture_is_svg_without_scripts(pages: Client, done: Simulation, kind: str) -> None:
    answer = pages.get(f"/staffing/runs/{done.task_id}/{kind}.svg")
    assert answer["Content-Type"] == "image/svg+xml"
    assert b"<script" not in answer.content
    assert "prefers-color-scheme" in answer.content.decode()


def test_the_table_is_sorted_by_any_column(pages: Client, done: Simulation) -> None:
    text = pages.get(f"/staffing/runs/{done.task_id}/?tri=-headcount").content.decode()
    table = text[text.index("sortable") :]
    assert table.index("Port") < table.index("Mill") < table.index("Farm")
    assert 'aria-sort="descending"' in table


def test_assumptions_out_of_range_are_said_at_their_field(pages: Client) -> None:
    answer = pages.post("/staffing/start/", STANDARD | {"productivity": "0", "absence_rate": "100"})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "More than 0 and at most 1 (100 %)." in text
    assert "At least 0 and less than 1 (100 %)." in text
    assert not Simulation.objects.exists()


def test_all_that_is_wrong_is_said_at_once(pages: Client) -> None:
    text = pages.post("/staffing/start/", STANDARD | {"productivity": "0", "absence_rate": "many"}).content.decode()
    assert "More than 0 and at most 1 (100 %)." in text
    assert "Enter a number." in text


@pytest.mark.parametrize(
    "values", [{"working_days": "NaN"}, {"of": "direction:abc"}, {"of": "direction:99999999999999999999"}, {"centres": "1e9"}]
)
def test_forged_forms_are_refused(pages: Client, values: dict[str, str]) -> None:
    assert pages.post("/staffing/start/", STANDARD | values).status_code == 422


def test_another_clubs_direction_is_no_choice(pages: Client, organisation: Organisation) -> None:
    other = Organisation(World("Elsewhere", "other-"))
    assert pages.post("/staffing/start/", STANDARD | {"of": f"direction:{other.north.pk}"}).status_code == 422


def test_another_clubs_run_is_not_there(done: Simulation) -> None:
    stranger = browser(World("Elsewhere", "other-").manager)
    for path in ("", "result.csv", "result.xlsx", "centres.svg"):
        assert stranger.get(f"/staffing/runs/{done.task_id}/{path}").status_code == 404


def test_a_teacher_may_not_enter(organisation: Organisation) -> None:
    assert browser(organisation.world.teacher_user()).get("/staffing/").status_code == 403


def test_a_result_whose_data_have_changed_says_so(pages: Client, done: Simulation) -> None:
    Centre.objects.update(headcount=9)
    assert "The reference data have changed since" in pages.get(f"/staffing/runs/{done.task_id}/").content.decode()


def test_two_runs_are_compared_by_centre(pages: Client, done: Simulation, organisation: Organisation) -> None:
    Centre.objects.filter(code="MILL").update(headcount=4)
    later = services.start_run(club=organisation.club, user=None, scope="national")
    drain()
    text = pages.get(f"/staffing/compare/{done.task_id}/{later.task_id}/").content.decode()
    assert "+3.0" in text
    assert text.index("Mill") < text.index("Farm")  # the largest difference first


def finished(organisation: Organisation, scope: str = "national", **options: Any) -> Simulation:
    run = services.start_run(club=organisation.club, user=None, scope=scope, **options)
    drain()
    return run


def test_the_earlier_of_two_runs_comes_before(pages: Client, organisation: Organisation) -> None:
    early, late = finished(organisation), finished(organisation)
    for run in (early, late):
        text = pages.get(f"/staffing/runs/{run.task_id}/").content.decode()
        assert f"/staffing/compare/{early.task_id}/{late.task_id}/" in text


def test_only_runs_of_the_same_centres_are_offered_to_compare(pages: Client, organisation: Organisation) -> None:
    run, same, other = (
        finished(organisation, "centres", centres=[centre.pk]) for centre in (organisation.port, organisation.port, organisation.mill)
    )
    text = pages.get(f"/staffing/runs/{run.task_id}/").content.decode()
    assert f"/{same.task_id}/" in text
    assert f"/{other.task_id}/" not in text


def test_a_phone_gets_a_narrow_picture_with_letters_as_large(pages: Client, done: Simulation) -> None:
    assert f'srcset="/staffing/runs/{done.task_id}/centres.svg?narrow"' in pages.get(f"/staffing/runs/{done.task_id}/").content.decode()
    assert b'viewBox="0 0 420 ' in pages.get(f"/staffing/runs/{done.task_id}/centres.svg?narrow").content
    assert b'viewBox="0 0 900 ' in pages.get(f"/staffing/runs/{done.task_id}/centres.svg").content


def test_the_csv_opens_in_a_french_spreadsheet(pages: Client, done: Simulation, organisation: Organisation) -> None:
    answer = pages.get(f"/staffing/runs/{done.task_id}/result.csv", headers={"accept-language": "fr"})
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert rows[0][:2] == ["Direction", "Code"]
    assert rows[-1][3] == "3501,00"


def test_a_name_that_is_a_formula_stays_a_name(pages: Client, organisation: Organisation) -> None:
    Centre.objects.filter(code="FARM").update(name="=1+1")
    run = services.start_run(club=organisation.club, user=None, scope="national")
    drain()
    content = pages.get(f"/staffing/runs/{run.task_id}/result.xlsx").content
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert "'=1+1" in [cell.value for row in sheet.iter_rows() for cell in row]


def test_a_run_that_waits_can_be_cancelled(pages: Client, organisation: Organisation) -> None:
    run = services.start_run(club=organisation.club, user=None, scope="national")
    text = pages.post(f"/staffing/runs/{run.task_id}/cancel/", follow=True).content.decode()
    assert "Calculation cancelled" in text


def test_a_club_without_reference_data_is_told_the_next_step(world: World) -> None:
    text = browser(world.manager).get("/staffing/").content.decode()
    assert "No reference data yet" in text
    assert "Import reference data" in text


def test_a_file_is_checked_shown_and_imported(pages: Client, organisation: Organisation) -> None:
    upload = SimpleUploadedFile("tasks.csv", b"code;label;minutes\nNEW;New;3\n")
    answer = pages.post("/staffing/reference/", {"file": upload})
    drain()
    assert "Nothing is written yet." in pages.get(answer["Location"]).content.decode()
    pages.post(f"{answer['Location']}apply/")
    drain()
    assert "Imported." in pages.get(answer["Location"]).content.decode()
    assert ReferenceTask.objects.filter(code="NEW").exists()


def test_wrong_lines_are_listed_and_nothing_can_be_imported(pages: Client) -> None:
    upload = SimpleUploadedFile("tasks.csv", b"code;label;minutes\nNEW;New;-3\n")
    answer = pages.post("/staffing/reference/", {"file": upload})
    drain()
    text = pages.get(answer["Location"]).content.decode()
    assert "1 line to correct: nothing is imported." in text
    assert "minutes: At least 0.01." in text
    assert "apply/" not in text


def test_an_empty_file_is_refused_at_its_field(pages: Client) -> None:
    assert pages.post("/staffing/reference/", {"file": SimpleUploadedFile("x.csv", b"")}).status_code == 422
