"""Settings that were read before somebody else changed them: a save tells so, keeps what was typed, and puts nothing old back."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as Visitor

from lessons import services
from lessons.models import Club, Membership, SettingsChange
from tests.lessons.test_planning_page import page_of
from tests.lessons.test_settings_page import SETTINGS, rules
from tests.lessons.world import World, api, visitor_of

API = "/api/club/"


@pytest.fixture
def visitor(world: World) -> Visitor:
    return visitor_of(world.manager)


@pytest.fixture
def marie(world: World) -> User:
    user = User.objects.create_user("marie", first_name="Marie", last_name="Dubois")
    Membership.objects.create(user=user, club=world.club)
    return user


def opened(visitor: Visitor) -> dict[str, Any]:
    """All that the page would send if nothing were typed."""
    form = visitor.get(SETTINGS).context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: "on" if value is True else value for name, value in values.items() if value is not False}


def stored(world: World) -> Club:
    return Club.objects.get(pk=world.club.pk)


def test_a_page_left_open_puts_nothing_old_back_and_says_who_changed_what(visitor: Visitor, world: World, marie: User) -> None:
    form = opened(visitor)
    services.change_club(club=world.club, user=marie, cancellation_cutoff_hours=48, no_show_charged=False)
    late = visitor.post(SETTINGS, {**form, "promotion_cutoff_hours": "5"})
    page = page_of(late)
    assert late.status_code == 409
    assert "Marie Dubois changed the settings " in page
    assert "Free cancellation, hours before: 24 → <b>48</b>" in page
    assert "Absence costs the lesson: Yes → <b>No</b>" in page
    assert (stored(world).cancellation_cutoff_hours, stored(world).promotion_cutoff_hours) == (48, 2)


def test_what_was_typed_stays_and_what_was_left_alone_is_as_stored(visitor: Visitor, world: World, marie: User) -> None:
    form = opened(visitor)
    services.change_club(club=world.club, user=marie, cancellation_cutoff_hours=48, reminder_lead_hours=12, no_show_charged=False)
    late = visitor.post(SETTINGS, {**form, "promotion_cutoff_hours": "5", "reminder_lead_hours": "36"})
    shown = late.context["form"]
    names = ("promotion_cutoff_hours", "reminder_lead_hours", "cancellation_cutoff_hours", "no_show_charged")
    assert [shown[name].value() for name in names] == [5, 36, 48, False]
    assert [getattr(shown.fields[name], "stored", "") for name in names] == ["2", "12", "", ""]
    assert page_of(late).count("Stored now: ") == 2


def test_the_next_save_is_of_what_is_seen_then(visitor: Visitor, world: World, marie: User) -> None:
    form = opened(visitor)
    services.change_club(club=world.club, user=marie, cancellation_cutoff_hours=48, reminder_lead_hours=12)
    late = visitor.post(SETTINGS, {**form, "reminder_lead_hours": "36"})
    again = {name: late.context["form"][name].value() for name in ("reminder_lead_hours", "cancellation_cutoff_hours", "version")}
    assert visitor.post(SETTINGS, {**form, **again}).status_code == 302
    assert (stored(world).cancellation_cutoff_hours, stored(world).reminder_lead_hours) == (48, 36)


def test_of_several_changes_the_first_says_what_the_page_had_shown(visitor: Visitor, world: World, marie: User) -> None:
    form = opened(visitor)
    for hours in (48, 72):
        services.change_club(club=world.club, user=marie, cancellation_cutoff_hours=hours)
    late = visitor.post(SETTINGS, {**form, "email": "new@example.org"})
    assert late.context["form"]["cancellation_cutoff_hours"].value() == 72
    assert page_of(late).count("Free cancellation, hours before: ") == 2


def test_the_same_save_twice_is_not_late(visitor: Visitor, world: World) -> None:
    form = {**opened(visitor), "promotion_cutoff_hours": "5"}
    assert [visitor.post(SETTINGS, form).status_code for _ in range(2)] == [302, 302]
    assert SettingsChange.objects.count() == 1


def test_a_page_without_a_version_saves_as_before(visitor: Visitor, world: World, marie: User) -> None:
    services.change_club(club=world.club, user=marie, cancellation_cutoff_hours=48)
    assert visitor.post(SETTINGS, rules(world, promotion_cutoff_hours="5")).status_code == 302


@pytest.mark.parametrize("version", ["x", "-1", "9" * 30, "0"])
def test_a_version_that_is_none_is_refused(visitor: Visitor, world: World, version: str) -> None:
    assert visitor.post(SETTINGS, rules(world, version=version, no_show_charged="")).status_code in (409, 422)
    assert stored(world).no_show_charged


def test_the_api_tells_whoever_says_what_was_read(world: World, marie: User) -> None:
    visitor = api(world.manager)
    version = visitor.get(API).json()["version"]
    api(marie).patch(API, {"cancellation_cutoff_hours": 48})
    late = visitor.patch(API, {"promotion_cutoff_hours": 5, "version": version})
    assert late.status_code == 409
    assert late.json()["detail"].startswith("Marie Dubois changed the settings ")
    assert stored(world).promotion_cutoff_hours == 2


def test_an_answer_carries_the_version_for_the_next_change(world: World) -> None:
    visitor = api(world.manager)
    first = visitor.patch(API, {"promotion_cutoff_hours": 5, "version": 1}).json()
    assert (first["version"], first["promotion_cutoff_hours"]) == (2, 5)
    assert visitor.patch(API, {"promotion_cutoff_hours": 6, "version": first["version"]}).status_code == 200


def test_without_a_version_the_last_one_wins(world: World, marie: User) -> None:
    services.change_club(club=world.club, user=marie, cancellation_cutoff_hours=48)
    assert api(world.manager).patch(API, {"cancellation_cutoff_hours": 12}).json()["cancellation_cutoff_hours"] == 12


@pytest.mark.parametrize("version", ["x", None, 0, [], 1.5])
def test_what_is_no_version_is_said_at_its_field(world: World, version: Any) -> None:
    answer = api(world.manager).patch(API, {"promotion_cutoff_hours": 5, "version": version}, format="json")
    assert (answer.status_code, list(answer.json())) == (400, ["version"])


def test_an_operators_change_counts_too(world: World, visitor: Visitor) -> None:
    form, operator = opened(visitor), visitor_of(User.objects.create_superuser("operator", password="demo"))
    inline = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    answer = operator.post(f"/admin/lessons/club/{world.club.pk}/change/", {**form, **inline, "reminder_lead_hours": "48"})
    assert answer.status_code == 302, (answer.context["errors"], answer.context["adminform"].form.errors)
    assert stored(world).reminder_lead_hours == 48
    late = visitor.post(SETTINGS, {**form, "promotion_cutoff_hours": "5"})
    assert (late.status_code, "operator changed the settings " in page_of(late)) == (409, True)
