"""Why a letter that was asked for may not go any more."""

from lessons.models import Teacher
from letters.letter import facts_of
from letters.selection import Candidate, obstacle_to


def obstacle_today(teacher: Teacher, *, email: str, usual_activity: str) -> str:
    """What would hold a new letter back holds this one back too."""
    facts = facts_of(teacher)
    activity, employed_as = (facts.activity, facts.employed_as) if facts else ("", "")
    volunteer = teacher.volunteer and teacher.active
    return obstacle_to(Candidate(teacher.pk, str(teacher), email, volunteer, activity or usual_activity, employed_as))
