"""Whatever stands in the query of an address, the answer is what it always is or a plain no: never a traceback.

Each address is looked at once to learn which parameters it reads, and then with each of them hostile.
"""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.db import transaction
from django.http import QueryDict
from django.test import Client
from pytest_django import DjangoDbBlocker, Settings

from .addresses import FOR_OPERATORS, FOR_VISITORS, all_routes, paths
from .crowd import Crowd, crowds_of

pytestmark = pytest.mark.django_db
TEXTS = [
    "-1", "0", "9e99", "9" * 30, "__class__", "\x00", "é" * 5000, "2026-02-30", "0001-01-01", "9999-12-31", "2026-11-21T25:61",
    "[" * 5000, "' OR 1=1 --", "%s %(x)s {0}", "null",
]  # fmt: skip
VALUES = ["", "%FF", "%ED%A0%80", *map(quote, TEXTS)]  # the second and third are no text at all
ANSWERS = {200, 302, 400, 404}  # 302: back, with a message
Look = Callable[[str], int]


@pytest.fixture(scope="module")
def crowd_of_ten(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Crowd]:
    with django_db_blocker.unblock(), crowds_of(10) as crowds:
        yield crowds[10]


@pytest.fixture
def names_read(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Fills itself with the parameters that views ask a query for."""
    names = set()

    class Query(QueryDict):
        def __getitem__(self, name: Any) -> Any:
            names.add(str(name))
            return super().__getitem__(name)

        def getlist(self, name: Any, *default: Any) -> Any:
            names.add(str(name))
            return super().getlist(name, *default)

        def __contains__(self, name: Any) -> bool:
            names.add(str(name))
            return super().__contains__(name)

    monkeypatch.setattr(WSGIRequest, "GET", property(lambda request: Query(request.META["QUERY_STRING"])))
    return names


@pytest.mark.parametrize("route", all_routes())
def test_a_hostile_query_is_answered_plainly(route: str, crowd_of_ten: Crowd, names_read: set[str], settings: Settings) -> None:
    settings.DEBUG = route.startswith("dev/")
    crowd_of_ten.put_files()
    look = looker(route, crowd_of_ten)
    path = paths(route, crowd_of_ten)[-1]
    usual = look(path)
    before = path + ("&" if "?" in path else "?")
    answers = {query: look(before + query) for name in sorted(names_read) for query in (f"{name}={value}" for value in VALUES)}
    assert {query[:80]: status for query, status in answers.items() if status not in {usual, *ANSWERS}} == {}


def looker(route: str, crowd: Crowd) -> Look:
    visitor = Client()
    if route not in FOR_VISITORS:
        visitor.force_login(crowd.operator if route in FOR_OPERATORS else crowd.manager, "django.contrib.auth.backends.ModelBackend")

    def look(path: str) -> int:
        with transaction.atomic():
            answer: Any = visitor.get(path)
            b"".join(answer)
        return int(answer.status_code)

    return look
