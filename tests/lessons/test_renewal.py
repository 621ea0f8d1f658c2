"""A client is told once that a pack is nearly used up."""

from datetime import timedelta

import pytest
from django.utils import timezone

from lessons import notices, services
from lessons.models import Lesson, Notice
from tests.lessons.world import World, run_follow_up


def planned(world: World, weeks: int) -> Lesson:
    lesson = world.plan(clients=[world.camille.pk], repeat=world.weeks(weeks)).lesson
    run_follow_up(lesson)
    return lesson


@pytest.mark.parametrize(("credits", "told"), [(4, 0), (3, 1), (2, 1), (1, 1)])
def test_the_client_is_told_when_one_session_is_left_or_none(world: World, credits: int, told: int) -> None:
    pack = world.pack(world.camille, credits=credits)
    planned(world, 2)
    notices_of_renewal = Notice.objects.filter(kind="renewal")
    assert [(notice.client, notice.subscription) for notice in notices_of_renewal] == [(world.camille, pack)] * told


def test_nobody_is_told_twice(world: World) -> None:
    world.pack(world.camille, credits=2)
    lesson = planned(world, 1)
    services.return_credits(lessons=[lesson.pk])
    services.pay_lessons(lessons=[lesson.pk])
    assert Notice.objects.filter(kind="renewal").count() == 1


@pytest.mark.parametrize("other", ["pack", "period"])
def test_who_has_another_subscription_is_not_told(world: World, other: str) -> None:
    world.pack(world.camille, credits=1)
    today = timezone.localdate()
    getattr(world, other)(world.camille, valid_from=today, valid_until=world.day + timedelta(days=90))
    planned(world, 1)
    assert not Notice.objects.filter(kind="renewal").exists()


def test_a_subscription_that_has_ended_helps_nobody(world: World) -> None:
    world.pack(world.camille, credits=1)
    yesterday = timezone.localdate() - timedelta(days=2)
    world.pack(world.camille, valid_from=yesterday - timedelta(days=30), valid_until=yesterday)
    planned(world, 1)
    assert Notice.objects.filter(kind="renewal").count() == 1


def test_who_has_no_address_is_passed_over(world: World) -> None:
    world.pack(world.camille, credits=1)
    services.change(world.camille, email="")
    planned(world, 1)
    assert not Notice.objects.filter(kind="renewal").exists()


def test_the_mail_says_what_is_left_when_it_is_sent(world: World) -> None:
    pack = world.pack(world.camille, credits=2)
    planned(world, 1)
    [notice] = Notice.objects.with_details().filter(kind="renewal")
    message = notices.compose(notice)
    assert message.subject == "Les Écuries du Bois: your subscription is nearly used up"
    for words in ("1 session is left", "Pack of 2 sessions", "Last session taken: Galop 2, Wednesday"):
        assert words in message.body
        assert words in str(message.alternatives[0][0])
    pack.used = 2
    pack.save()
    assert "No session is left" in notices.compose(Notice.objects.with_details().get(pk=notice.pk)).body
