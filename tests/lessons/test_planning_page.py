"""The planning page as it is served: who sees what, what a form does, and what it costs."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Visitor
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from jobs.models import Job, Worker
from lessons.models import Client, Enrolment, Lesson, Membership, Place, Teacher
from tests.lessons.world import World, at, run_follow_up, visitor_of

SESSION_AND_USER = 2


@pytest.fixture
def visitor(world: World) -> Visitor:
    return visitor_of(world.manager)


def page_of(answer: Any) -> str:
    return unescape(answer.content.decode())


def week_of(visitor: Visitor, world: World) -> str:
    return page_of(visitor.get(f"/club/planning?jour={world.day}"))


def form(world: World, **values: Any) -> dict[str, Any]:
    """What a visitor posts."""
    fields = {
        "title": "Galop 4", "teacher": world.sophie.pk, "day": world.day.isoformat(), "start": "16:00", "duration_minutes": 60,
        "place": "Carrière", "capacity": 8, "clients": [world.camille.pk], "until": "", "request_key": "one-click",
    }  # fmt: skip
    return {**fields, **values}


def post(visitor: Visitor, data: dict[str, Any]) -> Any:
    return visitor.post("/club/planning/new", data)


# ── The week ──


def test_the_planning_needs_a_log_in() -> None:
    answer = Visitor().get("/club/planning")
    assert (answer.status_code, answer["Location"]) == (302, "/connexion/?next=/club/planning")


def test_a_lesson_stands_in_its_day_and_hour(visitor: Visitor, world: World) -> None:
    world.plan(title="Voltige", starts_at=at(world.day, 17, 30))
    slot = next(slot for slot in week_of(visitor, world).split('<div class="slot')[1:] if "Voltige" in slot)
    assert f"day={world.day}&hour=17" in slot
    assert "17:30" in slot


def test_a_cancelled_lesson_is_not_on_the_planning(visitor: Visitor, world: World) -> None:
    world.plan(title="Voltige")
    Lesson.objects.update(status=Lesson.Status.CANCELLED)
    assert 'class="lesson ' not in week_of(visitor, world)


def test_hours_are_those_of_the_clubs_time_zone(visitor: Visitor, world: World) -> None:
    world.club.time_zone = "America/Montreal"
    world.club.save()
    world.plan(starts_at=at(world.day, 22))  # 16:00 in Montreal
    assert ">16:00 </time>" in week_of(visitor, world)


def test_early_and_late_lessons_make_room_for_themselves(visitor: Visitor, world: World) -> None:
    world.plan(starts_at=at(world.day, 6))
    world.plan(starts_at=at(world.day, 22))
    assert re.findall(r"<span>(\d+):00</span>", week_of(visitor, world)) == [str(hour) for hour in range(6, 23)]


@pytest.mark.parametrize(("closed", "said"), [(True, "Public holiday (Christmas Day)"), (False, "")])
def test_a_public_holiday_is_said_at_its_day(visitor: Visitor, world: World, closed: bool, said: str) -> None:
    world.club.closed_on_public_holidays = closed
    world.club.save()
    heads = re.findall(r'<span class="closed">([^<]*)</span>', page_of(visitor.get("/club/planning?jour=2026-12-25")))
    assert heads == [said][: len(said)]


def test_an_empty_week_says_so(visitor: Visitor, world: World) -> None:
    assert "No lesson this week" in week_of(visitor, world)


@pytest.mark.parametrize("query", ["jour=2026-02-30", "jour=x", "semaine=9999-12-31", "semaine=0001-01-01", "cree=x"])
def test_a_day_that_does_not_exist_shows_this_week(visitor: Visitor, query: str) -> None:
    today = timezone.localdate()
    assert f'href="?jour={today}"' in page_of(visitor.get(f"/club/planning?{query}"))


def test_the_lessons_of_another_club_are_not_there(visitor: Visitor, world: World) -> None:
    other = World("Poney-club du Lac", prefix="other")
    lesson = other.plan(title="Voltige").lesson
    assert "Voltige" not in week_of(visitor, world)
    assert visitor.get(f"/club/lessons/{lesson.pk}/").status_code == 404


def test_a_person_without_a_club_is_told_so(visitor: Visitor, world: World) -> None:
    Membership.objects.all().delete()
    answer = visitor.get("/club/planning")
    assert (answer.status_code, "No club yet" in page_of(answer)) == (403, True)


def test_a_person_of_two_clubs_goes_from_one_to_the_other(visitor: Visitor, world: World) -> None:
    other = World("Poney-club du Lac", prefix="other")
    assert f"?club={world.club.pk}" not in week_of(visitor, world), "who has one club has nothing to choose"
    Membership.objects.create(user=world.manager, club=other.club, role=Membership.Role.MANAGER)
    [there] = re.findall(rf'href="(/club/planning\?club={other.club.pk})"', week_of(visitor, world))
    visitor.get(there)
    assert f'?club={other.club.pk}" aria-current="true"' in week_of(visitor, world), "and stays there"


def test_a_form_that_stood_open_is_of_the_club_that_it_was_opened_in(visitor: Visitor, world: World) -> None:
    other = World("Poney-club du Lac", prefix="other")
    Membership.objects.create(user=world.manager, club=other.club, last_used_at=timezone.now())
    [action] = re.findall(
        r'id="lesson-form" method="post" action="([^"]+)"', page_of(visitor.get(f"/club/planning/new?club={world.club.pk}"))
    )
    visitor.get(f"/club/planning?club={other.club.pk}")
    visitor.post(action, form(world))
    assert Lesson.objects.get().club == world.club


def test_a_teacher_reads_and_does_not_plan(world: World) -> None:
    visitor = visitor_of(world.teacher_user())
    assert "/club/planning/new" not in week_of(visitor, world)
    assert post(visitor, form(world)).status_code == 403


@pytest.mark.parametrize("count", [5, 200])
def test_three_queries_beyond_session_and_user_whatever_the_number_of_lessons(visitor: Visitor, world: World, count: int) -> None:
    place = world.arena
    start = at(world.day, 9)
    lessons = [
        Lesson(club=world.club, title="x", teacher=world.lea, place=place, starts_at=start, ends_at=start + timedelta(hours=1))
        for _ in range(count)
    ]
    Enrolment.objects.bulk_create(Enrolment(lesson=lesson, client=world.hugo) for lesson in Lesson.objects.bulk_create(lessons))
    with CaptureQueriesContext(connection) as queries:
        assert week_of(visitor, world).count('class="lesson ') == count
    assert len(queries) - SESSION_AND_USER <= 3


# ── A new lesson ──


def test_a_new_club_reads_the_next_step_at_each_field(visitor: Visitor, world: World) -> None:
    for model in (Teacher, Place, Client):
        model.objects.all().delete()
    hints = re.findall(r'id="id_(\w+)_helptext">([^<]*)', page_of(visitor.get("/club/planning/new")))
    assert [name for name, _hint in hints] == ["title", "teacher", "place", "clients"]
    assert "Ask the operator to add one." in dict(hints)["teacher"]


def test_the_form_opens_at_the_chosen_slot(visitor: Visitor, world: World) -> None:
    page = page_of(visitor.get(f"/club/planning/new?day={world.day}&hour=16"))
    assert f'value="{world.day}"' in page
    assert 'value="16:00"' in page


def test_posting_the_form_plans_the_lesson_and_leads_to_it(visitor: Visitor, world: World) -> None:
    answer = post(visitor, form(world))
    lesson = Lesson.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/club/planning?jour={world.day}&cree={lesson.pk}")
    assert (lesson.title, lesson.starts_at, list(lesson.clients.all())) == ("Galop 4", at(world.day, 16), [world.camille])


def test_without_javascript_the_next_page_shows_the_job_and_then_what_happened(visitor: Visitor, world: World) -> None:
    world.pack(world.camille)
    there = post(visitor, form(world, weekly="on", until=world.weeks(3).until))["Location"]
    job = Lesson.objects.get().job
    assert job
    assert f'data-job="{job.token}"' in page_of(visitor.get(there))
    run_follow_up(Lesson.objects.get(job=job))
    page = page_of(visitor.get(there))
    assert "3 lessons created" in page
    assert "3 sessions taken from subscriptions" in page


def test_a_double_click_makes_one_lesson(visitor: Visitor, world: World) -> None:
    first, second = (post(visitor, form(world)) for _ in range(2))
    assert (Lesson.objects.count(), first["Location"]) == (1, second["Location"])


def test_a_taken_place_is_said_at_its_field_with_a_way_out(visitor: Visitor, world: World) -> None:
    Place.objects.create(club=world.club, name="Manège")
    world.plan()
    answer = post(visitor, form(world, teacher=world.lea.pk))
    page = page_of(answer)
    assert (answer.status_code, Lesson.objects.count()) == (422, 1)
    assert re.search(r'id="id_place_error".*is taken from 16:00 to 17:00', page, re.DOTALL)
    assert 'name="fix" value="place:Manège"' in page
    assert "1 field to correct: place." in page


def test_a_way_out_fills_the_form_and_creates_nothing_yet(visitor: Visitor, world: World) -> None:
    page = page_of(post(visitor, form(world, fix="start:17:00")))
    assert 'value="17:00"' in page
    assert "Galop 4" in page
    assert re.search(rf'<option value="{world.camille.pk}"[^>]* selected', page)
    assert not Lesson.objects.exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"teacher": ""}, "teacher"),
        ({"day": "2026-02-30"}, "day"),
        ({"day": "9999-12-31"}, "day"),
        ({"start": "25:00"}, "start"),
        ({"duration_minutes": "-60"}, "duration_minutes"),
        ({"place": " "}, "place"),
        ({"capacity": "0"}, "capacity"),
        ({"clients": ["99999999"]}, "clients"),
        ({"weekly": "on", "until": ""}, "until"),
        ({"weekly": "on", "until": "2000-01-01"}, "until"),
        ({"weekly": "on", "until": "9999-12-31"}, "until"),
        ({"day": "2027-03-28", "start": "02:30"}, "start"),  # the clocks skip it
    ],
)
def test_bad_input_is_a_message_at_its_field(visitor: Visitor, world: World, values: dict[str, Any], field: str) -> None:
    answer = post(visitor, form(world, **values))
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in page_of(answer)
    assert not Lesson.objects.exists()


def test_a_teacher_of_another_club_cannot_be_chosen(visitor: Visitor, world: World) -> None:
    other = World("Poney-club du Lac", prefix="other")
    answer = post(visitor, form(world, teacher=other.sophie.pk))
    assert 'id="id_teacher_error"' in page_of(answer)
    assert other.sophie.last_name not in page_of(answer).replace(world.sophie.last_name, "")


def test_a_client_without_a_session_left_is_marked_in_the_list(visitor: Visitor, world: World) -> None:
    world.pack(world.camille, 10, used=3)
    world.period(world.hugo)
    page = page_of(visitor.get(f"/club/planning/new?day={world.day}"))
    found = dict(re.findall(r'data-name="(\w+)" data-left="(\d*)"', page))
    assert found == {"Camille": "7", "Hugo": "", "Noé": "0"}


# ── One lesson, and the frame ──


def test_a_lesson_says_who_is_enrolled_and_who_has_not_paid(visitor: Visitor, world: World) -> None:
    world.pack(world.camille)
    lesson = world.plan(clients=[world.camille.pk, world.noe.pk]).lesson
    run_follow_up(lesson)
    page = page_of(visitor.get(f"/club/lessons/{lesson.pk}/"))
    assert ("1 unpaid" in page, "Camille" in page, "Noé" in page) == (True, True, True)


def test_a_stopped_worker_is_announced(visitor: Visitor, world: World) -> None:
    assert 'id="no-worker"' in week_of(visitor, world)
    now = timezone.now()
    Worker.objects.create(owner="w", host="h", pid=1, queues="default", since=now, seen_at=now)
    assert 'id="no-worker"' not in week_of(visitor, world)


def test_where_jobs_run_within_the_request_no_worker_is_missed(visitor: Visitor, world: World, settings: Settings) -> None:
    settings.JOBS_INLINE = True
    assert 'id="no-worker"' not in week_of(visitor, world)


def test_the_tray_holds_what_goes_on_and_what_failed(visitor: Visitor, world: World) -> None:
    lesson = world.plan().lesson
    assert lesson.job
    there = f"/club/planning?jour={world.day + timedelta(weeks=4)}"
    assert lesson.job.token in page_of(visitor.get(there))
    Job.objects.filter(pk=lesson.job.pk).update(status=Job.Status.ERROR, error="The mail server is away.", finished_at=timezone.now())
    assert "The mail server is away." in page_of(visitor.get(there))
    run_follow_up(lesson)


def test_the_tray_of_another_club_is_its_own(world: World) -> None:
    lesson = world.plan().lesson
    assert lesson.job
    other = World("Poney-club du Lac", prefix="other")
    assert lesson.job.token not in week_of(visitor_of(other.manager), other)


def test_nothing_on_the_page_is_inline(visitor: Visitor, world: World) -> None:
    world.plan()
    for page in (week_of(visitor, world), page_of(visitor.get("/club/planning/new")), page_of(Visitor().get("/connexion/"))):
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)
