"""Watch and repair the background work from a terminal. Each subcommand parses, calls a service and prints."""

import getpass
import json
import os
import socket
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jobs import access, console, health, services, worker
from jobs.models import Batch, Job, JobQuerySet, Queue
from jobs.serializers import batch_body

WATCH_SECONDS = 2
WORK_PAUSE_SECONDS = 0.5
CLEAR_SCREEN = "\033[2J\033[H"


class Command(BaseCommand):
    help = "Watch and repair the background work."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="action")
        _add_looking(actions)
        _add_repairing(actions)
        _add_running(actions)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, options["action"])(**options)
        except (OperationalError, InterfaceError) as error:
            raise CommandError(_("The database does not answer: %(error)s") % {"error": str(error).partition("\n")[0]}) from error

    def monitor(self, *, as_json: bool, watch: bool, **options: Any) -> None:
        """Exit code 1 when no work gets done, for scripts that look in."""
        if watch:
            with suppress(KeyboardInterrupt):
                self._watch(as_json)
        elif self._print_snapshot(as_json).status == health.DOWN:
            sys.exit(1)

    def _watch(self, as_json: bool) -> None:
        while True:
            self._print_snapshot(as_json, before="" if as_json else CLEAR_SCREEN)
            time.sleep(WATCH_SECONDS)

    def _print_snapshot(self, as_json: bool, before: str = "") -> health.Snapshot:
        snapshot = health.take_snapshot()
        body = json.dumps(snapshot.as_dict(), cls=DjangoJSONEncoder) if as_json else console.snapshot_page(snapshot)
        self.stdout.write(before + body)
        self.stdout.flush()
        return snapshot

    def list(self, *, status: str, kind: str, queue: str, limit: int, **options: Any) -> None:
        self._print_jobs(_narrow(Job.objects.all(), status=status, kind=kind, queue=queue), limit)

    def failed(self, *, kind: str, queue: str, limit: int, **options: Any) -> None:
        self._print_jobs(_narrow(Job.objects.failed(), kind=kind, queue=queue), limit)

    def _print_jobs(self, jobs: JobQuerySet, limit: int) -> None:
        rows = list(jobs.order_by("-id")[: limit + 1])
        self.stdout.write(console.job_table(rows[:limit]) if rows else _("There are none."))
        if len(rows) > limit:
            self.stdout.write(_("There are more: --limit shows them."))

    def show(self, *, id: str, **options: Any) -> None:
        self.stdout.write(console.job_sheet(_find(id)))

    def retry(self, *, ids: Iterable[str], all: bool, kind: str, queue: str, **options: Any) -> None:
        if bool(ids) == all:
            raise CommandError(_("Name the jobs to try again, or say --all."))
        if all:
            count = services.retry_all(kind=kind, queue=queue)
            _note("retry", _words(kind=kind, queue=queue), count)
        else:
            count = self._each(ids, services.retry)
        self._say(ngettext("%(count)d job tried again.", "%(count)d jobs tried again.", count), count)

    def cancel(self, *, ids: Iterable[str], batch: str, yes: bool, **options: Any) -> None:
        if bool(ids) == bool(batch):
            raise CommandError(_("Name the jobs to cancel, or say --batch."))
        count = self._cancel_batch(batch, yes) if batch else self._each(ids, services.cancel)
        self._say(ngettext("%(count)d job cancelled.", "%(count)d jobs cancelled.", count), count)

    def _cancel_batch(self, prefix: str, yes: bool) -> int:
        """What of it has begun goes on."""
        batch = _find_batch(prefix)
        count = batch_body(batch)["pending"]
        self._confirm(ngettext("Cancel %(count)d waiting job?", "Cancel %(count)d waiting jobs?", count), count, yes)
        count = services.cancel_batch(batch.pk)
        _note("cancel", f"batch {batch.pk}", count)
        return count

    def flush(self, *, kind: str, queue: str, yes: bool, **options: Any) -> None:
        count = _narrow(Job.objects.failed(), kind=kind, queue=queue).count()
        self._confirm(ngettext("Delete %(count)d failed job?", "Delete %(count)d failed jobs?", count), count, yes)
        count = services.flush(kind=kind, queue=queue)
        _note("flush", _words(kind=kind, queue=queue), count)
        self._say(ngettext("%(count)d job deleted.", "%(count)d jobs deleted.", count), count)

    def clear(self, *, queue: str, yes: bool, **options: Any) -> None:
        if queue:
            _check_queue(queue)
        count = _narrow(Job.objects.waiting(), queue=queue).count()
        self._confirm(ngettext("Cancel %(count)d waiting job?", "Cancel %(count)d waiting jobs?", count), count, yes)
        count = services.clear(queue=queue)
        _note("clear", _words(queue=queue), count)
        self._say(ngettext("%(count)d job cancelled.", "%(count)d jobs cancelled.", count), count)

    def pause(self, *, queue: str, **options: Any) -> None:
        _check_queue(queue)
        services.pause(queue)
        _note("pause", queue)
        self.stdout.write(_("The queue %(queue)s is paused; what runs goes on.") % {"queue": queue})

    def resume(self, *, queue: str, **options: Any) -> None:
        _check_queue(queue)
        services.resume(queue)
        _note("resume", queue)
        self.stdout.write(_("The queue %(queue)s goes on.") % {"queue": queue})

    def work(self, *, once: bool, drain: bool, **options: Any) -> None:
        """Without an option, until Ctrl-C: a worker in the foreground."""
        count = 0
        try:
            count += worker.drain(1 if once else None)
            while not once and not drain:
                time.sleep(WORK_PAUSE_SECONDS)
                count += worker.drain()
        except KeyboardInterrupt:
            self.stdout.write("")
        self._say(ngettext("%(count)d job run.", "%(count)d jobs run.", count), count)

    def prune(self, **options: Any) -> None:
        count = services.prune()
        self._say(ngettext("%(count)d expired job deleted.", "%(count)d expired jobs deleted.", count), count)

    def restart(self, **options: Any) -> None:
        count = services.restart()
        if not count:
            raise CommandError(_("No worker is alive: start one with manage.py qcluster."))
        _note("restart")
        self._say(ngettext("%(count)d worker was asked to restart.", "%(count)d workers were asked to restart.", count), count)

    def _each(self, ids: Iterable[str], service: Any) -> int:
        """All are found before the first is touched; those that may not be touched are named, and make the exit code 1."""
        jobs, left = [_find(id) for id in ids], []
        for job in jobs:
            try:
                service(job)
                _note(service.__name__, job.token, 1)
            except services.StateConflict as conflict:
                left.append(f"{job.token}: {conflict}")
        if left:
            done = len(jobs) - len(left)
            raise CommandError("\n".join([*left, _("%(left)d left as they were, %(done)d done.") % {"left": len(left), "done": done}]))
        return len(jobs)

    def _confirm(self, question: str, count: int, yes: bool) -> None:
        if yes or not count:
            return
        if not sys.stdin.isatty():
            raise CommandError(_("There is nobody to ask: --yes does it without a question."))
        choice = _("[y/N]")
        self.stdout.write(f"{question % {'count': count}} {choice} ", ending="")
        self.stdout.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes", "o", "oui"):
            raise CommandError(_("Nothing was done."))

    def _say(self, text: str, count: int) -> None:
        self.stdout.write(text % {"count": count})


def _add_looking(actions: Any) -> None:
    monitor = actions.add_parser("monitor", help=_("workers, queues and what needs an operator"))
    monitor.add_argument("--json", action="store_true", dest="as_json", help=_("the same for programs"))
    monitor.add_argument("--watch", action="store_true", help=_("again and again, until Ctrl-C"))
    jobs = actions.add_parser("list", help=_("jobs, the latest first"))
    jobs.add_argument("--status", choices=Job.Status.values, default="")
    failed = actions.add_parser("failed", help=_("failed jobs, the latest first"))
    for parser in (jobs, failed):
        _add_choice(parser)
        parser.add_argument("--limit", type=int, default=50)
    show = actions.add_parser("show", help=_("one job with its attempts"))
    show.add_argument("id", help=_("its ID or the beginning of it"))


def _add_repairing(actions: Any) -> None:
    retry = actions.add_parser("retry", help=_("try failed or cancelled jobs again"))
    retry.add_argument("ids", nargs="*", metavar="ID")
    retry.add_argument("--all", action="store_true", help=_("every failed job"))
    _add_choice(retry)
    cancel = actions.add_parser("cancel", help=_("cancel jobs that wait or run"))
    cancel.add_argument("ids", nargs="*", metavar="ID")
    cancel.add_argument("--batch", default="", metavar="TOKEN", help=_("what still waits of a batch"))
    flush = actions.add_parser("flush", help=_("delete failed jobs"))
    _add_choice(flush)
    clear = actions.add_parser("clear", help=_("cancel every job that waits"))
    clear.add_argument("--queue", default="")
    for parser in (cancel, flush, clear):
        parser.add_argument("--yes", action="store_true", help=_("do not ask"))
    for name, text in (("pause", _("let nothing of a queue start")), ("resume", _("let a paused queue go on"))):
        actions.add_parser(name, help=text).add_argument("queue", metavar="QUEUE")


def _add_running(actions: Any) -> None:
    work = actions.add_parser("work", help=_("run jobs here, without a cluster, until Ctrl-C"))
    extent = work.add_mutually_exclusive_group()
    extent.add_argument("--once", action="store_true", help=_("one job"))
    extent.add_argument("--drain", action="store_true", help=_("until none is ready"))
    actions.add_parser("prune", help=_("delete jobs whose retention is over"))
    actions.add_parser("restart", help=_("let workers finish what runs and be replaced"))


def _add_choice(parser: Any) -> None:
    parser.add_argument("--kind", default="")
    parser.add_argument("--queue", default="")


def _narrow(jobs: JobQuerySet, **choice: str) -> JobQuerySet:
    return jobs.filter(**{name: value for name, value in choice.items() if value})


def _find(prefix: str) -> Job:
    found = list(access.jobs_beginning_with(prefix).order_by("-id")[:2])
    if not found:
        raise CommandError(_("No job has an ID that begins with %(prefix)s.") % {"prefix": prefix})
    if len(found) > 1:
        text = _("Several jobs have an ID that begins with %(prefix)s, such as %(first)s and %(second)s: give more of it.")
        raise CommandError(text % {"prefix": prefix, "first": found[0].token, "second": found[1].token})
    return found[0]


def _find_batch(prefix: str) -> Batch:
    found = list(access.batches_beginning_with(prefix)[:2])
    if len(found) != 1:
        raise CommandError(_("No batch, or more than one, has an ID that begins with %(prefix)s.") % {"prefix": prefix})
    return found[0]


def _note(deed: str, target: str = "", count: int | None = None) -> None:
    """By whoever sits at the terminal: the one who became root, where that is known."""
    account = os.environ.get("SUDO_USER") or getpass.getuser()
    services.note_intervention(who=f"{account}@{socket.gethostname()}", deed=deed, target=target, count=count)


def _words(**choice: str) -> str:
    return " ".join(f"{name}={value}" for name, value in choice.items() if value)


def _check_queue(name: str) -> None:
    known = {*health.queue_names(), *Queue.objects.values_list("name", flat=True)}
    if name not in known:
        text = _("There is no queue %(queue)s; there are %(known)s.")
        raise CommandError(text % {"queue": name, "known": ", ".join(sorted(known))})
