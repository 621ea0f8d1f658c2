"""The pages of programmes as they are served: what a form does without JavaScript, who sees what, and what it costs."""

from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Visitor
from django.test.utils import CaptureQueriesContext

from jobs.models import Job, Worker
from jobs.worker import drain
from lessons import services
from lessons.models import Evaluation, Programme, Realisation
from lessons.services import SkillDraft
from tests.lessons.programmes import SKILLS, assign, cell, drafts, mark, names, pk_of, programme_of
from tests.lessons.world import World, visitor_of

LIST, NEW = "/club/programmes/", "/club/programmes/new/"
APART = ("django_session", '"auth_user"', '"lessons_membership"')


@pytest.fixture
def visitor(world: World) -> Visitor:
    return visitor_of(world.manager)


def page_of(answer: Any) -> str:
    return unescape(answer.content.decode())


def page_at(visitor: Visitor, path: str) -> str:
    answer = visitor.get(path)
    assert answer.status_code == 200
    return page_of(answer)


def lines(programme: Programme, **values: Any) -> dict[str, Any]:
    """What the form of a programme posts."""
    skills = drafts(programme)
    fields = {"name": programme.name, "version": programme.version, "skill": [d.pk for d in skills], "skill_name": [d.name for d in skills]}
    return {**fields, **values}


# ── The list ──


def test_a_club_without_programmes_reads_the_next_step(visitor: Visitor) -> None:
    assert "No programme yet" in page_at(visitor, LIST)


def test_the_list_says_how_many_and_how_far(visitor: Visitor, world: World) -> None:
    assign(programme_of(world), world.camille, world.hugo)
    mark(world.hugo, "Pas")
    page = page_at(visitor, LIST)
    assert "3 skills" in page
    assert "2 clients" in page
    assert '<progress max="6" value="1"' in page


def test_the_programmes_are_the_managers(world: World) -> None:
    teacher = visitor_of(world.teacher_user())
    assert [teacher.get(path).status_code for path in (LIST, NEW)] == [403, 403]


@pytest.mark.parametrize("page", ["", "edit/", "delete/", "assign/", "clients/{client}/", "clients/{client}/withdraw/"])
def test_a_programme_of_another_club_is_not_there(world: World, page: str) -> None:
    programme = programme_of(world)
    assign(programme, world.camille)
    stranger = visitor_of(World("Other", "other-").manager)
    assert stranger.get(f"{LIST}{programme.pk}/{page.format(client=world.camille.pk)}").status_code == 404


# ── Making and changing ──


def test_a_programme_is_made_and_shown(visitor: Visitor) -> None:
    answer = visitor.post(NEW, {"name": "Galop 1", "skill": ["", "", ""], "skill_name": ["Pansage", "", "Pas"]})
    made = Programme.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"{LIST}{made.pk}/")
    assert names(made) == ["Pansage", "Pas"]


def test_an_empty_form_says_what_is_missing_at_each_field(visitor: Visitor) -> None:
    answer = visitor.post(NEW, {"name": "", "skill": [""], "skill_name": [""]})
    assert answer.status_code == 422
    assert "This field is required." in page_of(answer)


def test_no_skill_is_said_at_the_skills(visitor: Visitor) -> None:
    answer = visitor.post(NEW, {"name": "Galop 1", "skill": ["", ""], "skill_name": ["", " "]})
    assert answer.status_code == 422
    assert 'id="skills-problem" role="alert"' in page_of(answer)
    assert "A programme has at least one skill." in page_of(answer)


def test_a_name_that_is_taken_is_said_at_the_name_and_keeps_what_was_typed(visitor: Visitor, world: World) -> None:
    programme_of(world)
    page = page_of(visitor.post(NEW, {"name": "galop 1", "skill": [""], "skill_name": ["Voltige"]}))
    assert "The club already has a programme of this name." in page
    assert 'value="Voltige"' in page


def test_a_skill_twice_is_said_at_its_line(visitor: Visitor) -> None:
    page = page_of(visitor.post(NEW, {"name": "Galop 1", "skill": ["", ""], "skill_name": ["Pas", "pas"]}))
    assert 'id="line-2-error"' in page
    assert "“pas” is already on line 1." in page


def test_a_skill_longer_than_any_is_said_at_its_line(visitor: Visitor) -> None:
    page = page_of(visitor.post(NEW, {"name": "Galop 1", "skill": [""], "skill_name": ["x" * 121]}))
    assert 'id="line-1-error"' in page
    assert not Programme.objects.exists()


@pytest.mark.parametrize(
    ("move", "shown"),
    [("1:up", ["Pas", "Pansage", "Trot"]), ("1:down", ["Pansage", "Trot", "Pas"]), ("1:remove", ["Pansage", "Trot"]),
     ("add", [*SKILLS, ""]), ("0:up", SKILLS), ("9:down", SKILLS), ("x:y", SKILLS)],
)  # fmt: skip
def test_lines_move_without_javascript_and_nothing_is_written(visitor: Visitor, world: World, move: str, shown: list[str]) -> None:
    programme = programme_of(world)
    answer = visitor.post(f"{LIST}{programme.pk}/edit/", lines(programme, move=move))
    assert [line.name for line in answer.context["form"].lines] == shown
    assert names(programme) == SKILLS


def test_a_new_order_is_saved(visitor: Visitor, world: World) -> None:
    programme = programme_of(world)
    wish = lines(programme, skill=[pk_of(programme, "Trot"), "", pk_of(programme, "Pas")], skill_name=["Trot", "Galop", "Pas"])
    assert visitor.post(f"{LIST}{programme.pk}/edit/", wish).status_code == 302
    assert names(programme) == ["Trot", "Galop", "Pas"]


def test_removing_a_skill_with_marks_asks_first(visitor: Visitor, world: World) -> None:
    programme = programme_of(world)
    assign(programme, world.camille)
    mark(world.camille, "Trot")
    gone = pk_of(programme, "Trot")
    wish = lines(programme, skill=[pk_of(programme, "Pas")], skill_name=["Pas"])
    page = page_of(visitor.post(f"{LIST}{programme.pk}/edit/", wish))
    assert f'name="drop" value="{gone}">Remove with 1 mark' in page.replace("\n", "")
    assert visitor.post(f"{LIST}{programme.pk}/edit/", {**wish, "drop": str(gone)}).status_code == 302
    assert names(programme) == ["Pas"]


def test_a_skill_with_marks_can_be_put_back_and_the_other_changes_stay(visitor: Visitor, world: World) -> None:
    programme = programme_of(world)
    assign(programme, world.camille)
    mark(world.camille, "Pas")
    wish = lines(programme, skill=[pk_of(programme, "Pansage"), ""], skill_name=["Soins", "Galop"])
    move = f"keep:{pk_of(programme, 'Pas')}"
    assert f'name="move" value="{move}"' in page_of(visitor.post(f"{LIST}{programme.pk}/edit/", wish))
    answer = visitor.post(f"{LIST}{programme.pk}/edit/", {**wish, "move": move})
    assert [line.name for line in answer.context["form"].lines] == ["Soins", "Pas", "Galop"]


def test_the_second_of_two_managers_is_told_and_sees_what_the_first_added(visitor: Visitor, world: World) -> None:
    programme = programme_of(world)
    stale = lines(programme, name="Galop 3")
    services.change_programme(programme=programme, user=world.manager, name="Galop 2", skills=[*drafts(programme), SkillDraft("Galop")])
    answer = visitor.post(f"{LIST}{programme.pk}/edit/", stale)
    assert (answer.status_code, "manager has changed this programme since you opened it." in page_of(answer)) == (422, True)
    assert [line.name for line in answer.context["form"].lines if line.is_theirs] == ["Galop"]
    assert 'value="Galop 3"' in page_of(answer)
    again = lines(programme, name="Galop 3", version=answer.context["form"].read_version)
    assert visitor.post(f"{LIST}{programme.pk}/edit/", again).status_code == 302
    assert (Programme.objects.get().name, names(programme)) == ("Galop 3", [*SKILLS, "Galop"])


def test_what_nobody_types_is_no_reason_to_break(visitor: Visitor, world: World) -> None:
    programme = programme_of(world)
    odd = {"name": "a\x00b", "version": "x", "skill": ["9" * 40, "-1"], "skill_name": ["\x00", "y"], "drop": "a,1,,"}
    assert visitor.post(f"{LIST}{programme.pk}/edit/", odd).status_code == 422
    assert visitor.get(f"{LIST}{programme.pk}/?page=x&competence=99999999999&q=%00").status_code == 200


def test_deleting_says_what_goes_and_asks(visitor: Visitor, world: World) -> None:
    programme = programme_of(world)
    assign(programme, world.camille)
    assert "1 client follows it: everything marked is erased for good." in page_at(visitor, f"{LIST}{programme.pk}/delete/")
    assert Programme.objects.exists()
    assert "“Galop 1” is deleted." in page_of(visitor.post(f"{LIST}{programme.pk}/delete/", follow=True))
    assert not Programme.objects.exists()


# ── Assigning ──


def test_assigning_starts_the_job_that_the_page_follows(visitor: Visitor, world: World) -> None:
    programme = programme_of(world)
    answer = visitor.post(f"{LIST}{programme.pk}/assign/", {"clients": [world.camille.pk, world.hugo.pk]}, follow=True)
    assert f'data-job="{Job.objects.get().token}"' in page_of(answer)
    drain()
    assert "2 clients added." in page_at(visitor, f"{LIST}{programme.pk}/")


def test_nobody_chosen_is_said_at_the_clients(visitor: Visitor, world: World) -> None:
    answer = visitor.post(f"{LIST}{programme_of(world).pk}/assign/", {})
    assert answer.status_code == 422
    assert 'id="clients-error" role="alert"' in page_of(answer)


def test_a_stranger_among_the_chosen_is_refused_and_the_others_stay_chosen(visitor: Visitor, world: World) -> None:
    stranger = World("Other", "other-").camille
    answer = visitor.post(f"{LIST}{programme_of(world).pk}/assign/", {"clients": [world.camille.pk, stranger.pk]})
    assert answer.status_code == 422
    assert f'value="{world.camille.pk}" checked' in page_of(answer)
    assert not Job.objects.exists()


def test_who_follows_it_already_is_said_in_the_choice(visitor: Visitor, world: World) -> None:
    programme = programme_of(world)
    assign(programme, world.camille)
    assert page_at(visitor, f"{LIST}{programme.pk}/assign/").count("Follows it") == 1


def test_the_click_can_be_undone(visitor: Visitor, world: World) -> None:
    programme = programme_of(world)
    assign(programme, world.camille, world.hugo)
    mark(world.hugo, "Pas")
    assignment = programme.assignments.get().pk
    answer = visitor.post(f"{LIST}{programme.pk}/assignments/{assignment}/undo/", follow=True)
    assert "1 client stays: already marked since." in page_of(answer)
    assert Evaluation.objects.get().client == world.hugo


def test_a_skill_that_came_later_is_added_with_one_click(visitor: Visitor, world: World) -> None:
    programme = programme_of(world)
    assign(programme, world.camille, world.hugo)
    services.change_programme(programme=programme, name="Galop 1", skills=[*drafts(programme), SkillDraft("Galop")])
    assert "2 are missing" in page_at(visitor, f"{LIST}{programme.pk}/")
    visitor.post(f"{LIST}{programme.pk}/complete/")
    drain()
    assert "are missing" not in page_at(visitor, f"{LIST}{programme.pk}/")
    assert Realisation.objects.count() == 8


# ── Marking ──


def test_a_cell_is_marked_without_javascript(visitor: Visitor, world: World) -> None:
    programme = programme_of(world)
    assign(programme, world.camille)
    found = cell(world.camille, "Pas")
    answer = visitor.post(f"{LIST}{programme.pk}/mark/", {"mark": f"{found.pk}:started:todo", "page": "1"})
    assert (answer.status_code, answer["Location"]) == (302, f"{LIST}{programme.pk}/?page=1#c{world.camille.pk}")
    assert cell(world.camille, "Pas").status == "started"


def test_a_cell_that_somebody_else_has_marked_is_told(visitor: Visitor, world: World) -> None:
    programme = programme_of(world)
    assign(programme, world.camille)
    mark(world.camille, "Pas", "acquired", user=world.manager)
    answer = visitor.post(f"{LIST}{programme.pk}/mark/", {"mark": f"{cell(world.camille, 'Pas').pk}:started:todo"}, follow=True)
    assert "Pas: manager has marked it meanwhile: acquired." in page_of(answer)


@pytest.mark.parametrize("value", ["", "1", "1:perfect:todo", "1:todo", "a:b:c:d"])
def test_a_mark_that_is_none_is_a_bad_request(visitor: Visitor, world: World, value: str) -> None:
    assert visitor.post(f"{LIST}{programme_of(world).pk}/mark/", {"mark": value}).status_code == 400


def test_a_client_is_marked_skill_under_skill(visitor: Visitor, world: World) -> None:
    programme = programme_of(world)
    assign(programme, world.camille)
    first, second = cell(world.camille, "Pansage").pk, cell(world.camille, "Pas").pk
    form = {f"s{first}": "acquired", f"w{first}": "todo", f"s{second}": "todo", f"w{second}": "todo"}
    visitor.post(f"{LIST}{programme.pk}/clients/{world.camille.pk}/", form)
    assert list(Realisation.objects.order_by("task__skill__position").values_list("status", flat=True)) == ["acquired", "todo", "todo"]


def test_taking_a_client_off_says_what_goes_and_asks(visitor: Visitor, world: World) -> None:
    programme = programme_of(world)
    assign(programme, world.camille)
    mark(world.camille, "Pas")
    address = f"{LIST}{programme.pk}/clients/{world.camille.pk}/withdraw/"
    assert "1 skill is marked: that is erased for good." in page_at(visitor, address)
    visitor.post(address)
    assert not Realisation.objects.exists()


def test_clients_are_found_by_their_names(visitor: Visitor, world: World) -> None:
    programme = programme_of(world)
    assign(programme, world.camille, world.hugo)
    page = page_at(visitor, f"{LIST}{programme.pk}/?q=cam")
    assert ("Camille</a>" in page, "Hugo</a>" in page, "1 client found" in page) == (True, False, True)


def test_a_phone_shows_the_skill_that_was_asked_for(visitor: Visitor, world: World) -> None:
    programme = programme_of(world)
    assign(programme, world.camille)
    answer = visitor.get(f"{LIST}{programme.pk}/?competence={pk_of(programme, 'Trot')}")
    assert answer.context["grid"].skill.name == "Trot"


def test_many_clients_come_page_by_page_in_order_of_their_names(visitor: Visitor, world: World) -> None:
    programme = programme_of(world)
    clients = [world.client(f"c{number:02}", last_name=f"L{number:02}") for number in range(45)]
    assign(programme, *clients)
    seen = [row.name for page in (1, 2, 3) for row in visitor.get(f"{LIST}{programme.pk}/?page={page}").context["grid"].rows]
    assert seen == [f"c{number:02} L{number:02}" for number in range(45)]


# ── What it costs ──


@pytest.mark.parametrize("page", ["", "{pk}/", "{pk}/edit/", "{pk}/assign/", "{pk}/delete/", "{pk}/clients/{client}/",
                                  "{pk}/clients/{client}/withdraw/", "new/"])  # fmt: skip
def test_no_page_takes_more_than_three_statements(visitor: Visitor, world: World, page: str) -> None:
    programme = programme_of(world, skills=[f"Skill {number}" for number in range(50)])
    assign(programme, *(world.client(f"c{number}") for number in range(60)))
    Worker.objects.all().delete()
    address = LIST + page.format(pk=programme.pk, client=programme.evaluations.first().client_id)  # type: ignore[union-attr]  # there are 60
    with CaptureQueriesContext(connection) as captured:
        assert visitor.get(address).status_code == 200
    assert len([query for query in captured if not any(name in query["sql"] for name in APART)]) <= 3


def test_the_largest_grid_stays_small_enough_to_send(visitor: Visitor, world: World) -> None:
    programme = programme_of(world, skills=[f"Skill {number}" for number in range(50)])
    assign(programme, *(world.client(f"c{number}") for number in range(30)))
    assert len(visitor.get(f"{LIST}{programme.pk}/").content) < 300_000
