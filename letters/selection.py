"""Who gets a letter, and why others do not. Pure: facts in, decisions out."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

NO_ADDRESS, BAD_ADDRESS, SAME_ACTIVITY = "no_address", "bad_address", "same_activity"
NOT_A_VOLUNTEER, UNDER_WAY, UNSURE, ALREADY_SENT = "not_a_volunteer", "under_way", "unsure", "already_sent"
DELETED = "deleted"  # the teacher
HELD = {NO_ADDRESS, BAD_ADDRESS, SAME_ACTIVITY}  # a person must mend something: the log keeps it; the rest needs nothing


class Candidate(NamedTuple):
    teacher: int
    name: str
    email: str
    volunteer: bool
    activity: str
    employed_as: str
    standing: frozenset[str] = frozenset()  # the statuses of the letters of this year that are there already


@dataclass
class Selection:
    chosen: list[Candidate] = field(default_factory=list)
    left_out: list[tuple[Candidate, str]] = field(default_factory=list)

    @property
    def held(self) -> list[tuple[Candidate, str]]:
        return [pair for pair in self.left_out if pair[1] in HELD]

    @property
    def held_before(self) -> list[int]:
        """Their rows in the log give way to what is decided now."""
        concerned = [*self.chosen, *(candidate for candidate, _reason in self.held)]
        return [candidate.teacher for candidate in concerned if "held" in candidate.standing]

    @property
    def changes_nothing(self) -> bool:
        """Nobody to write to, and everybody who is held back was so before."""
        return not self.chosen and all("held" in candidate.standing for candidate, _reason in self.held)


def select(candidates: Iterable[Candidate], *, again: bool) -> Selection:
    """`again`: those who have this year's letter already get another, because they were named one by one."""
    selection = Selection()
    for candidate in candidates:
        if reason := obstacle_to(candidate, again=again):
            selection.left_out.append((candidate, reason))
        else:
            selection.chosen.append(candidate)
    return selection


def obstacle_to(candidate: Candidate, *, again: bool = True) -> str:
    """Why this one gets no letter; empty where one may go."""
    if not candidate.volunteer:
        return NOT_A_VOLUNTEER
    if "unsure" in candidate.standing:
        return UNSURE
    if "pending" in candidate.standing:
        return UNDER_WAY
    if "sent" in candidate.standing and not again:
        return ALREADY_SENT
    if not candidate.email:
        return NO_ADDRESS
    if not is_address(candidate.email):
        return BAD_ADDRESS
    return SAME_ACTIVITY if _same(candidate.activity, candidate.employed_as) else ""


def is_address(email: str) -> bool:
    """One bare address: no display name, no second one, no line break."""
    try:
        validate_email(email)
    except ValidationError:
        return False
    return True


def words_for(reason: str) -> str:
    return {
        NO_ADDRESS: _("No e-mail address."),
        # Translators: "Cette adresse e-mail ne peut pas être utilisée."
        BAD_ADDRESS: _("This e-mail address cannot be used."),
        # Translators: "Salarié du club pour la même activité : pas de lettre de volontariat."
        SAME_ACTIVITY: _("Employed by the club for the same activity: no volunteer letter."),
        NOT_A_VOLUNTEER: _("Not a volunteer."),
        DELETED: _("This teacher has been deleted meanwhile."),
        UNDER_WAY: _("This year’s letter is already on its way."),
        UNSURE: _("This year’s letter may have arrived: decide that first."),
        ALREADY_SENT: _("This year’s letter has already been sent."),
    }[reason]


def _same(activity: str, other: str) -> bool:
    return bool(unaccented(other)) and unaccented(activity) == unaccented(other)


def unaccented(words: str) -> str:
    """For comparing: accents, capitals, apostrophes, hyphens and spaces make no difference, in any script."""
    bare = (character for character in unicodedata.normalize("NFKD", words.casefold()) if not unicodedata.combining(character))
    return " ".join("".join(character if character.isalnum() else " " for character in bare).split())
