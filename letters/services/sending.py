"""One click: who gets a letter, and who does not. Neither its statements nor what it writes grow with the number of letters."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import FilteredRelation, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jobs.services import batch_reference, enqueue, enqueue_many, new_batch, new_token
from lessons.models import Club, Teacher
from letters.models import LegalFigures, Sending, VolunteerLetterSend, Wording
from letters.selection import UNDER_WAY, Candidate, Selection, select, words_for
from letters.wording import Gap, gaps

from .words import figures_of, latest_papers, today_of
from .writing import complete_sendings, write_held, write_letters

Status = VolunteerLetterSend.Status
EVERYBODY = "all"
WORDING_PAGE = "/club/letters/wording/"
WRITTEN_AT_ONCE = 100  # so many letters cost the click some milliseconds; more are promised, and a job writes them


class Refused(ValidationError):
    """`gaps`: what the wording does not say yet."""

    gaps: Sequence[Gap] = ()


class NotInClub(Refused):
    """Whether another club has that teacher is nobody's business."""


@dataclass(frozen=True)
class SendingPlan:
    """What a click did, or would do."""

    count: int
    skipped: list[dict[str, Any]] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    batch: Any = None
    left_out: list[tuple[str, str]] = field(default_factory=list)  # name and reason, for a preview
    figures: LegalFigures | None = None

    @property
    def message(self) -> str:
        if not self.count:
            # Translators: "Aucune lettre à envoyer"
            return _("No letter to send")
        # Translators: singular "%(count)d lettre en cours d'envoi", plural "%(count)d lettres en cours d'envoi"
        return ngettext("%(count)d letter is being sent", "%(count)d letters are being sent", self.count) % {"count": self.count}

    @property
    def batch_reference(self) -> dict[str, Any] | None:
        return batch_reference(self.batch) if self.batch else None


@dataclass(frozen=True)
class _Papers:
    """What all letters of one sending share."""

    club: Club
    user: Any
    wording: Wording
    figures: LegalFigures

    @property
    def year(self) -> int:
        return self.figures.year


def preview_sending(*, club: Club, teachers: str | list[int] = EVERYBODY, year: int | None = None) -> SendingPlan:
    """What send_letters would do with the same arguments; writes nothing."""
    papers = _papers(club, None, year)
    selection = _select(papers, teachers)
    left_out = [(candidate.name, reason) for candidate, reason in selection.left_out]
    return SendingPlan(len(selection.chosen), _skipped(selection), gaps(papers.wording), left_out=left_out, figures=papers.figures)


def send_letters(
    *, club: Club, user: Any, teachers: str | list[int] = EVERYBODY, year: int | None = None, request_key: str | None = None
) -> SendingPlan:
    """One batch, one job a letter. The same `request_key` again answers with what was done then.

    Raises Refused where the wording has gaps or the year has no figures, NotInClub for a teacher whom the club does not have.
    """
    with transaction.atomic():
        Club.objects.select_for_update(no_key=True).get(pk=club.pk)  # of twenty clicks at once, one after the other
        if request_key and (earlier := Sending.objects.select_related("batch").filter(club=club, request_key=request_key).first()):
            return SendingPlan(earlier.count, _worded(earlier.skipped), batch=earlier.batch)
        papers = _papers(club, user, year)
        if missing := gaps(papers.wording):
            raise _incomplete(missing)
        selection = _select(papers, teachers)
        if selection.changes_nothing and not request_key:
            return SendingPlan(0, _skipped(selection), batch=_batch_under_way(papers, selection))
        sending = _send(papers, selection, request_key)
    return SendingPlan(sending.count, _skipped(selection), batch=sending.batch or _batch_under_way(papers, selection))


def request_test(*, club: Club, user: Any, teacher: Teacher, year: int | None = None) -> Any:
    """The letter as that teacher would get it, to the person who asks. Returns the job."""
    if not user.email:
        raise Refused({"email": [_("You have no e-mail address yet. Ask the operator to add it.")]})
    figures = figures_of(year or today_of(club).year)
    label = _("Test letter")
    with transaction.atomic():
        return enqueue("letters.send_test", user.pk, teacher.pk, figures.year, label=label, scope=club.scope, user=user)


def _papers(club: Club, user: Any, year: int | None) -> _Papers:
    try:
        wording, figures, promising = latest_papers(club, year or today_of(club).year)
    except ValidationError as error:
        raise Refused(error.message_dict) from error
    if promising:
        complete_sendings(club=club.pk)  # who gets a letter by an earlier click gets none by this one
    return _Papers(club, user, wording, figures)


def _incomplete(missing: list[Gap]) -> Refused:
    # Translators: "Il manque dans le texte du club : %(what)s. À compléter sous %(where)s."
    words = _("The club’s wording does not say yet: %(what)s. Fill it in at %(where)s.")
    refusal = Refused({"wording": [words % {"what": ", ".join(gap.label for gap in missing), "where": WORDING_PAGE}]})
    refusal.gaps = missing
    return refusal


def _select(papers: _Papers, teachers: str | list[int]) -> Selection:
    rows = Teacher.objects.filter(club=papers.club)
    named = None if isinstance(teachers, str) else set(teachers)
    rows = rows.filter(active=True, volunteer=True) if named is None else rows.filter(pk__in=named)
    candidates = [_candidate(papers, lines) for _teacher, lines in groupby(_lines(papers, rows), key=itemgetter(0))]
    if named and (strangers := named - {candidate.teacher for candidate in candidates}):
        raise NotInClub({"teachers": [_("The club has no such teacher: %(ids)s.") % {"ids": ", ".join(map(str, sorted(strangers)))}]})
    return select(candidates, again=named is not None)


def _lines(papers: _Papers, teachers: QuerySet[Teacher]) -> QuerySet[Teacher, tuple[Any, ...]]:
    """One for each letter of the year that a teacher has, or one with none."""
    of_year = FilteredRelation("letters", condition=Q(letters__year=papers.year))
    person = ("pk", "first_name", "last_name", "email", "volunteer", "active")
    facts = ("volunteer_facts__activity", "volunteer_facts__employed_as")
    rows = teachers.annotate(of_year=of_year).order_by("last_name", "first_name", "pk")
    return rows.values_list(*person, *facts, "of_year__status")


def _candidate(papers: _Papers, lines: Iterable[tuple[Any, ...]]) -> Candidate:
    lines = list(lines)
    pk, first, last, email, volunteer, active, activity, employed_as, _status = lines[0]
    standing = frozenset(line[-1] for line in lines if line[-1])
    usual = papers.wording.activity
    return Candidate(pk, f"{first} {last}".strip(), email, volunteer and active, activity or usual, employed_as or "", standing)


def _send(papers: _Papers, selection: Selection, request_key: str | None) -> Sending:
    # Translators: "Lettres de volontariat %(year)s"
    label = _("Volunteer letters %(year)s") % {"year": papers.year}
    shared: dict[str, Any] = {"scope": papers.club.scope, "user": papers.user}
    people = [(candidate.teacher, candidate.name, candidate.email) for candidate in selection.chosen]
    writer = new_token() if len(people) > WRITTEN_AT_ONCE else None
    batch = new_batch(label=label, scope=papers.club.scope, promised=len(people) if writer else 0, filled_by=writer) if people else None
    promised = [teacher for teacher, _name, _email in people] if writer else None
    sending = _new_sending(papers, selection, request_key=request_key, batch=batch, promised=promised)
    _forget_held(papers, selection)
    write_held(sending, selection.held)
    if writer:
        enqueue("letters.write", papers.club.pk, token=writer, label=label, **shared)
    elif people:
        arguments = [[sending.pk, teacher] for teacher, _name, _email in people]
        write_letters(sending, people, enqueue_many("letters.send", arguments, batch=batch, label=_("Letter"), **shared))
    return sending


def _new_sending(papers: _Papers, selection: Selection, **fields: Any) -> Sending:
    return Sending.objects.create(
        club=papers.club,
        year=papers.year,
        wording=papers.wording,
        figures=papers.figures,
        figures_version=papers.figures.version,
        count=len(selection.chosen),
        skipped=[[candidate.teacher, reason] for candidate, reason in selection.left_out],
        sent_by_user=papers.user,
        **fields,
    )


def _forget_held(papers: _Papers, selection: Selection) -> None:
    if selection.held_before:
        held = VolunteerLetterSend.objects.filter(club=papers.club, year=papers.year, status=Status.HELD)
        held.filter(teacher__in=selection.held_before).delete()


def _batch_under_way(papers: _Papers, selection: Selection) -> Any:
    """The second of two clicks follows what the first began."""
    if all(reason != UNDER_WAY for _candidate, reason in selection.left_out):
        return None
    pending = VolunteerLetterSend.objects.filter(club=papers.club, year=papers.year, status=Status.PENDING)
    newest = pending.select_related("sending__batch").order_by("-id").first()
    return newest.sending.batch if newest else None


def _skipped(selection: Selection) -> list[dict[str, Any]]:
    return _worded([[candidate.teacher, reason] for candidate, reason in selection.left_out])


def _worded(pairs: list[list[Any]]) -> list[dict[str, Any]]:
    return [{"teacher": teacher, "reason": words_for(reason)} for teacher, reason in pairs]
