"""What the database says of itself: whether it is migrated, held up or swollen. Only Postgres knows the last two."""

import time
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

OLDEST_TRANSACTION = """
    SELECT pid, extract(epoch FROM clock_timestamp() - xact_start)::float FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND xact_start IS NOT NULL AND pid <> pg_backend_pid()
    ORDER BY xact_start LIMIT 1"""
ROWS = "SELECT n_live_tup, n_dead_tup, pg_total_relation_size(relid) FROM pg_stat_user_tables WHERE relname = 'jobs_job'"

_migrated = _cache_table_seen = False  # neither is taken back under a process that runs


def describe() -> dict[str, Any]:
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    facts = {
        "reachable": True,
        "vendor": connection.vendor,
        "latency_ms": round(1000 * (time.perf_counter() - began), 2),
        "unapplied_migrations": _count_unapplied_migrations(),
        "cache_table_missing": _cache_table_is_missing(),
        "oldest_transaction_seconds": None,
        "oldest_transaction_pid": None,
        "live_rows": None,
        "dead_rows": None,
        "bytes": None,
    }
    return facts | _ask_postgres() if connection.vendor == "postgresql" else facts


def _count_unapplied_migrations() -> int:
    global _migrated
    if _migrated:
        return 0
    executor = MigrationExecutor(connection)
    count = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    _migrated = count == 0
    return count


def _cache_table_is_missing() -> bool:
    global _cache_table_seen
    setting = settings.CACHES["default"]
    if not _cache_table_seen and setting["BACKEND"].endswith(".DatabaseCache"):
        _cache_table_seen = setting["LOCATION"] in connection.introspection.table_names()
        return not _cache_table_seen
    return False


def _ask_postgres() -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(OLDEST_TRANSACTION)
        pid, seconds = cursor.fetchone() or (None, None)
        cursor.execute(ROWS)
        live, dead, size = cursor.fetchone() or (None, None, None)
    age = None if seconds is None else round(seconds, 1)
    return {"oldest_transaction_seconds": age, "oldest_transaction_pid": pid, "live_rows": live, "dead_rows": dead, "bytes": size}
