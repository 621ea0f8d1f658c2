"""Programmes in the administration, where they are looked at, and in the demo club."""

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.test import Client as Browser

from jobs.models import Job
from lessons import services
from lessons.models import Evaluation, Programme, ProgrammeAssignment, Realisation
from tests.lessons.programmes import assign, programme_of
from tests.lessons.world import World

MODELS = {"programme": Programme, "programmeassignment": ProgrammeAssignment, "evaluation": Evaluation, "realisation": Realisation}


@pytest.fixture
def operator(world: World) -> Browser:
    assign(programme_of(world), world.camille)
    browser = Browser(headers={"accept-language": "en"})
    browser.force_login(User.objects.create_superuser("operator", password="demo"))
    return browser


@pytest.mark.parametrize("name", MODELS)
def test_lists_and_rows_open(operator: Browser, name: str) -> None:
    pk = MODELS[name]._default_manager.latest("pk").pk
    assert operator.get(f"/admin/lessons/{name}/", {"q": "a"}).status_code == 200
    assert operator.get(f"/admin/lessons/{name}/{pk}/change/").status_code == 200


@pytest.mark.parametrize("name", MODELS)
def test_nothing_is_written_past_the_services(operator: Browser, name: str) -> None:
    pk = MODELS[name]._default_manager.latest("pk").pk
    assert operator.get(f"/admin/lessons/{name}/add/").status_code == 403
    assert operator.post(f"/admin/lessons/{name}/{pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_demo_club_has_two_programmes_and_keeps_them(db: None) -> None:
    club = services.fill_demo()
    for _ in range(2):
        services.fill_demo_programmes(club=club)
    assert club.programmes.count() == 2
    assert set(Realisation.objects.values_list("status", flat=True)) == {"todo", "started", "acquired"}
    assert Evaluation.objects.filter(total__gt=F("acquired"), acquired__gt=0).exists()


def test_the_demos_programmes_start_no_job(db: None) -> None:
    services.fill_demo_programmes(club=services.fill_demo())
    assert not Job.objects.exists()
