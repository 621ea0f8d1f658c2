"""Every page and list of the product asks the database at most three things, however many rows there are.

Not counted are those that say who asks (session, user, token, membership), and the marks of a transaction. What is counted is
the second look at each page: what a process or the cache keeps, it has by then.
"""

import math
import re
from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoDbBlocker, Settings

from audio.models import NotePreference, UploadPace
from jobs.models import Queue, Recurrence
from lessons.models import Club, Membership
from letters.models import LegalFigures
from staffing import counters
from staffing.models import ReferenceReads, ReferenceState

from .addresses import FOR_OPERATORS, FOR_VISITORS, all_routes, paths
from .crowd import Crowd, crowds_of, tables

pytestmark = pytest.mark.django_db
MOST = 3
MOST_IN_THE_ADMINISTRATION = 15  # above the list of jobs stands the health of everything
WHO_ASKS = {"django_session", "auth_user", "knox_authtoken", "lessons_membership"}
MARKS = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
NO_PAGES = {
    "": "leads to the planning",
    "i18n/setlang/": "changes the language, and leads back",
    "webhooks/mail/": "is written to by a mail service, where there is one",
    "^api/": "says of every other address that there is nothing",
}
# For machines and operators, who look at the whole: so many, with ten rows as with a thousand.
MORE = {"api/health/": 15, "api/async/health": 15, "metrics": 18}
# One a club or a person, or fewer.
FEW = {Club, LegalFigures, Membership, NotePreference, Queue, Recurrence, ReferenceReads, ReferenceState, UploadPace}


@pytest.fixture(scope="module")
def crowds(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[int, Crowd]]:
    with django_db_blocker.unblock(), crowds_of(10, 1000) as crowds:
        yield crowds


@pytest.fixture(params=[10, 1000])
def crowd(request: pytest.FixtureRequest, crowds: dict[int, Crowd], settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Crowd:
    monkeypatch.setattr(counters, "ADD_EVERY_SECONDS", math.inf)  # after an answer, now and then
    crowd = crowds[request.param]
    crowd.put_files()
    return crowd


@pytest.mark.parametrize("route", [route for route in all_routes() if route not in NO_PAGES])
def test_a_page_asks_little_whatever_the_number_of_rows(route: str, crowd: Crowd, settings: Settings) -> None:
    settings.DEBUG = route.startswith("dev/")
    visitor = Client()
    if route not in FOR_VISITORS:
        visitor.force_login(crowd.operator if route in FOR_OPERATORS else crowd.manager, "django.contrib.auth.backends.ModelBackend")
    for path in paths(route, crowd):
        answer = visitor.get(path)
        b"".join(answer)  # or a file stays open
        if answer.status_code == 405:  # nobody reads it
            assert "GET" not in answer["Allow"]
            continue
        assert answer.status_code == 200, f"{path}: name it in NO_PAGES if it is none, or say in QUERIES what it must be asked"
        with CaptureQueriesContext(connection) as asked:
            b"".join(visitor.get(path))
        counted = [query["sql"] for query in asked if is_counted(query["sql"])]
        assert len(counted) <= MORE.get(route, MOST), "\n".join([f"{path} asks {len(counted)} things:", *counted])


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model._meta.label)
def test_a_list_of_the_administration_asks_the_same_of_many_rows(model: type[Model], crowds: dict[int, Crowd]) -> None:
    operator = Client()
    operator.force_login(crowds[10].operator, "django.contrib.auth.backends.ModelBackend")
    path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    assert operator.get(path).status_code == 200
    with CaptureQueriesContext(connection) as asked:
        operator.get(path)
    assert len(asked) <= MOST_IN_THE_ADMINISTRATION


@pytest.mark.parametrize("model", tables(), ids=lambda model: model._meta.label)
def test_the_crowd_has_rows_of_everything(model: type[Model], crowds: dict[int, Crowd]) -> None:
    """What has none is a page whose rows were never counted."""
    rows = model._default_manager.count()
    assert rows >= 1000 or model in FEW, f"{model._meta.label} has {rows} rows: let tests/config/crowd.py make them, or name it in FEW"


@pytest.mark.parametrize(
    ("sql", "counts"),
    [
        ('SELECT "auth_user"."id" FROM "auth_user" WHERE "auth_user"."id" = 1', False),
        ('SELECT "lessons_membership"."id" FROM "lessons_membership" INNER JOIN "lessons_club" ON (1 = 1)', False),
        ('UPDATE "lessons_membership" SET "last_used_at" = now()', False),
        ("BEGIN", False),
        ('SELECT (SELECT U0."id" FROM "lessons_membership" U0) AS "x" FROM "lessons_lesson"', True),
        ('SELECT "x" FROM "lessons_client" WHERE "lessons_client"."notes" = \'it\'\'s :-) FROM "auth_user"\'', True),
        ('INSERT INTO "staffing_referencereads" ("club_id") VALUES (1)', True),
        ("SELECT 1", True),
    ],
)
def test_what_counts(sql: str, counts: bool) -> None:
    assert is_counted(sql) is counts


def is_counted(sql: str) -> bool:
    """All but the marks of a transaction and what is read of, or written to, the tables that say who asks."""
    return not sql.startswith(MARKS) and main_table(sql) not in WHO_ASKS


def main_table(sql: str) -> str:
    """Not those of its subqueries, which stand in parentheses."""
    bare = re.sub(r"'(?:[^']|'')*'", "", sql)
    while bare != (bare := re.sub(r"\([^()]*\)", "", bare)):
        pass
    found = re.search(r'\b(?:FROM|UPDATE|INTO)\s+"?(\w+)', bare)
    return found[1] if found else ""
