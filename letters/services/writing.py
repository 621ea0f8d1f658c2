"""The rows of a sending. A small one's are written with the click; a large one's are promised then, and written by a job some
milliseconds later, or by whoever wants to see or change the club's letters first."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any, cast

from django.db import transaction
from django.db.models import Exists
from django.utils.translation import gettext as _

from jobs.services import fill_batch, new_batch
from lessons.models import Club, Teacher
from letters.bulk import Recipient, insert_copies
from letters.models import Sending, VolunteerLetterSend, Wording
from letters.selection import DELETED, UNDER_WAY, Candidate, words_for

from .words import latest_wording

Status = VolunteerLetterSend.Status


def complete_sendings(*, club: int) -> None:
    """Write what clicks in this club have promised. Once: whoever comes second finds it done."""
    promising = Sending.objects.filter(club=club, promised__isnull=False)
    if not promising.exists():
        return
    with transaction.atomic():
        Club.objects.select_for_update(no_key=True).get(pk=club)
        for sending in promising.select_related("club", "batch", "sent_by_user").order_by("pk"):
            _keep_promise(sending)


def wording_once_complete(club: Club) -> Wording:
    """For the page of the letters: the wording in force, and in the same query whether there are letters yet to be written."""
    promising = Exists(Sending.objects.filter(club=club, promised__isnull=False))
    found: Any = Wording.objects.filter(club=club).order_by("-version").annotate(promising=promising).first()
    if found is None:
        return latest_wording(club)
    if found.promising:
        complete_sendings(club=club.pk)
    return cast(Wording, found)


def complete_lost_sendings() -> None:
    """Those whose job was stopped, or failed for good: the log has their letters all the same."""
    over = Sending.objects.filter(promised__isnull=False).exclude(batch__filled_by__status__in=["pending", "running"])
    for club in set(over.values_list("club", flat=True)):
        complete_sendings(club=club)


def write_letters(sending: Sending, people: Sequence[tuple[int, str, str]], jobs: Sequence[Any]) -> None:
    """`people`: teacher, name and address, each with a job."""
    if people:
        pairs = zip(people, jobs, strict=True)
        insert_copies(_letter(sending), [Recipient(*person, job.pk) for person, job in pairs])


def write_held(sending: Sending, held: Sequence[tuple[Candidate, str]]) -> None:
    for reason, pairs in groupby(sorted(held, key=lambda pair: pair[1]), key=lambda pair: pair[1]):
        letter = _letter(sending, status=Status.HELD, error_message=words_for(reason))
        insert_copies(letter, [Recipient(who.teacher, who.name, who.email, None) for who, _reason in pairs])


def _keep_promise(sending: Sending) -> None:
    people, gone = _recipients(sending)
    job_arguments = [[sending.pk, teacher] for teacher, _name, _email in people]
    shared = {"label": _("Letter"), "scope": sending.club.scope, "user": sending.sent_by_user}
    sending.batch = sending.batch or new_batch(label=_("Letter"), scope=sending.club.scope)  # somebody deleted it: nothing goes
    jobs = fill_batch(sending.batch, "letters.send", job_arguments, **shared)
    write_letters(sending, people, jobs)
    sending.count, sending.promised, sending.skipped = len(people), None, [*sending.skipped, *gone]
    sending.save(update_fields=["batch", "count", "promised", "skipped"])


def _recipients(sending: Sending) -> tuple[list[tuple[int, str, str]], list[list[Any]]]:
    """And those for whom there is no letter any more, with the reason. Whatever else has changed since the click, the letter's own
    job looks at."""
    promised = set(sending.promised or [])
    letters = VolunteerLetterSend.objects.filter(club=sending.club, year=sending.year)
    under_way = promised & set(letters.filter(status__in=[Status.PENDING, Status.UNSURE]).values_list("teacher_id", flat=True))
    teachers = Teacher.objects.filter(club=sending.club).order_by("last_name", "first_name", "pk")
    rows = teachers.values_list("pk", "first_name", "last_name", "email")
    people = [(pk, f"{first} {last}".strip(), email) for pk, first, last, email in rows if pk in promised - under_way]
    deleted = promised - under_way - {teacher for teacher, _name, _email in people}
    return people, [[teacher, DELETED] for teacher in sorted(deleted)] + [[teacher, UNDER_WAY] for teacher in sorted(under_way)]


def _letter(sending: Sending, **fields: Any) -> VolunteerLetterSend:
    """What all letters of a sending share."""
    return VolunteerLetterSend(
        club_id=sending.club_id,
        year=sending.year,
        sending=sending,
        figures_version=sending.figures_version,
        sent_by_user_id=sending.sent_by_user_id,
        **fields,
    )
