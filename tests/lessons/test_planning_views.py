"""Week, day and list; whose lessons, and where: what one sees is in the address."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client as Visitor
from django.test.utils import CaptureQueriesContext

from lessons import services
from lessons.models import Enrolment, Lesson, Place
from lessons.times import long_day
from tests.lessons.test_planning_page import SESSION_AND_USER, page_of
from tests.lessons.world import World, at, run_follow_up, visitor_of


@pytest.fixture
def visitor(world: World) -> Visitor:
    world.plan(title="Voltige", teacher=world.lea.pk, place="Manège")
    world.plan(title="Saut", starts_at=at(world.day + timedelta(days=1), 10))
    return visitor_of(world.manager)


def titles(page: str) -> list[str]:
    return re.findall(r"</time>([^<]+)</b>", page)


def see(visitor: Visitor, world: World, query: str = "") -> str:
    return page_of(visitor.get(f"/club/planning?jour={world.day}{query}"))


@pytest.mark.parametrize("view", ["semaine", "jour", "liste"])
def test_each_view_shows_the_lessons_and_says_which_it_is(visitor: Visitor, world: World, view: str) -> None:
    page = see(visitor, world, f"&vue={view}")
    assert titles(page) == ["Voltige", "Saut"]
    assert re.search(rf'<a href="\?vue={view}[^"]*" aria-current="page">', page)


def test_a_view_that_is_not_known_is_the_week(visitor: Visitor, world: World) -> None:
    assert 'class="week"' in see(visitor, world, "&vue=month&enseignant=x&lieu=99999999999999999999")


def test_the_lessons_of_one_teacher(visitor: Visitor, world: World) -> None:
    assert titles(see(visitor, world, f"&enseignant={world.lea.pk}")) == ["Voltige"]


def test_the_lessons_of_one_place(visitor: Visitor, world: World) -> None:
    assert titles(see(visitor, world, f"&lieu={world.arena.pk}")) == ["Saut"]


def test_the_choice_goes_with_every_link(visitor: Visitor, world: World) -> None:
    page = see(visitor, world, f"&vue=liste&lieu={world.arena.pk}")
    links = re.findall(r'href="(\?(?:jour|semaine)=[^"]*)"', page)
    assert links
    assert [link for link in links if f"&vue=liste&lieu={world.arena.pk}" not in link] == []


def test_the_day_view_turns_days(visitor: Visitor, world: World) -> None:
    assert f'href="?jour={world.day + timedelta(days=1)}&vue=jour" data-key="ArrowRight"' in see(visitor, world, "&vue=jour")


@pytest.mark.parametrize(("view", "arrow"), [("semaine", "Next week"), ("jour", "Next day"), ("liste", "Next week")])
def test_the_arrow_says_what_it_turns(visitor: Visitor, world: World, view: str, arrow: str) -> None:
    assert f'data-key="ArrowRight" aria-label="{arrow}"' in see(visitor, world, f"&vue={view}")


def test_the_day_view_is_headed_by_its_day(visitor: Visitor, world: World) -> None:
    assert f'<h1 class="grow">{long_day(world.day)}</h1>' in see(visitor, world, "&vue=jour")


def test_a_new_lesson_begins_with_the_teacher_and_place_that_are_shown(visitor: Visitor, world: World) -> None:
    page = page_of(visitor.get(f"/club/planning/new?day={world.day}&enseignant={world.lea.pk}&lieu={world.arena.pk}"))
    assert f'<option value="{world.lea.pk}" selected>' in page
    assert 'name="place" value="Carrière"' in page


def test_a_place_of_another_club_fills_nothing(visitor: Visitor, world: World) -> None:
    theirs = World("Poney-club du Lac", prefix="other").arena
    theirs.name = "Leur pré"
    theirs.save()
    assert "Leur pré" not in page_of(visitor.get(f"/club/planning/new?lieu={theirs.pk}"))


def test_what_a_person_wrote_is_escaped(visitor: Visitor, world: World) -> None:
    Lesson.objects.update(title='<b onclick="x">')
    Place.objects.filter(pk=world.arena.pk).update(name="<i>")
    page = visitor.get(f"/club/planning?jour={world.day}").content.decode()
    assert ('<b onclick="x">' in page, "<i>" in page) == (False, False)


@pytest.mark.parametrize("view", ["semaine", "jour", "liste"])
def test_500_lessons_take_three_queries_and_less_than_300_kb(world: World, view: str) -> None:
    visitor, start = visitor_of(world.manager), at(world.day, 9)
    lesson = {"club": world.club, "title": "Galop 4", "teacher": world.lea, "place": world.arena}
    rows = [Lesson(**lesson, starts_at=start + timedelta(minutes=n), ends_at=start + timedelta(minutes=n + 60)) for n in range(500)]
    Enrolment.objects.bulk_create(Enrolment(lesson=row, client=world.hugo) for row in Lesson.objects.bulk_create(rows))
    close(world, 0, 2)
    with CaptureQueriesContext(connection) as queries:
        answer = visitor.get(f"/club/planning?jour={world.day}&vue={view}")
    assert page_of(answer).count('class="lesson ') == 500
    assert len(queries) - SESSION_AND_USER <= 3
    assert len(answer.content) <= 300_000


# ── Closed days ──


def close(world: World, first: int, last: int, reason: str = "Frost & snow") -> None:
    """So many days after the world's."""
    days = {"first_day": world.day + timedelta(days=first), "last_day": world.day + timedelta(days=last)}
    services.create_closure(club=world.club, **days, reason=reason)


@pytest.mark.parametrize("view", ["semaine", "jour", "liste"])
def test_a_closed_day_is_drawn_and_said_in_each_view(visitor: Visitor, world: World, view: str) -> None:
    close(world, 0, 1)
    page = see(visitor, world, f"&vue={view}")
    assert len(re.findall(r'<section class="[^"]*is-closed" aria-label="[^"]*, club closed \(Frost & snow\)"', page)) == 2
    assert page.count('<span class="closed">Club closed (Frost & snow)</span>') == 2


@pytest.mark.parametrize("vue", ["semaine", "liste"])
def test_a_closed_week_without_lessons_says_why(visitor: Visitor, world: World, vue: str) -> None:
    close(world, 28, 60)
    page = page_of(visitor.get(f"/club/planning?jour={world.day + timedelta(weeks=5)}&vue={vue}"))
    assert page.count('<span class="closed">') == 7


def test_a_closed_day_stays_drawn_after_a_decision(visitor: Visitor, world: World) -> None:
    close(world, 1, 1)
    lesson = Lesson.objects.get(title="Voltige")
    run_follow_up(lesson)
    made = services.cancel_lesson(lesson=lesson, user=world.manager).change
    assert made
    page = see(visitor, world, f"&fait={made.pk}")
    assert page.count('<span class="closed">') == 1
    assert "1 lesson cancelled." in page


def test_days_around_a_closure_and_other_clubs_are_open(visitor: Visitor, world: World) -> None:
    close(world, 28, 28)
    close(World("Poney-club du Lac", prefix="other"), 0, 1)
    assert "is-closed" not in see(visitor, world)


def test_the_decision_of_another_club_is_not_there(visitor: Visitor, world: World) -> None:
    other = World("Poney-club du Lac", prefix="other")
    lesson = other.plan().lesson
    run_follow_up(lesson)
    made = services.cancel_lesson(lesson=lesson, user=other.manager).change
    assert made
    assert 'class="toast"' not in see(visitor, world, f"&fait={made.pk}")
