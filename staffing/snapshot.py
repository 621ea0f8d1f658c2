"""Several statements that all see the data of one moment, while others go on writing."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from django.db import connection, transaction


@contextmanager
def snapshot() -> Iterator[None]:
    """For reading only. Within a transaction that is open already, only what that transaction promises."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        with _deferred():
            yield


@contextmanager
def _deferred() -> Iterator[None]:
    """Django begins every transaction on SQLite as a writer's, which would stop all others; a reader's stops nobody."""
    with ExitStack() as stack:
        usual, connection.transaction_mode = connection.transaction_mode, "DEFERRED"  # type: ignore[attr-defined]  # SQLite's
        try:
            stack.enter_context(transaction.atomic())
        finally:
            connection.transaction_mode = usual  # type: ignore[attr-defined]
        yield
