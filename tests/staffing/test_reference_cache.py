"""What is read is never stale, and loaded once."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries, Settings

from staffing import reference
from staffing.models import Centre, ReferenceTask
from staffing.reference import cached_reference, get_direction_data, get_reference_tasks
from tests.cluster import wait_until
from tests.lessons.world import World
from tests.staffing.organisation import Organisation

pytestmark = pytest.mark.django_db


def headcount_of_the_port(organisation: Organisation) -> Decimal:
    direction = get_direction_data(organisation.club.pk, organisation.north.pk)
    assert direction
    return next(centre.headcount for centre in direction.centres if centre.code == "PORT")


def test_a_direction_comes_with_its_centres_and_their_volumes(organisation: Organisation) -> None:
    direction = get_direction_data(organisation.club.pk, organisation.north.pk)
    assert direction
    assert [(centre.code, len(centre.volumes)) for centre in direction.centres] == [("MILL", 1), ("PORT", 2)]


def test_a_second_read_asks_for_the_stamp_alone(organisation: Organisation, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    first = get_reference_tasks(organisation.club.pk)
    with django_assert_num_queries(1):
        assert get_reference_tasks(organisation.club.pk) is first


def test_a_write_is_seen_by_the_next_read(organisation: Organisation) -> None:
    assert headcount_of_the_port(organisation) == Decimal("2.5")
    Centre.objects.filter(code="PORT").update(headcount=4)
    assert headcount_of_the_port(organisation) == 4


def test_a_writer_sees_its_own_write_before_the_commit(organisation: Organisation) -> None:
    get_reference_tasks(organisation.club.pk)
    with transaction.atomic():
        organisation.call.delete()
        assert [task.code for task in get_reference_tasks(organisation.club.pk)] == ["VISIT"]


def test_what_was_read_in_a_rolled_back_transaction_is_forgotten(organisation: Organisation) -> None:
    with transaction.atomic():
        organisation.call.delete()
        get_reference_tasks(organisation.club.pk)
        transaction.set_rollback(True)
    assert len(get_reference_tasks(organisation.club.pk)) == 2


def test_an_old_value_is_loaded_anew(organisation: Organisation) -> None:
    @cached_reference(ttl=0)
    def now_and_again(club: int) -> object:
        return object()

    assert now_and_again(organisation.club.pk) is not now_and_again(organisation.club.pk)


def test_a_direction_of_another_club_is_not_there(organisation: Organisation) -> None:
    other = World("Elsewhere", "other-")
    assert get_direction_data(other.club.pk, organisation.north.pk) is None


def test_hits_and_misses_are_counted(organisation: Organisation) -> None:
    for _ in range(4):
        get_reference_tasks(organisation.club.pk)
    facts = reference.statistics(organisation.club.pk)
    assert (facts["hits"], facts["misses"], facts["hit_rate"], facts["entries"]) == (3, 1, 0.75, 1)
    assert facts["bytes"] > 0


@pytest.mark.django_db(transaction=True)
def test_twenty_threads_load_once(organisation: Organisation) -> None:
    loaded: list[int] = []

    @cached_reference()
    def slowly(club: int) -> str:
        loaded.append(club)
        everybody_waits.wait(0.2)
        return "value"

    def read() -> None:
        slowly(organisation.club.pk)
        connection.close()

    everybody_waits = threading.Event()
    threads = [threading.Thread(target=read) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loaded) == 1


@pytest.mark.django_db(transaction=True)
def test_another_process_finds_what_this_one_loaded(organisation: Organisation, settings: Settings) -> None:
    get_reference_tasks(organisation.club.pk)
    reference.forget()  # as a process that has just begun
    with CaptureQueriesContext(connection) as asked:
        get_reference_tasks(organisation.club.pk)
    assert not any(ReferenceTask._meta.db_table in query["sql"] for query in asked)


@pytest.mark.django_db(transaction=True)
def test_a_process_that_died_while_loading_holds_nobody_up_for_long(organisation: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    key = f"reference:get_reference_tasks:{organisation.club.pk}:{reference.stamp_of(organisation.club.pk)}"
    cache.add(f"{key}:loading", 1, timeout=1)
    assert len(get_reference_tasks(organisation.club.pk)) == 2


@pytest.fixture
def redis(tmp_path: Path, settings: Settings) -> Iterator[None]:
    """A real one, on a socket of its own."""
    socket = tmp_path / "redis.sock"
    command = ["redis-server", "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            wait_until(socket.exists)
            settings.CACHES = settings.CACHES | {
                "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": f"unix://{socket}"}
            }
            yield
        finally:
            cache.close()
            server.terminate()


@pytest.mark.django_db(transaction=True)
def test_redis_shares_what_one_process_loaded_and_is_never_stale(redis: None, organisation: Organisation) -> None:
    get_reference_tasks(organisation.club.pk)
    reference.forget()  # as a process that has just begun
    with CaptureQueriesContext(connection) as asked:
        assert len(get_reference_tasks(organisation.club.pk)) == 2
    assert not any(ReferenceTask._meta.db_table in query["sql"] for query in asked)
    organisation.call.delete()
    assert len(get_reference_tasks(organisation.club.pk)) == 1


READ_IN_ANOTHER_PROCESS = """
import sys, django
django.setup()
from django.conf import settings
from staffing.reference import get_reference_tasks
club = int(sys.argv[1])
for line in sys.stdin:
    print(*[task.code for task in get_reference_tasks(club)], flush=True)
"""


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite's test database lives in this process alone")
@pytest.mark.django_db(transaction=True)
def test_another_process_with_a_cache_of_its_own_reads_fresh(organisation: Organisation) -> None:
    """Local memory in each process: nobody tells the other of the write but the database."""
    environment = {
        "DJANGO_SETTINGS_MODULE": "tests.settings", "SECRET_KEY": "x", "CACHE_URL": "locmemcache://", "PATH": "/usr/bin:/bin",
        "DATABASE_URL": url_of_the_test_database(), "PYTHONPATH": ".",
    }  # fmt: skip
    command = [sys.executable, "-c", READ_IN_ANOTHER_PROCESS, str(organisation.club.pk)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as other:
        assert other.stdin
        assert ask(other) == ["CALL", "VISIT"]
        ReferenceTask.objects.filter(code="CALL").update(code="RING")
        assert ask(other) == ["RING", "VISIT"]
        other.stdin.close()


def ask(process: "subprocess.Popen[str]") -> list[str]:
    assert process.stdin
    assert process.stdout
    print(file=process.stdin, flush=True)
    return str(process.stdout.readline()).split()


def url_of_the_test_database() -> str:
    it = connection.settings_dict
    return f"postgres://{it['USER']}:{it['PASSWORD']}@{it['HOST']}:{it['PORT']}/{it['NAME']}"


@pytest.mark.django_db(transaction=True)
def test_what_is_read_within_another_read_waits_for_nobody_and_locks_nothing(organisation: Organisation) -> None:
    """As the overview reads tasks and directions, which are not kept yet."""
    cache.clear()
    tasks, directions = reference.get_overview(organisation.club.pk)
    assert ([task.code for task in tasks], len(directions)) == (["CALL", "VISIT"], 2)
    ReferenceTask.objects.update(minutes=9)
    assert {task.minutes for task in reference.get_overview(organisation.club.pk)[0]} == {9}
