"""The demo club."""

from datetime import date, timedelta

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.db.models import Count, F
from django.test import RequestFactory
from django.utils import timezone

from jobs.models import Job
from lessons import services
from lessons.models import Client, Closure, Club, Enrolment, Lesson, Subscription, SubscriptionUse, Teacher

pytestmark = pytest.mark.django_db
WEDNESDAY = date(2026, 11, 25)


def test_the_club_is_as_large_as_promised() -> None:
    club = services.fill_demo()
    assert club.name == "Les Écuries du Bois"
    assert Teacher.objects.filter(club=club, volunteer=True).exclude(email="").count() >= 25
    assert Client.objects.filter(club=club, subscriptions__isnull=False).count() >= 60


def test_filling_twice_changes_nothing() -> None:
    services.fill_demo(today=WEDNESDAY)
    before = [model.objects.count() for model in (Club, Teacher, Client, Subscription, Lesson, Enrolment, SubscriptionUse)]
    services.fill_demo(today=WEDNESDAY + timedelta(days=1))
    assert [model.objects.count() for model in (Club, Teacher, Client, Subscription, Lesson, Enrolment, SubscriptionUse)] == before


def test_a_week_later_the_next_week_has_lessons_too() -> None:
    services.fill_demo(today=WEDNESDAY)
    before = Lesson.objects.count()
    services.fill_demo(today=WEDNESDAY + timedelta(weeks=1))
    assert Lesson.objects.count() == before * 3 // 2


def test_it_starts_no_job() -> None:
    services.fill_demo()
    assert not Job.objects.exists()


@pytest.mark.parametrize("name", ["manager", "teacher", "operator", "stranger"])
def test_the_accounts_open(name: str) -> None:
    services.fill_demo()
    user = authenticate(RequestFactory().post("/"), username=name, password="demo")
    assert user is not None
    assert user.is_superuser is (name == "operator")


def test_the_stranger_manages_another_club() -> None:
    club = services.fill_demo()
    assert not club.memberships.filter(user__username="stranger").exists()
    assert Client.objects.filter(club__memberships__user__username="stranger").exists()


def test_the_debits_add_up() -> None:
    services.fill_demo()
    packs = Subscription.objects.filter(kind="pack", client__notes="").annotate(rows=Count("uses"))
    assert not packs.filter(used__lt=F("rows")).exists()
    assert SubscriptionUse.objects.count() == Enrolment.objects.filter(status="paid").count()
    assert Enrolment.objects.filter(status="unpaid").exists()


def test_some_wait_for_a_place_and_past_rolls_are_taken() -> None:
    today = timezone.localdate()
    services.fill_demo(today=today - timedelta(weeks=3))
    services.fill_demo(today=today + timedelta(weeks=1))
    assert Enrolment.objects.filter(attendance="waiting", lesson__starts_at__gt=timezone.now()).exists()
    past = Enrolment.objects.filter(lesson__ends_at__lt=timezone.now()).values_list("attendance", flat=True)
    assert {"attended", "no_show"} <= set(past)


def test_the_club_is_closed_at_christmas() -> None:
    services.fill_demo(today=WEDNESDAY)
    closure = Closure.objects.get(club__name="Les Écuries du Bois")
    assert closure.first_day <= date(2026, 12, 25) <= closure.last_day


def test_the_command_says_what_it_made(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("demo_data")
    assert "Les Écuries du Bois: 26 teachers, 65 clients, 70 lessons, 2 programmes, 3 voice notes" in capsys.readouterr().out


def test_who_teaches_in_the_demo_week_shares_no_silk() -> None:
    club = services.fill_demo(today=WEDNESDAY)
    weekly = Teacher.objects.filter(club=club, lessons__isnull=False).distinct()
    silks = set(weekly.values_list("silk", flat=True))
    assert silks == {1, 2, 3, 4, 5, 6}
    assert Teacher.objects.filter(club=club, silk__in=silks).count() == weekly.count()
