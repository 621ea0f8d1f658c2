"""Programmes over HTTP: what a client program sends, gets, and is told."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs.worker import drain
from lessons.models import Programme, Realisation
from tests.lessons.programmes import SKILLS, assign, cell, drafts, mark, names, pk_of, programme_of
from tests.lessons.world import World, api

PROGRAMMES = "/api/programmes/"


def post(world: World, path: str, body: dict[str, Any]) -> Any:
    return api(world.manager).post(path, body, format="json")


def patch(world: World, path: str, body: dict[str, Any]) -> Any:
    return api(world.manager).patch(path, body, format="json")


def test_a_programme_is_made_from_the_names_of_its_skills(world: World) -> None:
    answer = post(world, PROGRAMMES, {"name": "Galop 1", "skills": SKILLS})
    assert answer.status_code == 201
    assert [skill["name"] for skill in answer.json()["skills"]] == SKILLS
    assert (answer.json()["clients"], answer.json()["version"]) == (0, 1)


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"name": "Galop 1", "skills": []}, {"skills": ["A programme has at least one skill."]}),
        ({"name": "", "skills": ["Pas"]}, {"name": ["This field may not be blank."]}),
        ({"skills": ["Pas"]}, {"name": ["This field is required."]}),
        ({"name": "Galop 1", "skills": ["Pas", "pas"]}, {"skills": {"1": ["“pas” is already on line 1."]}}),
        ({"name": "x" * 121, "skills": ["Pas"]}, {"name": ["Ensure this field has no more than 120 characters."]}),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(world: World, body: dict[str, Any], errors: dict[str, Any]) -> None:
    answer = post(world, PROGRAMMES, body)
    assert (answer.status_code, answer.json()) == (400, errors)


def test_the_list_is_written_as_a_whole(world: World) -> None:
    programme = programme_of(world)
    first, second, _third = drafts(programme)
    wish = {"skills": [{"id": second.pk, "name": "Au pas"}, {"id": first.pk, "name": "Pansage"}, "Galop"]}
    assert patch(world, f"{PROGRAMMES}{programme.pk}/", wish).status_code == 200
    assert names(programme) == ["Au pas", "Pansage", "Galop"]


def test_a_new_name_leaves_the_list_alone(world: World) -> None:
    programme = programme_of(world)
    assert patch(world, f"{PROGRAMMES}{programme.pk}/", {"name": "Galop 2"}).json()["name"] == "Galop 2"
    assert names(programme) == SKILLS


def test_a_change_of_an_older_version_is_a_conflict(world: World) -> None:
    address = f"{PROGRAMMES}{programme_of(world).pk}/"
    assert patch(world, address, {"name": "Galop 2", "version": 1}).status_code == 200
    answer = patch(world, address, {"name": "Galop 3", "version": 1})
    assert (answer.status_code, answer.json()) == (409, {"version": ["manager has changed this programme since you opened it."]})


def test_a_skill_with_marks_goes_only_when_it_is_named(world: World) -> None:
    programme = programme_of(world)
    assign(programme, world.camille)
    mark(world.camille, "Trot")
    keep, gone = [{"id": draft.pk, "name": draft.name} for draft in drafts(programme)[:2]], drafts(programme)[2].pk
    assert set(patch(world, f"{PROGRAMMES}{programme.pk}/", {"skills": keep}).json()) == {"skills"}
    assert patch(world, f"{PROGRAMMES}{programme.pk}/", {"skills": keep, "drop": [gone]}).status_code == 200
    assert names(programme) == ["Pansage", "Pas"]


def test_assigning_answers_with_the_assignment_and_its_job(world: World) -> None:
    answer = post(world, f"{PROGRAMMES}{programme_of(world).pk}/assignments/", {"clients": [world.camille.pk]})
    assert answer.status_code == 201
    assert answer.json()["assignment"]["clients"] == [world.camille.pk]
    assert set(answer.json()["job"]) == {"token", "status", "status_url"}
    drain()
    assert api(world.manager).get(answer.json()["job"]["status_url"]).json()["status"] == "done"


@pytest.mark.parametrize("clients", [None, "all", [0], ["1"], [True], [1.5], {"1": 1}, [2**63]])
def test_what_is_no_list_of_clients_is_refused_at_the_clients(world: World, clients: Any) -> None:
    answer = post(world, f"{PROGRAMMES}{programme_of(world).pk}/assignments/", {"clients": clients})
    assert (answer.status_code, set(answer.json())) == (400, {"clients"})


def test_nobody_is_refused_and_a_stranger_is_not_there(world: World) -> None:
    address = f"{PROGRAMMES}{programme_of(world).pk}/assignments/"
    assert post(world, address, {"clients": []}).json() == {"clients": ["Choose at least one client."]}
    assert post(world, address, {"clients": [World("Other", "other-").camille.pk]}).status_code == 404


def test_an_assignment_is_undone(world: World) -> None:
    programme = programme_of(world)
    assign(programme, world.camille)
    address = f"{PROGRAMMES}{programme.pk}/assignments/{programme.assignments.get().pk}/undo/"
    assert post(world, address, {}).json() == {"kept": 0}
    assert not Realisation.objects.exists()


def test_a_mark_over_somebody_elses_is_a_conflict(world: World) -> None:
    assign(programme_of(world), world.camille)
    address = f"/api/realisations/{cell(world.camille, 'Pas').pk}/"
    assert patch(world, address, {"status": "acquired", "was": "todo"}).json()["status"] == "acquired"
    answer = patch(world, address, {"status": "started", "was": "todo"})
    assert (answer.status_code, answer.json()) == (409, {"status": ["manager has marked it meanwhile: acquired."]})


def test_a_mark_that_is_none_is_refused_at_its_field(world: World) -> None:
    assign(programme_of(world), world.camille)
    answer = patch(world, f"/api/realisations/{cell(world.camille, 'Pas').pk}/", {"status": "perfect"})
    assert (answer.status_code, set(answer.json())) == (400, {"status"})


def test_a_client_is_taken_off_by_the_evaluation(world: World) -> None:
    programme = programme_of(world)
    assign(programme, world.camille)
    assert api(world.manager).delete(f"/api/evaluations/{programme.evaluations.get().pk}/").status_code == 204
    assert not Realisation.objects.exists()


@pytest.mark.parametrize("name", ["programmes", "task-assignments", "realisations", "evaluations"])
def test_a_stranger_sees_no_row(world: World, name: str) -> None:
    programme = programme_of(world)
    assign(programme, world.camille)
    first = api(world.manager).get(f"/api/{name}/").json()["results"][0]["id"]
    stranger = api(World("Other", "other-").manager)
    assert stranger.get(f"/api/{name}/").json()["count"] == 0
    assert stranger.get(f"/api/{name}/{first}/").status_code == 404
    assert stranger.get(f"/api/{name}/", {"programme": programme.pk}).json().get("count", 0) == 0


def test_a_stranger_changes_nothing(world: World) -> None:
    programme = programme_of(world)
    assign(programme, world.camille)
    stranger, address = api(World("Other", "other-").manager), f"{PROGRAMMES}{programme.pk}/"
    undo = f"{address}assignments/{programme.assignments.get().pk}/undo/"
    answers = [
        stranger.patch(address, {"name": "x"}),
        stranger.delete(address),
        stranger.post(f"{address}assignments/"),
        stranger.post(undo),
    ]
    assert [answer.status_code for answer in answers] == [404] * 4


def test_a_teacher_reads_and_changes_nothing(world: World) -> None:
    programme = programme_of(world)
    assign(programme, world.camille)
    teacher = api(world.teacher_user())
    assert teacher.get(PROGRAMMES).json()["count"] == 1
    assert teacher.post(f"{PROGRAMMES}{programme.pk}/assignments/", {"clients": [world.hugo.pk]}, format="json").status_code == 403
    assert teacher.patch(f"/api/realisations/{cell(world.camille, 'Pas').pk}/", {"status": "acquired"}).status_code == 403


@pytest.mark.parametrize(("query", "count"), [("client", 3), ("skill", 2), ("status", 1)])
def test_realisations_are_narrowed(world: World, query: str, count: int) -> None:
    programme = programme_of(world)
    assign(programme, world.camille, world.hugo)
    mark(world.camille, "Pas")
    values: dict[str, str | int] = {"client": world.camille.pk, "skill": pk_of(programme, "Pas"), "status": "acquired"}
    assert api(world.manager).get("/api/realisations/", {query: values[query]}).json()["count"] == count


def test_a_list_of_20_takes_as_many_statements_as_one_of_2(world: World) -> None:
    def statements() -> int:
        client = api(world.manager)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(PROGRAMMES).status_code == 200
        return len(captured)

    for number in range(2):
        programme_of(world, f"Few {number}")
    few = statements()
    for number in range(18):
        programme_of(world, f"Many {number}")
    assert statements() == few


def test_a_programme_is_deleted(world: World) -> None:
    assert api(world.manager).delete(f"{PROGRAMMES}{programme_of(world).pk}/").status_code == 204
    assert not Programme.objects.exists()
