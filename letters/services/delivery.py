"""One letter to one mailbox, at most once. What perhaps arrived is left to a person."""

import hashlib
import time
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Now
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs.registry import PermanentError, RetryableError
from lessons import mailer
from lessons.models import Teacher
from letters import messages
from letters.letter import Letter, facts_of, to_pdf
from letters.models import Sending, VolunteerLetterSend
from letters.selection import NOT_A_VOLUNTEER, SAME_ACTIVITY, words_for

from .obstacles import obstacle_today
from .words import preview_letter, today_of

Status = VolunteerLetterSend.Status
LOST_AFTER_SECONDS = 600  # no conversation with a mail server lasts so long: its job ends after a minute
PAPERS_SECONDS = 1
_ENDED = ["done", "error", "cancelled"]
_MAY_REOPEN = [Status.FAILED, Status.CANCELLED]


class HeldBack(PermanentError):
    """Nobody has to mend anything: no letter is due any more."""


def deliver(*, letter: VolunteerLetterSend, held: Any, finish: Callable[[], None], last_attempt: bool) -> None:
    """PDF, e-mail, status. Raises what the job should make of the outcome. `held`: the condition under which the job is still ours.

    The letter says `sending_since` before the conversation begins: whoever finds it so knows that somebody died in there. That is
    on disk first. *Sent* is so with the next letter's mark, or some moments later: lost with a server, it leaves the letter unsure.
    """
    if not _may_begin(letter) or (papers := papers_of(letter.sending_id, this_moment())) is None:
        return
    letter.attempts += 1
    letter.sending, letter.club = papers, papers.club
    try:
        message = messages.compose(letter, _pdf_of(letter))
        mailer.connect()
        if _begin(letter, held):
            mailer.send(message)
            with transaction.atomic():
                _end(letter, Status.SENT)
                finish()
    except (mailer.TemporaryFailure, RetryableError) as error:
        _end(letter, Status.FAILED if last_attempt else Status.PENDING, str(error))
        raise RetryableError(str(error)) from error
    except HeldBack as error:
        _end(letter, Status.HELD, str(error))
        raise PermanentError(str(error)) from error
    except (mailer.Refusal, PermanentError) as error:
        _end(letter, Status.FAILED, str(error))
        raise PermanentError(str(error)) from error
    except mailer.UnknownOutcome as error:
        _end(letter, Status.UNSURE, _unsure_text())
        raise PermanentError(_unsure_text(), retryable=False) from error


def read_pdf(letter: VolunteerLetterSend) -> bytes:
    """The bytes that were sent; empty where there are none, or where the file is no longer what it was."""
    if not letter.pdf_sha256:
        return b""
    try:
        with default_storage.open(str(letter.pdf.name)) as file:
            pdf: bytes = file.read()
    except FileNotFoundError:
        return b""
    return pdf if hashlib.sha256(pdf).hexdigest() == letter.pdf_sha256 else b""


def send_test(*, user: Any, teacher: Teacher, year: int) -> None:
    """Once, and without a row in the log."""
    pdf = preview_letter(teacher=teacher, year=year)
    message = messages.compose_test(teacher.club, user.email, str(teacher), year, pdf)
    try:
        mailer.connect()
        mailer.send(message)
    except (mailer.TemporaryFailure, mailer.Refusal) as error:
        raise PermanentError(str(error)) from error
    except mailer.UnknownOutcome as error:
        raise PermanentError(_unsure_text(), retryable=False) from error


def settle_lost_letters() -> int:
    """Letters whose job is over and said nothing: killed for good, cancelled, or cleared away. Returns how many."""
    long_ago = timezone.now() - timedelta(seconds=LOST_AFTER_SECONDS)
    pending = VolunteerLetterSend.objects.filter(status=Status.PENDING)
    over = Q(job=None) | Q(job__status__in=_ENDED)
    in_conversation = pending.filter(sending_since__isnull=False).filter(over | Q(sending_since__lt=long_ago))
    count = in_conversation.update(status=Status.UNSURE, error_message=_unsure_text(), sending_since=None, updated_at=Now())
    # Translators: "L’envoi a été arrêté avant de partir."
    stopped = _("It was stopped before it was sent.")
    said = VolunteerLetterSend.objects.filter(pk=OuterRef("pk")).exclude(job__error="").values("job__error")
    words = Coalesce(Subquery(said[:1]), Value(stopped))
    unsent = pending.filter(over, sending_since=None)
    count += unsent.filter(job__status="cancelled").update(status=Status.CANCELLED, error_message=stopped, updated_at=Now())
    return count + unsent.update(status=Status.FAILED, error_message=words, updated_at=Now())


def _may_begin(letter: VolunteerLetterSend) -> bool:
    if letter.status == Status.PENDING and letter.sending_since:
        _end(letter, Status.UNSURE, _unsure_text())
    if letter.status == Status.UNSURE:
        raise PermanentError(_unsure_text(), retryable=False)
    if letter.status in _MAY_REOPEN:  # an operator tries its job again: nothing had left, so nothing is doubled
        _reopen(letter)
    return letter.status == Status.PENDING


def _reopen(letter: VolunteerLetterSend) -> None:
    try:
        with transaction.atomic():
            standing = VolunteerLetterSend.objects.filter(teacher=letter.teacher_id, year=letter.year, status=Status.SENT, pk__gt=letter.pk)
            if not standing.exists():
                VolunteerLetterSend.objects.filter(pk=letter.pk, status__in=_MAY_REOPEN).update(status=Status.PENDING)
                letter.status = Status.PENDING
    except IntegrityError:
        letter.status = Status.FAILED
    if letter.status != Status.PENDING:
        # Translators: "Une lettre plus récente l’a remplacée."
        raise PermanentError(_("A newer letter has taken its place."), retryable=False)


def _pdf_of(letter: VolunteerLetterSend) -> bytes:
    """Made once, kept, and the same bytes in each attempt."""
    teacher = letter.teacher
    if teacher is None:
        # Translators: "Cet enseignant a été supprimé entre-temps."
        raise PermanentError(_("This teacher has been deleted meanwhile."), retryable=False)
    usual_activity = letter.sending.wording.activity
    if obstacle := obstacle_today(teacher, email=letter.recipient_email, usual_activity=usual_activity):
        raise (HeldBack if obstacle in (NOT_A_VOLUNTEER, SAME_ACTIVITY) else PermanentError)(words_for(obstacle))
    try:
        return read_pdf(letter) or _keep(letter, _render(letter, teacher))
    except OSError as error:
        # Translators: "La lettre n’a pas pu être enregistrée : le disque est plein ou inaccessible."
        raise RetryableError(_("The letter could not be stored: the disk is full or out of reach.")) from error


def _render(letter: VolunteerLetterSend, teacher: Teacher) -> bytes:
    figures = letter.sending.figures
    letter.figures_version = figures.version
    content = Letter(
        club=letter.club,
        volunteer=letter.teacher_name,
        facts=facts_of(teacher),
        wording=letter.sending.wording,
        figures=figures,
        dated=today_of(letter.club),
        reference=f"{letter.year}-{letter.pk}",
    )
    return to_pdf(content)


@lru_cache(maxsize=20)
def papers_of(sending: int, moment: int) -> Sending | None:
    """What all letters of one sending share, read once a moment: for each letter anew, it was a tenth of what one costs beside its PDF.

    None where the club was deleted, and its letters with it, since this one was read.
    """
    return Sending.objects.select_related("club", "wording", "figures").defer("skipped", "promised").filter(pk=sending).first()


def this_moment() -> int:
    return int(time.monotonic() / PAPERS_SECONDS)


def _keep(letter: VolunteerLetterSend, pdf: bytes) -> bytes:
    """Whole or not at all: the row names the file once it is there, and what a dead worker left half written is replaced."""
    name = f"letters/{letter.club_id}/{letter.year}/{letter.pk}.pdf"
    default_storage.delete(name)
    try:
        name = default_storage.save(name, ContentFile(pdf))
    except OSError:
        default_storage.delete(name)
        raise
    letter.pdf.name, letter.pdf_sha256 = name, hashlib.sha256(pdf).hexdigest()
    return pdf


def _begin(letter: VolunteerLetterSend, held: Any) -> bool:
    """Of two who hold the same letter, one; and nobody whose job was cancelled or taken over."""
    mine = VolunteerLetterSend.objects.filter(held, pk=letter.pk, status=Status.PENDING, sending_since=None)
    return bool(mine.update(sending_since=Now(), error_message="", **_done_so_far(letter)))


def _end(letter: VolunteerLetterSend, status: Status, error: str = "") -> None:
    """What the server answered outweighs what somebody concluded from our silence."""
    letter.status = status
    open_rows = VolunteerLetterSend.objects.filter(pk=letter.pk, status__in=[Status.PENDING, Status.UNSURE, Status.FAILED])
    sent_at = Now() if status == Status.SENT else None
    facts = {"status": status, "error_message": error, "sending_since": None, "sent_at": sent_at, "updated_at": Now()}
    open_rows.update(**facts, **_done_so_far(letter))


def _done_so_far(letter: VolunteerLetterSend) -> dict[str, Any]:
    """Written with the next step, because a statement of its own costs each letter a commit."""
    pdf = {"pdf": letter.pdf.name, "pdf_sha256": letter.pdf_sha256, "figures_version": letter.figures_version}
    return {"attempts": letter.attempts, **pdf}


def _unsure_text() -> str:
    # Translators: "Elle est peut-être arrivée : elle ne repartira pas toute seule."
    return _("The letter may have arrived: it will not be sent again by itself.")
