"""Second chances, each by a person's decision, and none that doubles a letter."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jobs.services import StateConflict, batch_reference, cancel, enqueue_many, new_batch
from lessons.models import Club
from letters.models import VolunteerLetterSend
from letters.selection import is_address, words_for

Status = VolunteerLetterSend.Status
MAY_RETRY = [Status.FAILED, Status.BOUNCED]


@dataclass(frozen=True)
class Retry:
    """What a retry does, or would do."""

    letters: list[VolunteerLetterSend]
    delivered: int = 0  # a newer letter has arrived, or is under way
    blocked: list[VolunteerLetterSend] = field(default_factory=list)  # nowhere to send them
    batch: Any = None

    @property
    def count(self) -> int:
        return len(self.letters)

    @property
    def message(self) -> str:
        # Translators: "47 lettres repartiraient"; then "3 déjà remplacées, laissées de côté", "1 reste bloquée : adresse à corriger"
        parts = [ngettext("%(count)d letter to send again", "%(count)d letters to send again", self.count) % {"count": self.count}]
        if self.delivered:
            rest = ngettext("%(count)d already delivered, left out", "%(count)d already delivered, left out", self.delivered)
            parts.append(rest % {"count": self.delivered})
        if self.blocked:
            rest = ngettext("%(count)d blocked: mend the address", "%(count)d blocked: mend the addresses", len(self.blocked))
            parts.append(rest % {"count": len(self.blocked)})
        return " ; ".join(parts)

    @property
    def batch_reference(self) -> dict[str, Any] | None:
        return batch_reference(self.batch) if self.batch else None


def retry_failed(*, club: Club, user: Any, dry_run: bool = False) -> Retry:
    """Every failed letter of the club that nothing newer has replaced. `dry_run` only says what it would do."""
    with transaction.atomic():
        Club.objects.select_for_update(no_key=True).get(pk=club.pk)
        failed = VolunteerLetterSend.objects.filter(club=club, status__in=MAY_RETRY)
        return _retry(club, user, failed, dry_run)


def retry_letter(*, letter: VolunteerLetterSend, user: Any) -> Retry:
    """Raises StateConflict where the letter cannot be sent again; the text says why."""
    with transaction.atomic():
        Club.objects.select_for_update(no_key=True).get(pk=letter.club_id)
        done = _retry(letter.club, user, VolunteerLetterSend.objects.filter(pk=letter.pk, status__in=MAY_RETRY), False)
    if not done.letters:
        raise StateConflict(_why_not(letter, done))
    return done


def resolve_unsure(*, letter: VolunteerLetterSend, arrived: bool, user: Any) -> Retry | None:
    """A person knows what the mail server did not say. Raises StateConflict when somebody decided already."""
    unsure = VolunteerLetterSend.objects.filter(pk=letter.pk, status=Status.UNSURE)
    with transaction.atomic():
        Club.objects.select_for_update(no_key=True).get(pk=letter.club_id)
        if not arrived:
            done = _send_again(letter.club, user, list(unsure.select_related("teacher")), keep_pdf=True)
        elif unsure.update(status=Status.SENT, sent_at=F("updated_at"), error_message=""):
            return None
        else:
            done = Retry([])
    if not done.letters:
        raise StateConflict(_("This letter is not waiting for a decision."))
    return done


def cancel_letter(*, letter: VolunteerLetterSend) -> None:
    """Only while it waits. Raises StateConflict."""
    if not letter.job or letter.status != Status.PENDING or letter.job.status != "pending":
        raise StateConflict(_("This letter can no longer be stopped."))
    with transaction.atomic():
        cancel(letter.job)
        stopped = VolunteerLetterSend.objects.filter(pk=letter.pk, status=Status.PENDING, sending_since=None)
        stopped.update(status=Status.FAILED, error_message=_("Stopped by a person before it was sent."))


def mark_bounced(*, message_id: str, reason: str) -> bool:
    """The mailbox turned the letter back after the server had taken it."""
    sent = VolunteerLetterSend.objects.filter(message_id=message_id, status__in=[Status.SENT, Status.UNSURE])
    return bool(sent.update(status=Status.BOUNCED, error_message=reason))


def _retry(club: Club, user: Any, failed: Any, dry_run: bool) -> Retry:
    others = VolunteerLetterSend.objects.filter(teacher=OuterRef("teacher"), year=OuterRef("year"))
    under_way, newer = Q(status__in=[Status.PENDING, Status.UNSURE]), Q(pk__gt=OuterRef("pk"))
    rows = failed.select_related("teacher", "club").order_by("pk").annotate(
        delivered=Exists(others.filter(under_way | newer & Q(status=Status.SENT))),
        replaced=Exists(others.filter(newer, status__in=MAY_RETRY)),  # that one is tried again, not this
    )  # fmt: skip
    delivered = [row for row in rows if row.delivered]
    standing = [row for row in rows if not (row.delivered or row.replaced)]
    again, blocked = ([row for row in standing if _can_go(row) is good] for good in (True, False))
    if dry_run or not again:
        return Retry(again, len(delivered), blocked)
    return Retry(again, len(delivered), blocked, _send_again(club, user, again, keep_pdf=False).batch)


def _can_go(letter: VolunteerLetterSend) -> bool:
    return letter.teacher is not None and is_address(letter.teacher.email)


def _send_again(club: Club, user: Any, letters: Iterable[VolunteerLetterSend], *, keep_pdf: bool) -> Retry:
    """The address as it is now. What failed gets a fresh PDF; what perhaps arrived stays the very same letter."""
    letters = list(letters)
    if not letters:
        return Retry([])
    batch = new_batch(label=_("Letters sent again"), scope=club.scope)
    jobs = enqueue_many(
        "letters.send", [[row.sending_id, row.teacher_id] for row in letters], batch=batch, label=_("Letter"), scope=club.scope, user=user
    )
    for row, job in zip(letters, jobs, strict=True):
        row.job_id, row.status, row.error_message, row.sending_since = job.pk, Status.PENDING, "", None
        row.recipient_email = row.teacher.email if row.teacher else row.recipient_email
        if not keep_pdf:
            row.pdf.name, row.pdf_sha256 = "", ""
    fields = ["job", "status", "error_message", "sending_since", "recipient_email", "pdf", "pdf_sha256"]
    VolunteerLetterSend.objects.bulk_update(letters, fields, batch_size=500)
    return Retry(letters, batch=batch)


def _why_not(letter: VolunteerLetterSend, done: Retry) -> str:
    if done.delivered:
        return _("A newer letter has taken its place.")
    if done.blocked:
        return words_for("bad_address") if letter.teacher_id else _("This teacher has been deleted meanwhile.")
    return _("Only a failed letter can be sent again.")
