"""The figures of the background work in Prometheus' text format.

They are gauges: what they count is pruned after its retention, so it cannot only grow.
"""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Count, DurationField, ExpressionWrapper, F, Sum
from django.db.models.functions import Now

from . import health
from .models import Attempt, Job

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Sample = tuple[dict[str, str], float]


def render(snapshot: health.Snapshot) -> str:
    lines = _family("up", "1 while work gets done, 0 when it does not.", [({}, float(snapshot.status != health.DOWN))])
    lines += _family("problems", "What needs an operator.", [({}, float(len(snapshot.problems)))])
    if snapshot.status != health.DOWN or snapshot.queues:
        lines += _queue_lines(snapshot)
        lines += _hour_lines()
        lines += _statement_lines(snapshot)
    return "\n".join(lines) + "\n"


def _queue_lines(snapshot: health.Snapshot) -> list[str]:
    queues = snapshot.queues.items()
    states = ("pending", "running", "error")
    jobs = [({"queue": name, "status": state}, queue[state]) for name, queue in queues for state in states]
    oldest = [({"queue": name}, queue["oldest_pending_seconds"] or 0) for name, queue in queues]
    paused = [({"queue": name}, int(queue["paused"])) for name, queue in queues]
    workers = [({"state": state}, sum(worker["state"] == state for worker in snapshot.workers)) for state in ("idle", "busy", "stopping")]
    return [
        *_family("jobs", "Jobs that wait, run or have failed.", jobs),
        *_family("oldest_pending_seconds", "How long the job that is ready longest has waited.", oldest),
        *_family("queue_paused", "1 while nothing of the queue starts.", paused),
        *_family("workers", "Workers alive.", workers),
    ]


def _hour_lines() -> list[str]:
    """By two aggregates over the last hour's rows, which an index finds."""
    since = Now() - timedelta(hours=1)
    run = ExpressionWrapper(F("finished_at") - F("started_at"), output_field=DurationField())
    ended = list(Job.objects.filter(finished_at__gt=since).order_by().values("kind", "status").annotate(count=Count("pk"), run=Sum(run)))
    attempts = Attempt.objects.filter(ended_at__gt=since).order_by().values("outcome").annotate(count=Count("pk"))
    counts = [({"kind": row["kind"], "status": row["status"]}, row["count"]) for row in ended]
    seconds = [({"kind": row["kind"], "status": row["status"]}, row["run"].total_seconds() if row["run"] else 0) for row in ended]
    outcomes = [({"outcome": row["outcome"]}, row["count"]) for row in attempts]
    return [
        *_family("ended_last_hour", "Jobs that ended in the last hour and are still kept.", counts),
        *_family("run_seconds_last_hour", "How long their last attempts ran, summed.", seconds),
        *_family("failed_attempts_last_hour", "Attempts that did not succeed.", outcomes),
    ]


def _statement_lines(snapshot: health.Snapshot) -> list[str]:
    slow, reads = snapshot.slow_queries, snapshot.cache
    return [
        *_family("slow_statements_last_hour", "SQL statements that took longer than SLOW_QUERY_SECONDS.", [({}, slow["last_hour"])]),
        *_family("slowest_statement_seconds", "The longest of them.", [({}, slow["slowest_ms"] / 1000)]),
        *_family("cache_reads", "Reads of reference data.", [({"outcome": name}, reads[name]) for name in ("hits", "misses")]),
    ]


def _family(name: str, text: str, samples: Iterable[Sample]) -> list[str]:
    full = f"aussitot_jobs_{name}" if name != "jobs" else "aussitot_jobs"
    head = [f"# HELP {full} {text}", f"# TYPE {full} gauge"]
    return head + [f"{full}{_labels(labels)} {value}" for labels, value in samples]


def _labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    pairs = (f'{key}="{_escape(value)}"' for key, value in labels.items())
    return "{" + ",".join(pairs) + "}"


def _escape(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
