"""Kinds of jobs: a stable name, the function behind it, and how to treat its failures."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Task = Callable[..., Any]
_kinds: dict[str, "Kind"] = {}


class PermanentError(Exception):
    """No further attempt by itself: a refused address, an unreadable file. Its text is shown to the person who asked.

    `retryable=False`: nor does a person's retry help, whatever is mended, so that none is offered.
    """

    def __init__(self, message: str, *, retryable: bool = True) -> None:
        super().__init__(message)
        self.retryable = retryable


class RetryableError(Exception):
    """Worth another attempt. Its text is shown to the person who asked; that of any other exception is not.

    `after`: seconds that whoever refused asked us to wait, instead of the kind's own delay.
    """

    def __init__(self, message: str, *, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


@dataclass(frozen=True)
class Kind:
    """`backoff` and the timeouts are in seconds; an empty `backoff` means 2, 4, 8… up to an hour."""

    name: str
    function: Task = lambda progress: None
    queue: str = "default"
    max_attempts: int = 3
    forgiven_crashes: int = 0  # so many deaths of a worker cost no attempt: for work that its death leaves as it was, or marked
    timeout_seconds: float = 60
    backoff: tuple[float, ...] = ()
    priority: int = 0
    unique: bool = False  # an unended job of this kind with the same arguments is returned instead of a second one
    atomic: bool = True  # the database effects and `done` commit together; False for one effect in the outside world
    steps: tuple[str, ...] = ()  # names that a person sees, in order; lazy translations are welcome
    every_seconds: int | None = None  # recurring: the cluster itself enqueues it at this pace, never twice at once
    retention_seconds: int | None = None  # after the end; None: the setting

    def delay_after(self, attempt: int, asked_for: float | None = None) -> float:
        """Seconds before the next attempt, ± 20 % so that what failed together does not come back together.

        Never sooner than `asked_for`, and an hour at the most.
        """
        if asked_for is not None:
            return min(max(asked_for, 0.0), 3600) * random.uniform(1.0, 1.2)
        seconds = self.backoff[min(attempt, len(self.backoff)) - 1] if self.backoff else min(2.0**attempt, 3600)
        return seconds * random.uniform(0.8, 1.2)


def job(name: str, **policy: Any) -> Callable[[Task], Task]:
    """Register a task under a name that stays the same when the function moves: `@job("letters.send", queue="letters")`."""

    def register(function: Task) -> Task:
        if name in _kinds:
            raise ValueError(f"two jobs are named {name!r}")
        _kinds[name] = Kind(name, function, **policy)
        return function

    return register


def get(name: str) -> Kind:
    return _kinds[name]


def get_or_default(name: str) -> Kind:
    """The policy for a kind that this code does not know, after a rolled-back deploy."""
    return _kinds.get(name) or Kind(name)


def names() -> list[str]:
    return list(_kinds)


def recurring() -> list[Kind]:
    return [kind for kind in _kinds.values() if kind.every_seconds]
