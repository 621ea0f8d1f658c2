"""The SQL of the queue: claiming, finishing, giving back, rescuing, waiting. Beside copies.py, nothing else knows the dialect.

A claim is a row with status `running`, the owner's name and the number of the attempt. Whoever wants to change the row must
still hold exactly that claim: a worker that was frozen, rescued and thawed changes nothing.
"""

import itertools
import json
import time
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now
from django.utils import timezone, translation

from . import registry, storable
from .models import Attempt, Job, JobQuerySet
from .owners import process_lives, session_name, this_process

SIDE = "jobs_side"  # a second connection of the worker: claims and progress are not part of the job's transaction
STALE_AFTER_SECONDS = 30
JUST_CLAIMED_SECONDS = 0.01

CLAIM = """
    WITH next AS MATERIALIZED ({next})
    UPDATE jobs_job
    SET status = 'running', owner = %s, attempts = attempts + 1, started_at = {now}, heartbeat_at = {now}
    WHERE id {among_next} AND status = 'pending'
    RETURNING *"""
READY = """
    SELECT id FROM jobs_job
    WHERE status = 'pending' AND run_at IS NULL AND queue = {queue} AND kind {known}
      AND NOT EXISTS (SELECT 1 FROM jobs_queue WHERE name = {queue} AND paused)
    ORDER BY priority DESC, id LIMIT {limit} {skip_locked}"""
# The queues are looked at one after the other, and none after the first that has something: a row at a time, as LIMIT asks for them.
FIRST_READY = f"""
    SELECT ready.ids FROM unnest(%s::text[], %s::int[]) AS asked (queue, most), LATERAL (
        SELECT array_agg(id) AS ids FROM ({READY}) AS found
    ) AS ready
    WHERE ready.ids IS NOT NULL LIMIT 1"""  # noqa: S608  no words of others
FINISH = """
    UPDATE jobs_job
    SET status = 'done', progress = 100, error = '', finished_at = {now}, message = %s, steps = %s{json}, result = %s{json} {lazily}
    WHERE id = %s AND status = 'running' AND owner = %s AND attempts = %s"""
HOLDS = "SELECT 1 FROM jobs_job WHERE id = %s AND status = 'running' AND owner = %s AND attempts = %s"
PROMOTE = """
    UPDATE jobs_job SET ready_at = run_at, run_at = NULL
    WHERE status = 'pending' AND run_at <= {now} AND id IN (
        SELECT id FROM jobs_job WHERE status = 'pending' AND run_at <= {now} {skip_locked}
    )"""


class ClaimLost(Exception):
    """The job is no longer ours: it was cancelled, or rescued while we seemed dead."""


class Claims:
    """One worker's hold on the queue, over its own side connection or, within a request or a test, over the default one."""

    now: str
    json = ""
    lazily = ""
    skip_locked = ""
    side_options: dict[str, Any] = {}
    _generation = itertools.count(1)

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self.process = f"{this_process()}:"
        self.owner = f"{self.process}{next(self._generation)}"
        self.side = self._open_side_connection() if alias == SIDE else connections[alias]
        self.claimed_at = 0.0
        self._claim = self._claim_statement()
        self._promote = self._dialect(PROMOTE)
        self._finish = self._dialect(FINISH, lazily="")
        self._finish_atomic = self._dialect(FINISH, lazily=self.lazily)
        self.introduce()
        if alias == SIDE:  # a worker runs one job at a time: what it still holds is from before a lost connection
            self.give_back(Job.objects.using(SIDE).filter(status=Job.Status.RUNNING, owner__startswith=self.process))

    def _open_side_connection(self) -> BaseDatabaseWrapper:
        side = connections.create_connection(DEFAULT_DB_ALIAS)
        side.alias = SIDE
        side.settings_dict = {**side.settings_dict, "OPTIONS": {**side.settings_dict["OPTIONS"], **self.side_options}}
        connections[SIDE] = side  # from now on it is an alias like any other, for this thread
        return side

    def reopen(self) -> None:
        """A job was interrupted, perhaps within a statement of the side connection, which is then of no more use.

        The new connection shares the lock before the old one frees it: nobody may take the owner for dead in between.
        """
        if self.alias == SIDE:
            interrupted, self.side = self.side, self._open_side_connection()
            self.introduce()
            interrupted.close()

    def close(self) -> None:
        if self.alias == SIDE:
            self.side.close()
        else:
            self.leave()

    def _dialect(self, sql: str, **parts: str) -> str:
        return sql.format(now=self.now, json=self.json, skip_locked=self.skip_locked, **parts)

    def introduce(self) -> None:
        """Make it visible to the others that this owner lives."""

    def leave(self) -> None:
        """Undo `introduce` on a connection that goes on living."""

    def claim(self, asked: Mapping[str, int]) -> list[Job]:
        """Of the first of these queues that has any; of each, at most so many."""
        raise NotImplementedError

    def _claim_statement(self) -> str:
        raise NotImplementedError

    def _claimed(self, *values: Any) -> list[Job]:
        self.claimed_at = time.monotonic()
        return sorted(Job.objects.using(self.alias).raw(self._claim, [*values, self.owner]), key=_order)

    def has_just_claimed(self) -> bool:
        """Too lately for another look to tell more."""
        return time.monotonic() - self.claimed_at < JUST_CLAIMED_SECONDS

    def claim_one(self, job: Job) -> bool:
        """Exactly this job, for running it where it was enqueued."""
        claimed = Job.objects.using(self.alias).filter(pk=job.pk, status=Job.Status.PENDING)
        if not claimed.update(
            status=Job.Status.RUNNING, owner=self.owner, attempts=F("attempts") + 1, started_at=Now(), heartbeat_at=Now(), run_at=None
        ):
            return False
        job.refresh_from_db(using=self.alias)
        return True

    def promote_due(self) -> int:
        with self.side.cursor() as cursor:
            cursor.execute(self._promote, [])
            return int(cursor.rowcount)

    def finish(self, job: Job, result: Any) -> None:
        """On the job's own connection, so that an atomic job's effects and its end commit together."""
        steps = [{**step, "state": "done", "progress": 100} for step in job.steps]
        values = [job.message, json.dumps(steps), storable.as_json(result), self.key(job), job.owner, job.attempts]
        with connection.cursor() as cursor:
            cursor.execute(self._finish_atomic if connection.in_atomic_block else self._finish, values)
            if cursor.rowcount != 1:
                raise ClaimLost

    def key(self, job: Job) -> Any:
        return job.pk

    def report(self, job: Job, **changes: Any) -> None:
        if not held(job, self.report_alias()).update(**changes):
            raise ClaimLost

    def report_alias(self) -> str:
        return self.alias

    def holds(self, job: Job) -> bool:
        with connections[self.report_alias()].cursor() as cursor:
            cursor.execute(HOLDS, [self.key(job), job.owner, job.attempts])
            return cursor.fetchone() is not None

    def holding(self, job: Job) -> RawSQL:
        """`holds` as a condition, for a statement of the job's own connection."""
        return RawSQL(f"EXISTS ({HOLDS})", [self.key(job), job.owner, job.attempts], BooleanField())  # noqa: S611  no words of others

    def give_back(self, jobs: JobQuerySet) -> int:
        """Claimed and not run to an end, through no fault of theirs: the attempt does not count."""
        return jobs.update(status=Job.Status.PENDING, owner="", attempts=F("attempts") - 1, started_at=None, heartbeat_at=None)

    def release(self, job: Job) -> None:
        """A graceful stop could not wait for it: a note, and the attempt is given back."""
        with transaction.atomic(using=self.alias):
            if self.give_back(held(job, self.alias)):
                _note(job, Attempt.Outcome.RELEASED, "", self.alias)

    def fail(self, job: Job, outcome: str, error: str, *, traceback: str = "", permanent: bool = False, retryable: bool = True,
             after: float | None = None) -> None:  # fmt: skip
        """Note the attempt; try again after the kind's delay, or give up. `error` is what a person may read."""
        changes: dict[str, Any] = {"owner": "", "heartbeat_at": None, "error": storable.text(error, storable.MOST_OF_AN_ERROR)}
        changes["retryable"] = retryable
        crash = self._crashes_of(job) + 1 if outcome == Attempt.Outcome.CRASHED else 0
        forgiven = 0 < crash <= registry.get_or_default(job.kind).forgiven_crashes
        if permanent or (job.attempts >= job.max_attempts and not forgiven):
            changes |= {"status": Job.Status.ERROR, "finished_at": Now()}
        else:
            changes |= {"status": Job.Status.PENDING, "started_at": None, **_next_attempt(job, crash, after)}
            changes |= {"attempts": F("attempts") - 1} if forgiven else {}
        with transaction.atomic(using=self.alias):
            if held(job, self.alias).update(**changes):
                _note(job, outcome, traceback, self.alias)

    def _crashes_of(self, job: Job) -> int:
        return Attempt.objects.using(self.alias).filter(job_id=job.pk, outcome=Attempt.Outcome.CRASHED).count()

    def rescue(self) -> None:
        """Between two jobs: take back what dead workers hold, and what this one holds without knowing of it.

        A worker runs its claims in order: the first is what it died of, the rest waited.
        """
        running = Job.objects.using(self.alias).running()
        owners = set(running.order_by().values_list("owner", flat=True).distinct())
        if mine := {owner for owner in owners if owner.startswith(self.process)}:
            self.give_back(running.filter(owner__in=mine))
        if not (owners := owners - mine):
            return
        stale = running.filter(heartbeat_at__lt=Now() - timedelta(seconds=STALE_AFTER_SECONDS)).exclude(owner__in=mine)
        dead = set(self.dead_among(owners))
        frozen = set(stale.order_by().values_list("owner", flat=True)) - dead
        for owner in frozen:
            self.cut_off(owner)
        for owner in dead | frozen:
            self._rescue_from(owner, running.filter(owner=owner))

    def _rescue_from(self, owner: str, jobs: JobQuerySet) -> None:
        claimed = sorted(jobs, key=_order)
        if not claimed:
            return
        suspect, *waiting = claimed
        with translation.override(suspect.language or None):
            if _outlasted_its_time(suspect):
                self.fail(suspect, Attempt.Outcome.TIMEOUT, translation.gettext("It took too long and was stopped."))
            else:
                self.fail(suspect, Attempt.Outcome.CRASHED, translation.gettext("The work was interrupted."))
        self.give_back(jobs.filter(pk__in=[job.pk for job in waiting]))

    def seconds_until_due(self) -> float | None:
        due = Job.objects.using(self.alias).filter(status=Job.Status.PENDING, run_at__isnull=False).order_by("run_at")
        left = due.annotate(left=F("run_at") - Now()).values_list("left", flat=True).first()
        return None if left is None else max(0.0, left.total_seconds())

    def make_way(self) -> None:
        """Between two jobs: let others write."""

    def dead_among(self, owners: Iterable[str]) -> list[str]:
        raise NotImplementedError

    def cut_off(self, owner: str) -> None:
        """End the sessions of an owner that is frozen: the locks of its open transaction would stop the next attempt too."""

    def wait(self, seconds: float) -> str | None:
        """Until something may have changed: the queue that rang, an empty name when nobody knows which, None when time is over."""
        raise NotImplementedError


class PostgresClaims(Claims):
    """A session's advisory lock says that its owner lives; the server frees it with the session. NOTIFY rings."""

    now = "statement_timestamp()"  # clock_timestamp() in a WHERE defeats the index: 12.6 ms against 0.15
    json = "::jsonb"
    # An atomic job's effects and its end are written to disk some moments after the commit (1.5 times the rate). If the server
    # crashes before, both are gone together and the job runs again; any later durable commit takes them to disk with it.
    lazily = "FROM (SELECT set_config('synchronous_commit', 'off', true)) AS lazily"
    skip_locked = "FOR UPDATE SKIP LOCKED"
    side_options = {"server_side_binding": True, "prepare_threshold": 2}  # the same few statements for hours

    def claim(self, asked: Mapping[str, int]) -> list[Job]:
        return self._claimed([*asked], [*asked.values()], registry.names())

    def _claim_statement(self) -> str:
        first = self._dialect(FIRST_READY, queue="asked.queue", limit="asked.most", known="= ANY(%s)")
        return self._dialect(CLAIM, next=first, among_next="= ANY((SELECT ids FROM next)::uuid[])")

    def introduce(self) -> None:
        with self.side.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock_shared(hashtextextended(%s, 0))", [self.owner])
            if self.alias == SIDE:
                cursor.execute("SET synchronous_commit = off")  # a claim lost in a crash of the server is only claimed again
                cursor.execute("SET enable_seqscan = off")  # a plan prepared while few waited is kept when ten thousand do
                cursor.execute("LISTEN jobs")

    def leave(self) -> None:
        with self.side.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock_shared(hashtextextended(%s, 0))", [self.owner])

    def dead_among(self, owners: Iterable[str]) -> list[str]:
        with self.side.cursor() as cursor:
            cursor.execute(
                "SELECT owner FROM unnest(%s::text[]) owner WHERE pg_try_advisory_xact_lock(hashtextextended(owner, 0))",
                [list(owners)],
            )
            return [owner for (owner,) in cursor.fetchall()]

    def cut_off(self, owner: str) -> None:
        with self.side.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s", [session_name(owner)])

    def wait(self, seconds: float) -> str | None:
        with self.side.wrap_database_errors:
            self.side.ensure_connection()
            rung = list(self.side.connection.notifies(timeout=seconds, stop_after=1))
            if rung:
                list(self.side.connection.notifies(timeout=0))  # one look at the queue answers them all
        return str(rung[0].payload) if rung else None


class SqliteClaims(Claims):
    """One host: a process is known by number and start time. Waiting is asking SQLite, often and cheaply, if anything changed."""

    now = "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW')"
    version = 0

    def claim(self, asked: Mapping[str, int]) -> list[Job]:
        claims = (self._claimed(queue, *registry.names(), queue, most) for queue, most in asked.items())
        return next((jobs for jobs in claims if jobs), [])

    def _claim_statement(self) -> str:
        known = f"IN ({', '.join(['%s'] * len(registry.names()))})"
        first = self._dialect(READY, queue="%s", limit="%s", known=known)
        return self._dialect(CLAIM, next=first, among_next="IN (SELECT id FROM next)")

    def key(self, job: Job) -> Any:
        return job.pk.hex

    def dead_among(self, owners: Iterable[str]) -> list[str]:
        return [owner for owner in owners if not process_lives(owner)]

    def wait(self, seconds: float) -> str | None:
        end = time.monotonic() + seconds
        while self.version == (version := self._data_version()):
            if time.monotonic() >= end:
                return None
            time.sleep(0.005)
        self.version = version
        return ""

    def make_way(self) -> None:
        """SQLite's lock knows no queue: who waits for it only asks again and again, and would starve beside busy workers."""
        time.sleep(0.001)

    def _data_version(self) -> int:
        """It changes with every commit of another connection; asking costs microseconds and no lock."""
        self.side.ensure_connection()
        return int(self.side.connection.execute("PRAGMA data_version").fetchone()[0])

    def report_alias(self) -> str:
        """An atomic job holds the only write lock of the database: its progress can only travel with it."""
        return DEFAULT_DB_ALIAS if connection.in_atomic_block else self.alias


def open_claims(alias: str = SIDE) -> Claims:
    return PostgresClaims(alias) if connection.vendor == "postgresql" else SqliteClaims(alias)


def ring(queue: str = "") -> None:
    """At commit, to every worker that waits; SQLite's workers see the commit itself."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify('jobs', %s)", [queue])


def beat(owner: str) -> None:
    """By the watching thread, on a connection of its own."""
    Job.objects.running().filter(owner=owner).update(heartbeat_at=Now())


def held(job: Job, using: str) -> JobQuerySet:
    """The fence: exactly the claim under which this job was given out."""
    return Job.objects.using(using).filter(pk=job.pk, status=Job.Status.RUNNING, owner=job.owner, attempts=job.attempts)


def _note(job: Job, outcome: str, traceback: str, using: str) -> None:
    Attempt.objects.using(using).create(
        job_id=job.pk,
        number=job.attempts,
        outcome=outcome,
        owner=job.owner,
        started_at=job.started_at,
        traceback=storable.text(traceback, storable.MOST_OF_A_TRACEBACK),
    )


def _next_attempt(job: Job, crash: int, after: float | None) -> dict[str, Any]:
    """A worker's first death is seldom its job's fault: that one goes on at once, everything else after the kind's delay."""
    if crash == 1 and job.attempts == 1:
        return {"run_at": None, "ready_at": Now()}
    seconds = registry.get_or_default(job.kind).delay_after(max(job.attempts, crash), after)
    return {"run_at": Now() + Value(timedelta(seconds=seconds))}


def _outlasted_its_time(job: Job) -> bool:
    limit = timedelta(seconds=registry.get_or_default(job.kind).timeout_seconds)
    return job.started_at is not None and timezone.now() - job.started_at > limit


def _order(job: Job) -> tuple[int, Any]:
    return -job.priority, job.pk
