"""Stopping letters that have not begun to leave. What is being sent goes on: no conversation with a mail server is broken off."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jobs.services import StateConflict, cancel, cancel_batch
from lessons.models import Club
from letters.models import VolunteerLetterSend, VolunteerLetterSendQuerySet

from .writing import complete_sendings

Status = VolunteerLetterSend.Status


@dataclass(frozen=True)
class Stop:
    """What a stop did, or would do."""

    count: int
    running: int  # on their way already

    @property
    def message(self) -> str:
        # Translators: “3 lettres annulées”; then “2 déjà en cours d’envoi : elles partent”
        parts = [ngettext("%(count)d letter cancelled", "%(count)d letters cancelled", self.count) % {"count": self.count}]
        if self.running:
            rest = ngettext("%(count)d already being sent: it goes", "%(count)d already being sent: they go", self.running)
            parts.append(rest % {"count": self.running})
        return " ; ".join(parts)


def cancel_letter(*, letter: VolunteerLetterSend) -> None:
    """Only while it waits. Raises StateConflict."""
    if not letter.job or letter.status != Status.PENDING or letter.job.status != "pending":
        raise StateConflict(_("This letter can no longer be stopped."))
    with transaction.atomic():
        cancel(letter.job)
        _note(VolunteerLetterSend.objects.filter(pk=letter.pk))


def cancel_waiting(*, club: Club, batch: UUID, dry_run: bool = False) -> Stop:
    """Every letter of the batch that has not begun to leave. `dry_run` only says what it would do. Raises LookupError for a batch
    that the club does not have, or no longer."""
    complete_sendings(club=club.pk)
    letters = VolunteerLetterSend.objects.filter(club=club, job__batch=batch)
    waiting, running = (Count("pk", filter=Q(status=Status.PENDING, job__status=state)) for state in ("pending", "running"))
    found = letters.aggregate(letters=Count("pk"), count=waiting, running=running)
    if not found.pop("letters"):
        raise LookupError(batch)
    if dry_run:
        return Stop(**found)
    with transaction.atomic():
        Club.objects.select_for_update(no_key=True).get(pk=club.pk)
        cancel_batch(batch)
        return Stop(_note(letters), letters.aggregate(running=running)["running"])


def _note(letters: VolunteerLetterSendQuerySet) -> int:
    """What a worker took a moment before is left to it."""
    # Translators: “Arrêtée avant l’envoi.”
    words = _("Stopped by a person before it was sent.")
    stopped = letters.filter(status=Status.PENDING, job__status="cancelled", sending_since=None)
    return stopped.update(status=Status.CANCELLED, error_message=words, updated_at=Now())
