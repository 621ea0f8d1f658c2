"""What no sane client sends is a clear answer in the shape of the API, never a 500."""

import pytest
from django.test import Client
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000])
def test_json_nested_too_deeply_is_refused(body: bytes) -> None:
    answer = Client(headers={"accept-language": "en"}).post("/api/login/", body, content_type="application/json")
    assert answer.status_code == 400
    assert b"nested too deeply" in answer.content


def test_an_endless_username_is_refused() -> None:
    assert list(APIClient().post("/api/login/", {"username": "a" * 300, "password": "x"}).json()) == ["username"]


@pytest.mark.parametrize("token", ["\xe9", "\x00", "a-b", "<b>"])
def test_a_token_that_cannot_be_one_is_invalid(token: str) -> None:
    answer = APIClient().get("/api/me/", headers={"authorization": f"Token {token}", "accept-language": "en"})
    assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid token."})


def test_the_pages_of_the_documentation_are_only_read() -> None:
    assert Client().options("/api/docs/").status_code == 405
