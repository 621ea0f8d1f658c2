"""How background work looks in a terminal: aligned tables, plain words."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from . import status
from .health import Snapshot
from .models import Job, Worker

WIDEST_CELL = 60


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Text to the left, numbers to the right, as wide as the widest cell of the column."""
    rows = list(rows)
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(line[column]) for line in [list(heads), *cells]) for column in range(len(heads))]
    right = [bool(rows) and all(isinstance(row[column], int | float | None) for row in rows) for column in range(len(heads))]

    def line(values: Sequence[str]) -> str:
        return "  ".join(v.rjust(w) if r else v.ljust(w) for v, w, r in zip(values, widths, right, strict=True)).rstrip()

    return "\n".join([line(heads), line(["─" * width for width in widths]), *map(line, cells)])


def job_table(jobs: Iterable[Job]) -> str:
    heads = (_("ID"), _("status"), _("kind"), _("queue"), _("attempts"), _("created"), _("ran"), _("message"))
    return table(
        heads,
        (
            (
                job.token,
                job.get_status_display(),
                job.kind,
                job.queue,
                f"{job.attempts}/{job.max_attempts}",
                moment(job.created_at),
                status.duration(job),
                job.error or job.message,
            )
            for job in jobs
        ),
    )


def job_sheet(job: Job) -> str:
    """Everything an operator may know of one job."""
    facts = {
        _("ID"): job.token,
        _("kind"): job.kind,
        _("label"): job.label,
        _("status"): f"{job.get_status_display()} ({job.progress} %)",
        _("queue"): job.queue,
        _("priority"): job.priority,
        _("arguments"): json.dumps(job.args, ensure_ascii=False),
        _("attempts"): f"{job.attempts}/{job.max_attempts}",
        _("message"): job.message,
        _("error"): job.error,
        _("result"): "" if job.result is None else json.dumps(job.result, ensure_ascii=False),
        _("scope"): job.scope,
        _("batch"): job.batch_id,
        _("worker"): job.owner,
        _("created"): moment(job.created_at),
        _("not before"): moment(job.run_at),
        _("started"): moment(job.started_at),
        _("finished"): moment(job.finished_at),
    }
    shown = {name: value for name, value in facts.items() if value not in ("", None)}
    width = max(map(len, shown))
    sheet = [f"{name.ljust(width)}  {value}" for name, value in shown.items()]
    sheet += [f"  {step['name']}: {Job.Status(step['state']).label} ({step['progress']} %)" for step in job.steps]
    for attempt in job.failures.all():
        sheet += ["", _("Attempt %(attempt)s, %(moment)s, %(worker)s") % _attempt_words(attempt), attempt.traceback.rstrip()]
    return "\n".join(sheet)


def snapshot_page(snapshot: Snapshot) -> str:
    words = {"ok": _("All is well"), "degraded": _("Something needs you"), "down": _("No work gets done")}
    parts = [f"{words[snapshot.status]} · {moment(timezone.now())}", *(f"! {problem}" for problem in snapshot.problems)]
    if snapshot.workers:
        heads = (_("host"), _("process"), _("state"), _("kind"), _("queues"), _("since"))
        rows = [
            (w["host"], str(w["pid"]), Worker.State(w["state"]).label, w["job_kind"], w["queue"], moment(w["since"]))
            for w in snapshot.workers
        ]
        parts += ["", table(heads, rows)]
    if snapshot.queues:
        heads = (_("queue"), _("waiting"), _("running"), _("failed"), _("oldest, s"), "")
        rows_ = [
            (name, q["pending"], q["running"], q["error"], q["oldest_pending_seconds"], _("paused") if q["paused"] else "")
            for name, q in snapshot.queues.items()
        ]
        parts += ["", table(heads, rows_)]
    return "\n".join(parts)


def moment(time: datetime | None) -> str:
    return date_format(timezone.localtime(time), pgettext("date and time in a table", "Y-m-d H:i:s")) if time else ""


def _attempt_words(attempt: Any) -> dict[str, str]:
    return {"attempt": str(attempt), "moment": moment(attempt.ended_at), "worker": attempt.owner}


def _cell(value: Any) -> str:
    text = " ".join(str("" if value is None else value).split())
    return text if len(text) <= WIDEST_CELL else text[: WIDEST_CELL - 1] + "…"
