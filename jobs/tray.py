"""What goes on for some people, and whether anybody does it: one query, for it is at the foot of every page."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from . import services
from .models import Job, Worker

FAILURES_SHOWN_FOR = timedelta(hours=24)
MOST_JOBS = 20

# The row of `alive` is always there, so an empty tray still says whether a worker lives.
TRAY_SQL = """
    SELECT jobs_job.*, alive.yes AS workers_alive
    FROM (SELECT EXISTS ({alive}) AS yes) alive
    LEFT JOIN jobs_job ON jobs_job.scope = %s AND {asked} AND jobs_job.batch_id IS NULL
        AND (jobs_job.status IN ('pending', 'running') OR (jobs_job.status = 'error' AND jobs_job.finished_at > %s))
    ORDER BY jobs_job.status = 'error' DESC, jobs_job.id DESC
    LIMIT %s
"""


@dataclass(frozen=True)
class Tray:
    jobs: list[Job]  # that a person asked for: those that wait or run, and those that failed of late
    workers_alive: bool

    @property
    def under_way(self) -> int:
        return sum(not job.ended for job in self.jobs)


def look_at(scope: str, *, asked_by: Any = None) -> Tray:
    """What people asked for in this scope; or only what this one did."""
    alive, parts = Worker.objects.filter(services.is_alive()).order_by().values("pk").query.sql_with_params()
    failed_since = timezone.now() - FAILURES_SHOWN_FOR
    asked, by = ("jobs_job.user_id = %s", [asked_by.pk]) if asked_by else ("jobs_job.user_id IS NOT NULL", [])
    values = [*parts, scope, *by, failed_since, MOST_JOBS]
    rows: list[Any] = list(Job.objects.raw(TRAY_SQL.format(alive=alive, asked=asked), values))
    return Tray([row for row in rows if row.pk], bool(rows[0].workers_alive))
