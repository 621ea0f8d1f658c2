"""Programmes: made, changed and deleted at once. A list is written as a whole, and never over somebody else's change."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lessons.models import Club, Evaluation, Programme, Realisation, Skill
from lessons.wording import who

from .booking import Refused
from .realisations import sync_evaluations

MOST_SKILLS = 100


@dataclass(frozen=True)
class SkillDraft:
    """A line of the list as somebody wants it; without `pk` a new skill."""

    name: str
    pk: int | None = None


class ProgrammeRefused(Refused):
    """`rows`: what is wrong with a line, by its place in the list. `losses`: skills to be removed, with how many clients are marked."""

    def __init__(self, errors: dict[str, str], *, rows: dict[int, str] | None = None, losses: dict[int, int] | None = None) -> None:
        super().__init__(errors)
        self.rows = rows or {}
        self.losses = losses or {}


class Overtaken(Refused):
    """Somebody else was quicker; the text says who. Nothing was written."""


def create_programme(*, club: Club, user: Any = None, name: str, skills: Sequence[str]) -> Programme:
    """Raises ProgrammeRefused with a message at each wrong field."""
    drafts = [SkillDraft(_plain(skill)) for skill in skills]
    programme = Programme(club=club, name=_plain(name), changed_by=user)
    with transaction.atomic():
        _check(programme, drafts)
        _save(programme)
        Skill.objects.bulk_create(Skill(programme=programme, name=draft.name, position=place) for place, draft in enumerate(drafts))
    return programme


def change_programme(
    *,
    programme: Programme,
    user: Any = None,
    name: str,
    skills: Sequence[SkillDraft],
    version: int | None = None,
    drop: Collection[int] = (),
) -> Programme:
    """Name and whole list at once. `version` is the one that the person has read: a change since then raises Overtaken.

    A skill that is not in the list goes; one in which clients are marked only when `drop` names it, else ProgrammeRefused.
    """
    drafts = [SkillDraft(_plain(draft.name), draft.pk) for draft in skills]
    with transaction.atomic():
        locked = Programme.objects.select_for_update(no_key=True, of=("self",)).select_related("club", "changed_by").get(pk=programme.pk)
        if version not in (None, locked.version):
            raise Overtaken({"version": _overtaken_by(locked)})
        locked.name, locked.changed_by, locked.version = _plain(name), user, locked.version + 1
        _check(locked, drafts)
        _write_skills(locked, drafts, drop)
        _save(locked)
    return locked


def delete_programme(*, programme: Programme) -> None:
    """With every mark in it. A job that assigns it just now is waited for; a later one finds nothing."""
    with transaction.atomic():
        for locked in Programme.objects.select_for_update().filter(pk=programme.pk):
            _lock_evaluations(locked)
            locked.delete()


def _plain(text: str) -> str:
    return " ".join(text.split())


def _check(programme: Programme, drafts: list[SkillDraft]) -> None:
    errors, rows = {}, _row_problems(drafts)
    if not programme.name:
        errors["name"] = _("Give the programme a name.")
    elif Programme.objects.filter(club=programme.club, name__iexact=programme.name).exclude(pk=programme.pk).exists():
        errors["name"] = _named_twice()
    if not drafts:
        errors["skills"] = _("A programme has at least one skill.")
    elif len(drafts) > MOST_SKILLS:
        errors["skills"] = _("At most %(most)d skills in a programme.") % {"most": MOST_SKILLS}
    elif rows:
        errors["skills"] = " ".join(dict.fromkeys(rows.values()))
    if errors:
        raise ProgrammeRefused(errors, rows=rows)


def _row_problems(drafts: list[SkillDraft]) -> dict[int, str]:
    problems: dict[int, str] = {}
    seen: dict[str, int] = {}
    for place, draft in enumerate(drafts):
        if not draft.name:
            problems[place] = _("Name this skill, or remove it.")
        elif draft.name.casefold() in seen:
            # Translators: French “« %(name)s » est déjà à la ligne %(line)d.”
            problems[place] = _("“%(name)s” is already on line %(line)d.") % {"name": draft.name, "line": seen[draft.name.casefold()] + 1}
        seen.setdefault(draft.name.casefold(), place)
    return problems


def _save(programme: Programme) -> None:
    try:
        with transaction.atomic():
            programme.save()
    except IntegrityError as error:  # the other one came between our look and our write
        raise ProgrammeRefused({"name": _named_twice()}) from error


def _named_twice() -> str:
    return _("The club already has a programme of this name.")


def _overtaken_by(programme: Programme) -> str:
    return _("%(who)s has changed this programme since you opened it.") % {"who": who(programme.changed_by)}


def _write_skills(programme: Programme, drafts: list[SkillDraft], drop: Collection[int]) -> None:
    there = {skill.pk: skill for skill in programme.skills.all()}
    rows = {
        place: _("This skill is no longer in the programme.") for place, draft in enumerate(drafts) if draft.pk and draft.pk not in there
    }
    if rows:
        raise ProgrammeRefused({"skills": next(iter(rows.values()))}, rows=rows)
    _remove_skills(programme, {pk: skill for pk, skill in there.items() if pk not in {draft.pk for draft in drafts}}, drop)
    fresh = []
    for place, draft in enumerate(drafts):
        skill = there[draft.pk] if draft.pk else Skill(programme=programme)
        skill.name, skill.position = draft.name, place
        fresh += [] if draft.pk else [skill]
    Skill.objects.bulk_update([there[draft.pk] for draft in drafts if draft.pk], ["name", "position"])
    Skill.objects.bulk_create(fresh)


def _lock_evaluations(programme: Programme) -> list[Evaluation]:
    return list(Evaluation.objects.select_for_update(no_key=True).filter(programme=programme).order_by("pk"))


def _remove_skills(programme: Programme, gone: dict[int, Skill], drop: Collection[int]) -> None:
    """The evaluations first: who marks a client holds the client's evaluation, so no mark slips in between the count and the end."""
    if not gone:
        return
    clients = [evaluation.client_id for evaluation in _lock_evaluations(programme)]
    marked = Realisation.objects.filter(task__skill__in=gone, task__skill__programme=programme)
    marked = marked.exclude(status=Realisation.Status.TODO).order_by()
    counts = dict(marked.values("task__skill").annotate(number=Count("pk")).values_list("task__skill", "number"))
    if losses := {pk: number for pk, number in counts.items() if pk not in drop}:
        raise ProgrammeRefused({"skills": _would_lose(gone, losses)}, losses=losses)
    Skill.objects.filter(pk__in=gone).delete()
    sync_evaluations(programme=programme.pk, clients=clients)


def _would_lose(gone: dict[int, Skill], losses: dict[int, int]) -> str:
    words = []
    for pk, number in losses.items():
        said = ngettext(
            "In “%(skill)s” %(number)d client is marked: that is lost with it.",
            "In “%(skill)s” %(number)d clients are marked: that is lost with it.",
            number,
        )
        words.append(said % {"skill": gone[pk].name, "number": number})
    return " ".join(words)
