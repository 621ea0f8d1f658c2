"""`bin/demo --check`: the main job through HTTP, as a client program would do it, product by product.

Each step prints a line with its time. The first effect that is not seen ends the check with what was wrong. It can be repeated
on the same data: what must be new it brings itself, under names that carry a mark of its own.
"""

import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.error import URLError

from .audio import AudioCheck
from .enrolments import EnrolmentCheck
from .lesson_changes import LessonChangeCheck
from .lessons import LessonCheck
from .letters import LetterCheck
from .programmes import ProgrammeCheck
from .staffing import StaffingCheck
from .visitor import NotSeenError, Step, Visitor, require

__all__ = ["check_demo"]


@dataclass
class Check:
    """The way in, each product, the way out."""

    nobody: Visitor
    in_another_process: Callable[[str], str]
    mark: str = field(default_factory=lambda: secrets.token_hex(3))
    manager: Visitor = field(init=False)

    def steps(self) -> Iterator[Step]:
        yield "log in", self.log_in
        lessons = LessonCheck(self.nobody, self.manager, self.mark)
        yield from lessons.steps()
        enrolments = EnrolmentCheck(lessons)
        yield from enrolments.steps()
        yield from LessonChangeCheck(lessons).steps()
        yield from enrolments.late_steps()
        yield from ProgrammeCheck(self.nobody, self.manager, self.mark).steps()
        yield from LetterCheck(self.nobody, self.manager, self.mark).steps()
        yield from AudioCheck(self.nobody, self.manager).steps()
        yield from StaffingCheck(self.nobody, self.manager, self.in_another_process).steps()
        yield "see the health", self.see_health

    def log_in(self) -> str:
        self.manager = self.nobody.log_in("manager")
        me = self.manager.get("/api/me/").body
        require(me["clubs"][0]["role"] == "manager", f"the manager manages no club: {me}")
        return f"manager of {me['clubs'][0]['name']}"

    def see_health(self) -> str:
        answer = self.nobody.log_in("operator").get("/api/health/")
        require(answer.status == 200 and answer.body["status"] == "ok", f"not healthy: {answer}")
        return f"ok, {len(answer.body['workers'])} workers"


def check_demo(url: str, in_another_process: Callable[[str], str]) -> int:
    """`in_another_process` runs Python beside the server, on the same database, and gives what it printed."""
    count = 0
    for name, step in Check(Visitor(url), in_another_process).steps():
        if not run(name, step):
            return 1
        count += 1
    print(f"All {count} steps saw their effect.")
    return 0


def run(name: str, step: Callable[[], str]) -> bool:
    began = time.monotonic()
    try:
        seen, ok = step(), True
    except NotSeenError as error:
        seen, ok = str(error), False
    except (URLError, KeyError, IndexError, TypeError) as error:
        seen, ok = f"an answer of another shape: {error!r}", False
    print(f"{'ok ' if ok else 'NO '} {name:<24} {(time.monotonic() - began) * 1000:7.0f} ms  {seen}", flush=True)
    return ok
