"""Who is told what of a decision about enrolments: once, when it can no longer be taken back, and only what still stands."""

from datetime import timedelta

from django.core import mail
from django.utils import timezone

from jobs.models import Job
from jobs.worker import drain
from lessons import services
from lessons.models import Change, Notice
from tests.lessons.enrolments import begun, cancel, enrol, full, mark, told
from tests.lessons.test_change_lesson import patch, run_changes, series
from tests.lessons.world import World, api


def sent() -> list[tuple[str, str]]:
    return sorted((message.to[0].split("@")[0], message.subject.split(":")[0]) for message in mail.outbox)


def test_each_hears_what_became_of_them(world: World) -> None:
    lesson = full(world, world.hugo)
    enrol(world, lesson, world.noe)
    run_changes()
    mail.outbox.clear()
    cancel(world, lesson, world.hugo)
    run_changes()
    assert sent() == [("hugo", "Enrolment cancelled"), ("manager", "Unpaid enrolments"), ("noé", "A place for you")]


def test_who_waits_is_told_the_place_on_the_list(world: World) -> None:
    lesson = full(world, world.hugo)
    for client in (world.noe, world.camille):
        enrol(world, lesson, client)
    run_changes()
    [message] = [each for each in mail.outbox if each.to == ["camille@example.org"]]
    assert "On the waiting list" in message.subject
    assert "number 2 on the list" in message.body


def test_nobody_is_told_before_it_can_no_longer_be_taken_back(world: World) -> None:
    enrol(world, full(world, world.hugo, capacity=2), world.noe)
    before = len(mail.outbox)
    drain()
    assert Notice.objects.get(kind=Notice.Kind.ENROLLED).status == "pending"
    waiting = Job.objects.filter(kind="lessons.send_notice", status="pending")
    assert (len(mail.outbox), {job.run_at is None for job in waiting}) == (before, {False})


def test_what_is_taken_back_is_told_to_nobody(world: World) -> None:
    answer = enrol(world, full(world, world.hugo, capacity=2), world.noe)
    drain()
    api(world.manager).post(answer.json()["change"]["undo_url"])
    run_changes()
    assert told(Notice.Kind.ENROLLED) == []


def test_what_was_decided_otherwise_before_the_mail_left_is_not_told(world: World) -> None:
    lesson = full(world, world.hugo, capacity=2)
    enrol(world, lesson, world.noe)
    drain()
    cancel(world, lesson, world.noe)
    run_changes()
    assert (told(Notice.Kind.ENROLLED), told(Notice.Kind.WITHDRAWN)) == ([], ["Noé"])


def test_who_is_enrolled_and_cancelled_within_the_time_to_undo_reads_one_mail(world: World) -> None:
    lesson = full(world, world.hugo, capacity=2)
    mail.outbox.clear()
    for act in (enrol, cancel):
        act(world, lesson, world.noe)
        drain()
    run_changes()
    assert [row for row in sent() if row[0] == "noé"] == [("noé", "Enrolment cancelled")]


def test_a_job_that_runs_again_tells_nobody_twice(world: World) -> None:
    enrol(world, full(world, world.hugo, capacity=2), world.noe)
    run_changes()
    services.tell_of_enrolments(change=Change.objects.get(), unpaid=[])
    run_changes()
    assert sum(message.to == ["noé@example.org"] for message in mail.outbox) == 1


def test_the_same_client_is_told_of_each_decision(world: World) -> None:
    lesson = full(world, world.hugo, capacity=2)
    for act in (enrol, cancel, enrol):
        act(world, lesson, world.noe)
        run_changes()
    assert (told(Notice.Kind.ENROLLED), told(Notice.Kind.WITHDRAWN)) == (["Noé", "Noé"], ["Noé"])


def test_of_a_series_a_client_gets_one_mail_with_all_lessons(world: World) -> None:
    lessons = series(world)
    mail.outbox.clear()
    patch(world, lessons[0], "all", clients=[world.noe.pk])
    run_changes()
    [message] = [each for each in mail.outbox if each.to == ["noé@example.org"]]
    assert str(message.body).count("Galop 2,") == 4


def test_a_mark_on_the_roll_is_told_to_nobody(world: World) -> None:
    lesson = begun(world, world.hugo)
    mail.outbox.clear()
    mark(world, lesson, world.hugo, "no_show")
    run_changes()
    assert mail.outbox == []


def test_who_left_late_reads_that_the_session_stays_due(world: World) -> None:
    world.pack(world.hugo, valid_from=timezone.localdate() - timedelta(days=30))
    lesson = full(world, world.hugo, ahead=timedelta(hours=5))
    cancel(world, lesson, world.hugo)
    run_changes()
    [message] = [each for each in mail.outbox if each.subject.startswith("Enrolment cancelled")]
    assert "the session stays due" in message.body


def test_a_client_without_an_address_is_named_in_the_result(world: World) -> None:
    lea = world.client("Lea", email="")
    answer = enrol(world, full(world, world.hugo, capacity=2), lea)
    run_changes()
    assert Job.objects.get(pk=answer.json()["job"]["token"]).result["untold"] == [{"client": lea.pk}]  # type: ignore[index]  # it is done


def test_only_who_has_a_place_is_reminded(world: World) -> None:
    lesson = full(world, world.hugo, ahead=timedelta(hours=30))
    enrol(world, lesson, world.noe)
    lesson.reminders.update(due_at=timezone.now())
    services.send_due_reminders()
    assert told(Notice.Kind.REMINDER) == ["Hugo"]


def test_who_has_left_is_not_reminded(world: World) -> None:
    lesson = full(world, world.hugo, world.noe, ahead=timedelta(hours=30))
    cancel(world, lesson, world.noe)
    lesson.reminders.update(due_at=timezone.now())
    services.send_due_reminders()
    assert told(Notice.Kind.REMINDER) == ["Hugo"]


def test_the_feed_counts_who_has_a_place(world: World) -> None:
    lesson = full(world, world.hugo)
    enrol(world, lesson, world.noe)
    feed = services.open_feed(club=world.club)
    assert "1/1" in api(None).get(f"/calendar/{feed.secret}.ics").content.decode()


def test_who_waits_reads_of_a_change_that_they_wait(world: World) -> None:
    lesson = full(world, world.hugo)
    enrol(world, lesson, world.noe)
    run_changes()
    mail.outbox.clear()
    patch(world, lesson, place="Manège")
    run_changes()
    bodies = {message.to[0]: str(message.body) for message in mail.outbox}
    assert "you are on the waiting list has changed" in bodies["noé@example.org"]
    assert "you are enrolled in has changed" in bodies["hugo@example.org"]


def test_who_leaves_before_the_mail_is_not_told_of_the_change(world: World) -> None:
    lesson = full(world, world.hugo)
    patch(world, lesson, place="Manège")
    drain()
    cancel(world, lesson, world.hugo)
    run_changes()
    assert told(Notice.Kind.CHANGED) == []
