"""What an enrolment costs: taken once, given back by the club's rule, whatever is decided in between and wherever a job breaks off."""

from datetime import timedelta

import pytest
from django.utils import timezone

from jobs.models import Job
from lessons import services
from lessons.models import Change, Client, Enrolment, Subscription
from lessons.overview_subscriptions import list_unpaid
from tests.lessons.enrolments import begun, cancel, enrol, full, kept, mark, roll
from tests.lessons.test_change_lesson import patch, run_changes
from tests.lessons.world import World, api, statuses

SOON = timedelta(hours=5)  # after the cut-off


def pack_of(world: World, client: Client, credits: int = 10) -> Subscription:
    return world.pack(client, credits, valid_from=timezone.localdate() - timedelta(days=30))


def left(pack: Subscription) -> int | None:
    """As the counter says, and the ledger with it."""
    pack.refresh_from_db()
    assert pack.used == pack.uses.standing().count()
    return pack.remaining


def test_a_place_costs_a_session_and_waiting_costs_none(world: World) -> None:
    hugo, noe = pack_of(world, world.hugo), pack_of(world, world.noe)
    lesson = full(world, world.hugo)
    enrol(world, lesson, world.noe)
    run_changes()
    assert (left(hugo), left(noe), statuses(lesson)["Noé"]) == (9, 10, "booked")


def test_who_gets_the_place_pays_and_who_left_in_time_does_not(world: World) -> None:
    hugo, noe = pack_of(world, world.hugo), pack_of(world, world.noe)
    lesson = full(world, world.hugo)
    enrol(world, lesson, world.noe)
    cancel(world, lesson, world.hugo)
    run_changes()
    assert (left(hugo), left(noe)) == (10, 9)


@pytest.mark.parametrize(("charged", "remaining"), [(True, 9), (False, 10)])
def test_a_late_cancellation_costs_what_the_club_says(world: World, charged: bool, remaining: int) -> None:
    pack = pack_of(world, world.hugo)
    lesson = full(kept(world, late_cancellation_charged=charged), world.hugo, ahead=SOON)
    assert cancel(world, lesson, world.hugo).json()["attendance"] == "late_cancelled"
    run_changes()
    assert left(pack) == remaining


@pytest.mark.parametrize(("charged", "remaining"), [(True, 9), (False, 10)])
def test_an_absence_costs_what_the_club_says(world: World, charged: bool, remaining: int) -> None:
    pack = pack_of(world, world.hugo)
    lesson = begun(kept(world, no_show_charged=charged), world.hugo)
    mark(world, lesson, world.hugo, "no_show")
    run_changes()
    assert left(pack) == remaining


def test_an_absence_that_is_taken_back_is_paid_again(world: World) -> None:
    pack = pack_of(world, world.hugo)
    lesson = begun(kept(world, no_show_charged=False), world.hugo)
    for attendance in ("no_show", "attended", "no_show", "expected"):
        mark(world, lesson, world.hugo, attendance)
        run_changes()
    assert (left(pack), pack.uses.count()) == (9, 3)


def test_the_rule_is_the_one_of_the_moment(world: World) -> None:
    pack = pack_of(world, world.hugo)
    lesson = full(world, world.hugo, ahead=SOON)
    cancel(world, lesson, world.hugo)
    kept(world, late_cancellation_charged=False)
    run_changes()
    assert left(pack) == 9


def test_a_manager_may_forgive(world: World) -> None:
    pack = pack_of(world, world.hugo)
    lesson = full(world, world.hugo, ahead=SOON)
    cancel(world, lesson, world.hugo)
    run_changes()
    assert mark(world, lesson, world.hugo, "cancelled").json()["charged"] is False
    run_changes()
    assert left(pack) == 10


def test_who_owed_the_lesson_owes_it_no_more(world: World) -> None:
    lesson = full(world, world.hugo)
    assert statuses(lesson) == {"Hugo": "unpaid"}
    cancel(world, lesson, world.hugo)
    run_changes()
    pack = pack_of(world, world.hugo)
    assert (services.settle_unpaid(club=world.club, client=world.hugo), left(pack)) == (0, 10)


def test_who_cancels_late_without_credit_owes_the_lesson(world: World) -> None:
    lesson = full(world, world.hugo, ahead=SOON)
    cancel(world, lesson, world.hugo)
    run_changes()
    assert Enrolment.objects.charged().filter(status=Enrolment.Status.UNPAID).get().client == world.hugo


def test_what_was_paid_in_cash_stays_paid(world: World) -> None:
    lesson = full(world, world.hugo)
    services.mark_paid_otherwise(enrolment=Enrolment.objects.get())
    cancel(world, lesson, world.hugo)
    run_changes()
    enrol(world, lesson, world.hugo)
    run_changes()
    assert statuses(lesson) == {"Hugo": "paid"}


def test_to_leave_and_come_back_costs_one_session(world: World) -> None:
    pack = pack_of(world, world.hugo)
    lesson = full(world, world.hugo)
    for act in (cancel, enrol, cancel, enrol):
        act(world, lesson, world.hugo)
        run_changes()
    assert (left(pack), pack.uses.count()) == (9, 3)


def test_who_is_taken_back_and_enrolled_again_before_the_job_pays_once(world: World) -> None:
    """The credit of the enrolment that is gone has not come back yet: it pays for the new one."""
    pack, lesson = pack_of(world, world.noe), full(world, world.hugo, capacity=2)
    undo = enrol(world, lesson, world.noe).json()["change"]["undo_url"]
    run_changes()
    assert api(world.manager).post(undo).status_code == 200
    enrol(world, lesson, world.noe)
    run_changes()
    assert not Job.objects.failed().exists()
    assert (left(pack), pack.uses.count(), statuses(lesson)["Noé"]) == (9, 1, "paid")


def test_jobs_that_run_after_all_decisions_come_to_the_same(world: World) -> None:
    hugo, noe = pack_of(world, world.hugo), pack_of(world, world.noe)
    lesson = full(world, world.hugo)
    enrol(world, lesson, world.noe)
    for act in (cancel, enrol):
        act(world, lesson, world.hugo)
    cancel(world, lesson, world.noe)
    run_changes()
    assert (roll(lesson), left(hugo), left(noe)) == ({"Hugo": "expected", "Noé": "cancelled"}, 9, 10)


def test_a_job_that_runs_again_moves_no_credit(world: World) -> None:
    hugo, noe = pack_of(world, world.hugo), pack_of(world, world.noe)
    lesson = full(world, world.hugo)
    enrol(world, lesson, world.noe)
    cancel(world, lesson, world.hugo)
    run_changes()
    for change in Change.objects.order_by("-pk"):
        assert services.settle_enrolments(change=change).returned == 0
    assert (left(hugo), left(noe)) == (10, 9)


def test_the_last_credit_is_not_taken_below_zero(world: World) -> None:
    pack = pack_of(world, world.noe, credits=1)
    lessons = [full(world, world.hugo, capacity=2, ahead=timedelta(days=days)) for days in (9, 10)]
    for lesson in lessons:
        enrol(world, lesson, world.noe)
    run_changes()
    assert (left(pack), [statuses(lesson)["Noé"] for lesson in lessons]) == (0, ["paid", "unpaid"])


def test_a_lesson_that_the_club_cancels_costs_nobody_anything(world: World) -> None:
    hugo, noe = pack_of(world, world.hugo), pack_of(world, world.noe)
    lesson = full(world, world.hugo, world.noe)
    cancel(world, lesson, world.hugo)
    run_changes()
    api(world.manager).delete(f"/api/lessons/{lesson.pk}/")
    run_changes()
    assert (left(hugo), left(noe)) == (10, 10)


def test_a_whole_list_settles_each_in_its_way(world: World) -> None:
    packs = {client.first_name: pack_of(world, client) for client in (world.hugo, world.noe, world.camille)}
    lesson = full(world, world.hugo, world.noe)
    patch(world, lesson, clients=[world.noe.pk, world.camille.pk])
    run_changes()
    assert {name: left(pack) for name, pack in packs.items()} == {"Hugo": 10, "Noé": 9, "Camille": 9}


def test_the_unpaid_list_leaves_out_who_left(world: World) -> None:
    lesson = full(world, world.hugo, world.noe)
    cancel(world, lesson, world.hugo)
    run_changes()
    assert [row.client.first_name for row in list_unpaid(world.club)] == ["Noé"]
