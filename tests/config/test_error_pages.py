import pytest
from django.test import Client
from pytest_django import Settings

pytestmark = pytest.mark.django_db


@pytest.fixture(params=[False, True], ids=["production", "development"])
def visitor(request: pytest.FixtureRequest, settings: Settings) -> Client:
    settings.DEBUG = request.param
    return Client(raise_request_exception=False, headers={"Accept-Language": "en"})


def test_an_unknown_page_is_a_page_of_ours(visitor: Client) -> None:
    answer = visitor.get("/nothing/here")
    assert answer.status_code == 404
    assert "<h1>There is nothing here</h1>" in answer.content.decode()


def test_an_unknown_call_of_the_api_is_answered_in_its_shape(visitor: Client) -> None:
    answer = visitor.get("/api/nothing/here/")
    assert (answer.status_code, list(answer.json())) == (404, ["detail"])


def test_an_unknown_call_of_the_api_is_no_expired_form() -> None:
    answer = Client(enforce_csrf_checks=True).post("/api/nothing/here/", {}, "application/json")
    assert (answer.status_code, list(answer.json())) == (404, ["detail"])


def test_an_error_shows_no_traceback(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("config.login.LogInView.dispatch", fail)
    answer = visitor.get("/connexion/")
    assert answer.status_code == 500
    assert "<h1>Something went wrong</h1>" in answer.content.decode()
    assert "secret" not in answer.content.decode()


def test_a_form_without_its_token_is_explained() -> None:
    answer = Client(enforce_csrf_checks=True, headers={"Accept-Language": "en"}).post("/connexion/", {"username": "x"})
    assert answer.status_code == 403
    assert "<h1>This form has expired</h1>" in answer.content.decode()
