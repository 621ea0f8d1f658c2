"""Staffing over HTTP."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs.models import Job
from jobs.worker import drain
from tests.lessons.world import World, api
from tests.staffing.organisation import Organisation

pytestmark = pytest.mark.django_db


def post(organisation: Organisation, path: str, body: dict[str, Any] | None = None) -> Any:
    return api(organisation.world.manager).post(f"/api/async/simulation/{path}", body or {})


def test_a_run_is_answered_at_once_with_its_job(organisation: Organisation) -> None:
    response = post(organisation, "national")
    assert response.status_code == 202
    assert response.data["status_url"] == f"/api/async/task/{response.data['task_id']}"
    assert response.data["job"]["token"] == response.data["task_id"]


def test_a_finished_run_shows_its_result(organisation: Organisation) -> None:
    started = post(organisation, f"direction/{organisation.north.pk}").data
    drain()
    body = api(organisation.world.manager).get(started["status_url"]).data
    assert (body["status"], body["task_id"]) == ("done", started["task_id"])
    assert Decimal(body["result"]["hours"]) == Decimal("3500.5")
    assert [line["code"] for line in body["result"]["centres"]] == ["MILL", "PORT"]


def test_a_run_that_waits_has_no_result(organisation: Organisation) -> None:
    body = api(organisation.world.manager).get(post(organisation, "national").data["status_url"]).data
    assert (body["status"], body["result"]) == ("pending", None)


def test_the_result_outlives_the_job(organisation: Organisation) -> None:
    started = post(organisation, "national").data
    drain()
    Job.objects.all().delete()
    body = api(organisation.world.manager).get(started["status_url"]).data
    assert (body["status"], Decimal(body["result"]["hours"])) == ("done", Decimal(3501))


@pytest.mark.parametrize("scope", ["direction", "national", "centres"])
def test_starting_a_run_takes_five_statements_at_most(organisation: Organisation, scope: str) -> None:
    path = f"direction/{organisation.north.pk}" if scope == "direction" else scope
    body = {"centres": [organisation.mill.pk, organisation.farm.pk]} if scope == "centres" else {}
    client = api(organisation.world.manager)
    with CaptureQueriesContext(connection) as asked:
        assert client.post(f"/api/async/simulation/{path}", body).status_code == 202
    of_who_asks = ('FROM "django_session"', 'FROM "auth_user"', 'FROM "lessons_membership"', "SAVEPOINT")
    assert 2 <= sum(not any(part in query["sql"] for part in of_who_asks) for query in asked) <= 5


@pytest.mark.parametrize(("name", "value"), [("productivity", "0"), ("absence_rate", "1"), ("working_days", "-1"), ("hours_a_day", "x")])
def test_assumptions_that_make_no_sense_are_refused_at_their_field(organisation: Organisation, name: str, value: str) -> None:
    response = post(organisation, "national", {"assumptions": {name: value}})
    assert response.status_code == 400
    assert list(response.data["assumptions"]) == [name]
    assert not Job.objects.exists()


def test_a_choice_of_no_centre_is_refused(organisation: Organisation) -> None:
    assert "centres" in post(organisation, "centres", {"centres": []}).data


def test_a_direction_of_another_club_is_not_there(organisation: Organisation) -> None:
    other = Organisation(World("Elsewhere", "other-"))
    assert post(organisation, f"direction/{other.north.pk}").status_code == 404
    assert api(organisation.world.manager).get(f"/api/reference/direction/{other.north.pk}").status_code == 404


def test_a_centre_of_another_club_is_not_there(organisation: Organisation) -> None:
    other = Organisation(World("Elsewhere", "other-"))
    assert post(organisation, "centres", {"centres": [organisation.port.pk, other.port.pk]}).status_code == 404


def test_a_run_of_another_club_is_not_there(organisation: Organisation) -> None:
    started = post(organisation, "national").data
    assert api(World("Elsewhere", "other-").manager).get(started["status_url"]).status_code == 404


def test_a_teacher_reads_no_figures(organisation: Organisation) -> None:
    assert api(organisation.world.teacher_user()).get("/api/reference/tasks").status_code == 403


def test_statistics_have_the_agreed_names(organisation: Organisation) -> None:
    client = api(organisation.world.manager)
    client.get("/api/reference/tasks")
    client.get("/api/reference/tasks")
    body = client.get("/api/reference/stats").data
    assert (body["hits"], body["misses"], body["hit_rate"], body["entries"]) == (1, 1, 0.5, 1)
    assert body["last_invalidated_at"]
