"""Letters on their way while the processes that send them are killed, and what a mail server of ours saw of it."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from email.parser import BytesHeaderParser
from typing import Any

from django.db.models import F

from jobs.models import Attempt, Job
from lessons.models import Teacher
from letters.models import VolunteerLetterSend
from tests.cluster import Cluster, wait_until
from tests.lessons.mailservers import serving
from tests.lessons.world import World
from tests.letters.office import Office

PDF_IN_BASE64 = b"\r\nJVBERi0"


class Tally:
    """A handler of aiosmtpd that counts what it has accepted, and keeps nothing else of it."""

    def __init__(self) -> None:
        self.accepted: Counter[tuple[str, str]] = Counter()  # Message-ID and recipient
        self.without_pdf = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        message_id = BytesHeaderParser().parsebytes(envelope.content)["Message-ID"]
        self.accepted.update((message_id, recipient) for recipient in envelope.rcpt_tos)
        self.without_pdf += PDF_IN_BASE64 not in envelope.content
        return "250 OK"

    @property
    def doubled(self) -> int:
        return sum(count > 1 for count in self.accepted.values())

    @property
    def message_ids(self) -> set[str]:
        return {message_id for message_id, _recipient in self.accepted}


@contextmanager
def tallying_server() -> Iterator[tuple[int, Tally]]:
    tally = Tally()
    with serving(tally) as port:
        yield port, tally


@dataclass
class Pace:
    """Each `every_seconds` a worker dies in the middle of a letter; each `main_every`-th time the main process dies instead."""

    every_seconds: float = 1
    main_every: int = 20
    most: int = 1_000_000
    kills: int = 0
    mains: int = 0

    def strike(self, cluster: Cluster) -> None:
        if cluster.main.poll() is not None:
            cluster.start()  # as systemd would
        elif (self.kills + self.mains + 1) % self.main_every == 0:
            os.kill(cluster.main.pid, signal.SIGKILL)
            self.mains += 1
        else:
            self.kills += kill_in_a_letter(cluster)


@dataclass
class Outcome:
    letters: int
    sent: int
    unsure: int
    failed: int
    accepted: int
    doubled: int
    without_pdf: int
    kills: int
    main_kills: int
    crashed_attempts: int
    seconds: float

    def __str__(self) -> str:
        return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in asdict(self).items())


def busy_workers(cluster: Cluster) -> list[int]:
    """Those that hold a letter at this moment."""
    owners = Job.objects.filter(kind="letters.send", status="running").values_list("owner", flat=True)
    return sorted({int(owner.rsplit(":", 3)[1]) for owner in owners} & set(cluster.pids()))


def kill_in_a_letter(cluster: Cluster) -> bool:
    """One that stands still cannot have finished its letter between the look and the kill."""
    victims = busy_workers(cluster)
    for pid in random.sample(victims, len(victims)):
        with suppress(ProcessLookupError):  # it ended by itself a moment before
            os.kill(pid, signal.SIGSTOP)
            holds_a_letter = pid in busy_workers(cluster)
            os.kill(pid, signal.SIGKILL if holds_a_letter else signal.SIGCONT)
            if holds_a_letter:
                return True
    return False


def send_under_fire(letters: int, pace: Pace, *, patience_seconds: float) -> Outcome:
    """Until each letter has its end. Fails where one was sent twice, or says that it was sent and was not."""
    office = Office(World())
    office.volunteers(letters)
    office.send(list(Teacher.objects.filter(last_name="X").values_list("pk", flat=True)))
    began = time.monotonic()
    with tallying_server() as (port, tally), Cluster(EMAIL_URL=f"smtp://127.0.0.1:{port}") as cluster:
        while is_waiting():
            assert time.monotonic() - began < patience_seconds, f"{waiting().count()} letters have no end yet"
            next_at = time.monotonic() + pace.every_seconds
            if pace.kills + pace.mains < pace.most or cluster.main.poll() is not None:
                pace.strike(cluster)
            wait_until(lambda at=next_at: time.monotonic() >= at or not is_waiting())  # type: ignore[misc]  # a lambda's default
        seconds = time.monotonic() - began
        wait_until(lambda: not Job.objects.filter(kind="letters.send", status="running").exists())
    assert_nothing_was_invented(tally)
    return outcome(tally, pace, seconds)


def waiting() -> Any:
    return VolunteerLetterSend.objects.filter(status="pending")


def is_waiting() -> bool:
    return bool(waiting().exists())


def assert_nothing_was_invented(tally: Tally) -> None:
    sent = set(VolunteerLetterSend.objects.filter(status="sent").values_list("message_id", flat=True))
    every = set(VolunteerLetterSend.objects.values_list("message_id", flat=True))
    assert sent <= tally.message_ids <= every
    assert not VolunteerLetterSend.objects.exclude(status="unsure").filter(sending_since__isnull=False).exists()
    assert not VolunteerLetterSend.objects.filter(status="sent", pdf_sha256="").exists()
    assert not Job.objects.filter(attempts__gt=F("max_attempts")).exists()


def outcome(tally: Tally, pace: Pace, seconds: float) -> Outcome:
    counts = VolunteerLetterSend.objects.all().counts()
    crashed = Attempt.objects.filter(outcome="crashed", job__kind="letters.send").count()
    return Outcome(
        letters=sum(counts.values()),
        sent=counts["sent"],
        unsure=counts["unsure"],
        failed=counts["failed"],
        accepted=tally.accepted.total(),
        doubled=tally.doubled,
        without_pdf=tally.without_pdf,
        kills=pace.kills,
        main_kills=pace.mains,
        crashed_attempts=crashed,
        seconds=round(seconds, 1),
    )
