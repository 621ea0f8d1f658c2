"""Nothing of one club is visible to another; teachers read, managers write."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User

from lessons import access
from lessons.models import Closure, Lesson, Membership
from tests.lessons.world import World, api

LISTS = ["teachers", "clients", "subscriptions", "closures", "places", "lessons"]


@pytest.fixture
def other(world: World) -> World:
    return World("Autre club", "other_")


def fill(world: World) -> dict[str, int]:
    """One row of each sort."""
    closure = Closure.objects.create(club=world.club, first_day=world.day, last_day=world.day)
    return {
        "teachers": world.sophie.pk, "clients": world.hugo.pk, "subscriptions": world.pack(world.hugo).pk, "closures": closure.pk,
        "places": world.arena.pk, "lessons": world.plan().lesson.pk,
    }  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
def test_a_list_shows_the_callers_club_alone(world: World, other: World, name: str) -> None:
    mine, _theirs = fill(world), fill(other)
    answer = api(world.manager).get(f"/api/{name}/").json()
    ids = [row["id"] for row in answer["results"]]
    assert mine[name] in ids
    assert {"count", "next", "previous"} < set(answer)
    assert not set(ids) & {row["id"] for row in api(other.manager).get(f"/api/{name}/").json()["results"]}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_a_row_of_another_club_is_not_there(world: World, other: World, name: str, method: str) -> None:
    theirs = fill(other)
    answer = getattr(api(world.manager), method)(f"/api/{name}/{theirs[name]}/", {})
    not_offered = (name == "places" and method != "get") or (name == "lessons" and method == "put")
    assert answer.status_code == (405 if not_offered else 404)


@pytest.mark.parametrize("name", LISTS)
def test_nobody_sees_anything_without_logging_in(world: World, name: str) -> None:
    assert api(None).get(f"/api/{name}/").status_code == 401


@pytest.mark.parametrize("name", LISTS)
def test_somebody_without_a_club_is_told(db: None, name: str) -> None:
    answer = api(User.objects.create_user("nobody")).get(f"/api/{name}/")
    assert (answer.status_code, answer.json()["detail"]) == (403, "You are in no club yet. Ask its manager to add you.")


@pytest.mark.parametrize("name", LISTS)
def test_a_teacher_reads(world: World, name: str) -> None:
    ids = fill(world)
    client = api(world.teacher_user())
    assert client.get(f"/api/{name}/").status_code == client.get(f"/api/{name}/{ids[name]}/").status_code == 200


@pytest.mark.parametrize("name", ["teachers", "clients", "subscriptions", "closures", "lessons"])
def test_a_teacher_writes_nothing(world: World, name: str) -> None:
    ids, client = fill(world), api(world.teacher_user())
    answers = [client.post(f"/api/{name}/", {}), client.patch(f"/api/{name}/{ids[name]}/", {}), client.delete(f"/api/{name}/{ids[name]}/")]
    assert {answer.status_code for answer in answers} == {403}
    assert answers[0].json()["detail"] == "Only a manager of the club may do this."


def member_of_both(world: World, other: World) -> User:
    Membership.objects.create(user=world.manager, club=other.club, role=Membership.Role.TEACHER)
    return world.manager


@pytest.mark.parametrize("how", [{"QUERY_STRING": "club={}"}, {"HTTP_X_CLUB": "{}"}])
def test_a_member_of_two_clubs_names_one(world: World, other: World, how: dict[str, str]) -> None:
    client = api(member_of_both(world, other))
    named: dict[str, Any] = {key: value.format(other.club.pk) for key, value in how.items()}
    ids = {row["id"] for row in client.get("/api/clients/", **named).json()["results"]}
    assert ids == {other.camille.pk, other.hugo.pk, other.noe.pk}


def test_the_club_used_last_is_remembered(world: World, other: World) -> None:
    client = api(member_of_both(world, other))
    client.get(f"/api/clients/?club={other.club.pk}")
    assert {row["id"] for row in client.get("/api/teachers/").json()["results"]} == {other.sophie.pk, other.lea.pk}


def test_the_role_is_the_one_in_that_club(world: World, other: World) -> None:
    client = api(member_of_both(world, other))
    assert client.post(f"/api/clients/?club={other.club.pk}", {"first_name": "Eva"}).status_code == 403
    assert client.post(f"/api/clients/?club={world.club.pk}", {"first_name": "Eva"}).status_code == 201


@pytest.mark.parametrize("named", ["{other}", "0", "x", "-1", "99999999999999999999", "1 OR 1=1"])
def test_a_club_that_is_not_the_callers_is_not_there(world: World, other: World, named: str) -> None:
    answer = api(world.manager).get("/api/clients/", {"club": named.format(other=other.club.pk)})
    assert answer.status_code == 404


def test_me_names_the_clubs_and_roles(world: World, other: World) -> None:
    assert api(member_of_both(world, other)).get("/api/me/").json() == {
        "username": "manager",
        "clubs": [
            {"id": other.club.pk, "name": "Autre club", "role": "teacher"},
            {"id": world.club.pk, "name": "Les Écuries du Bois", "role": "manager"},
        ],
        "language": "en",
    }


def test_the_scopes_are_the_clubs(world: World, other: World) -> None:
    assert set(access.scopes_of(member_of_both(world, other))) == {world.club.scope, other.club.scope}
    assert access.scopes_of(AnonymousUser()) == []


def test_another_clubs_job_is_unknown(world: World, other: World) -> None:
    lesson: Lesson = world.plan().lesson
    assert lesson.job
    assert api(other.manager).get(f"/api/jobs/{lesson.job.token}/").json()["status"] == "unknown"
    assert api(world.teacher_user()).get(f"/api/jobs/{lesson.job.token}/").json()["status"] == "pending"


def test_a_teacher_follows_a_job_of_the_club_and_changes_nothing(world: World) -> None:
    lesson: Lesson = world.plan().lesson
    assert lesson.job
    client, url = api(world.teacher_user()), f"/api/jobs/{lesson.job.token}/"
    assert client.get(url).status_code == 200
    assert [client.post(f"{url}{action}/").status_code for action in ("cancel", "retry")] == [403, 403]
    assert api(world.manager).post(f"{url}cancel/").status_code == 200


def test_to_be_a_manager_elsewhere_changes_nothing_here(world: World, other: World) -> None:
    lesson: Lesson = other.plan().lesson
    assert lesson.job
    assert api(member_of_both(world, other)).post(f"/api/jobs/{lesson.job.token}/cancel/").status_code == 403
    assert not access.may_change(AnonymousUser(), world.club.scope)
