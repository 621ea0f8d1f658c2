"""Two transactions at the same time: one is held open here, another is begun behind it, on a connection of its own."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from jobs.worker import drain
from lessons import tasks
from lessons.models import Change, Lesson
from tests.cluster import PATIENCE_SECONDS, wait_until
from tests.lessons.world import World

_others = ThreadPoolExecutor(4)


def behind(act: Callable[[], Any]) -> Future[Any]:
    """Begun on a connection of its own; given when it stands before a lock."""
    server: Future[int] = Future()

    def run() -> Any:
        try:
            connection.ensure_connection()
            server.set_result(connection.connection.info.backend_pid)
            return act()
        finally:
            connection.close()

    future = _others.submit(run)
    pid = server.result(PATIENCE_SECONDS)
    wait_until(lambda: future.done() or waits_for_a_lock(pid))
    assert not future.done(), f"it waited for nothing: {future.result()}"
    return future


@contextmanager
def held(act: Callable[[], Any]) -> Iterator[Callable[[], None]]:
    """Done, but not yet committed, on this connection; until the given function is called."""
    block = transaction.atomic()
    block.__enter__()
    open_still = [True]

    def let_go() -> None:
        if open_still.pop():
            block.__exit__(None, None, None)

    try:
        act()
        yield let_go
    finally:
        if open_still:
            transaction.set_rollback(True)
            block.__exit__(None, None, None)


def lock(model: Any, pk: int) -> None:
    """At once: whoever has it already would have to wait for us."""
    assert model.objects.select_for_update(nowait=True).get(pk=pk)


def fresh(lesson: Lesson) -> Lesson:
    return Lesson.objects.select_related("club").get(pk=lesson.pk)


class _Unseen:
    """Progress that nobody follows."""

    def __call__(self, *said: Any) -> None: ...

    def step(self, *said: Any) -> None: ...


def run_task(task: Any, *args: Any) -> Any:
    with transaction.atomic():
        return task(_Unseen(), *args)


def follow(change: Change) -> Any:
    return run_task(tasks.after_delete, change.lesson_id, change.pk)


def waits_for_a_lock(pid: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [pid])
        return bool(cursor.fetchone()[0])


def series_of_four(world: World) -> list[Lesson]:
    """Followed up: nothing waits."""
    for client in (world.camille, world.hugo):
        world.pack(client)
    made = world.plan(repeat=world.weeks(4), clients=[world.camille.pk, world.hugo.pk]).lesson
    drain()
    return list(Lesson.objects.filter(series=made.series_id).order_by("starts_at"))
