"""What operators see of staffing."""

import re

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from staffing.reference import get_directions, get_reference_tasks
from tests.lessons.world import World
from tests.staffing.organisation import Organisation

pytestmark = pytest.mark.django_db
STATES = "/admin/staffing/referencestate/"


@pytest.fixture
def operator() -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(User.objects.create_superuser("root"), "django.contrib.auth.backends.ModelBackend")
    return client


def cells(answer: str) -> dict[str, str]:
    """The first line of the list by the names of its columns."""
    found = re.findall(r'<td class="[^"]*field-(\w+)[^"]*"[^>]*>(.*?)</td>', answer, re.DOTALL)
    return {name: " ".join(re.sub(r"<[^>]+>", " ", content).split()) for name, content in reversed(found)}


def test_an_operator_sees_how_the_cache_does(operator: Client, organisation: Organisation) -> None:
    for _ in range(3):
        get_reference_tasks(organisation.club.pk)
    get_directions(organisation.club.pk)
    shown = cells(operator.get(STATES).content.decode())
    assert shown["entries"] == "2"
    assert shown["oldest"].endswith(" s")
    assert shown["size"].endswith("bytes")
    assert shown["size"] != "0 bytes"


@pytest.mark.django_db(transaction=True)
def test_hits_and_misses_are_added_up_before_they_are_shown(operator: Client, organisation: Organisation) -> None:
    for _ in range(4):
        get_reference_tasks(organisation.club.pk)
    shown = cells(operator.get(STATES).content.decode())
    assert (shown["hits"], shown["misses"], shown["hit_rate"]) == ("3", "1", "75.0 %")


def test_a_cache_that_nobody_has_asked_has_no_rate(operator: Client, organisation: Organisation) -> None:
    shown = cells(operator.get(STATES).content.decode())
    assert (shown["hits"], shown["hit_rate"], shown["oldest"]) == ("0", "–", "–")


def test_the_list_asks_no_more_for_more_clubs(operator: Client, organisation: Organisation) -> None:
    counts = []
    for number in range(2):
        with CaptureQueriesContext(connection) as asked:
            operator.get(STATES)
        counts.append(len(asked))
        Organisation(World(f"Elsewhere {number}", f"other{number}-"))
    assert counts[0] == counts[1]
