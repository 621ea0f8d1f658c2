"""The web process and its pool of connections, while the database goes away and comes back: a real gunicorn on the test database."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest
from django.db import connection

from tests.cluster import ROOT, cluster_environment, database_url, wait_until
from tests.proxy import Proxy

pytestmark = pytest.mark.django_db(transaction=True)
STRANGER = 401  # the session was looked up, and is nobody's
AWAY = 503
MANY = 30  # more than the pool has connections


class Web:
    def __init__(self, port: int) -> None:
        self.port = port

    def get(self, path: str = "/api/me/") -> int:
        visit = HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            visit.request("GET", path, headers={"Cookie": "sessionid=somebody"})
            return visit.getresponse().status
        finally:
            visit.close()

    def answers(self) -> bool:
        try:
            return self.get("/healthz") == 200
        except OSError:
            return False


@contextmanager
def serving(**environment: str) -> Iterator[Web]:
    """One process, as in production otherwise."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.set_inheritable(True)
        command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"fd://{listener.fileno()}", "--threads", "4",
                   "--no-control-socket", "--log-level", "critical"]  # fmt: skip
        settings = cluster_environment(DB_POOL="1", ALLOWED_HOSTS="127.0.0.1", **environment)
        server = subprocess.Popen(command, cwd=ROOT, env=settings, pass_fds=[listener.fileno()])
        try:
            web = Web(listener.getsockname()[1])
            wait_until(web.answers)
            yield web
        finally:
            server.terminate()
            server.wait()


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    settings = connection.settings_dict
    with Proxy(settings["HOST"], int(settings["PORT"])) as proxy:
        yield proxy


@pytest.fixture
def web(proxy: Proxy) -> Iterator[Web]:
    url = database_url().replace(f":{connection.settings_dict['PORT']}/", f":{proxy.port}/")
    with serving(DATABASE_URL=url) as web:
        wait_until(lambda: web.get() == STRANGER and pooled() >= 20)
        yield web


def pooled() -> int:
    """Connections that somebody else has open."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
        return int(cursor.fetchone()[0])


def test_a_restart_that_nobody_noticed_costs_nobody_an_error(web: Web, proxy: Proxy) -> None:
    proxy.cut()
    proxy.mend()
    with ThreadPoolExecutor(8) as visitors:  # some at the same moment
        assert [*visitors.map(web.get, ["/api/me/"] * MANY)] == [STRANGER] * MANY


def test_sessions_that_the_database_ended_are_replaced(web: Web) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert [web.get() for _ in range(MANY)] == [STRANGER] * MANY


def test_after_a_long_absence_the_first_request_is_answered(web: Web, proxy: Proxy) -> None:
    """However often it was asked for in vain: the pool must not wait longer and longer before it tries again."""
    proxy.cut()
    assert [web.get() for _ in range(3)] == [AWAY] * 3
    proxy.mend()
    assert web.get() == STRANGER


def test_what_needs_no_database_is_answered_while_it_is_away(web: Web, proxy: Proxy) -> None:
    proxy.cut()
    assert web.get() == AWAY
    assert web.get("/healthz") == 200
