"""An e-mail to who recorded a note, where they want one: what came of it. At most one for each time that it is processed."""

from collections.abc import Callable

from django.db.models.functions import Now
from django.utils.translation import gettext as _

from audio import messages
from audio.models import NotePreference, VoiceNote
from jobs.registry import PermanentError, RetryableError
from jobs.services import enqueue
from lessons import mailer
from lessons.models import Membership, new_message_id


def save_preference(*, membership: Membership, email_when_done: bool) -> NotePreference:
    row, _made = NotePreference.objects.update_or_create(membership=membership, defaults={"email_when_done": email_when_done})
    return row


def tell_when_wanted(*, note: VoiceNote, changed: bool) -> None:
    """In the caller's transaction. A note that is read again and changes nothing says nothing."""
    wanted = NotePreference.objects.filter(membership__user=note.created_by_id, membership__club=note.club_id, email_when_done=True)
    if changed and wanted.exclude(membership__user__email="").exists():
        VoiceNote.objects.filter(pk=note.pk).update(email_begun_at=None, message_id=new_message_id())
        enqueue("audio.send_outcome", note.pk, label=_("E-mail about a voice note"), scope=note.club.scope, user=note.created_by)


def send_outcome(*, note: VoiceNote, confirm: Callable[[], None]) -> None:
    """Speak to the mail server, once. Raises what the job should make of the outcome.

    The note says `email_begun_at` before the conversation begins: whoever finds it so knows that somebody died in there.
    """
    if note.email_begun_at:
        raise PermanentError(_unsure_text(), retryable=False)
    if note.created_by is None or not note.created_by.email:
        return
    message = messages.compose(note)
    try:
        mailer.connect()
        confirm()
        if _begin(note):
            mailer.send(message)
    except mailer.TemporaryFailure as error:
        _take_back(note)
        raise RetryableError(str(error)) from error
    except mailer.Refusal as error:  # a person who mends the address and tries again doubles nothing
        _take_back(note)
        raise PermanentError(str(error)) from error
    except mailer.UnknownOutcome as error:
        raise PermanentError(_unsure_text(), retryable=False) from error


def _begin(note: VoiceNote) -> bool:
    """Of two who hold the same note, one."""
    return bool(VoiceNote.objects.filter(pk=note.pk, email_begun_at=None).update(email_begun_at=Now()))


def _take_back(note: VoiceNote) -> None:
    VoiceNote.objects.filter(pk=note.pk).update(email_begun_at=None)


def _unsure_text() -> str:
    return _("It may have arrived: it will not be sent again by itself.")
