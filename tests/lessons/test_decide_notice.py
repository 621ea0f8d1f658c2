"""A notice that failed, or perhaps arrived: a manager sees it at its lesson and decides."""

import re
from typing import Any

import pytest
from django.test import Client as Visitor

from jobs.models import Job
from lessons import services
from lessons.models import Notice
from tests.lessons.test_planning_page import page_of, week_of
from tests.lessons.world import World, visitor_of


@pytest.fixture
def notice(world: World) -> Notice:
    lesson = world.plan(clients=[world.camille.pk]).lesson
    services.write_notices(lesson=lesson)
    Notice.objects.filter(teacher=world.sophie).update(status="sent")
    Job.objects.all().delete()
    return Notice.objects.get(client=world.camille)


@pytest.fixture
def visitor(world: World) -> Visitor:
    return visitor_of(world.manager)


def end(notice: Notice, status: str, error: str = "550 no such user") -> None:
    Notice.objects.filter(pk=notice.pk).update(status=status, error_message=error)


def decide(visitor: Visitor, notice: Notice, decision: str) -> Any:
    return visitor.post(f"/club/notices/{notice.pk}/", {"decision": decision})


def buttons(visitor: Visitor, notice: Notice) -> list[str]:
    return re.findall(r'name="decision" value="(\w+)"', page_of(visitor.get(f"/club/lessons/{notice.lesson_id}/")))


@pytest.mark.parametrize(("status", "offered"), [("sent", []), ("failed", ["resend"]), ("unsure", ["arrived", "resend"])])
def test_the_lesson_asks_for_the_decisions_that_are_open(visitor: Visitor, notice: Notice, status: str, offered: list[str]) -> None:
    end(notice, status)
    assert buttons(visitor, notice) == offered


def test_the_reason_is_said_and_the_week_points_to_it(visitor: Visitor, world: World, notice: Notice) -> None:
    assert "Notice to check" not in week_of(visitor, world)
    end(notice, "failed")
    assert "Notice to check" in week_of(visitor, world)
    assert "550 no such user" in page_of(visitor.get(f"/club/lessons/{notice.lesson_id}/"))


def test_sending_again_starts_a_job_that_its_manager_can_follow(visitor: Visitor, world: World, notice: Notice) -> None:
    end(notice, "unsure")
    answer = decide(visitor, notice, "resend")
    assert answer["Location"] == f"/club/lessons/{notice.lesson_id}/"
    job = Job.objects.get(kind="lessons.send_notice")
    assert (job.args, job.user) == ([notice.pk], world.manager)
    assert job.token in page_of(visitor.get(answer["Location"]))


def test_it_goes_to_the_address_that_the_person_has_now(notice: Notice, world: World) -> None:
    end(notice, "failed")
    services.change(world.camille, email="right@example.org")
    assert services.resend_notice(notice=notice)
    notice.refresh_from_db()
    assert (notice.recipient_email, notice.status) == ("right@example.org", "pending")


def test_what_arrived_is_not_sent_again(visitor: Visitor, notice: Notice) -> None:
    end(notice, "unsure")
    decide(visitor, notice, "arrived")
    decide(visitor, notice, "resend")
    notice.refresh_from_db()
    assert (notice.status, notice.sent_at is not None, Job.objects.count()) == ("sent", True, 0)


def test_what_failed_cannot_be_said_to_have_arrived(visitor: Visitor, notice: Notice) -> None:
    end(notice, "failed")
    decide(visitor, notice, "arrived")
    notice.refresh_from_db()
    assert notice.status == "failed"


def test_a_double_click_sends_once(visitor: Visitor, notice: Notice) -> None:
    end(notice, "failed")
    assert [decide(visitor, notice, "resend").status_code for _ in range(2)] == [302, 302]
    assert Job.objects.count() == 1


def test_a_decision_that_is_none_is_refused(visitor: Visitor, notice: Notice) -> None:
    assert decide(visitor, notice, "burn").status_code == 400


def test_a_teacher_neither_sees_nor_decides(world: World, notice: Notice) -> None:
    end(notice, "unsure")
    teacher = visitor_of(world.teacher_user())
    assert buttons(teacher, notice) == []
    assert "Notice to check" not in week_of(teacher, world)
    assert decide(teacher, notice, "resend").status_code == 403


def test_the_notice_of_another_club_is_not_there(notice: Notice) -> None:
    other = World("Poney-club du Lac", prefix="other")
    assert decide(visitor_of(other.manager), notice, "resend").status_code == 404
