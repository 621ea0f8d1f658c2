"""The pages of the subscriptions: what is left, what is unpaid, one subscription with its ledger."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Visitor
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lessons import services
from lessons.models import Lesson, Subscription
from tests.lessons.world import World, at, run_follow_up, statuses, visitor_of

SESSION_USER_AND_MEMBERSHIP = 3
LIST = "/club/subscriptions/"


@pytest.fixture
def visitor(world: World) -> Visitor:
    return visitor_of(world.manager)


def page(visitor: Visitor, path: str = LIST) -> str:
    answer = visitor.get(path)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def sold(world: World, **values: Any) -> dict[str, Any]:
    """What a visitor posts."""
    fields = {"client": world.noe.pk, "kind": "pack", "credits": 10, "valid_from": world.day, "valid_until": "", "settles": "on"}
    return {**fields, **values}


def unpaid_lesson(world: World, **values: Any) -> Lesson:
    lesson = world.plan(clients=[world.noe.pk], **values).lesson
    run_follow_up(lesson)
    return lesson


def tabs(text: str) -> list[int]:
    [nav] = re.findall(r'<nav class="tabs.*?</nav>', text, re.DOTALL)
    return [int(count) for count in re.findall(r">(\d+)</", nav)]


# ── The list ──


def test_each_subscription_says_what_is_left(visitor: Visitor, world: World) -> None:
    world.pack(world.camille, credits=10, used=3)
    world.period(world.hugo)
    text = page(visitor)
    assert "7 sessions" in text
    assert "unlimited" in text


def test_the_tabs_count_what_they_show(visitor: Visitor, world: World) -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    world.pack(world.camille, credits=10, used=9)
    world.pack(world.hugo, credits=5, used=5)
    world.period(world.hugo, valid_from=yesterday, valid_until=yesterday)
    unpaid_lesson(world)
    assert tabs(page(visitor)) == [1, 2, 1, 2]
    assert page(visitor, f"{LIST}?etat=termines").count("<tr") == 1 + 2


def test_who_has_a_second_pack_needs_no_renewal(visitor: Visitor, world: World) -> None:
    world.pack(world.camille, credits=10, used=10)
    world.pack(world.camille)
    assert tabs(page(visitor))[1] == 0


def test_a_client_is_found_by_name(visitor: Visitor, world: World) -> None:
    world.pack(world.camille)
    world.pack(world.hugo)
    text = page(visitor, f"{LIST}?q=CAM")
    assert ("Camille" in text, "Hugo" in text, tabs(text)[0]) == (True, False, 1)


@pytest.mark.parametrize("query", ["etat=x", "page=99999", "page=x", "q=%00", "q=" + "x" * 3000, "regle=x", "regle=" + "9" * 40])
def test_a_strange_address_shows_the_list(visitor: Visitor, query: str) -> None:
    assert "Subscriptions" in page(visitor, f"{LIST}?{query}")


def test_subscriptions_of_another_club_are_not_there(visitor: Visitor, world: World) -> None:
    other = World("Poney-club du Lac", prefix="other")
    theirs, lesson = other.pack(other.camille), unpaid_lesson(other)
    assert tabs(page(visitor)) == [0, 0, 0, 0]
    paths = [f"{LIST}{theirs.pk}/", f"{LIST}{theirs.pk}/edit/"]
    assert [visitor.get(path).status_code for path in paths] == [404, 404]
    assert visitor.post(f"{LIST}unpaid/", {"paid": lesson.enrolments.get().pk}).status_code == 404
    assert visitor.post(f"{LIST}unpaid/", {"client": other.noe.pk}).status_code == 404


def test_they_are_for_managers(world: World) -> None:
    pack = world.pack(world.camille)
    teacher = visitor_of(world.teacher_user())
    paths = ["", "new/", f"{pack.pk}/", f"{pack.pk}/edit/"]
    assert {teacher.get(LIST + path).status_code for path in paths} == {403}
    assert teacher.post(f"{LIST}unpaid/", {"client": world.camille.pk}).status_code == 403


@pytest.mark.parametrize("count", [1, 60])
@pytest.mark.parametrize("path", ["", "?etat=renouveler", "?etat=impayes", "new/", "one", "edit"])
def test_three_statements_a_page_whatever_the_number(visitor: Visitor, world: World, path: str, count: int) -> None:
    pack = world.pack(world.camille, credits=200)
    Subscription.objects.bulk_create(
        Subscription(club=world.club, client=world.hugo, credits=1, used=1, valid_from=world.day) for _ in range(count)
    )
    run_follow_up(world.plan(clients=[world.camille.pk, world.noe.pk], repeat=world.weeks(count)).lesson)
    where = {"one": f"{pack.pk}/", "edit": f"{pack.pk}/edit/"}.get(path, path)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        visitor.get(LIST + where)
    assert len(asked) <= SESSION_USER_AND_MEMBERSHIP + 3, [query["sql"] for query in asked]


# ── Selling ──


def test_a_pack_is_sold_and_pays_what_was_owed(visitor: Visitor, world: World) -> None:
    lesson = unpaid_lesson(world)
    text = unescape(visitor.post(f"{LIST}new/", sold(world), follow=True).content.decode())
    assert "1 unpaid lesson settled" in text
    assert statuses(lesson) == {"Noé": "paid"}
    assert Subscription.objects.get().remaining == 9


def test_what_was_owed_is_left_alone_where_it_is_not_ticked(visitor: Visitor, world: World) -> None:
    lesson = unpaid_lesson(world)
    data = sold(world)
    del data["settles"]
    visitor.post(f"{LIST}new/", data)
    assert statuses(lesson) == {"Noé": "unpaid"}


def test_a_period_has_no_number(visitor: Visitor, world: World) -> None:
    visitor.post(f"{LIST}new/", sold(world, kind="period", credits="10"))
    assert Subscription.objects.get().credits is None


def test_the_form_offers_the_day_from_which_all_is_paid(visitor: Visitor, world: World) -> None:
    unpaid_lesson(world, starts_at=at(timezone.localdate() - timedelta(days=9), 16))
    text = page(visitor, f"{LIST}new/?client={world.noe.pk}")
    assert f'value="{timezone.localdate() - timedelta(days=9)}"' in text
    assert f'value="{world.noe.pk}" selected' in text


def test_each_client_to_choose_says_what_is_left(visitor: Visitor, world: World) -> None:
    world.pack(world.camille, credits=7, valid_from=timezone.localdate())
    assert "Camille, 7 sessions" in page(visitor, f"{LIST}new/")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"client": "999999"}, "client"),
        ({"client": ""}, "client"),
        ({"kind": "loan"}, "kind"),
        ({"credits": ""}, "credits"),
        ({"credits": "0"}, "credits"),
        ({"credits": "-3"}, "credits"),
        ({"credits": "100000"}, "credits"),
        ({"valid_from": "2027-02-30"}, "valid_from"),
        ({"valid_from": "0001-01-01"}, "valid_from"),
        ({"valid_until": "2000-01-01"}, "valid_until"),
        ({"valid_until": "9999-12-31"}, "valid_until"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(visitor: Visitor, world: World, wrong: dict[str, str], field: str) -> None:
    answer = visitor.post(f"{LIST}new/", sold(world, **wrong))
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert not Subscription.objects.exists()


# ── Unpaid lessons ──


def test_an_unpaid_lesson_is_taken_from_a_subscription_that_came_later(visitor: Visitor, world: World) -> None:
    lesson = unpaid_lesson(world)
    assert "Take from the subscription" not in page(visitor, f"{LIST}?etat=impayes")
    world.pack(world.noe)
    assert "Take from the subscription" in page(visitor, f"{LIST}?etat=impayes")
    visitor.post(f"{LIST}unpaid/", {"client": world.noe.pk})
    assert statuses(lesson) == {"Noé": "paid"}


def test_an_unpaid_lesson_is_paid_otherwise_and_that_can_be_undone(visitor: Visitor, world: World) -> None:
    lesson = unpaid_lesson(world)
    pk = lesson.enrolments.get().pk
    text = unescape(visitor.post(f"{LIST}unpaid/", {"paid": pk}, follow=True).content.decode())
    assert (statuses(lesson), f'name="unpaid" value="{pk}"' in text) == ({"Noé": "paid"}, True)
    visitor.post(f"{LIST}unpaid/", {"unpaid": pk})
    assert statuses(lesson) == {"Noé": "unpaid"}


def test_a_cancelled_lesson_is_owed_by_nobody(visitor: Visitor, world: World) -> None:
    unpaid_lesson(world)
    Lesson.objects.update(status="cancelled")
    assert tabs(page(visitor))[2] == 0


@pytest.mark.parametrize("act", [{}, {"paid": "x"}, {"client": "-1"}, {"unpaid": "9" * 30}])
def test_a_broken_request_is_said_to_be_one(visitor: Visitor, act: dict[str, str]) -> None:
    assert visitor.post(f"{LIST}unpaid/", act).status_code == 400


# ── One subscription ──


def test_the_ledger_names_each_lesson_and_what_came_back(visitor: Visitor, world: World) -> None:
    pack = world.pack(world.camille)
    lesson = world.plan(title="Voltige", clients=[world.camille.pk], repeat=world.weeks(2)).lesson
    run_follow_up(lesson)
    services.return_credits(lessons=[lesson.pk])
    text = page(visitor, f"{LIST}{pack.pk}/")
    assert (text.count("Voltige"), text.count("−1"), text.count("given back on")) == (2, 1, 1)
    assert "<dd>9</dd>" in text


def test_a_subscription_is_changed(visitor: Visitor, world: World) -> None:
    pack = world.pack(world.camille)
    until = world.day + timedelta(days=90)
    visitor.post(f"{LIST}{pack.pk}/edit/", sold(world, credits=20, valid_until=until))
    pack.refresh_from_db()
    assert (pack.credits, pack.valid_until, pack.client) == (20, until, world.camille)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"credits": 1}, "credits"),
        ({"kind": "period"}, "kind"),
        ({"valid_from": timedelta(days=1)}, "valid_from"),
        ({"valid_until": timedelta(days=6)}, "valid_until"),
    ],
)
def test_what_it_has_paid_stays_covered(visitor: Visitor, world: World, wrong: dict[str, Any], field: str) -> None:
    pack = world.pack(world.camille)
    run_follow_up(world.plan(clients=[world.camille.pk], repeat=world.weeks(2)).lesson)
    data = {name: world.day + value if isinstance(value, timedelta) else value for name, value in wrong.items()}
    answer = visitor.post(f"{LIST}{pack.pk}/edit/", {**sold(world), **data})
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in answer.content.decode()


def test_a_subscription_that_was_never_used_can_be_deleted(visitor: Visitor, world: World) -> None:
    pack = world.pack(world.camille)
    visitor.post(f"{LIST}{pack.pk}/edit/", {"delete": "1"})
    assert not Subscription.objects.exists()


def test_one_with_a_ledger_stays(visitor: Visitor, world: World) -> None:
    pack = world.pack(world.camille)
    lesson = world.plan(clients=[world.camille.pk]).lesson
    run_follow_up(lesson)
    services.return_credits(lessons=[lesson.pk])
    text = unescape(visitor.post(f"{LIST}{pack.pk}/edit/", {"delete": "1"}, follow=True).content.decode())
    assert "cannot be deleted" in text
    assert Subscription.objects.exists()


# ── Where clients are shown ──


def test_a_clients_record_shows_lessons_and_what_is_left(visitor: Visitor, world: World) -> None:
    world.pack(world.noe, credits=4, valid_from=timezone.localdate())
    unpaid_lesson(world, title="Voltige", starts_at=timezone.now() - timedelta(days=2))
    text = page(visitor, f"/club/clients/{world.noe.pk}/")
    assert "4 sessions" in text
    assert "Voltige" in text
    assert "Unpaid" in text
