"""Around the pages: the log-in, the language, what an operator finds, and what the frame costs."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from jobs.models import Job
from lessons.models import Club, Membership

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return User.objects.create_user("manager", password="right")


@pytest.fixture
def visitor() -> Client:
    return Client(headers={"accept-language": "en"})


def log_in(visitor: Client, **values: str) -> str:
    return visitor.post("/connexion/", {"username": "manager", "password": "right", "next": "", **values}).content.decode()


def test_a_wrong_password_says_how_many_attempts_are_left(visitor: Client, user: User) -> None:
    log_in(visitor, password="wrong")
    assert "You have 3 attempts left." in log_in(visitor, password="wrong")


def test_the_log_in_leads_back_to_where_one_wanted_to_go(visitor: Client, user: User) -> None:
    answer = visitor.post("/connexion/", {"username": "manager", "password": "right", "next": "/club/planning?jour=2026-11-25"})
    assert (answer.status_code, answer["Location"]) == (302, "/club/planning?jour=2026-11-25")


@pytest.mark.parametrize(("remember", "forgotten"), [({"remember": "on"}, False), ({}, True)])
def test_a_device_is_remembered_only_if_asked(visitor: Client, user: User, remember: dict[str, str], forgotten: bool) -> None:
    log_in(visitor, **remember)
    assert visitor.session.get_expire_at_browser_close() is forgotten


def test_the_language_is_that_of_the_browser_until_it_is_chosen(visitor: Client) -> None:
    assert '<html lang="en">' in visitor.get("/connexion/").content.decode()
    visitor.post("/i18n/setlang/", {"language": "fr", "next": "/connexion/"})
    assert '<html lang="fr">' in visitor.get("/connexion/").content.decode()


def test_the_other_language_is_offered_before_one_has_logged_in(visitor: Client) -> None:
    assert (
        '<button class="btn plain small" name="language" value="fr" lang="fr">Français</button>'
        in visitor.get("/connexion/").content.decode()
    )


def test_the_administration_is_offered_to_operators_alone(visitor: Client, user: User) -> None:
    visitor.force_login(user)
    assert 'href="/admin/"' not in visitor.get("/club/planning").content.decode()
    user.is_staff = True
    user.save()
    assert 'href="/admin/"' in visitor.get("/club/planning").content.decode()


@pytest.mark.parametrize(("role", "seen"), [("manager", True), ("teacher", False)])
def test_the_work_of_colleagues_and_its_retry_are_for_managers(visitor: Client, user: User, role: str, seen: bool) -> None:
    club = Club.objects.create(name="Les Écuries du Bois")
    Membership.objects.create(user=user, club=club, role=role)
    asked = {"scope": club.scope, "max_attempts": 1, "queue": "default", "kind": "letters.send_test"}
    Job.objects.create(label="Galop 4", user=User.objects.create_user("colleague"), status="error", finished_at=timezone.now(), **asked)
    visitor.force_login(user)
    page = visitor.get("/club/planning").content.decode()
    assert ("Galop 4" in page, 'data-act="retry"' in page) == (seen, seen)


def test_a_page_without_a_person_asks_nothing(visitor: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        assert visitor.get("/connexion/").status_code == 200
