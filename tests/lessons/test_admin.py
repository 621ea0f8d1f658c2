"""The admin of the club's data: every page opens, and what a service writes is written by it."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.utils import timezone

from jobs.models import Job
from lessons import services
from lessons.models import Client, Closure, Lesson, Notice, Reminder, Subscription, Teacher
from tests.lessons.world import World, run_follow_up

NAMES = [
    "club", "teacher", "client", "subscription", "closure", "place", "lesson", "subscriptionuse", "notice", "reminder",
]  # fmt: skip


@pytest.fixture
def browser(db: None) -> Browser:
    browser = Browser(headers={"accept-language": "en"})
    browser.force_login(User.objects.create_superuser("operator", password="demo"))
    return browser


@pytest.fixture
def lesson(world: World) -> Lesson:
    world.pack(world.camille)
    services.create_closure(club=world.club, first_day=world.day - timedelta(days=3), last_day=world.day - timedelta(days=3))
    lesson = world.plan(clients=[world.camille.pk, world.hugo.pk]).lesson
    run_follow_up(lesson)
    return lesson


@pytest.mark.parametrize("name", NAMES)
def test_every_list_opens(browser: Browser, lesson: Lesson, name: str) -> None:
    assert browser.get(f"/admin/lessons/{name}/", {"q": "a"}).status_code == 200


@pytest.mark.parametrize("name", ["lesson", "notice", "reminder", "teacher", "subscription"])
def test_a_row_opens(browser: Browser, lesson: Lesson, name: str) -> None:
    rows = {"lesson": Lesson, "notice": Notice, "reminder": Reminder, "teacher": Teacher, "subscription": Subscription}
    pk = rows[name]._default_manager.latest("pk").pk
    assert browser.get(f"/admin/lessons/{name}/{pk}/change/").status_code == 200


@pytest.mark.parametrize("name", ["lesson", "notice", "reminder", "subscriptionuse"])
def test_what_follows_a_lesson_cannot_be_added_by_hand(browser: Browser, name: str) -> None:
    assert browser.get(f"/admin/lessons/{name}/add/").status_code == 403


def test_a_teacher_added_here_gets_the_next_silk(browser: Browser, world: World) -> None:
    form = {"club": world.club.pk, "first_name": "Marc", "last_name": "", "email": "", "phone": "", "volunteer": "on", "active": "on"}
    assert browser.post("/admin/lessons/teacher/add/", form).status_code == 302
    assert Teacher.objects.get(first_name="Marc").silk == 3


def test_a_change_writes_what_was_changed(browser: Browser, world: World) -> None:
    form = {"club": world.club.pk, "first_name": "Camille", "email": "camille@example.org", "phone": "0470 12 34 56"}
    assert browser.post(f"/admin/lessons/client/{world.camille.pk}/change/", form).status_code == 302
    assert Client.objects.get(pk=world.camille.pk).phone == "0470 12 34 56"


def test_a_card_is_of_the_club_of_its_client(browser: Browser, world: World) -> None:
    form = {"club": World("Autre club", "other_").club.pk, "client": world.hugo.pk, "kind": "pack", "credits": 10, "valid_from": world.day}
    answer = browser.post("/admin/lessons/subscription/add/", form)
    assert "This client is of another club." in answer.content.decode()
    assert not Subscription.objects.exists()


def test_a_person_sends_an_unsure_notice_again(browser: Browser, lesson: Lesson) -> None:
    notice = Notice.objects.filter(lesson=lesson).latest("pk")
    Notice.objects.filter(pk=notice.pk).update(status="unsure", sending_since=timezone.now())
    before = Job.objects.count()
    browser.post("/admin/lessons/notice/", {"action": "send_again", "_selected_action": [notice.pk]})
    notice.refresh_from_db()
    assert (notice.status, Job.objects.count()) == ("pending", before + 1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"credits": "1"}, "2 lessons were used already."),
        ({"kind": "period", "credits": ""}, "It has paid for lessons already."),
    ],
)
def test_an_operator_too_keeps_what_a_subscription_has_paid(browser: Browser, world: World, wrong: dict[str, str], message: str) -> None:
    pack = world.pack(world.camille, credits=5)
    run_follow_up(world.plan(clients=[world.camille.pk], repeat=world.weeks(2)).lesson)
    values = {"kind": "pack", "credits": "5", "valid_from": str(pack.valid_from), "valid_until": "", **wrong}
    answer = browser.post(f"/admin/lessons/subscription/{pack.pk}/change/", values)
    assert answer.status_code == 200
    assert message in answer.content.decode()
    pack.refresh_from_db()
    assert (pack.kind, pack.credits) == ("pack", 5)


def test_an_operator_gives_more_lessons_and_changes_no_client(browser: Browser, world: World) -> None:
    pack = world.pack(world.camille, credits=5)
    values = {"client": world.hugo.pk, "kind": "pack", "credits": "6", "valid_from": str(pack.valid_from), "valid_until": ""}
    assert browser.post(f"/admin/lessons/subscription/{pack.pk}/change/", values).status_code == 302
    pack.refresh_from_db()
    assert (pack.client, pack.credits) == (world.camille, 6)


@pytest.mark.parametrize(
    ("days", "field", "message"),
    [
        (("2026-12-01", "2028-12-01"), "last_day", "A closure lasts a year at most."),
        (("2026-12-02", "2026-12-01"), "last_day", "The last day is before the first."),
        (("1999-12-01", "2000-01-01"), "first_day", "This date is too far away."),
        (("", "2026-12-01"), "first_day", "This field is required."),
    ],
)
@pytest.mark.parametrize("changing", [False, True], ids=["new", "changed"])
def test_an_operator_closes_no_longer_than_a_manager(
    browser: Browser, world: World, days: tuple[str, str], field: str, message: str, changing: bool
) -> None:
    first = services.create_closure(club=world.club, first_day=world.day, last_day=world.day)
    page = f"/admin/lessons/closure/{first.pk}/change/" if changing else "/admin/lessons/closure/add/"
    answer = browser.post(page, {"club": world.club.pk, "first_day": days[0], "last_day": days[1], "reason": ""})
    assert answer.context["adminform"].form.errors == {field: [message]}
    assert list(Closure.objects.values_list("first_day", "last_day")) == [(world.day, world.day)]


def test_an_operator_closes_a_club_for_some_days(browser: Browser, world: World) -> None:
    days = {"first_day": f"{world.day}", "last_day": f"{world.day + timedelta(days=3)}"}
    assert browser.post("/admin/lessons/closure/add/", {"club": world.club.pk, **days, "reason": "Frost"}).status_code == 302
    assert Closure.objects.filter(**days, club=world.club).count() == 1
