"""Starts processes, starts them again when they die, and leaves nothing behind."""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

MOST_DEATHS = 5  # of one process in a minute, before we give up
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


class GivesUp(Exception):
    """One clear text for the person at the terminal."""


@dataclass
class Service:
    name: str
    command: Sequence[str]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    deaths: list[float] = field(default_factory=list)

    def start(self) -> None:
        with self.log.open("ab") as log:
            # A session of its own: Ctrl-C reaches only us, and we end each in order.
            self.process = subprocess.Popen(
                self.command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=_end_with_parent,
            )  # fmt: skip

    def start_again_if_dead(self) -> None:
        if self.process is None or (status := self.process.poll()) is None:
            return
        print(f"{self.name} ended with {status} and is started again; see {self.log}", flush=True)
        self.kill_group()
        self.deaths = [death for death in self.deaths if death > time.monotonic() - 60] + [time.monotonic()]
        if len(self.deaths) >= MOST_DEATHS:
            raise GivesUp(f"{self.name} ends again and again. Its last words:\n{self.last_words()}")
        self.start()

    def ask_to_stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def wait(self, deadline: float) -> None:
        if self.process:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(max(0.0, deadline - time.monotonic()))

    def kill_group(self) -> None:
        """Whatever it left behind."""
        if self.process:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-5:])


@contextmanager
def running(services: Sequence[Service], stop_seconds: float) -> Iterator[None]:
    try:
        for service in services:
            service.start()
        yield
    finally:
        # The stop is bounded; a second Ctrl-C would only leave orphans.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        stop(services, stop_seconds)


def stop(services: Sequence[Service], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    for service in services:
        service.ask_to_stop()
    for service in services:
        service.wait(deadline)
        service.kill_group()


def _end_with_parent() -> None:
    """Runs in the child: when we are killed without a chance to tidy up, the kernel ends it."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
