"""Who holds a claim: a process by its host, number and start, and what its database sessions are called."""

import hashlib
import os
import socket

from django.db import DEFAULT_DB_ALIAS, connection, connections

from . import bell


def session_name(owner: str) -> str:
    """What all database sessions of the owner's process are called; Postgres cuts longer names than 63 bytes."""
    process = owner.rpartition(":")[0]
    return f"jobs-{hashlib.sha256(process.encode()).hexdigest()[:16]}"


def name_sessions() -> None:
    """Before a worker opens its first connection."""
    if connection.vendor == "postgresql":
        connections.settings[DEFAULT_DB_ALIAS]["OPTIONS"]["application_name"] = session_name(f"{this_process()}:")


def this_process() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{bell.started_at(os.getpid())}"


def process_lives(owner: str) -> bool:
    host, pid, start, _ = owner.rsplit(":", 3)
    return host != socket.gethostname() or bell.started_at(int(pid)) == start
