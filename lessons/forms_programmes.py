"""The form of a programme: a name, and a list whose lines can be moved with or without JavaScript."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from .models import Programme, Skill
from .serializers import LARGEST_ID
from .services import MOST_SKILLS, Overtaken, ProgrammeRefused, SkillDraft

BLANK_LINES = 3
LINE = forms.CharField(max_length=120, required=False)


@dataclass
class Line:
    """One skill as it stands in the form."""

    name: str = ""
    pk: int | None = None
    error: str = ""
    is_theirs: bool = False  # added by somebody else since this form was opened


class ProgrammeForm(forms.Form):
    # Translators: of a programme; French “Nom”
    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("Such as Galop 1."))
    version = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None, *, programme: Programme | None = None, skills: Iterable[Skill] = ()) -> None:
        self.skills = list(skills)
        initial = {"name": programme.name, "version": programme.version} if programme else {}
        super().__init__(data, initial=initial)
        self.fields["name"].widget.attrs.update({"class": "input", "autocomplete": "off"})
        self.lines = read_lines(data) if data is not None else [Line(skill.name, skill.pk) for skill in self.skills]
        self.drop = _whole_numbers(data.get("drop", "").split(",")) if data is not None else []
        self.read_version = data.get("version", "") if data is not None else initial.get("version", "")
        self.losses: dict[int, int] = {}
        self.problem = ""
        if not self.lines:
            self.lines = [Line() for _each in range(BLANK_LINES)]

    def rearrange(self, asked: str) -> None:
        """`2:up`, `2:down`, `2:remove`, `add`, or `keep:` and skills that had been removed: shown, and not written."""
        place, _colon, what = asked.partition(":")
        if place == "keep":
            self._put_back(_whole_numbers(what.split(",")))
        at = int(place) if place.isascii() and place.isdecimal() and len(place) < 4 else -1
        if what == "remove" and 0 <= at < len(self.lines):
            del self.lines[at]
        elif what in ("up", "down") and 0 <= at < len(self.lines):
            to = at - 1 if what == "up" else at + 1
            if 0 <= to < len(self.lines):
                self.lines[at], self.lines[to] = self.lines[to], self.lines[at]
        if asked == "add" or not self.lines:
            self.lines.append(Line())

    def _put_back(self, kept: list[int]) -> None:
        """Each where it stood, as far as the list still reaches."""
        there = {line.pk for line in self.lines}
        for place, skill in enumerate(self.skills):
            if skill.pk in kept and skill.pk not in there:
                self.lines.insert(place, Line(skill.name, skill.pk))

    def is_ready(self) -> bool:
        """Lines that were left blank are no skills."""
        self.lines = [line for line in self.lines if line.pk or line.name.strip()]
        fine = self.is_valid()
        for line in self.lines:
            try:
                line.name = LINE.clean(line.name)
            except ValidationError as error:
                line.error, fine = " ".join(error.messages), False
        return fine

    def asked(self) -> dict[str, Any]:
        """The arguments of `change_programme`."""
        drafts = [SkillDraft(line.name, line.pk) for line in self.lines]
        return {"name": self.cleaned_data["name"], "skills": drafts, "version": self.cleaned_data["version"], "drop": self.drop}

    def refuse(self, refusal: ProgrammeRefused) -> None:
        """Put the service's words at the name and at the lines that they are about."""
        words = refusal.message_dict
        if "name" in words:
            self.add_error("name", ValidationError(words["name"]))
        for place, text in refusal.rows.items():
            self.lines[place].error = text
        if not refusal.rows:
            self.problem = " ".join(words.get("skills", []))
        self.losses = refusal.losses
        self.lines = self.lines or [Line()]

    def meet(self, refusal: Overtaken, programme: Programme) -> None:
        """Somebody else saved first: what was typed stays, what they added joins it, and the next save is of what is seen here."""
        self.problem = " ".join(refusal.messages)
        self.read_version = programme.version
        there = {skill.pk for skill in self.skills}
        for line in self.lines:
            line.pk = line.pk if line.pk in there else None  # what they removed and this person kept is made anew
        kept = {line.pk for line in self.lines}
        self.lines += [Line(skill.name, skill.pk, is_theirs=True) for skill in self.skills if skill.pk not in kept]

    @property
    def losing(self) -> list[int]:
        return [*self.losses]

    @property
    def lost_marks(self) -> int:
        return sum(self.losses.values())

    @property
    def wrong(self) -> int:
        """How many things there are to correct."""
        return len(self.errors) + sum(bool(line.error) for line in self.lines) + bool(self.problem) if self.is_bound else 0


def read_lines(data: QueryDict) -> list[Line]:
    numbers, names = data.getlist("skill"), data.getlist("skill_name")
    pairs = list(zip([*numbers, *[""] * len(names)], names, strict=False))[: 2 * MOST_SKILLS]
    return [Line(name, _whole_numbers([number])[0] if _whole_numbers([number]) else None) for number, name in pairs]


def chosen_clients(data: QueryDict) -> list[int]:
    return _whole_numbers(data.getlist("clients"))


def _whole_numbers(values: Iterable[str]) -> list[int]:
    return [int(value) for value in values if value.isascii() and value.isdecimal() and len(value) < 20 and int(value) <= LARGEST_ID]
