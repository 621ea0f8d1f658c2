"""An import and a person who edit the same reference data at the same time: real transactions that really wait."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction

from jobs.worker import drain
from staffing import services
from staffing.models import ReferenceImport, ReferenceTask
from tests.staffing.organisation import Organisation

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time"),
]


def checked(organisation: Organisation) -> ReferenceImport:
    content = b"code;label;minutes\nCALL;Call;9\n"
    coming = services.start_import(club=organisation.club, user=None, upload=SimpleUploadedFile("data.csv", content))
    drain()
    coming.refresh_from_db()
    return coming


def in_thread(write: Callable[[], None]) -> None:
    try:
        with transaction.atomic():
            write()
    finally:
        connection.close()


BLOCKED_BY_US = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"


def wait_until_somebody_waits_for_us() -> None:
    deadline = time.monotonic() + 60
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(BLOCKED_BY_US)
            if cursor.fetchone()[0]:
                return
    raise AssertionError("the import never waited for the other writer")


def test_an_import_lets_a_writer_who_came_first_finish(organisation: Organisation) -> None:
    coming = checked(organisation)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            ReferenceTask.objects.filter(code="VISIT").update(minutes=3)
            importing = pool.submit(in_thread, lambda: services.write_import(coming=coming, report=lambda *_: None))
            wait_until_somebody_waits_for_us()
            ReferenceTask.objects.filter(code="CALL").update(minutes=4)
        importing.result(timeout=60)
    assert dict(ReferenceTask.objects.values_list("code", "minutes")) == {"CALL": Decimal(9), "VISIT": Decimal(3)}
