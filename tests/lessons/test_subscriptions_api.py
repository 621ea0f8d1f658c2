"""Subscriptions and what is left of them, for client programs."""

from datetime import timedelta

import pytest
from django.utils import timezone

from lessons.models import Subscription
from tests.lessons.world import World, api, run_follow_up


@pytest.mark.parametrize(("kind", "left"), [("pack", 10), ("period", None), ("", 0)])
def test_a_client_says_how_many_sessions_are_left(world: World, kind: str, left: int | None) -> None:
    if kind:
        getattr(world, kind)(world.camille, valid_from=timezone.localdate())
    visitor = api(world.manager)
    assert visitor.get(f"/api/clients/{world.camille.pk}/").json()["sessions_left"] == left
    rows = {row["id"]: row["sessions_left"] for row in visitor.get("/api/clients/").json()["results"]}
    assert rows[world.camille.pk] == left


def test_a_new_client_has_none(world: World) -> None:
    assert api(world.manager).post("/api/clients/", {"first_name": "Zoé"}).json()["sessions_left"] == 0


def test_what_a_subscription_has_paid_stays_covered(world: World) -> None:
    pack = world.pack(world.camille)
    run_follow_up(world.plan(clients=[world.camille.pk]).lesson)
    until = (world.day - timedelta(days=1)).isoformat()
    answer = api(world.manager).patch(f"/api/subscriptions/{pack.pk}/", {"valid_until": until})
    assert answer.status_code == 400
    assert "has paid for a lesson" in answer.json()["valid_until"][0]
    assert Subscription.objects.get().valid_until is None


def test_a_client_program_can_stop_the_reminders(world: World) -> None:
    api(world.manager).patch(f"/api/clients/{world.camille.pk}/", {"wants_reminders": False})
    world.camille.refresh_from_db()
    assert not world.camille.wants_reminders
