import pytest
from django.test import RequestFactory
from pytest_django import Settings

from config.proxy import client_address


def test_without_a_proxy_nobody_may_say_where_they_come_from(rf: RequestFactory) -> None:
    assert client_address(rf.get("/", REMOTE_ADDR="10.1.1.1", HTTP_X_FORWARDED_FOR="6.6.6.6")) == "10.1.1.1"


@pytest.mark.parametrize(
    ("header", "address"), [("10.1.1.1", "10.1.1.1"), ("6.6.6.6, 10.1.1.1", "10.1.1.1"), ("nonsense", None), ("", None)]
)
def test_behind_a_proxy_only_its_own_word_counts(rf: RequestFactory, settings: Settings, header: str, address: str | None) -> None:
    settings.BEHIND_PROXY = True
    assert client_address(rf.get("/", HTTP_X_FORWARDED_FOR=header)) == address
