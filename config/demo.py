"""The demo: web, worker and mail catcher under one roof. `bin/demo` sets up and runs it."""

import argparse
import errno
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import NoReturn
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from .demo_checks import check_demo
from .supervisor import GivesUp, Service, running

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 60
WELCOME = """\
Ready: {url}/

  manager / demo     plans lessons           {url}/club/planning
  teacher / demo     reads the planning
  operator / demo    watches the work        {url}/admin/
  stranger / demo    manages another club
  caught mail        {url}/dev/mail/
  the API            {url}/api/docs/
  logs and data      {var}

Ctrl-C ends all of it."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/demo", description="A demo club with everything running; Ctrl-C ends all.")
    parser.add_argument("--check", action="store_true", help="do the main job through HTTP; exit 0 only if every effect was seen")
    check = parser.parse_args().check
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)
    try:
        return run_check() if check else run()
    except GivesUp as error:
        print(f"bin/demo: {error}", file=sys.stderr)
        return 1


def leave(number: int, frame: object) -> NoReturn:
    """A signal becomes an exception, so that `finally` ends what was started."""
    raise SystemExit(0)


def run() -> int:
    var = Path(os.environ.get("VAR_DIR", "var")).resolve()
    with started(var, port_from("PORT", 8000), port_from("SMTP_PORT", 1025)) as (url, services):
        print(WELCOME.format(url=url, var=var / "demo"), flush=True)
        while True:
            for service in services:
                service.start_again_if_dead()
            time.sleep(0.5)


def run_check() -> int:
    with tempfile.TemporaryDirectory(prefix="aussitot-") as temporary:
        var = Path(os.environ.get("VAR_DIR", temporary)).resolve()
        port, smtp_port = free_ports(2)
        with started(var, port_from("PORT", port), port_from("SMTP_PORT", smtp_port)) as (url, _):
            return check_demo(url, partial(run_python, environment=demo_environment(url, var, smtp_port)))


@contextmanager
def started(var: Path, port: int, smtp_port: int) -> Iterator[tuple[str, list[Service]]]:
    """The whole stack on a demo club, once it answers and its worker is alive."""
    require_free("PORT", port)
    require_free("SMTP_PORT", smtp_port)
    url = f"http://127.0.0.1:{port}"
    directory = var / "demo"
    directory.mkdir(parents=True, exist_ok=True)
    environment = demo_environment(url, var, smtp_port)
    for command in (["migrate", "--no-input"], ["createcachetable"], ["demo_data"]):
        manage(command, environment)
    commands = {
        "mail": ["manage.py", "mailbox", "--port", str(smtp_port)],
        "worker": ["manage.py", "qcluster"],
        "web": ["-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4",
                "--graceful-timeout", "3", "--no-control-socket", "--log-level", "warning"],
    }  # fmt: skip
    services = [Service(name, [sys.executable, *words], environment, directory / f"{name}.log") for name, words in commands.items()]
    with running(services, stop_seconds=float(environment["JOBS_STOP_SECONDS"]) + 5):
        wait_until_ready(url, services)
        yield url, services


def demo_environment(url: str, var: Path, smtp_port: int) -> dict[str, str]:
    defaults = {"DATABASE_URL": f"sqlite:///{var / 'demo' / 'demo.sqlite3'}", "BASE_URL": url, "JOBS_STOP_SECONDS": "5"}
    fixed = {"DEBUG": "1", "VAR_DIR": str(var), "EMAIL_URL": f"smtp://127.0.0.1:{smtp_port}", "MAIL_SERVICE": "", "PYTHONUNBUFFERED": "1"}
    return {**defaults, **os.environ, **fixed}


def manage(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise GivesUp(f"manage.py {command[0]} failed: {last_line(done.stderr or done.stdout)}")


def run_python(code: str, environment: dict[str, str]) -> str:
    """In a process of its own, on the demo's database."""
    command = [sys.executable, "manage.py", "shell", "--no-imports", "--verbosity", "0", "--command", code]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout


def last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "it said nothing")


def wait_until_ready(url: str, services: list[Service]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while (status := health(url)) != "ok":
        for service in services:
            service.start_again_if_dead()
        if time.monotonic() > deadline:
            words = "\n".join(f"{service.name}: {last_line(service.last_words())}" for service in services)
            raise GivesUp(f"not ready after {READY_SECONDS} s (health: {status}).\n{words}")
        time.sleep(0.1)


def health(url: str) -> str:
    """What the stack says of itself: `ok` needs the web process, the database and a worker that is alive."""
    try:
        with urlopen(f"{url}/api/health/", timeout=5) as answer:
            return str(json.load(answer)["status"])
    except HTTPError as error:
        return f"HTTP {error.code}"
    except (URLError, OSError):
        return "no answer"


def port_from(name: str, default: int) -> int:
    value = os.environ.get(name) or str(default)
    if not (value.isdecimal() and 0 < int(value) < 65536):
        raise GivesUp(f"{name}={value} is not a port.")
    return int(value)


def require_free(name: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            reason = "is already in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
            raise GivesUp(f"port {port} {reason}. Choose another: {name}={min(port + 1, 65535)} bin/demo") from error


def free_ports(count: int) -> list[int]:
    """All held until the last is found: none is given twice."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [int(probe.getsockname()[1]) for probe in probes]


if __name__ == "__main__":
    sys.exit(main())
