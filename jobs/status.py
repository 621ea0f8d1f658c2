"""What a person reads of a job that waits, runs or has ended: its place in line, its message, and when to ask again."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from . import registry
from .models import Job

PACES = ((10, 500), (60, 1000), (600, 2000))  # younger than so many seconds: ask again after so many milliseconds
SLOWEST_PACE = 5000


def position(job: Job) -> int | None:
    """Its place among the ready jobs of its queue, in the order in which workers take them."""
    if job.status != Job.Status.PENDING or job.run_at is not None:
        return None
    ready = Job.objects.waiting().filter(queue=job.queue, run_at=None)
    before = ready.filter(priority__gt=job.priority) | ready.filter(priority=job.priority, id__lt=job.pk)
    return before.count() + 1


def poll_after_ms(since: datetime | None, *, ended: bool) -> int:
    """Often while people watch, seldom when they have surely gone; 0 when there is nothing left to ask."""
    if ended:
        return 0
    age = (timezone.now() - since).total_seconds() if since else 0.0
    return next((pace for seconds, pace in PACES if age < seconds), SLOWEST_PACE)


def promised_as(filler: str | None) -> str:
    """The state of a batch's jobs that are not there yet, by that of the job which is to enqueue them."""
    if filler == Job.Status.ERROR:
        return Job.Status.ERROR.value
    return (Job.Status.CANCELLED if filler in (None, Job.Status.CANCELLED) else Job.Status.PENDING).value


def message(job: Job, place: int | None) -> str:
    """Ours while it waits, in the language of who asks; the reason when it failed; the task's own words otherwise."""
    if job.status == Job.Status.ERROR:
        return job.error
    if job.status != Job.Status.PENDING:
        return job.message
    if getattr(job, "on_hold", False):
        return _("On hold")
    return _place_in_words(place) if place else _start_in_words(job)


def steps(job: Job) -> list[dict[str, object]]:
    """Named in the language of who asks, where the kind still has the same steps. While it waits, none of them runs."""
    names = registry.get_or_default(job.kind).steps
    if len(names) != len(job.steps):
        names = tuple(step["name"] for step in job.steps)
    found = [{**step, "name": str(name)} for step, name in zip(job.steps, names, strict=True)]
    for step in found:
        if job.status == Job.Status.PENDING and (job.attempts == 0 or step["state"] == "running"):
            step.update(state="pending", progress=0)
    return found


def _place_in_words(place: int) -> str:
    """Translators: a language with one ending for its ordinals gives the same translation four times."""
    if place == 1:
        return _("Next in line")
    ending = 0 if place % 100 in (11, 12, 13) else place % 10
    patterns = {1: _("%(place)sst in line"), 2: _("%(place)snd in line"), 3: _("%(place)srd in line")}
    return patterns.get(ending, _("%(place)sth in line")) % {"place": place}


def _start_in_words(job: Job) -> str:
    if job.run_at is None:
        return ""
    left = max(timedelta(), job.run_at - timezone.now())
    if left >= timedelta(hours=1):
        return _("Starts on %(date)s") % {"date": date_format(timezone.localtime(job.run_at), "SHORT_DATETIME_FORMAT")}
    pattern = _("Next attempt in %(minutes)s") if job.attempts else _("Starts in %(minutes)s")
    return pattern % {"minutes": minutes_and_seconds(left)}


def minutes_and_seconds(span: timedelta) -> str:
    minutes, seconds = divmod(round(span.total_seconds()), 60)
    return f"{minutes}:{seconds:02}"


def duration(job: Job) -> str:
    """How long its last attempt has run, or ran."""
    if job.started_at is None:
        return ""
    span = (job.finished_at or timezone.now()) - job.started_at
    return seconds_in_words(max(span, timedelta()))


def seconds_in_words(span: timedelta) -> str:
    seconds = span.total_seconds()
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"
