"""The only door into the queue, for code, admin, API and command alike. Everything here joins the caller's transaction."""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Now
from django.utils import translation

from . import claims, copies, registry
from .models import Batch, Intervention, Job, JobQuerySet, Queue, SlowStatement, Worker, time_ordered_uuid
from .signals import enqueued

BATCH_SIZE = 2000  # rows a statement
UNIQUE_TRIES = 30
WORKER_ALIVE_SECONDS = 10
WORKER_ROW_SECONDS = 86400
SLOW_STATEMENT_SECONDS = 7 * 86400
INTERVENTION_SECONDS = 365 * 86400


class StateConflict(Exception):
    """The job's state does not allow this; the text says why."""


def new_token() -> UUID:
    """For `enqueue(token=…)`: a row can name its job before the job is there."""
    return time_ordered_uuid()


def enqueue(
    kind: str,
    *args: Any,
    run_at: datetime | None = None,
    priority: int | None = None,
    label: str = "",
    scope: str = "",
    user: Any = None,
    batch: Batch | None = None,
    token: UUID | None = None,
) -> Job:
    """One job. `args` are JSON scalars or lists of them. Of a `unique` kind, an unended job with the same arguments is returned."""
    policy = registry.get(kind)
    job = _new_job(policy, args, run_at=run_at, priority=priority, label=label, scope=scope, user=user, batch=batch)
    job.pk = token or job.pk
    if not policy.unique:
        job.save(force_insert=True)
    elif existing := _insert_unless_there(job):
        return existing
    _ring_and_run([job])
    return job


def enqueue_many(kind: str, argument_lists: Iterable[Sequence[Any]], *, batch: Batch | None = None, **options: Any) -> list[Job]:
    """Many jobs of one kind, in `len / 2000` statements. With a batch, they count towards it."""
    policy = registry.get(kind)
    if policy.unique:
        raise ValueError("enqueue_many does not look for doubles: enqueue a unique kind one by one")
    jobs = _alike(_new_job(policy, [], batch=batch, **options), argument_lists)
    copies.insert_many(jobs, BATCH_SIZE)
    if batch:
        Batch.objects.filter(pk=batch.pk).update(total=F("total") + len(jobs))
        batch.total += len(jobs)
    _ring_and_run(jobs)
    return jobs


def new_batch(*, label: str, scope: str = "", promised: int = 0, filled_by: UUID | None = None) -> Batch:
    """`promised`: so many jobs will be enqueued by the job `filled_by`, or by whoever is quicker, with `fill_batch`."""
    return Batch.objects.create(label=label, scope=scope, total=promised, promised=promised, filled_by_id=filled_by)


def fill_batch(batch: Batch, kind: str, argument_lists: Iterable[Sequence[Any]], **options: Any) -> list[Job]:
    """What the batch has promised, as many as there really are. None of them starts where it was stopped meanwhile."""
    with transaction.atomic():
        filler = Job.objects.select_for_update(no_key=True).filter(pk__in=[batch.filled_by_id])
        status = filler.values_list("status", flat=True).first()  # whoever stops the batch comes before us, or finds our jobs
        Batch.objects.filter(pk=batch.pk).update(total=F("total") - F("promised"), promised=0)
        batch.refresh_from_db(fields=["total", "promised"])
        jobs = enqueue_many(kind, argument_lists, batch=batch, **options)
        if status in (None, Job.Status.CANCELLED):
            cancel_batch(batch.pk)
    return jobs


def retry(job: Job) -> Job:
    """Attempts start anew, history stays. Raises StateConflict unless the job failed or was cancelled."""
    try:
        with transaction.atomic():
            count = _reset(Job.objects.filter(pk=job.pk))
    except IntegrityError as error:
        raise StateConflict(translation.gettext("The same work is already waiting or running.")) from error
    if not count:
        raise StateConflict(translation.gettext("Only failed or cancelled work can be tried again."))
    job.refresh_from_db()
    _ring_and_run([job])
    return job


def retry_all(*, kind: str = "", queue: str = "") -> int:
    """Try every failed job again; returns how many. Unique ones whose twin already waits stay as they are."""
    failed = _narrow(Job.objects.failed(), kind, queue)
    count = _in_parts(failed.filter(unique_key=""), _reset)
    if count:
        claims.ring()
    for job in failed.exclude(unique_key=""):
        with suppress(StateConflict):
            retry(job)
            count += 1
    return count


def cancel(job: Job) -> Job:
    """A running task notices at its next report of progress. Raises StateConflict when the job has ended."""
    if not _cancel(Job.objects.filter(pk=job.pk)):
        raise StateConflict(translation.gettext("This work has already ended."))
    job.refresh_from_db()
    return job


def cancel_batch(token: UUID) -> int:
    """Cancel what of a batch still waits, or is only promised; what runs goes on. Returns how many."""
    promising = Batch.objects.filter(pk=token, promised__gt=0)
    stopped = _cancel(Job.objects.filter(pk__in=promising.values("filled_by")))  # while it runs too: it is atomic, or not done yet
    promised = sum(promising.values_list("promised", flat=True)) if stopped else 0  # whoever was quicker has left none
    return promised + _in_parts(Job.objects.waiting().filter(batch=token), _cancel)


def clear(*, queue: str = "") -> int:
    """Cancel everything that waits; returns how many."""
    return _in_parts(_narrow(Job.objects.waiting(), "", queue), _cancel)


def discard(job: Job) -> None:
    """Delete an ended job with its history. Raises StateConflict while it waits or runs."""
    if not _delete(Job.objects.filter(pk=job.pk).exclude(status__in=[Job.Status.PENDING, Job.Status.RUNNING])):
        raise StateConflict(translation.gettext("Cancel this work before it is deleted."))


def flush(*, kind: str = "", queue: str = "") -> int:
    """Delete every failed job; returns how many."""
    return _delete(_narrow(Job.objects.failed(), kind, queue))


def pause(queue: str) -> None:
    """Nothing of this queue starts any more; what runs goes on."""
    Queue.objects.update_or_create(name=queue, defaults={"paused": True})


def resume(queue: str) -> None:
    Queue.objects.update_or_create(name=queue, defaults={"paused": False})
    claims.ring(queue)


def prune() -> int:
    """Delete ended jobs whose retention is over; returns how many. The jobs of a batch go together, with it."""
    kept = Job.objects.filter(batch=OuterRef("pk")).exclude(_expired())
    batches = Batch.objects.filter(~Exists(kept), promised=0, created_at__lt=_ago(settings.JOBS_RETENTION_SECONDS))
    count = _delete(Job.objects.filter(batch__in=batches))
    batches.delete()
    Worker.objects.filter(seen_at__lt=_ago(WORKER_ROW_SECONDS)).delete()
    SlowStatement.objects.filter(ended_at__lt=_ago(SLOW_STATEMENT_SECONDS)).delete()
    Intervention.objects.filter(acted_at__lt=_ago(INTERVENTION_SECONDS)).delete()
    return count + _delete(Job.objects.filter(_expired(), batch=None))


def is_expired(job: Job) -> bool:
    """Whether its token answers `unknown`, though the row may still be there."""
    return Job.objects.filter(_expired(), pk=job.pk).exists()


def restart() -> int:
    """Ask every cluster to finish what runs and end; its supervisor starts it anew. Returns how many workers were asked."""
    return Worker.objects.filter(is_alive()).update(restart_asked_at=Now())


def note_intervention(*, who: str, deed: str, target: str = "", count: int | None = None) -> None:
    """For the operator who asks later who did it."""
    Intervention.objects.create(who=who[:200], deed=deed, target=target[:200], count=count)


def arguments_under_way(kind: str) -> list[list[Any]]:
    """Of every job of this kind that waits or runs: to what is not among them nobody will see."""
    return list(Job.objects.unended().filter(kind=kind).values_list("args", flat=True))


def is_alive() -> Q:
    """The condition under which a worker counts as alive."""
    return Q(seen_at__gt=_ago(WORKER_ALIVE_SECONDS))


def workers_alive() -> bool:
    return Worker.objects.filter(is_alive()).exists()


def job_reference(job: Job) -> dict[str, str]:
    """What an HTTP answer carries wherever a job was started."""
    return {"token": job.token, "status": job.status, "status_url": f"/api/jobs/{job.token}/"}


def batch_reference(batch: Batch) -> dict[str, Any]:
    return {"token": str(batch.pk), "total": batch.total, "status_url": f"/api/batches/{batch.pk}/"}


def _new_job(policy: registry.Kind, args: Sequence[Any], *, priority: int | None = None, **fields: Any) -> Job:
    return Job(
        kind=policy.name,
        queue=policy.queue,
        args=list(args),
        priority=policy.priority if priority is None else priority,
        max_attempts=policy.max_attempts,
        language=translation.get_language() or "",
        steps=[{"name": str(name), "state": "pending", "progress": 0} for name in policy.steps],
        unique_key=_unique_key(args) if policy.unique else "",
        **fields,
    )


def _alike(pattern: Job, argument_lists: Iterable[Sequence[Any]]) -> list[Job]:
    """One a list: what they share is looked up and checked once. 1,000 in 3 ms, against 60."""
    jobs = []
    for args in argument_lists:
        job = Job.__new__(Job)
        job.__dict__.update(pattern.__dict__, id=time_ordered_uuid(), args=list(args))
        jobs.append(job)
    return jobs


def _insert_unless_there(job: Job) -> Job | None:
    """None when the job went in; else the unended one that stands in its way."""
    for _ in range(UNIQUE_TRIES):  # the other may end between our insert and our look
        try:
            with transaction.atomic():
                job.save(force_insert=True)
                return None
        except IntegrityError as error:
            existing = Job.objects.unended().filter(kind=job.kind, unique_key=job.unique_key).first()
            if existing:
                return existing
            conflict = error
    raise conflict


def _unique_key(args: Sequence[Any]) -> str:
    return hashlib.sha256(json.dumps(list(args)).encode()).hexdigest()


def _ring_and_run(jobs: list[Job]) -> None:
    for queue in {job.queue for job in jobs}:  # a deferred one may be due before anybody looks by himself
        claims.ring(queue)
    enqueued.send(sender=Job, jobs=jobs)


def _reset(jobs: JobQuerySet) -> int:
    ended_badly = jobs.filter(status__in=[Job.Status.ERROR, Job.Status.CANCELLED])
    return ended_badly.update(
        status=Job.Status.PENDING,
        attempts=0,
        retryable=True,
        run_at=None,
        ready_at=Now(),
        owner="",
        error="",
        message="",
        progress=0,
        started_at=None,
        finished_at=None,
    )


def _cancel(jobs: JobQuerySet) -> int:
    return jobs.unended().update(status=Job.Status.CANCELLED, owner="", run_at=None, finished_at=Now())


def _narrow(jobs: JobQuerySet, kind: str, queue: str) -> JobQuerySet:
    chosen = {name: value for name, value in {"kind": kind, "queue": queue}.items() if value}
    return jobs.filter(**chosen)


def _delete(jobs: JobQuerySet) -> int:
    return _in_parts(jobs, JobQuerySet.delete)


def _in_parts(jobs: JobQuerySet, change: Callable[[JobQuerySet], object]) -> int:
    """Some at a time, and locked first: what leaves the set meanwhile, as a failed job that is retried, stays as it is."""
    count = 0
    while True:
        with transaction.atomic():
            ids = _locked(jobs)
            change(Job.objects.filter(pk__in=ids))
        count += len(ids)
        if len(ids) < BATCH_SIZE:
            return count


def _locked(jobs: JobQuerySet) -> list[UUID]:
    """In order of their keys: two who change many at once must not wait for each other in a ring."""
    return list(jobs.select_for_update().order_by("id").values_list("id", flat=True)[:BATCH_SIZE])


def _expired() -> Q:
    own = {name: seconds for name in registry.names() if (seconds := registry.get(name).retention_seconds) is not None}
    quiet = Q(status__in=[Job.Status.DONE, Job.Status.CANCELLED])
    expired = quiet & ~Q(kind__in=own) & Q(finished_at__lt=_ago(settings.JOBS_RETENTION_SECONDS))
    for name, seconds in own.items():
        expired |= quiet & Q(kind=name, finished_at__lt=_ago(seconds))
    return expired | Q(status=Job.Status.ERROR, finished_at__lt=_ago(settings.JOBS_ERROR_RETENTION_SECONDS))


def _ago(seconds: float) -> Combinable:
    """By the clock of the database, which wrote the times that are compared with it."""
    return Now() - timedelta(seconds=seconds)
