"""Second chances, each by a person's decision, and none that doubles a letter."""

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jobs.services import StateConflict, batch_reference, enqueue_many, new_batch
from lessons.models import Club
from letters.models import Sending, VolunteerLetterSend, Wording
from letters.selection import DELETED, words_for
from letters.wording import gaps

from .obstacles import obstacle_today
from .words import today_of
from .writing import wording_once_complete

Status = VolunteerLetterSend.Status
UNDELIVERED = [Status.FAILED, Status.BOUNCED]
MAY_RETRY = [*UNDELIVERED, Status.CANCELLED]  # the last only one by one: a person stopped it


@dataclass(frozen=True)
class Retry:
    """What a retry does, or would do."""

    year: int
    letters: list[VolunteerLetterSend]
    delivered: int = 0  # a newer letter has arrived, or is under way
    blocked: list[tuple[VolunteerLetterSend, str]] = field(default_factory=list)  # with the reason
    batch: Any = None
    unsure: list[VolunteerLetterSend] = field(default_factory=list)  # they wait for a decision
    keeps_wording: bool = False  # of each letter, because today's is incomplete

    @property
    def count(self) -> int:
        return len(self.letters)

    @property
    def message(self) -> str:
        # Translators: "47 lettres repartiraient"; then "3 déjà remplacées, laissées de côté", "1 reste bloquée : fiche à corriger"
        parts = [ngettext("%(count)d letter to send again", "%(count)d letters to send again", self.count) % {"count": self.count}]
        if self.delivered:
            rest = ngettext("%(count)d already delivered, left out", "%(count)d already delivered, left out", self.delivered)
            parts.append(rest % {"count": self.delivered})
        if self.blocked:
            rest = ngettext("%(count)d blocked: mend the card", "%(count)d blocked: mend the cards", len(self.blocked))
            parts.append(rest % {"count": len(self.blocked)})
        return " ; ".join(parts)

    @property
    def batch_reference(self) -> dict[str, Any] | None:
        return batch_reference(self.batch) if self.batch else None


def retry_failed(*, club: Club, user: Any, year: int | None = None, dry_run: bool = False) -> Retry:
    """What failed in a year, the present one unless named, and nothing newer has replaced. `dry_run` only says what it would do."""
    year = year or today_of(club).year
    shown = Q(status=Status.UNSURE) | Q(status__in=UNDELIVERED, teacher__isnull=False)
    failed = VolunteerLetterSend.objects.filter(shown, club=club, year=year)
    if dry_run:
        return _retry(club, user, year, failed, dry_run)
    with transaction.atomic():
        Club.objects.select_for_update(no_key=True).get(pk=club.pk)
        return _retry(club, user, year, failed, dry_run)


def retry_letter(*, letter: VolunteerLetterSend, user: Any) -> Retry:
    """Raises StateConflict where the letter cannot be sent again; the text says why."""
    with transaction.atomic():
        Club.objects.select_for_update(no_key=True).get(pk=letter.club_id)
        this = VolunteerLetterSend.objects.filter(pk=letter.pk, status__in=MAY_RETRY)
        done = _retry(letter.club, user, letter.year, this, False)
    if not done.letters:
        raise StateConflict(_why_not(letter, done))
    return done


def resolve_unsure(*, letter: VolunteerLetterSend, arrived: bool, user: Any) -> Retry | None:
    """A person knows what the mail server did not say. Raises StateConflict when somebody decided already."""
    unsure = VolunteerLetterSend.objects.filter(pk=letter.pk, status=Status.UNSURE)
    with transaction.atomic():
        Club.objects.select_for_update(no_key=True).get(pk=letter.club_id)
        if not arrived:
            letters = list(unsure.select_related("teacher", "sending"))
            done = Retry(letter.year, letters, batch=_send_again(letter.club, user, letters))
        elif unsure.update(status=Status.SENT, sent_at=F("updated_at"), error_message=""):
            return None
        else:
            done = Retry(letter.year, [])
    if not done.letters:
        raise StateConflict(_("This letter is not waiting for a decision."))
    return done


def _retry(club: Club, user: Any, year: int, failed: Any, dry_run: bool) -> Retry:
    wording = wording_once_complete(club)  # what a click has promised is under way
    others = VolunteerLetterSend.objects.filter(teacher=OuterRef("teacher"), year=OuterRef("year"))
    under_way, newer = Q(status__in=[Status.PENDING, Status.UNSURE]), Q(pk__gt=OuterRef("pk"))
    rows = failed.select_related("teacher__volunteer_facts", "club", "sending__figures").order_by("pk").annotate(
        delivered=Exists(others.filter(under_way | newer & Q(status=Status.SENT))),
        replaced=Exists(others.filter(newer)),  # that one counts, not this
    )  # fmt: skip
    unsure = [row for row in rows if row.status == Status.UNSURE]
    rows = [row for row in rows if row.status != Status.UNSURE]
    delivered = [row for row in rows if row.delivered]
    standing = [(row, _obstacle(row, wording.activity)) for row in rows if not (row.delivered or row.replaced)]
    again = [row for row, obstacle in standing if not obstacle]
    blocked = [(row, words_for(obstacle)) for row, obstacle in standing if obstacle]
    batch = None if dry_run else _send_again(club, user, again, wording)
    return Retry(year, again, len(delivered), blocked, batch, unsure, keeps_wording=bool(gaps(wording)))


def _obstacle(letter: VolunteerLetterSend, usual_activity: str) -> str:
    teacher = letter.teacher
    return obstacle_today(teacher, email=teacher.email, usual_activity=usual_activity) if teacher else DELETED


def _send_again(club: Club, user: Any, letters: list[VolunteerLetterSend], wording: Wording | None = None) -> Any:
    """To the address as it is now. With a `wording` each gets a fresh PDF, with that and the figures as they are now; without, it
    stays the very same letter. Returns the batch."""
    if not letters:
        return None
    batch = new_batch(label=_("Letters sent again"), scope=club.scope)
    sending = _new_sending(club, user, letters, batch, wording) if wording else None
    for row in letters:
        row.sending = sending or row.sending
    jobs = enqueue_many(
        "letters.send", [[row.sending_id, row.teacher_id] for row in letters], batch=batch, label=_("Letter"), scope=club.scope, user=user
    )
    for row, job in zip(letters, jobs, strict=True):
        row.job_id, row.status, row.error_message, row.sending_since = job.pk, Status.PENDING, "", None
        row.recipient_email = row.teacher.email if row.teacher else row.recipient_email
        if wording:
            row.pdf.name, row.pdf_sha256 = "", ""
    fields = ["sending", "job", "status", "error_message", "sending_since", "recipient_email", "pdf", "pdf_sha256"]
    VolunteerLetterSend.objects.bulk_update(letters, fields, batch_size=500)
    return batch


def _new_sending(club: Club, user: Any, letters: list[VolunteerLetterSend], batch: Any, wording: Wording) -> Sending | None:
    """None where the wording has become incomplete: then each keeps the one that it was asked with."""
    if gaps(wording):
        return None
    first = letters[0]  # of one year, as they all are
    figures = first.sending.figures
    shared = {"club": club, "year": first.year, "wording": wording, "figures": figures, "figures_version": figures.version}
    return Sending.objects.create(**shared, batch=batch, count=len(letters), sent_by_user=user)


def _why_not(letter: VolunteerLetterSend, done: Retry) -> str:
    if done.blocked:
        return done.blocked[0][1]
    return _("A newer letter has taken its place.") if letter.status in MAY_RETRY else _("Only a failed letter can be sent again.")
