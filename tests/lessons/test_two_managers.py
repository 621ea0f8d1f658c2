"""Several decide about the same lessons at the same time, each on a connection of its own: one wins, the other is told, none is stuck."""

import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from audio.services import erase_client
from jobs.models import Job
from jobs.worker import drain
from lessons import services, tasks
from lessons.models import (
    Change,
    Client,
    Club,
    Enrolment,
    Evaluation,
    Lesson,
    Membership,
    Notice,
    Place,
    Realisation,
    Reminder,
    Subscription,
    SubscriptionUse,
    Teacher,
)
from tests.cluster import PATIENCE_SECONDS
from tests.lessons.programmes import assign, cell, programme_of
from tests.lessons.test_double_booking import at_once
from tests.lessons.two_connections import behind, follow, fresh, held, lock, run_task, series_of_four
from tests.lessons.world import World, api, at, visitor_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db: None) -> World:
    return World()


@pytest.fixture
def lessons(world: World) -> list[Lesson]:
    return series_of_four(world)


def manager(world: World, name: str) -> User:
    user = User.objects.create_user(name, password="demo", first_name=name.title())
    Membership.objects.create(user=user, club=world.club, role=Membership.Role.MANAGER)
    return user


# ── One wins, the other is told ──


@pytest.mark.parametrize("again", range(3))
def test_of_two_managers_at_the_same_instant_one_is_told_who_and_when(world: World, lessons: list[Lesson], again: int) -> None:
    anna, ben = manager(world, "anna"), manager(world, "ben")
    url = f"/api/lessons/{lessons[0].pk}/?scope=all"
    version = api(anna).get(f"/api/lessons/{lessons[0].pk}/").json()["version"]
    answers = at_once(*[partial(api(user).patch, url, {"title": user.first_name, "version": version}) for user in (anna, ben)])
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    winner = Change.objects.get().user
    [late] = [answer for answer in answers if answer.status_code == 409]
    assert winner
    assert re.match(rf"{winner.first_name} changed this lesson (at|on .* at) \d", late.json()["detail"])  # "on", if it was before midnight
    assert set(Lesson.objects.values_list("title", flat=True)) == {winner.first_name}


@pytest.mark.parametrize("again", range(3))
def test_a_change_and_a_cancellation_at_the_same_instant(world: World, lessons: list[Lesson], again: int) -> None:
    url = f"/api/lessons/{lessons[1].pk}/?scope=following"
    version = api(world.manager).get(f"/api/lessons/{lessons[1].pk}/").json()["version"]
    changed, cancelled = at_once(
        lambda: api(world.manager).patch(url, {"starts_at": f"{world.day + timedelta(weeks=1)}T17:00", "version": version}),
        lambda: api(world.manager).delete(f"{url}&version={version}"),
    )
    assert sorted([changed.status_code, cancelled.status_code]) == [200, 409]
    hours = {(lesson.local_start.hour, lesson.status) for lesson in Lesson.objects.exclude(pk=lessons[0].pk)}
    assert hours == ({(17, "planned")} if changed.status_code == 200 else {(16, "cancelled")})


def test_who_waits_for_another_teacher_to_be_written_is_not_left_without_the_lesson(world: World, lessons: list[Lesson]) -> None:
    with held(lambda: services.change_lesson(lesson=fresh(lessons[0]), user=world.manager, scope="all", teacher=world.lea.pk)) as let_go:
        late = behind(lambda: services.change_lesson(lesson=fresh(lessons[0]), user=world.manager, scope="all", title="Voltige"))
        let_go()
        late.result(PATIENCE_SECONDS)
    assert set(Lesson.objects.values_list("teacher", "title")) == {(world.lea.pk, "Voltige")}


def test_a_double_click_on_undo_takes_back_once(world: World, lessons: list[Lesson]) -> None:
    undo = api(world.manager).delete(f"/api/lessons/{lessons[0].pk}/?scope=all").json()["change"]["undo_url"]
    answers = at_once(*[lambda: api(world.manager).post(undo)] * 2)
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert Lesson.objects.planned().count() == 4


def test_paid_in_cash_at_the_moment_of_settling_takes_no_credit_too(world: World) -> None:
    lesson = world.plan(clients=[world.noe.pk]).lesson
    services.consume_subscriptions(lesson=lesson)
    pack, row = world.pack(world.noe), Enrolment.objects.get()
    with held(lambda: services.mark_paid_otherwise(enrolment=row)) as let_go:
        settled = behind(lambda: services.settle_unpaid(club=world.club, client=world.noe))
        let_go()
        assert settled.result(PATIENCE_SECONDS) == 0
    pack.refresh_from_db()
    assert pack.used == 0


# ── Who is erased at that moment ──


def test_a_client_erased_at_the_moment_of_enrolling_is_told_at_the_clients(world: World) -> None:
    with held(lambda: services.remove(Client.objects.get(pk=world.noe.pk))) as let_go:
        answer = behind(lambda: api(world.manager).post("/api/lessons/", world.body(clients=[world.noe.pk])))
        let_go()
        assert (answer.result(PATIENCE_SECONDS).status_code, list(answer.result().json())) == (404, ["clients"])
    assert not Lesson.objects.exists()


@pytest.mark.parametrize("change", [False, True])
def test_a_client_erased_at_the_moment_of_joining_a_lesson_is_told_at_the_client(world: World, change: bool) -> None:
    url, visitor = f"/api/lessons/{world.plan().lesson.pk}/", api(world.manager)
    drain()
    joining = (
        partial(visitor.patch, url, {"clients": [world.noe.pk]})
        if change
        else partial(visitor.post, f"{url}enrolments/", {"client": world.noe.pk})
    )
    with held(lambda: services.remove(Client.objects.get(pk=world.noe.pk))) as let_go:
        answer = behind(joining)
        let_go()
        assert (answer.result(PATIENCE_SECONDS).status_code, list(answer.result().json())) == (404, ["clients" if change else "client"])
    assert not Enrolment.objects.exists()


@pytest.mark.parametrize("of_page", [True, False])
def test_a_client_erased_at_the_moment_of_a_sale_is_told_at_the_client(world: World, of_page: bool) -> None:
    sale = {"client": world.noe.pk, "kind": "pack", "credits": 3, "valid_from": str(world.day)}
    buyer: Any = visitor_of(world.manager) if of_page else api(world.manager)
    with held(lambda: services.remove(Client.objects.get(pk=world.noe.pk))) as let_go:
        answer = behind(lambda: buyer.post("/club/subscriptions/new/" if of_page else "/api/subscriptions/", sale))
        let_go()
        assert answer.result(PATIENCE_SECONDS).status_code == (422 if of_page else 404)
        assert "This club has no such client" in answer.result().content.decode()


def test_who_is_enrolled_while_being_erased_leaves_that_lesson_too(world: World, lessons: list[Lesson]) -> None:
    """Its job has the lesson, and needs the card for which the erasure waited first."""
    late = world.plan(teacher=world.lea.pk, place="Manège").lesson
    drain()
    with held(lambda: lock(Subscription, Subscription.objects.get(client=world.hugo).pk)) as let_go:
        gone = behind(lambda: erase_client(client=Client.objects.get(pk=world.hugo.pk)))
        [made] = at_once(lambda: services.enrol_clients(lesson=fresh(late), clients=[world.hugo.pk], user=None))
        job = behind(partial(run_task, tasks.after_enrolment, made.change.pk))
        let_go()
        assert (gone.result(PATIENCE_SECONDS), job.result(PATIENCE_SECONDS)["paid"]) == (False, 1)
    assert Enrolment.objects.get(lesson=late).attendance == "cancelled"


def test_who_is_erased_at_the_moment_of_a_reminder_leaves_no_address_in_it(world: World, lessons: list[Lesson]) -> None:
    Reminder.objects.update(due_at=timezone.now())
    with held(services.send_due_reminders) as let_go:
        gone = behind(lambda: erase_client(client=Client.objects.get(pk=world.hugo.pk)))
        let_go()
        gone.result(PATIENCE_SECONDS)
    assert not Notice.objects.filter(recipient_email="hugo@example.org").exists()


def test_reminders_wait_for_nobody(world: World, lessons: list[Lesson]) -> None:
    """Somebody has the lesson: the next look, half a minute later, sends what this one leaves."""
    Reminder.objects.update(due_at=timezone.now())
    with held(lambda: Lesson.objects.select_for_update(no_key=True).get(pk=lessons[0].pk)):
        assert at_once(services.send_due_reminders) == [3]
    assert services.send_due_reminders() == 1


def test_a_subscription_that_pays_at_this_moment_is_not_deleted(world: World) -> None:
    pack = world.pack(world.noe)
    lesson = world.plan(clients=[world.noe.pk]).lesson
    with held(lambda: services.consume_subscriptions(lesson=lesson)) as let_go:
        answer = behind(lambda: api(world.manager).delete(f"/api/subscriptions/{pack.pk}/"))
        let_go()
        assert answer.result(PATIENCE_SECONDS).status_code == 409
    assert SubscriptionUse.objects.get().subscription == pack


# ── Everybody locks in one order ──


def test_a_change_takes_the_teacher_before_the_place(world: World, lessons: list[Lesson]) -> None:
    """As a booking does, which has the teacher here and needs the place next."""
    with held(lambda: lock(Teacher, world.sophie.pk)) as let_go:
        change = behind(lambda: services.change_lesson(lesson=fresh(lessons[0]), user=world.manager, place="Carrière", title="x"))
        lock(Place, world.arena.pk)
        let_go()
        assert change.result(PATIENCE_SECONDS).change


def test_the_job_of_a_cancellation_takes_the_change_before_its_lessons(world: World, lessons: list[Lesson]) -> None:
    """As an undo does, which has the change here and needs the lessons next."""
    made = services.cancel_lesson(lesson=fresh(lessons[0]), user=world.manager, scope="all").change
    assert made
    with held(lambda: lock(Change, made.pk)) as let_go:
        job = behind(lambda: follow(made))
        for lesson in lessons:
            lock(Lesson, lesson.pk)
        let_go()
        assert job.result(PATIENCE_SECONDS)["returned"] == 8


def test_who_takes_an_enrolment_back_takes_the_change_before_the_lessons(world: World, lessons: list[Lesson]) -> None:
    """As the job that follows it does, which has the change here and needs the lessons next."""
    made = services.enrol_clients(lesson=fresh(lessons[0]), clients=[world.noe.pk], user=world.manager, scope="all").change
    assert made
    with held(lambda: lock(Change, made.pk)) as let_go:
        undo = behind(lambda: services.undo_change(change=made, user=world.manager))
        for lesson in lessons:
            lock(Lesson, lesson.pk)
        let_go()
        assert undo.result(PATIENCE_SECONDS).change


def test_the_job_of_an_enrolment_takes_the_cards_in_one_order(world: World) -> None:
    """Those of who was enrolled in the lesson by others, too: their jobs may still wait."""
    lesson, (first, second) = world.plan().lesson, (world.pack(client) for client in (world.camille, world.noe))
    drain()
    made = [services.enrol_clients(lesson=fresh(lesson), clients=[card.client_id], user=world.manager).change for card in (first, second)]
    assert made[1]
    with held(lambda: lock(Subscription, first.pk)) as let_go:
        job = behind(partial(run_task, tasks.after_enrolment, made[1].pk))
        lock(Subscription, second.pk)
        let_go()
        assert job.result(PATIENCE_SECONDS)["paid"] == 2


def test_the_job_of_a_new_lesson_takes_the_cards_in_one_order(world: World) -> None:
    """Those of who has left it since, too."""
    first, second = (world.pack(client) for client in (world.camille, world.noe))
    lesson = world.plan(repeat=world.weeks(3), clients=[world.camille.pk, world.noe.pk]).lesson
    services.leave_lessons(client=world.camille)
    with held(lambda: lock(Subscription, first.pk)) as let_go:
        job = behind(partial(run_task, tasks.after_create, lesson.pk))
        lock(Subscription, second.pk)
        let_go()
        assert job.result(PATIENCE_SECONDS)["consumed"] == 3


def test_who_erases_a_client_takes_the_lessons_first(world: World, lessons: list[Lesson]) -> None:
    """As a job does, which has the lessons here and writes to the client at its end."""
    with held(lambda: lock(Lesson, lessons[0].pk)) as let_go:
        gone = behind(lambda: erase_client(client=Client.objects.get(pk=world.hugo.pk)))
        lock(Client, world.hugo.pk)
        let_go()
        assert gone.result(PATIENCE_SECONDS) is False


def test_new_rules_of_the_club_take_all_lessons_before_anything_of_them(world: World, lessons: list[Lesson]) -> None:
    """As whoever moves a lesson and its reminder does."""
    Enrolment.objects.create(lesson=lessons[3], client=world.noe, attendance="waiting", charged=False, attendance_at=timezone.now())
    rules = {"reminder_lead_hours": 12, "promotion_cutoff_hours": 5}
    with held(lambda: lock(Lesson, lessons[0].pk)) as let_go:
        changed = behind(lambda: services.change_club(club=Club.objects.get(), **rules))
        lock(Lesson, lessons[3].pk)
        lock(Reminder, Reminder.objects.get(lesson=lessons[3]).pk)
        let_go()
        changed.result(PATIENCE_SECONDS)
    assert {row.lesson.starts_at - row.due_at for row in Reminder.objects.select_related("lesson")} == {timedelta(hours=12)}


def test_who_deletes_a_programme_takes_the_evaluations_before_the_marks(world: World) -> None:
    """As whoever marks a client does."""
    programme = programme_of(world)
    assign(programme, world.hugo)
    with held(lambda: lock(Evaluation, Evaluation.objects.get().pk)) as let_go:
        gone = behind(lambda: services.delete_programme(programme=programme))
        lock(Realisation, cell(world.hugo, "Pas").pk)
        let_go()
        gone.result(PATIENCE_SECONDS)
    assert not Realisation.objects.exists()


def test_a_job_that_is_run_again_sees_what_was_changed_meanwhile(world: World) -> None:
    lesson = world.plan(repeat=world.weeks(3)).lesson
    Job.objects.update(status="error")
    wish: dict[str, Any] = {"starts_at": at(world.day, 18), "teacher": world.lea.pk}
    with held(lambda: services.change_lesson(lesson=fresh(lesson), user=world.manager, **wish)) as let_go:
        Job.objects.filter(kind="lessons.after_create").update(status="pending")
        job = behind(lambda: run_task(tasks.after_create, lesson.pk))
        let_go()
        job.result(PATIENCE_SECONDS)
    assert [(row.local_start.hour, row.teacher_id) for row in Lesson.objects.select_related("club")] == [(18, world.lea.pk)] * 3
