"""Ending a job that takes too long: an alarm that raises inside it, and a fuse that ends the process when it does not react."""

import faulthandler
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

GRACE_SECONDS = 5
STDERR = 2

_reason: type[BaseException] | None = None  # what the alarm raises; None outside a job
_fuse_at = 0.0
_installed = False


class Interrupted(KeyboardInterrupt):
    """Not an Exception, so that no job swallows it; a KeyboardInterrupt, so that psycopg cancels the running statement."""


class TimedOut(Interrupted):
    pass


class Released(Interrupted):
    """The worker stops and cannot wait for this job."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """A job run within a web request (JOBS_INLINE) has no limit: an alarm, or the fuse, would end the whole server."""
    global _reason
    if not _installed or threading.current_thread() is not threading.main_thread():
        yield
        return
    _reason = TimedOut
    signal.setitimer(signal.ITIMER_REAL, seconds, GRACE_SECONDS)
    _light_fuse(seconds)
    try:
        yield
    finally:
        _reason = None  # what follows, commit or rollback, must not be interrupted
        signal.setitimer(signal.ITIMER_REAL, 0)


def install() -> None:
    """Each time a ticket begins: django-q2 resets the alarm after every plain task."""
    global _installed
    if threading.current_thread() is threading.main_thread():  # Python delivers signals to no other
        signal.signal(signal.SIGALRM, _interrupt)
        _installed = True


def uninstall() -> None:
    global _installed
    _installed = False
    put_out_fuse()


def release_job() -> None:
    """Called by another thread; again and again, for a job may be deaf."""
    global _reason
    main = threading.main_thread().ident
    if _reason and main:
        _reason = Released
        signal.pthread_kill(main, signal.SIGALRM)


def put_out_fuse() -> None:
    global _fuse_at
    _fuse_at = 0.0
    faulthandler.cancel_dump_traceback_later()


def _light_fuse(seconds: float) -> None:
    """A thread without Python waits to dump the traceback and exit, even when C code keeps the interpreter's lock.

    To start it costs 80 µs, so one serves many short jobs.
    """
    global _fuse_at
    if not seconds + 1 <= _fuse_at - time.monotonic() <= seconds + GRACE_SECONDS:
        _fuse_at = time.monotonic() + seconds + GRACE_SECONDS
        faulthandler.dump_traceback_later(seconds + GRACE_SECONDS, exit=True, file=STDERR)


def _interrupt(signum: int, frame: FrameType | None) -> None:
    if _reason:
        raise _reason
