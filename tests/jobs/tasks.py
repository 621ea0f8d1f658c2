"""Kinds of jobs that do what jobs do in bad dreams. Their effect is a row of `auth.Group`."""

import os
import signal
import time
from uuid import uuid4

from django.contrib.auth.models import Group

from jobs.progress import Progress
from jobs.registry import PermanentError, RetryableError, job


@job("test.write", max_attempts=3, backoff=(0.1,))
def write(progress: Progress, name: str = "") -> str:
    Group.objects.create(name=name or uuid4().hex)
    return name


@job("test.steps", steps=("First", "Second"))
def take_steps(progress: Progress) -> None:
    progress.step("one")
    progress(1, 2, "half of one")
    progress.step("two")


@job("test.fail", max_attempts=2, backoff=(60, 120))
def fail(progress: Progress) -> None:
    Group.objects.create(name="written by a failing job")
    raise ValueError("a secret of the inside")


@job("test.fail_for_people", max_attempts=1)
def fail_for_people(progress: Progress) -> None:
    raise RetryableError("The mail server does not answer.")


@job("test.refuse", max_attempts=5)
def refuse(progress: Progress) -> None:
    raise PermanentError("The file is empty.")


@job("test.refuse_for_good")
def refuse_for_good(progress: Progress) -> None:
    raise PermanentError("The row is gone.", retryable=False)


@job("test.unique", unique=True)
def only_once(progress: Progress, number: int) -> None:
    pass


@job("test.outside", atomic=False)
def act_outside(progress: Progress, name: str) -> None:
    progress.confirm()
    Group.objects.create(name=name)


@job("test.slow", atomic=False, max_attempts=2, timeout_seconds=600, backoff=(0.1,))
def be_slow(progress: Progress, seconds: float, name: str) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.02)
        progress(1, 2)
    Group.objects.create(name=name)


@job("test.linger", max_attempts=3, timeout_seconds=600, backoff=(0.1,))
def linger(progress: Progress, seconds: float, name: str) -> None:
    """Atomic: its effect comes first, the wait after it, inside the transaction."""
    Group.objects.create(name=name)
    progress(1, 2, "written")
    if progress.attempt == 1:
        time.sleep(seconds)


@job("test.timeout", max_attempts=1, timeout_seconds=0.2)
def outlast(progress: Progress) -> None:
    time.sleep(30)


@job("test.kill", max_attempts=2, backoff=(0.1,))
def kill_worker(progress: Progress) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@job("test.letter", queue="letters")
def write_letter(progress: Progress) -> None:
    pass


@job("test.slow_letter", queue="letters", atomic=False, timeout_seconds=600)
def write_slowly(progress: Progress, seconds: float) -> None:
    time.sleep(seconds)


@job("test.short_lived", retention_seconds=10)
def be_forgotten(progress: Progress) -> None:
    pass


def plain(name: str) -> str:
    """For django-q2's own async_task and schedules."""
    Group.objects.create(name=name)
    return name
