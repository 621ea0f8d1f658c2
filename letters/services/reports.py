"""What a mail service tells of a letter after it took it: it arrived, came back, or was called spam."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext as _

from letters.models import VolunteerLetterSend

Status = VolunteerLetterSend.Status
TWO_CLOCKS = timedelta(seconds=60)  # ours and the service's need not agree to the second
_IN_CONVERSATION = Q(status=Status.PENDING, sending_since__isnull=False)  # the report was quicker than the answer


def mark_bounced(*, message_id: str, reason: str, at: datetime | None = None) -> bool:
    """The mailbox turned the letter back after the server had taken it. Told twice, it counts once.

    What is older than the present sending is about an earlier one, to an address that was mended since.
    """
    taken = VolunteerLetterSend.objects.filter(Q(status__in=[Status.SENT, Status.UNSURE]) | _IN_CONVERSATION, message_id=message_id)
    if at:
        taken = taken.filter(Q(sent_at=None) | Q(sent_at__lte=at + TWO_CLOCKS))
    return bool(taken.update(**_settled(Status.BOUNCED, reason)))


def mark_arrived(*, message_id: str) -> bool:
    """It settles a doubt, and nothing else."""
    doubtful = VolunteerLetterSend.objects.filter(Q(status=Status.UNSURE) | _IN_CONVERSATION, message_id=message_id)
    return bool(doubtful.update(sent_at=Now(), **_settled(Status.SENT)))


def mark_complained(*, message_id: str) -> bool:
    """It arrived, so nothing is sent again; the manager reads that it was not welcome."""
    taken = VolunteerLetterSend.objects.filter(Q(status__in=[Status.SENT, Status.UNSURE]) | _IN_CONVERSATION, message_id=message_id)
    # Translators: "Le destinataire l’a signalée comme indésirable."
    words = _("The recipient called it spam.")
    return bool(taken.update(sent_at=Coalesce("sent_at", Now()), **_settled(Status.SENT, words)))


def _settled(status: str, words: str = "") -> dict[str, Any]:
    return {"status": status, "error_message": words, "sending_since": None, "updated_at": Now()}
