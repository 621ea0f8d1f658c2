"""Nobody learns anything of somebody else's work, not even that it exists."""

import pytest
from django.contrib.auth.models import User

from jobs import access, services
from jobs.models import Job

from .conftest import api, make_ended_job, make_job


def test_job_of_another_club_is_unknown(stranger: User) -> None:
    response = api(stranger).get(f"/api/jobs/{make_job(scope='club:7').token}/")
    assert (response.status_code, response.json()["status"]) == (404, "unknown")


@pytest.mark.parametrize("action", ["cancel", "retry"])
def test_job_of_another_club_cannot_be_touched(stranger: User, action: str) -> None:
    job = make_ended_job("error") if action == "retry" else make_job()
    before = job.status
    assert api(stranger).post(f"/api/jobs/{job.token}/{action}/").status_code == 404
    job.refresh_from_db()
    assert job.status == before


def test_somebody_elses_token_answers_like_one_that_never_was(stranger: User) -> None:
    job = make_job()
    client, url = api(stranger), f"/api/jobs/{job.token}/"
    answer = client.get(url).json()
    Job.objects.all().delete()
    assert client.get(url).json() == answer


def test_who_asked_sees_it_without_a_scope(stranger: User) -> None:
    assert api(stranger).get(f"/api/jobs/{make_job(scope='', user=stranger).token}/").status_code == 200


def test_job_without_scope_belongs_to_nobody_else(member: User) -> None:
    assert api(member).get(f"/api/jobs/{make_job(scope='').token}/").status_code == 404


def test_operator_sees_every_club(operator: User) -> None:
    assert api(operator).get(f"/api/jobs/{make_job().token}/").status_code == 200


def test_batch_of_another_club_is_unknown(stranger: User) -> None:
    batch = services.new_batch(label="Letters", scope="club:7")
    response = api(stranger).get(f"/api/batches/{batch.pk}/")
    assert (response.status_code, response.json()["status"]) == (404, "unknown")


@pytest.mark.parametrize("action", ["cancel", "retry"])
def test_who_may_only_look_is_told(guest: User, action: str) -> None:
    job = make_ended_job("error") if action == "retry" else make_job()
    client, before = api(guest), job.status
    assert client.get(f"/api/jobs/{job.token}/").status_code == 200
    answer = client.post(f"/api/jobs/{job.token}/{action}/")
    assert (answer.status_code, answer.json()) == (403, {"detail": "You may follow this work, but neither cancel it nor try it again."})
    job.refresh_from_db()
    assert job.status == before


def test_who_may_only_look_stops_no_batch(guest: User) -> None:
    job = make_job(batch=services.new_batch(label="Letters", scope="club:7"))
    assert api(guest).post(f"/api/batches/{job.batch_id}/cancel/").status_code == 403
    job.refresh_from_db()
    assert job.status == "pending"


def test_who_asked_may_stop_it_where_it_has_no_scope(stranger: User) -> None:
    job = make_job(scope="", user=stranger)
    assert api(stranger).post(f"/api/jobs/{job.token}/cancel/").json()["status"] == "cancelled"


def test_operator_may_change_every_clubs_work(operator: User) -> None:
    assert api(operator).post(f"/api/jobs/{make_job().token}/cancel/").status_code == 200


def test_inactive_operator_is_none() -> None:
    assert not access.is_operator(User(is_staff=True, is_superuser=True, is_active=False))


@pytest.mark.parametrize("length", [8, 18, 36])
def test_beginning_of_an_id_finds_the_job(db: None, length: int) -> None:
    job = make_job(id="01234567-89ab-7def-8123-456789abcdef")
    make_job(id="11234567-89ab-7def-8123-456789abcdef")
    assert list(access.jobs_beginning_with(job.token[:length].upper())) == [job]


@pytest.mark.parametrize("prefix", ["", "zz", "-", "0" * 33, "%"])
def test_what_cannot_begin_an_id_finds_nothing(db: None, prefix: str) -> None:
    make_job()
    assert not access.jobs_beginning_with(prefix).exists()


def test_who_has_left_the_club_no_longer_sees_what_they_asked_for_there(member: User) -> None:
    assert access.may_see(member, scope="club:7", asked_by=member.pk)
    member.groups.clear()
    assert not access.may_see(member, scope="club:7", asked_by=member.pk)
