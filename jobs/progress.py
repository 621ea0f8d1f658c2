"""What a task gets in its hand."""

from contextlib import suppress

from django.db import DEFAULT_DB_ALIAS
from django.db.models.expressions import RawSQL

from . import claims, storable
from .models import Job


class Progress:
    """The task's view of its own job. Reporting raises `ClaimLost` when the job was cancelled or rescued."""

    def __init__(self, job: Job, hold: claims.Claims) -> None:
        self.job = job
        self.attempt: int = job.attempts
        self.finished = False
        self._hold = hold
        self._step = -1
        for step in job.steps:
            step.update(state="pending", progress=0)

    def __call__(self, done: int, total: int, message: str = "") -> None:
        """`done` of `total` pieces of the current step, or of the whole job where it has no steps."""
        part = min(1.0, done / total) if total > 0 else 0.0
        if self._step >= 0:
            self.job.steps[self._step]["progress"] = int(100 * part)
        self._send(part, message)

    def step(self, message: str = "") -> None:
        """Begin the next named step of the kind; the ones before it are done."""
        if self._step >= 0:
            self.job.steps[self._step].update(state="done", progress=100)
        self._step += 1
        self.job.steps[self._step].update(state="running", progress=0)
        self._send(0.0, message)

    def cancelled(self) -> bool:
        """For a task that wants to tidy up by itself before it ends."""
        return not self._hold.holds(self.job)

    def confirm(self) -> None:
        """Right before an effect that cannot be undone: the fence can refuse a finish, but not unsend an e-mail."""
        if self.cancelled():
            raise claims.ClaimLost

    @property
    def held(self) -> RawSQL:
        """`confirm` as a condition: the statement that marks the effect asks it by itself, and both are true at the same moment."""
        return self._hold.holding(self.job)

    def hold(self) -> None:
        """Inside the task's own transaction: until it ends, nobody cancels the job or takes it away."""
        if claims.held(self.job, DEFAULT_DB_ALIAS).select_for_update(no_key=True).first() is None:
            raise claims.ClaimLost

    def finish(self) -> None:
        """For a task that is not atomic: its end within the transaction of the last rows that it writes, which saves a commit.

        Those rows say what happened outside, so they stand even where the claim was lost.
        """
        with suppress(claims.ClaimLost):
            self._hold.finish(self.job, None)
            self.finished = True

    def _send(self, part: float, message: str) -> None:
        whole = (self._step + part) / len(self.job.steps) if self._step >= 0 else part
        # What survived from an earlier attempt never goes back under the eyes of who waits.
        self.job.progress = max(self.job.progress, min(99, int(100 * whole)))
        self.job.message = storable.text(message, 200) or self.job.message
        self._hold.report(self.job, progress=self.job.progress, message=self.job.message, steps=self.job.steps)
