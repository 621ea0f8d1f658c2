"""A run, from the click to the result."""

import threading
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from jobs.models import Job
from jobs.worker import drain
from staffing import services
from staffing.models import Centre, CentreResult, Simulation, Volume
from staffing.reference import version_of
from staffing.services import running
from staffing.simulation import Assumptions
from tests.staffing.organisation import Organisation

pytestmark = pytest.mark.django_db
A_YEAR = Assumptions(Decimal(200), Decimal(8), Decimal("0.8"), Decimal("0.1"))  # 1,152 hours


def start(organisation: Organisation, scope: str = "national", **options: Any) -> Simulation:
    return services.start_run(club=organisation.club, user=None, scope=scope, **{"assumptions": A_YEAR, **options})


def run(organisation: Organisation, scope: str = "national", **options: Any) -> Simulation:
    started = start(organisation, scope, **options)
    drain()
    started.refresh_from_db()
    return started


def test_a_national_run_adds_all_centres_up(organisation: Organisation) -> None:
    figures = run(organisation).figures
    assert figures
    assert figures.hours == Decimal("3501")
    assert figures.fte_needed == Decimal("3501") / 1152
    assert figures.headcount == Decimal("3.5")


def test_a_run_of_a_direction_takes_its_centres_alone(organisation: Organisation) -> None:
    figures = run(organisation, "direction", direction=organisation.south).figures
    assert figures
    assert figures.hours == Decimal("0.5")


def test_a_run_of_chosen_centres_takes_no_other(organisation: Organisation) -> None:
    done = run(organisation, "centres", centres=[organisation.mill.pk, organisation.farm.pk])
    assert list(done.centre_results.values_list("code", flat=True)) == ["MILL", "FARM"]


def test_the_smallest_and_the_largest_numbers_add_up_to_the_last_digit(organisation: Organisation) -> None:
    small, large = organisation.task("SMALL", "0.01"), organisation.task("LARGE", "9999.99")
    Volume.objects.create(centre=organisation.farm, task=small, units=Decimal("0.01"))
    Volume.objects.create(centre=organisation.farm, task=large, units=Decimal("9999999.99"))
    work = run(organisation).centre_results.get(code="FARM").work
    assert Decimal(work) / 10_000 == Decimal("0.01") * Decimal("0.01") + Decimal("9999999.99") * Decimal("9999.99") + 4 * Decimal("7.5")


def test_a_direction_of_many_centres_is_read_in_pieces(organisation: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CENTRES_A_STATEMENT", 1)
    heard: list[str] = []
    services.finish_run(run=(started := start(organisation)), report=lambda _done, _total, message: heard.append(message))
    assert heard == ["North", "North", "South", "Writing the result"]
    assert [line.code for line in started.centre_results.all()] == ["MILL", "PORT", "FARM"]


def test_a_centre_without_volumes_has_a_line_of_zero(organisation: Organisation) -> None:
    organisation.centre(organisation.south, "NEW", "2")
    assert run(organisation).centre_results.get(code="NEW").work == 0


def test_the_same_assumptions_and_version_give_the_same_digits(organisation: Organisation) -> None:
    first, second = run(organisation), run(organisation)
    assert first.figures == second.figures
    assert first.reference_version == second.reference_version


def test_a_run_keeps_the_version_that_it_used(organisation: Organisation) -> None:
    done = run(organisation)
    Centre.objects.update(headcount=9)
    assert done.reference_version
    assert done.reference_version < version_of(organisation.club.pk)


def test_a_run_that_is_done_again_after_a_crash_has_each_centre_once(organisation: Organisation) -> None:
    done = run(organisation)
    services.finish_run(run=done, report=lambda *_: None)
    assert CentreResult.objects.filter(simulation=done).count() == 3


def test_a_deleted_direction_ends_the_run_with_its_reason(organisation: Organisation) -> None:
    started = start(organisation, "direction", direction=organisation.south)
    organisation.south.delete()
    drain()
    job = Job.objects.get(pk=started.task_id)
    assert (job.status, job.error) == ("error", "This direction has been deleted meanwhile.")


def test_a_run_cancelled_half_way_leaves_no_result(organisation: Organisation) -> None:
    started = start(organisation)

    class Cancelled(Exception):
        pass

    def report(done: int, total: int, message: str) -> None:
        if done:
            raise Cancelled

    with pytest.raises(Cancelled):
        services.finish_run(run=started, report=report)
    started.refresh_from_db()
    assert started.figures is None
    assert not CentreResult.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_data_changed_during_the_run_do_not_mix_with_it(organisation: Organisation) -> None:
    """Somebody deletes all centres after the first direction was read."""
    started, version = start(organisation), version_of(organisation.club.pk)

    def change() -> None:
        Centre.objects.all().delete()
        connection.close()

    def report(done: int, total: int, message: str) -> None:
        if done == 1:
            thread = threading.Thread(target=change)
            thread.start()
            thread.join()

    services.finish_run(run=started, report=report)
    started.refresh_from_db()
    assert started.figures
    assert started.figures.hours == Decimal("3501")
    assert started.reference_version == version < version_of(organisation.club.pk)
    assert list(started.centre_results.values_list("centre", flat=True)) == [None, None, None]
