"""Two who write the same reference data at the same time: real transactions that really wait, and never for each other."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client

from jobs.worker import drain
from staffing import services
from staffing.models import ReferenceImport, ReferenceTask, Volume
from tests.staffing.organisation import Organisation

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time"),
]
BLOCKED_BY_US = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"


def checked(organisation: Organisation, content: bytes = b"code;label;minutes\nCALL;Call;9\nVISIT;Visit;9\n") -> ReferenceImport:
    coming = services.start_import(club=organisation.club, user=None, upload=SimpleUploadedFile("data.csv", content))
    drain()
    coming.refresh_from_db()
    return coming


def importing(organisation: Organisation) -> Callable[[], Any]:
    coming = checked(organisation)
    return lambda: services.write_import(coming=coming, report=lambda *_: None)


def editing_as_operator(organisation: Organisation) -> Callable[[], Any]:
    client = Client()
    client.force_login(User.objects.create_superuser("root"), "django.contrib.auth.backends.ModelBackend")
    form = {"club": organisation.club.pk, "code": "CALL", "label": "Call", "family": "", "unit": "", "minutes": "9"}
    return lambda: client.post(f"/admin/staffing/referencetask/{organisation.call.pk}/change/", form)


WRITERS: dict[str, Callable[[Organisation], Callable[[], Any]]] = {
    "an import": importing,
    "an operator's edit": editing_as_operator,
    "a bulk update": lambda it: lambda: ReferenceTask.objects.filter(club=it.club).update(minutes=9),
    "one row": lambda it: lambda: ReferenceTask.objects.filter(code="CALL").update(minutes=9),
    "a deletion": lambda it: lambda: it.call.delete(),
}


def in_thread(write: Callable[[], Any]) -> None:
    try:
        with transaction.atomic():
            write()
    finally:
        connection.close()


def wait_until_somebody_waits_for_us() -> None:
    deadline = time.monotonic() + 60
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(BLOCKED_BY_US)
            if cursor.fetchone()[0]:
                return
    raise AssertionError("the other writer never waited for us")


@pytest.mark.parametrize("name", WRITERS)
def test_who_writes_second_waits_with_nothing_in_its_hands(organisation: Organisation, name: str) -> None:
    """We have written one task and go on to the other. Had the second writer taken any of it meanwhile, both would wait for ever."""
    write = WRITERS[name](organisation)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            ReferenceTask.objects.filter(code="VISIT").update(minutes=3)
            second = pool.submit(in_thread, write)
            wait_until_somebody_waits_for_us()
            Volume.objects.filter(task=organisation.call).update(units=1)
            ReferenceTask.objects.filter(code="CALL").update(minutes=4)
        second.result(timeout=60)
    assert not ReferenceTask.objects.filter(code="CALL", minutes=4).exists()


def test_an_import_sees_what_the_writer_before_it_left(organisation: Organisation) -> None:
    """Equal to the line of the file at the check, and changed since: the import must not pass it over as the same."""
    coming = checked(organisation, b"code;label;minutes\nCALL;Call;7.5\n")
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            ReferenceTask.objects.filter(code="CALL").update(minutes=4)
            second = pool.submit(in_thread, lambda: services.write_import(coming=coming, report=lambda *_: None))
            wait_until_somebody_waits_for_us()
        second.result(timeout=60)
    assert ReferenceTask.objects.get(code="CALL").minutes == Decimal("7.5")


def test_readers_and_runs_wait_for_no_writer(organisation: Organisation) -> None:
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        ReferenceTask.objects.update(minutes=9)
        pool.submit(in_thread, lambda: start_and_finish(organisation)).result(timeout=60)


def start_and_finish(organisation: Organisation) -> None:
    run = services.start_run(club=organisation.club, user=None, scope="national")
    services.finish_run(run=run, report=lambda *_: None)
