"""Making, changing and deleting a programme: what is refused, at which field, and what nobody loses."""

import pytest

from lessons import services
from lessons.models import Programme, Realisation
from lessons.services import SkillDraft, change_programme, create_programme
from tests.lessons.programmes import SKILLS, assign, counts, drafts, mark, names, pk_of, programme_of
from tests.lessons.world import World


def refusal(world: World, name: str, skills: list[str]) -> services.ProgrammeRefused:
    with pytest.raises(services.ProgrammeRefused) as refused:
        create_programme(club=world.club, name=name, skills=skills)
    assert not Programme.objects.filter(name=name).exists()
    return refused.value


def test_a_programme_keeps_its_skills_in_order(world: World) -> None:
    assert names(programme_of(world)) == SKILLS


def test_an_empty_programme_is_refused_at_its_skills(world: World) -> None:
    assert refusal(world, "Galop 9", []).message_dict == {"skills": ["A programme has at least one skill."]}


def test_a_programme_without_a_name_is_refused_at_its_name(world: World) -> None:
    assert refusal(world, "  ", SKILLS).message_dict == {"name": ["Give the programme a name."]}


def test_the_same_name_twice_is_refused_in_any_case_of_letters(world: World) -> None:
    programme_of(world, "Galop 1")
    assert refusal(world, "GALOP 1", SKILLS).message_dict == {"name": ["The club already has a programme of this name."]}


def test_another_club_may_use_the_same_name(world: World) -> None:
    programme_of(world)
    assert programme_of(World("Other", "other-")).name == "Galop 1"


def test_the_same_skill_twice_is_refused_at_its_line(world: World) -> None:
    assert refusal(world, "Galop 9", ["Trot", "Pas", " trot "]).rows == {2: "“trot” is already on line 1."}


def test_a_skill_without_a_name_is_refused_at_its_line(world: World) -> None:
    assert refusal(world, "Galop 9", ["Trot", " "]).rows == {1: "Name this skill, or remove it."}


def test_more_skills_than_anybody_learns_are_refused(world: World) -> None:
    many = [f"Skill {number}" for number in range(services.MOST_SKILLS + 1)]
    assert refusal(world, "Galop 9", many).message_dict == {"skills": ["At most 100 skills in a programme."]}


def test_skills_can_change_their_places_and_names_with_each_other(world: World) -> None:
    programme = programme_of(world)
    first, second, third = drafts(programme)
    change_programme(programme=programme, name="Galop 1", skills=[third, SkillDraft("Pas", first.pk), SkillDraft("Pansage", second.pk)])
    assert names(programme) == ["Trot", "Pas", "Pansage"]
    assert list(programme.skills.values_list("pk", flat=True)) == [third.pk, first.pk, second.pk]


def test_a_renamed_skill_keeps_its_marks(world: World) -> None:
    programme = programme_of(world)
    assign(programme, world.camille)
    mark(world.camille, "Pas")
    skills = [SkillDraft(draft.name.replace("Pas", "Au pas"), draft.pk) for draft in drafts(programme)]
    change_programme(programme=programme, name="Galop 1", skills=skills)
    assert Realisation.objects.get(status="acquired").task.skill.name == "Au pas"


def test_a_skill_in_which_nobody_is_marked_can_be_removed(world: World) -> None:
    programme = programme_of(world)
    assign(programme, world.camille)
    change_programme(programme=programme, name="Galop 1", skills=drafts(programme)[:2])
    assert names(programme) == ["Pansage", "Pas"]
    assert counts(programme, world.camille) == (2, 0, 0)


def test_a_skill_with_marks_is_not_removed_unasked(world: World) -> None:
    programme = programme_of(world)
    assign(programme, world.camille, world.hugo)
    mark(world.camille, "Trot")
    gone = pk_of(programme, "Trot")
    with pytest.raises(services.ProgrammeRefused) as refused:
        change_programme(programme=programme, name="Galop 2", skills=drafts(programme)[:2])
    assert refused.value.losses == {gone: 1}
    assert refused.value.message_dict == {"skills": ["In “Trot” 1 client is marked: that is lost with it."]}
    assert (Programme.objects.get().name, names(programme)) == ("Galop 1", SKILLS)


def test_a_skill_with_marks_is_removed_when_that_was_confirmed(world: World) -> None:
    programme = programme_of(world)
    assign(programme, world.camille)
    mark(world.camille, "Trot")
    change_programme(programme=programme, name="Galop 1", skills=drafts(programme)[:2], drop=[pk_of(programme, "Trot")])
    assert counts(programme, world.camille) == (2, 0, 0)


def test_of_two_managers_the_second_is_told_and_nothing_is_lost(world: World) -> None:
    programme = programme_of(world)
    seen = programme.version
    change_programme(programme=programme, user=world.manager, name="Galop 1 bis", skills=drafts(programme), version=seen)
    with pytest.raises(services.Overtaken) as refused:
        change_programme(programme=programme, name="Galop 3", skills=drafts(programme), version=seen)
    assert refused.value.messages == ["manager has changed this programme since you opened it."]
    assert Programme.objects.get().name == "Galop 1 bis"


def test_a_skill_of_another_programme_is_refused_at_its_line(world: World) -> None:
    programme, other = programme_of(world), programme_of(world, "Galop 2", ["Galop"])
    with pytest.raises(services.ProgrammeRefused) as refused:
        change_programme(programme=programme, name="Galop 1", skills=[*drafts(programme), *drafts(other)])
    assert refused.value.rows == {3: "This skill is no longer in the programme."}
    assert names(other) == ["Galop"]


def test_a_change_to_a_name_that_is_taken_is_refused(world: World) -> None:
    programme = programme_of(world)
    programme_of(world, "Galop 2")
    with pytest.raises(services.ProgrammeRefused) as refused:
        change_programme(programme=programme, name="galop 2", skills=drafts(programme))
    assert set(refused.value.message_dict) == {"name"}


def test_deleting_a_programme_takes_its_marks_along(world: World) -> None:
    programme = programme_of(world)
    assign(programme, world.camille)
    services.delete_programme(programme=programme)
    services.delete_programme(programme=programme)  # somebody else was quicker
    assert not Realisation.objects.exists()
