from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from psycopg import OperationalError as PsycopgError


@pytest.fixture
def away() -> Iterator[None]:
    """Every statement fails, as it does when the server is gone."""

    def refuse(*args: object) -> None:
        with connection.wrap_database_errors:
            raise PsycopgError("server closed the connection unexpectedly")

    with connection.execute_wrapper(refuse):
        yield


@pytest.fixture
def visitor() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.django_db
def test_a_page_says_that_the_database_is_away(visitor: Client, django_user_model: type[User], away: None) -> None:
    visitor.cookies["sessionid"] = "somebody"
    answer = visitor.get("/club/planning")
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert "<h1>" in answer.content.decode()


@pytest.mark.django_db
def test_the_api_says_so_in_its_own_shape(visitor: Client, away: None) -> None:
    answer = visitor.get("/api/jobs/x/", headers={"Authorization": "Token something"})
    assert answer.status_code == 503
    assert list(answer.json()) == ["detail"]


@pytest.mark.django_db
def test_the_log_in_says_so_too(visitor: Client, away: None) -> None:
    answer = visitor.post("/api/login/", {"username": "manager", "password": "demo"}, content_type="application/json")
    assert answer.status_code == 503


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "words"), [("fr", "La base de données"), ("en", "The database does not answer")])
def test_it_speaks_the_language_of_the_request(visitor: Client, away: None, language: str, words: str) -> None:
    visitor.cookies["sessionid"] = "somebody"
    page = visitor.get("/club/planning", headers={"Accept-Language": language}).content.decode()
    assert words in page


@pytest.mark.django_db
def test_health_of_the_web_process_needs_no_database(visitor: Client, away: None) -> None:
    answer = visitor.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok")
