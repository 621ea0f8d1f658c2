"""What the processes of one cluster tell each other.

They are forks of one process, so they share memory. There are no locks in it on purpose: a lock dies with the process
that holds it, which is how django-q2's own queue comes to hang. Every number has one writer, or writers that may race.
"""

import ctypes
import fcntl
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

_shared = multiprocessing.RawArray(ctypes.c_double, 5)
_RUNG, _TAKEN, _PLAIN_TASK_AT, _STOPPING_AT, _SENTINEL_AT = range(5)


def _nameless_file() -> int:
    descriptor, path = tempfile.mkstemp()
    Path(path).unlink()
    return descriptor


_busy_file = _nameless_file()  # both live as long as the cluster
_express_file = _nameless_file()


def ring() -> int:
    """The pusher puts one more ticket on the table."""
    _shared[_RUNG] += 1
    return int(_shared[_RUNG])


def take(ticket: int) -> None:
    """A worker takes it. Tickets are taken in order, so the highest number is the count; a race repairs itself at the next."""
    _shared[_TAKEN] = max(_shared[_TAKEN], ticket)


def tickets_on_table() -> int:
    return int(_shared[_RUNG] - _shared[_TAKEN])


def plain_task_arrived() -> None:
    _shared[_PLAIN_TASK_AT] = time.monotonic()


def plain_task_waits_behind(rung_at: float) -> bool:
    return _shared[_PLAIN_TASK_AT] >= rung_at


def stop() -> None:
    _shared[_STOPPING_AT] = _shared[_STOPPING_AT] or time.monotonic()


def stopping_for() -> float:
    """Seconds since the cluster was told to stop; 0 while it was not."""
    return time.monotonic() - _shared[_STOPPING_AT] if _shared[_STOPPING_AT] else 0.0


def sentinel_lives() -> None:
    _shared[_SENTINEL_AT] = time.monotonic()


def sentinel_silent_for() -> float:
    return time.monotonic() - _shared[_SENTINEL_AT]


def in_cluster() -> bool:
    """Whether this process belongs to a qcluster, rather than to the web or to a command."""
    return bool(_shared[_SENTINEL_AT])


def mark_busy() -> None:
    """A record lock belongs to a process and the kernel takes it back when the process dies."""
    fcntl.lockf(_busy_file, fcntl.LOCK_SH)


def mark_idle() -> None:
    fcntl.lockf(_busy_file, fcntl.LOCK_UN)


def somebody_is_busy() -> bool:
    try:
        fcntl.lockf(_busy_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    mark_idle()
    return False


def take_express_seat() -> bool:
    """One worker of the cluster gets it and keeps it until it dies."""
    try:
        fcntl.lockf(_express_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def die_with_parent() -> None:
    """Nothing of a cluster may work on when the rest is gone (Linux; elsewhere the supervisor has to see to it)."""
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def started_at(pid: int) -> str:
    """Clock ticks from boot to the start of the process: with its number, it names a process for ever. Empty when it is dead."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if state in "ZX" else fields[18]
