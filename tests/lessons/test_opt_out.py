"""A client stops the reminders from the mail itself."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Visitor
from django.utils import timezone

from lessons import notices, opt_out, services
from lessons.models import Client, Notice, Reminder
from tests.lessons.world import World


def reminder_to(world: World, **recipient: Any) -> Notice:
    lesson = world.plan(clients=[world.camille.pk]).lesson
    made = Notice.objects.create(club=world.club, lesson=lesson, kind="reminder", recipient_email="c@example.org", **recipient)
    return Notice.objects.with_details().get(pk=made.pk)


def path_of(client: Client) -> str:
    return f"/reminders/{opt_out.token_for(client)}/"


def wants(client: Client) -> bool:
    client.refresh_from_db()
    return client.wants_reminders


def test_the_mail_carries_the_link(world: World) -> None:
    message = notices.compose(reminder_to(world, client=world.camille))
    assert path_of(world.camille) in message.body
    assert path_of(world.camille) in str(message.alternatives[0][0])
    assert message.extra_headers["List-Unsubscribe"] == f"<http://127.0.0.1:8000{path_of(world.camille)}>"
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_teacher_has_no_such_link(world: World) -> None:
    message = notices.compose(reminder_to(world, teacher=world.sophie))
    assert "/reminders/" not in message.body
    assert "List-Unsubscribe" not in message.extra_headers


def test_looking_at_the_page_changes_nothing(world: World) -> None:
    assert "No more reminders?" in Visitor().get(path_of(world.camille)).content.decode()
    assert wants(world.camille)


def test_one_click_stops_them_and_one_starts_them_again(world: World) -> None:
    visitor = Visitor(enforce_csrf_checks=True)
    assert "no more reminders" in visitor.post(path_of(world.camille), follow=True).content.decode()
    assert not wants(world.camille)
    visitor.post(path_of(world.camille), {"again": "1"})
    assert wants(world.camille)


def test_a_mail_program_unsubscribes_without_a_redirect(world: World) -> None:
    assert Visitor().post(path_of(world.camille), {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not wants(world.camille)


@pytest.mark.parametrize("token", ["1", "1:x", "x:y", "%00", "99999999999999999999:x"])
def test_a_link_that_we_did_not_sign_leads_nowhere(world: World, token: str) -> None:
    assert Visitor().post(f"/reminders/{token}/").status_code == 404
    assert wants(world.camille)


def test_the_link_of_a_client_who_is_gone_leads_nowhere(world: World) -> None:
    path = path_of(world.camille)
    world.camille.delete()
    assert Visitor().get(path).status_code == 404


def test_who_opted_out_is_not_reminded(world: World) -> None:
    now = timezone.now()
    services.change(world.camille, wants_reminders=False)
    lesson = world.plan(starts_at=now + timedelta(hours=20), clients=[world.camille.pk, world.hugo.pk]).lesson
    Reminder.objects.create(lesson=lesson, due_at=now - timedelta(minutes=1))
    services.send_due_reminders()
    assert set(Notice.objects.values_list("client", flat=True)) == {None, world.hugo.pk}
