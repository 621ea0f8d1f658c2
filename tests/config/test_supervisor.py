import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.supervisor import GivesUp, Service, running
from tests.cluster import wait_until


def service(tmp_path: Path, script: str) -> Service:
    return Service("worker", ["bash", "-c", script], dict(os.environ), tmp_path / "worker.log")


def alive(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    return bool(state) and not state.startswith("Z")


@pytest.fixture(autouse=True)
def own_signals() -> Iterator[None]:
    """`running` makes the process deaf to signals while it stops; the next test, and what it starts, hears again."""
    before = [(number, signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM)]
    yield
    for number, handler in before:
        signal.signal(number, handler)


def test_a_process_that_dies_is_started_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    worker = service(tmp_path, "sleep 60")
    with running([worker], stop_seconds=5):
        assert worker.process
        first = worker.process
        first.kill()
        first.wait()
        worker.start_again_if_dead()
        assert worker.process is not first
        assert worker.process.poll() is None
    assert "worker ended with -9 and is started again" in capsys.readouterr().out


def test_a_process_that_always_dies_ends_it_all_with_its_last_words(tmp_path: Path) -> None:
    worker = service(tmp_path, "echo the database is on the moon; exit 1")
    with pytest.raises(GivesUp, match="on the moon"), running([worker], stop_seconds=5):
        wait_until(lambda: worker.start_again_if_dead())


def test_nothing_is_left_not_even_what_a_process_started_itself(tmp_path: Path) -> None:
    worker = service(tmp_path, "sleep 60 & echo $! > child; trap '' TERM; wait; sleep 60")
    worker.command = ["bash", "-c", f"cd {tmp_path}; {worker.command[2]}"]
    with running([worker], stop_seconds=0.2):
        child = int(wait_until(lambda: (tmp_path / "child").read_text() if (tmp_path / "child").exists() else ""))
        assert alive(child)
    wait_until(lambda: not alive(child))


def test_a_killed_supervisor_takes_its_processes_along(tmp_path: Path) -> None:
    script = f"""
import os, pathlib, time
from config.supervisor import Service, running
worker = Service("worker", ["sleep", "60"], dict(os.environ), pathlib.Path({str(tmp_path / "log")!r}))
with running([worker], stop_seconds=5):
    print(worker.process.pid, flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        worker = int(process.stdout.readline())
        process.kill()
    wait_until(lambda: not alive(worker))
