"""What runs behind the letters."""

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

from jobs.progress import Progress
from jobs.registry import PermanentError, job
from lessons.models import Teacher

from . import services
from .models import VolunteerLetterSend


# The three attempts are for what the mail server does. A worker's death before the conversation is not the letter's fault, and one
# within it makes the letter unsure at the next start; forgiven without end, a PDF that kills its worker would kill them all.
@job("letters.send", queue="letters", atomic=False, max_attempts=3, forgiven_crashes=6, timeout_seconds=60, backoff=(30, 60, 120))
def send(progress: Progress, sending_id: int, teacher_id: int) -> None:
    """One letter: the one that names this job. Of an older job of the same letter, nothing is left to do."""
    for letter in VolunteerLetterSend.objects.with_person().filter(job=progress.job.pk).order_by():
        last = progress.attempt >= progress.job.max_attempts
        services.deliver(letter=letter, held=progress.held, finish=progress.finish, last_attempt=last)


@job("letters.write", priority=20, max_attempts=5, backoff=(1, 5, 30, 60))
def write(progress: Progress, club_id: int) -> None:
    """The rows of a sending that was too large to be written with the click."""
    services.complete_sendings(club=club_id)


@job("letters.send_test", queue="letters", atomic=False, max_attempts=1, timeout_seconds=60, priority=10)
def send_test(progress: Progress, user_id: int, teacher_id: int, year: int) -> None:
    user = get_user_model().objects.filter(pk=user_id).first()
    teacher = Teacher.objects.select_related("club", "volunteer_facts").filter(pk=teacher_id).first()
    if user is None or teacher is None:
        raise PermanentError(_("This teacher has been deleted meanwhile."), retryable=False)
    services.send_test(user=user, teacher=teacher, year=year)


@job("letters.settle_lost", every_seconds=60, retention_seconds=600)
def settle_lost(progress: Progress) -> int:
    services.complete_lost_sendings()
    return services.settle_lost_letters()
