from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return User.objects.create_user("manager", password="right")


def log_in(client: APIClient, password: str = "right") -> str:
    token: str = client.post("/api/login/", {"username": "manager", "password": password}).json()["token"]
    return token


def test_a_right_password_gets_a_token_that_opens_the_api(user: User) -> None:
    client = APIClient()
    answer = client.post("/api/login/", {"username": "manager", "password": "right"})
    assert set(answer.json()) == {"token", "expiry"}
    client.credentials(HTTP_AUTHORIZATION=f"Token {answer.json()['token']}")
    assert client.post("/api/logout/").status_code == 204


def test_a_wrong_password_is_a_message_in_the_shape_of_the_api(user: User) -> None:
    answer = APIClient().post("/api/login/", {"username": "manager", "password": "wrong"})
    assert answer.status_code == 400
    assert list(answer.json()) == ["non_field_errors"]


def test_a_missing_password_is_named(user: User) -> None:
    answer = APIClient().post("/api/login/", {"username": "manager"})
    assert (answer.status_code, list(answer.json())) == (400, ["password"])


def test_a_broken_body_is_a_clear_answer() -> None:
    answer = APIClient().post("/api/login/", data='{"username": ', content_type="application/json")
    assert (answer.status_code, list(answer.json())) == (400, ["detail"])


def test_many_wrong_passwords_lock_for_a_while(user: User) -> None:
    client = APIClient()
    for _ in range(5):
        answer = client.post("/api/login/", {"username": "manager", "password": "wrong"})
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert client.post("/api/login/", {"username": "manager", "password": "right"}).status_code == 429


def test_the_page_locks_with_the_same_count(user: User, client: Client) -> None:
    for _ in range(5):
        APIClient().post("/api/login/", {"username": "manager", "password": "wrong"})
    assert client.post("/connexion/", {"username": "manager", "password": "right"}).status_code == 429


def test_a_right_password_forgives_the_wrong_ones(user: User) -> None:
    client = APIClient()
    for _ in range(2):
        for _ in range(4):
            client.post("/api/login/", {"username": "manager", "password": "wrong"})
        assert log_in(client)


def test_a_logged_out_token_is_dead(user: User) -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {log_in(client)}")
    client.post("/api/logout/")
    assert client.post("/api/logout/").status_code == 401


def test_logging_out_of_the_browser_ends_its_session(user: User, client: Client) -> None:
    client.force_login(user)
    assert client.post("/api/logout/").status_code == 204
    assert "_auth_user_id" not in client.session


def test_tokens_are_hashed_at_rest(user: User) -> None:
    token = log_in(APIClient())
    row = user.auth_token_set.get()  # type: ignore[attr-defined]  # knox's reverse name
    assert token not in (row.digest, str(row.pk))


def test_the_root_leads_to_the_planning(client: Client) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer["Location"]) == (302, "/club/planning")


def test_a_token_that_is_not_used_expires(user: User) -> None:
    answer = APIClient().post("/api/login/", {"username": "manager", "password": "right"})
    left = datetime.fromisoformat(answer.json()["expiry"]) - timezone.now()
    assert timedelta(days=29) < left <= timedelta(days=30)
