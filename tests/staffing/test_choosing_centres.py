"""Choosing the centres of a run on the page, without JavaScript: each click is a form."""

import re
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from jobs.worker import drain
from staffing import choosing, services
from staffing.models import Centre, Simulation
from staffing.reference import get_centres
from tests.lessons.world import World
from tests.staffing.organisation import Organisation
from tests.staffing.test_staffing_pages import STANDARD, browser

pytestmark = pytest.mark.django_db
CENTRES = "/staffing/centres/"
ASKED = {name: value for name, value in STANDARD.items() if name != "of"} | {"of": "centres", "q": "", "only": ""}


@pytest.fixture
def pages(organisation: Organisation) -> Client:
    return browser(organisation.world.manager)


def post(pages: Client, path: str = CENTRES, **values: Any) -> str:
    return pages.post(path, ASKED | values, follow=True).content.decode()


def shown(text: str) -> list[str]:
    return re.findall(r'<span>(\w+) <span class="quiet small">', text)


def ticked(text: str) -> set[int]:
    return {int(value) for value in re.findall(r'value="(\d+)" autocomplete="off" checked', text)}


def hidden(text: str) -> str:
    found = re.search(r'type="hidden" name="centres" value="([^"]*)"', text)
    assert found
    return found[1]


def test_every_centre_is_offered_under_its_direction(pages: Client) -> None:
    assert shown(pages.get(CENTRES).content.decode()) == ["Mill", "Port", "Farm"]


@pytest.mark.parametrize(("words", "found"), [("port", ["Port"]), ("NORTH mi", ["Mill"]), ("fàrm", ["Farm"]), ("nothing", [])])
def test_a_search_finds_by_name_code_and_direction(pages: Client, words: str, found: list[str]) -> None:
    assert shown(post(pages, q=words)) == found


def test_a_direction_is_shown_alone(pages: Client, organisation: Organisation) -> None:
    assert shown(post(pages, only=str(organisation.south.pk))) == ["Farm"]


def test_what_was_ticked_stays_chosen_while_something_else_is_sought(pages: Client, organisation: Organisation) -> None:
    text = post(pages, centres=[organisation.port.pk], q="farm")
    assert (shown(text), hidden(text)) == (["Farm"], str(organisation.port.pk))
    assert "1 centre chosen" in text
    assert ticked(post(pages, centres=[hidden(text), organisation.farm.pk])) == {organisation.port.pk, organisation.farm.pk}


def test_all_of_a_direction_is_one_click(pages: Client, organisation: Organisation) -> None:
    text = post(pages, change=f"add:{organisation.north.pk}")
    assert ticked(text) == {organisation.port.pk, organisation.mill.pk}
    text = post(pages, centres=sorted(ticked(text)), change=f"remove:{organisation.north.pk}")
    assert ticked(text) == set()


def test_the_chosen_ones_are_shown_alone(pages: Client, organisation: Organisation) -> None:
    assert shown(post(pages, centres=[organisation.mill.pk], only="chosen")) == ["Mill"]


def test_everything_is_unticked_at_once(pages: Client, organisation: Organisation) -> None:
    assert "0 centres chosen" in post(pages, centres=[organisation.mill.pk], q="farm", change="clear")


def test_the_choice_is_calculated(pages: Client, organisation: Organisation) -> None:
    post(pages, "/staffing/start/", centres=[f"{organisation.mill.pk},{organisation.farm.pk}"])
    run = Simulation.objects.get()
    assert (run.scope, set(run.centre_ids)) == ("centres", {organisation.mill.pk, organisation.farm.pk})


def test_choosing_begins_with_the_assumptions_that_were_typed(pages: Client) -> None:
    assert 'value="77"' in post(pages, of="national", productivity="77")


def test_a_choice_of_nothing_is_refused_where_one_chooses(pages: Client) -> None:
    answer = pages.post("/staffing/start/", ASKED | {"centres": ""})
    assert answer.status_code == 422
    assert "Choose at least one centre." in answer.content.decode()


def test_wrong_assumptions_do_not_lose_the_choice(pages: Client, organisation: Organisation) -> None:
    answer = pages.post("/staffing/start/", ASKED | {"centres": str(organisation.mill.pk), "productivity": "0"})
    text = answer.content.decode()
    assert (answer.status_code, ticked(text)) == (422, {organisation.mill.pk})
    assert "More than 0 and at most 1 (100 %)." in text


def test_a_centre_of_another_club_cannot_be_chosen(pages: Client, organisation: Organisation) -> None:
    other = Organisation(World("Elsewhere", "other-"))
    answer = pages.post("/staffing/start/", ASKED | {"centres": [other.mill.pk, organisation.mill.pk]})
    assert answer.status_code == 422
    assert "The club has not all of these centres." in answer.content.decode()
    assert ticked(answer.content.decode()) == {organisation.mill.pk}
    assert not Simulation.objects.exists()


@pytest.mark.parametrize("values", [{"centres": "1e9"}, {"only": "x" * 500}, {"change": "add:"}, {"q": "\0"}, {"working_days": "NaN"}])
def test_forged_choices_choose_nothing(pages: Client, values: dict[str, str]) -> None:
    assert "0 centres chosen" in post(pages, **values)


def test_of_thousands_only_the_directions_are_shown_until_one_searches(pages: Client, organisation: Organisation) -> None:
    many = [Centre(direction=organisation.south, code=f"C{number:04}", name=f"Hut{number}", headcount=1) for number in range(1200)]
    Centre.objects.bulk_create(many)
    text = pages.get(CENTRES).content.decode()
    assert shown(text) == []
    assert "Not all centres are shown" in text
    assert len(shown(post(pages, q="hut"))) == choosing.MOST_SHOWN
    assert len(shown(post(pages, q="hut117"))) == 11


def test_more_centres_than_a_form_has_fields_are_chosen_and_calculated_again(pages: Client, organisation: Organisation) -> None:
    """Django refuses forms of more than a thousand."""
    many = [Centre(direction=organisation.south, code=f"C{number:04}", name=f"Hut {number}", headcount=1) for number in range(1200)]
    Centre.objects.bulk_create(many)
    text = post(pages, change=f"add:{organisation.south.pk}")
    assert "1,201 centres chosen" in text or "1201 centres chosen" in text
    page = post(pages, "/staffing/start/", centres=hidden(text))
    drain()
    assert pages.post("/staffing/start/", ASKED | {"centres": hidden(page)}).status_code == 302
    assert [len(run.centre_ids) for run in Simulation.objects.all()] == [1201, 1201]


def test_a_run_of_centres_leads_back_to_its_choice(pages: Client, organisation: Organisation) -> None:
    run = services.start_run(club=organisation.club, user=None, scope="centres", centres=[organisation.mill.pk])
    text = pages.get(f"/staffing/runs/{run.task_id}/").content.decode()
    assert f'formaction="{CENTRES}"' in text
    assert ticked(post(pages, centres=hidden(text))) == {organisation.mill.pk}


def test_the_page_asks_no_more_for_more_centres(
    pages: Client, organisation: Organisation, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    get_centres(organisation.club.pk)
    with django_assert_max_num_queries(6):  # session, user and membership among them
        pages.get(CENTRES)


def test_a_club_without_centres_is_told_the_next_step(world: World) -> None:
    assert "Import reference data" in browser(world.manager).get(CENTRES).content.decode()


def test_a_teacher_may_not_choose(organisation: Organisation) -> None:
    assert browser(organisation.world.teacher_user()).get(CENTRES).status_code == 403
