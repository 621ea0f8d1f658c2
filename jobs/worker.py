"""The work loop of a django-q2 worker: claim, run one attempt, finish, go on."""

import logging
import os
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connection
from django.db.models import F
from django.db.models.functions import Now
from django.dispatch import receiver
from django_q.signals import post_execute_in_worker, post_spawn, pre_execute

from . import bell, claims, limits, owners, recurrence, registry, runner, slow_statements
from .models import Job, Worker

logger = logging.getLogger(__name__)

TICKET_SECONDS = 5  # between tickets django-q2 recycles workers
BATCH_SECONDS = 0.05  # claim about so much work at a time…
BATCH_LIMIT = 50  # …and never more jobs than this
HOLD_SECONDS = 1  # a job that takes longer gives back what was claimed with it
HEARTBEAT_SECONDS = 5
SHOW_SECONDS = 2  # so often a worker says what it does
IDLE_SECONDS = 1
LOOK_SECONDS = 0.1  # while idle, so often look whether to stop or to make way

DatabaseAway = (DatabaseError, InterfaceError)  # or not migrated yet


class WorkLoop:
    """One worker process. Its main thread runs jobs; a watcher looks at it twice a second."""

    def __init__(self) -> None:
        self.hold: claims.Claims | None = None
        self.claimed: list[Job] = []  # and not yet begun
        self.claimed_lock = threading.Lock()
        self.batch_sizes: dict[str, int] = {}
        self.running: Job | None = None
        self.running_since = 0.0
        self.away = False
        self.express = False
        self.turn = 0
        self.rung_queue: str | None = None
        self.promote_at = self.rescue_at = self.show_at = 0.0
        self.dismissed_at = 0.0  # when SIGTERM came to this process alone

    def work(self, rung_at: float) -> None:
        """Run jobs for a few seconds. Every ticket does some work before it makes way, so that neither side starves."""
        end = time.monotonic() + TICKET_SECONDS
        while not self.stopping_for() and time.monotonic() < end:
            try:
                busy = self.work_once()
                self.away = False
                if bell.plain_task_waits_behind(rung_at):
                    return
                if not busy:
                    self.wait(rung_at)
            except DatabaseAway as error:
                if not self.away:  # said once an outage
                    logger.warning("The database is away: %s", str(error).partition("\n")[0])
                    self.away = True
                self.let_go()
                time.sleep(0.2)
        if self.stopping_for():
            self.leave()

    def work_once(self) -> bool:
        """First the jobs, so that one that has just rung begins at once; then the house, when there is time or it is time."""
        hold = self.open_hold()
        worked = self.run_batch(hold)
        return self.keep_house(hold, idle=not worked) or worked

    def open_hold(self) -> claims.Claims:
        if self.hold is None:
            self.hold = claims.open_claims()
            self.rescue_at = time.monotonic() + 2  # when the database has restarted, every owner looks dead for a moment
            self.show_at = 0.0
        return self.hold

    def queues(self) -> list[str]:
        """The express worker keeps to the first queue: a lesson must not wait behind letters and minutes of transcription."""
        return list(settings.JOBS_QUEUES)[: 1 if self.express else None]

    def queues_in_turn(self) -> list[str]:
        """In the order of the setting, the one that rang first; every fourth time another begins, so that none starves."""
        queues = self.queues()
        self.turn += 1
        if self.turn % 4 == 0:
            shift = (self.turn // 4) % len(queues)
            queues = queues[shift:] + queues[:shift]
        if self.rung_queue in queues:
            queues.sort(key=lambda queue: queue != self.rung_queue)
        self.rung_queue = None
        return queues

    def run_batch(self, hold: claims.Claims) -> bool:
        began, done = time.monotonic(), 0
        self.claimed = claimed = hold.claim({queue: self.batch_sizes.get(queue, 1) for queue in self.queues_in_turn()})
        queue = claimed[0].queue if claimed else ""  # not of self.claimed, which the watcher may give back meanwhile
        while job := self.next_claimed(hold):
            self.run(job, hold)
            hold.make_way()
            done += 1
        if done:
            self.batch_sizes[queue] = max(1, min(BATCH_LIMIT, int(BATCH_SECONDS * done / (time.monotonic() - began))))
        return done > 0

    def next_claimed(self, hold: claims.Claims) -> Job | None:
        if self.stopping_for():
            self.give_back_claimed(hold)
        with self.claimed_lock:
            return self.claimed.pop(0) if self.claimed else None

    def run(self, job: Job, hold: claims.Claims) -> None:
        self.running, self.running_since = job, time.monotonic()
        try:
            runner.run(job, hold)
        finally:
            self.running = None

    def keep_house(self, hold: claims.Claims, *, idle: bool) -> bool:
        """Promote what is due, enqueue what recurs, rescue what died, say that we live. True when there is new work."""
        now, promoted = time.monotonic(), 0
        if idle or now >= self.promote_at:
            self.promote_at = now + IDLE_SECONDS
            promoted = hold.promote_due()
        if now >= self.rescue_at:
            self.rescue_at = now + IDLE_SECONDS
            hold.rescue()
            promoted += recurrence.enqueue_due()
        if now >= self.show_at:
            self.show_at = now + SHOW_SECONDS
            slow_statements.store()
            self.show(hold.owner)
        return promoted > 0

    def wait(self, rung_at: float) -> None:
        limits.put_out_fuse()
        hold = self.open_hold()
        due = hold.seconds_until_due()
        end = time.monotonic() + (IDLE_SECONDS if due is None else min(due, IDLE_SECONDS))
        while (left := end - time.monotonic()) > 0 and not self.stopping_for() and not bell.plain_task_waits_behind(rung_at):
            self.rung_queue = hold.wait(min(left, LOOK_SECONDS))
            if self.rung_queue is not None:
                return

    def show(self, owner: str) -> None:
        """Say in the table of workers what this one does, and hear whether the operator asked for new processes."""
        job, stopping = self.running, bool(self.stopping_for())
        state = Worker.State.STOPPING if stopping else Worker.State.BUSY if job else Worker.State.IDLE
        doing = {"state": state, "job_kind": job.kind if job else "", "seen_at": Now()}
        mine = Worker.objects.filter(owner=owner)
        if not mine.update(**doing):
            here = {"host": socket.gethostname(), "pid": os.getpid()}
            Worker.objects.filter(**here).delete()
            Worker.objects.create(owner=owner, queues=",".join(self.queues()), since=Now(), **here, **doing)
        elif bell.in_cluster() and not stopping and mine.filter(restart_asked_at__gt=F("since")).exists():
            logger.warning("A restart was asked for: ending the cluster when its jobs are done")
            os.kill(bell.parent_of(os.getppid()), signal.SIGTERM)

    def leave(self) -> None:
        """A worker that stops in order holds nothing and is not shown as one that may still be alive."""
        with suppress(*DatabaseAway):  # the others see its silence
            hold = self.open_hold()  # gives back what was held on a connection that was lost
            Worker.objects.filter(owner__startswith=hold.process).delete()

    def let_go(self) -> None:
        """What this process held is given back by the next claims it opens, or by whoever rescues first."""
        self.claimed = []
        if self.hold:
            self.hold.close()
            self.hold = None
        connection.close()

    def give_back_claimed(self, hold: claims.Claims) -> None:
        with self.claimed_lock:
            if self.claimed:  # and kept, if the database does not take them
                keys = [job.pk for job in self.claimed]
                hold.give_back(Job.objects.running().filter(pk__in=keys, owner=self.claimed[0].owner))
                self.claimed = []

    def dismiss(self, signum: int, frame: Any) -> None:
        self.dismissed_at = self.dismissed_at or time.monotonic()

    def stopping_for(self) -> float:
        return bell.stopping_for() or (time.monotonic() - self.dismissed_at if self.dismissed_at else 0.0)

    def watch(self, ended: threading.Event) -> None:
        """The second thread: it helps the main thread keep its promises while a job has it."""
        beat_at = 0.0
        while not ended.wait(0.5):
            job, hold, now = self.running, self.hold, time.monotonic()
            if job is None or hold is None:
                continue
            if self.stopping_for() > settings.JOBS_STOP_SECONDS:
                limits.release_job()
            if connection.vendor == "sqlite" and registry.get(job.kind).atomic:
                continue  # the job holds the only write lock: nobody can rescue it, and we could not write either
            try:
                if now - self.running_since > HOLD_SECONDS:
                    self.give_back_claimed(hold)
                if now >= beat_at:
                    beat_at = now + HEARTBEAT_SECONDS
                    claims.beat(job.owner)
                    self.show(hold.owner)
            except DatabaseAway as error:
                logger.warning("No sign of life could be given: %s", error)
                connection.close()
        connection.close()


_loop = WorkLoop()


def work(ticket: int, rung_at: float) -> None:
    """What a ticket makes django-q2 run."""
    bell.take(ticket)
    limits.install()
    try:
        _loop.work(rung_at)
    finally:
        limits.uninstall()
    if _loop.dismissed_at:
        sys.exit()


def drain(limit: int | None = None) -> int:
    """Run what is ready here and now, without a cluster; returns how many jobs ran. Within a transaction, all in that one."""
    limits.install()
    inside = connection.in_atomic_block
    hold = _loop.hold = claims.open_claims(DEFAULT_DB_ALIAS if inside else claims.SIDE)
    ended = threading.Event()
    watcher = threading.Thread(target=_loop.watch, args=[ended], daemon=True)
    if not inside:
        watcher.start()
    done = 0
    try:
        if not inside:
            hold.rescue()  # here may be no cluster that would
        while (limit is None or done < limit) and (job := _claim_next(hold)):
            _loop.run(job, hold)
            done += 1
    finally:
        limits.uninstall()
        ended.set()
        if not inside:
            watcher.join()
        _loop.hold = None
        hold.close()
    return done


def _claim_next(hold: claims.Claims) -> Job | None:
    hold.promote_due()
    return next(iter(hold.claim(dict.fromkeys(settings.JOBS_QUEUES, 1))), None)


@receiver(post_spawn)
def prepare_process(**kwargs: Any) -> None:
    signal.signal(signal.SIGTERM, _loop.dismiss)
    owners.name_sessions()
    _loop.express = settings.JOBS_EXPRESS and len(settings.JOBS_QUEUES) > 1 and bell.take_express_seat()
    threading.Thread(target=_loop.watch, args=[threading.Event()], daemon=True).start()


@receiver(pre_execute)
def mark_busy(**kwargs: Any) -> None:
    bell.mark_busy()


@receiver(post_execute_in_worker)
def mark_idle(**kwargs: Any) -> None:
    bell.mark_idle()
