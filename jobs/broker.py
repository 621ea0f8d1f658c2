"""The django-q2 broker: it rings, it does not carry.

A worker that takes a ticket runs `jobs.worker.work`, which fetches jobs from the database itself. The broker only sees to it
that a ticket lies ready, and passes plain `async_task()` calls and schedules on in django-q2's own way.
"""

import logging
import os
import signal
import threading
import time
import uuid
from typing import Any

from django.db import connections
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from . import bell

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.25
HUNG_AFTER_LOOKS = 12
SENTINEL_SILENT_SECONDS = 60


class Doorbell(ORM):
    _watched = False  # in the pusher
    _monitor: int | None = None  # in the sentinel
    _monitor_was_lost = False

    @staticmethod
    def get_connection(list_key: str | None = None) -> Any:
        """Without a look at the database: the sentinel makes a broker too, and must start while the database is away."""
        return OrmQ.objects.using(Conf.ORM)

    def dequeue(self) -> list[tuple[int | None, str]] | None:
        """Called in a loop by the pusher. It must not raise: django-q2 would sleep ten seconds and end the process."""
        if not self._watched:
            self._watched = True
            threading.Thread(target=_watch_over_cluster, daemon=True).start()
        try:
            return self._tickets() or self._plain_tasks()
        except Exception as error:
            logger.warning("Plain tasks have to wait: %s", error)
            connections[Conf.ORM].close()
            time.sleep(Conf.POLL)
            return None

    def _tickets(self) -> list[tuple[int | None, str]]:
        return [(None, _ticket()) for _ in range(Conf.WORKERS - bell.tickets_on_table())]

    def _plain_tasks(self) -> list[tuple[int | None, str]] | None:
        """With a ticket behind each, so that a job waits for one plain task a worker, not for all of them."""
        tasks: list[tuple[int | None, str]] | None = super().dequeue()  # sleeps for Conf.POLL when there are none
        if tasks:
            bell.plain_task_arrived()
            tasks.append((None, _ticket()))
        return tasks

    def fail(self, task_id: Any) -> None:
        """Called for a plain task that another SECRET_KEY signed: it stays, is shown in the admin, and is looked at again later."""
        logger.error("Plain task %s was signed with another SECRET_KEY", task_id)

    def set_stat(self, key: str, value: str, timeout: int) -> Any:
        """Called by the sentinel alone: before its first fork, twice a second, and at once when it begins to stop."""
        status = SignedPackage.loads(value)
        bell.sentinel_lives()
        if self._monitor is None:
            bell.die_with_parent()
            os.register_at_fork(after_in_child=bell.die_with_parent)
        if str(status.status) == str(Conf.STOPPING):
            bell.stop()
        self._replace_cluster_without_monitor(status)
        self._monitor = status.monitor
        return super().set_stat(key, value, timeout)

    def _replace_cluster_without_monitor(self, status: Any) -> None:
        """A monitor dies holding the lock of the queue it reads; its successor waits for ever, and so does a stop."""
        main = os.getppid()
        if self._monitor and self._monitor != status.monitor:
            logger.critical("The monitor died: ending the cluster when its jobs are done")
            self._monitor_was_lost = True
            os.kill(main, signal.SIGTERM)
        if self._monitor_was_lost and not status.workers:
            os.kill(main, signal.SIGKILL)


def _ticket() -> str:
    task = {
        "id": uuid.uuid4().hex,
        "name": "ticket",
        "func": "jobs.worker.work",
        "args": (bell.ring(), time.monotonic()),
        "kwargs": {},
        "started": timezone.now(),
        "save": False,
        "timeout": -1,
    }
    package: str = SignedPackage.dumps(task)
    return package


def _watch_over_cluster() -> None:
    """End a cluster that hangs: its supervisor starts a new one, whose workers take over the jobs.

    It hangs when tickets lie on the table and nobody works (a worker was killed while it held the queue's lock), or when the
    sentinel is silent (a worker was killed while it held its timer's lock).
    """
    main = bell.parent_of(os.getppid())
    bad_looks = 0  # counted, not timed: a machine that was paused is no worse for it
    while bad_looks < HUNG_AFTER_LOOKS:
        time.sleep(LOOK_SECONDS)
        idle = bell.tickets_on_table() > 0 and not bell.somebody_is_busy() and not bell.stopping_for()
        if idle or bell.sentinel_silent_for() > SENTINEL_SILENT_SECONDS:
            bad_looks += 1
        else:
            bad_looks = 0
    logger.critical("The cluster hangs: ending it")
    os.kill(main, signal.SIGKILL)  # the rest dies with its parent
