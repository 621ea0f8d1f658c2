"""One snapshot of the background work, for the endpoint, the command, the figures and whoever raises an alarm."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.db.models import Count, Min, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from . import database, registry, services, slow_statements
from .models import Job, Queue, Worker

OK, DEGRADED, DOWN = "ok", "degraded", "down"
OLDEST_PENDING_SECONDS = 60  # longer than this, people look at a bar that does not move
FAILURES_AN_HOUR = 3  # fewer are bad luck
OLDEST_TRANSACTION_SECONDS = 600  # nothing that ended since it began can be vacuumed away
DEAD_ROWS = 50_000


@dataclass
class Snapshot:
    status: str = OK
    problems: list[str] = field(default_factory=list)
    database: dict[str, Any] = field(default_factory=dict)
    workers: list[dict[str, Any]] = field(default_factory=list)
    queues: dict[str, dict[str, Any]] = field(default_factory=dict)
    cache: dict[str, Any] = field(default_factory=dict)
    slow_queries: dict[str, Any] = field(default_factory=dict)
    version: str = ""

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    def add(self, problem: str, status: str = DEGRADED) -> None:
        self.problems.append(problem)
        if self.status != DOWN:
            self.status = status


def take_snapshot() -> Snapshot:
    snapshot = Snapshot(version=str(settings.SPECTACULAR_SETTINGS["VERSION"]))
    try:
        _look(snapshot)
    except (OperationalError, InterfaceError):
        snapshot.database = {"reachable": False}
        snapshot.add(_("The database does not answer. Check that it runs, and DATABASE_URL; work goes on by itself when it is back."), DOWN)
    return snapshot


def workers_alive() -> bool:
    return services.workers_alive()


def queue_names() -> list[str]:
    """Those of the settings in their order, then those that a kind names."""
    named_by_kinds = sorted({registry.get(kind).queue for kind in registry.names()})
    return list(dict.fromkeys([*settings.JOBS_QUEUES, *named_by_kinds]))


def _look(snapshot: Snapshot) -> None:
    snapshot.database = database.describe()
    if missing := snapshot.database["unapplied_migrations"]:
        text = ngettext(
            "%(count)d migration is not applied: run manage.py migrate.",
            "%(count)d migrations are not applied: run manage.py migrate.",
            missing,
        )
        snapshot.add(text % {"count": missing}, DOWN)
        return  # the tables below may not be there
    if snapshot.database["cache_table_missing"]:
        snapshot.add(_("The cache has no table: run manage.py createcachetable."), DOWN)
        return
    snapshot.workers = _workers()
    snapshot.queues = _queues()
    snapshot.cache, snapshot.slow_queries = _reads_of_the_cache(), slow_statements.last_hour()
    judge_waiting(snapshot)
    judge_kinds(snapshot)
    judge_database(snapshot)


def _workers() -> list[dict[str, Any]]:
    alive = Worker.objects.filter(services.is_alive())
    return [
        {
            "host": worker.host,
            "pid": worker.pid,
            "queue": worker.queues,
            "state": worker.state,
            "job_kind": worker.job_kind,
            "since": worker.since,
        }
        for worker in alive
    ]


def _queues() -> dict[str, dict[str, Any]]:
    """Overdue jobs that nobody has promoted count as waiting; those of an unknown kind are parked, and named elsewhere."""
    ready = Q(status="pending", kind__in=registry.names()) & (Q(run_at=None) | Q(run_at__lte=Now()))
    rows = (
        Job.objects.filter(status__in=["pending", "running", "error"])
        .order_by()
        .values("queue")
        .annotate(
            pending=Count("pk", filter=Q(status="pending")),
            running=Count("pk", filter=Q(status="running")),
            error=Count("pk", filter=Q(status="error")),
            ready_since=Min("ready_at", filter=ready & Q(run_at=None)),
            due_since=Min("run_at", filter=ready),
        )
    )
    paused = dict(Queue.objects.values_list("name", "paused"))
    queues = {name: _queue_facts({}, paused.get(name, False)) for name in [*queue_names(), *sorted(paused)]}
    return queues | {row["queue"]: _queue_facts(row, paused.get(row["queue"], False)) for row in rows}


def _queue_facts(row: Mapping[str, Any], paused: bool) -> dict[str, Any]:
    counts = {state: row.get(state, 0) for state in ("pending", "running", "error")}
    oldest = _seconds_since([row.get("ready_since"), row.get("due_since")])
    return {**counts, "oldest_pending_seconds": oldest, "paused": paused}


def _seconds_since(times: list[datetime | None]) -> float | None:
    known = [time for time in times if time]
    return max(0.0, round((timezone.now() - min(known)).total_seconds(), 1)) if known else None


def _reads_of_the_cache() -> dict[str, Any]:
    """Of the cache that the settings name: this app knows none."""
    count = import_string(settings.JOBS_CACHE_READS) if settings.JOBS_CACHE_READS else lambda: {"hits": 0, "misses": 0}
    reads: dict[str, int] = count()
    total = reads["hits"] + reads["misses"]
    return {**reads, "hit_rate": round(reads["hits"] / total, 3) if total else None}


def judge_waiting(snapshot: Snapshot) -> None:
    waiting = {name: queue for name, queue in snapshot.queues.items() if queue["oldest_pending_seconds"] is not None}
    open_queues = {name: queue for name, queue in waiting.items() if not queue["paused"]}
    if not snapshot.workers and not settings.JOBS_INLINE:
        if open_queues:
            snapshot.add(_("Work is waiting and no worker is alive: start one with manage.py qcluster."), DOWN)
        else:
            snapshot.add(_("No worker is alive: start one with manage.py qcluster."))
    for name, queue in open_queues.items():
        if queue["oldest_pending_seconds"] > OLDEST_PENDING_SECONDS:
            text = _("The queue %(queue)s has kept a job waiting for %(seconds)d s: add workers, or look with manage.py jobs monitor.")
            snapshot.add(text % {"queue": name, "seconds": queue["oldest_pending_seconds"]})
    for name in waiting.keys() - open_queues.keys():
        text = ngettext(
            "The queue %(queue)s is paused with %(count)d job waiting: manage.py jobs resume %(queue)s.",
            "The queue %(queue)s is paused with %(count)d jobs waiting: manage.py jobs resume %(queue)s.",
            waiting[name]["pending"],
        )
        snapshot.add(text % {"queue": name, "count": waiting[name]["pending"]})


def judge_kinds(snapshot: Snapshot) -> None:
    hour_ago = Now() - timedelta(hours=1)
    ended = Job.objects.filter(finished_at__gt=hour_ago).order_by().values("kind")
    for row in ended.annotate(failed=Count("pk", filter=Q(status="error")), done=Count("pk", filter=Q(status="done"))):
        if row["failed"] >= FAILURES_AN_HOUR and row["failed"] >= row["done"]:
            text = _("%(count)d jobs of the kind %(kind)s failed in the last hour: see why with manage.py jobs failed --kind %(kind)s.")
            snapshot.add(text % {"count": row["failed"], "kind": row["kind"]})
    unknown = Job.objects.waiting().exclude(kind__in=registry.names()).order_by().values("kind").annotate(count=Count("pk"))
    for parked in unknown:
        text = ngettext(
            "%(count)d job of the unknown kind %(kind)s is parked: deploy the code that knows it, or cancel it.",
            "%(count)d jobs of the unknown kind %(kind)s are parked: deploy the code that knows it, or cancel them.",
            parked["count"],
        )
        snapshot.add(text % {"count": parked["count"], "kind": parked["kind"]})


def judge_database(snapshot: Snapshot) -> None:
    facts = snapshot.database
    if (facts["oldest_transaction_seconds"] or 0) > OLDEST_TRANSACTION_SECONDS:
        text = _("A transaction has been open for %(minutes)d min, and slows every claim: end it with pg_terminate_backend(%(pid)s).")
        snapshot.add(text % {"minutes": facts["oldest_transaction_seconds"] // 60, "pid": facts["oldest_transaction_pid"]})
    if (facts["dead_rows"] or 0) > max(DEAD_ROWS, facts["live_rows"] or 0):
        text = _("The table of jobs holds %(count)d dead rows: look for a long transaction, then run VACUUM jobs_job.")
        snapshot.add(text % {"count": facts["dead_rows"]})
