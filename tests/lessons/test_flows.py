"""From a click to what arrives in a mailbox or a calendar, over HTTP and with the real jobs."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.mail import EmailMessage
from django.test import Client as Visitor
from django.utils import timezone
from icalendar import Calendar

from jobs.models import Job
from jobs.services import enqueue
from jobs.worker import drain
from lessons.models import Lesson, Notice, Reminder, Subscription
from tests.lessons.test_change_pages import post
from tests.lessons.world import World, api, visitor_of


def let_all_happen() -> None:
    """What follows, what is told after half a minute, and what is due."""
    for _turn in range(3):
        Job.objects.waiting().update(run_at=None)
        drain()


def plan(world: World, **values: Any) -> Lesson:
    answer = api(world.manager).post("/api/lessons/", world.body(**values))
    assert answer.status_code == 201, answer.json()
    let_all_happen()
    return Lesson.objects.select_related("club").get(pk=answer.json()["lesson"]["id"])


def remind() -> None:
    Reminder.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    Job.objects.filter(kind="lessons.send_due_reminders").delete()
    enqueue("lessons.send_due_reminders")
    let_all_happen()


def subjects(mailoutbox: list[EmailMessage], address: str) -> list[str]:
    return [str(message.subject) for message in mailoutbox if message.to == [address]]


def test_a_client_stops_the_reminders_from_the_mail_that_came(world: World, mailoutbox: list[EmailMessage]) -> None:
    plan(world, clients=[world.hugo.pk], title="First")
    remind()
    [mail] = [message for message in mailoutbox if message.to == ["hugo@example.org"] and message.subject.startswith("Reminder: ")]
    link = re.search(r"http\S+/reminders/\S+", str(mail.body))
    assert link
    assert f"<{link[0]}>" == mail.extra_headers["List-Unsubscribe"]
    assert Visitor().get(urlsplit(link[0]).path).status_code == 200
    assert Visitor(enforce_csrf_checks=True).post(urlsplit(link[0]).path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    plan(world, clients=[world.hugo.pk], title="Second", starts_at=f"{world.day}T18:00:00")
    remind()
    assert [subject for subject in subjects(mailoutbox, "hugo@example.org") if subject.startswith("Reminder: Second")] == []
    assert len(subjects(mailoutbox, "t@example.org")) == 4, "the teacher is told and reminded of both"


def test_a_pack_that_is_sold_pays_and_its_end_is_told_once(world: World, mailoutbox: list[EmailMessage]) -> None:
    sale = {"client": world.hugo.pk, "kind": "pack", "credits": 2, "valid_from": str(timezone.localdate())}
    sold = visitor_of(world.manager).post("/club/subscriptions/new/", sale)
    pack = Subscription.objects.get()
    assert sold.headers["Location"] == f"/club/subscriptions/{pack.pk}/"
    for hour in (10, 12, 14):
        plan(world, clients=[world.hugo.pk], starts_at=f"{world.day}T{hour}:00:00")
    pack.refresh_from_db()
    assert pack.remaining == 0
    assert Lesson.objects.select_related("club").get(enrolments__status="unpaid").local_start.hour == 14
    assert subjects(mailoutbox, "hugo@example.org").count("Les Écuries du Bois: your subscription is nearly used up") == 1


def test_a_pack_that_gets_its_credit_back_and_loses_it_again_is_told_of_once(world: World, mailoutbox: list[EmailMessage]) -> None:
    world.pack(world.hugo, credits=2)
    for hour in (10, 12):
        lesson = plan(world, clients=[world.hugo.pk], starts_at=f"{world.day}T{hour}:00:00")
        post(visitor_of(world.manager), lesson, "cancel")
        let_all_happen()
    assert Subscription.objects.get().remaining == 2
    assert Notice.objects.filter(kind="renewal").count() == 1
    assert len([subject for subject in subjects(mailoutbox, "hugo@example.org") if "nearly used up" in subject]) == 1


def test_a_calendar_follows_what_the_club_does(world: World) -> None:
    visitor = visitor_of(world.manager)
    visitor.post("/club/calendars/", {"open": world.sophie.pk})
    address = re.search(r"/calendar/[\w-]+\.ics", visitor.get("/club/calendars/").content.decode())
    assert address

    def starts() -> list[str]:
        return [f"{event.decoded('DTSTART'):%H:%M}" for event in Calendar.from_ical(Visitor().get(address[0]).content).walk("VEVENT")]

    lesson = plan(world)
    assert starts() == ["15:00"]
    post(visitor, lesson, start="17:00")
    assert starts() == ["16:00"]
    post(visitor, lesson, "cancel")
    assert starts() == []
    visitor.post("/club/calendars/", {"close": world.club.calendar_feeds.get().pk})
    assert Visitor().get(address[0]).status_code == 404


@pytest.mark.parametrize("days", [2, 20])
def test_a_lesson_that_is_moved_behind_its_reminder_is_reminded_of_again(world: World, mailoutbox: list[EmailMessage], days: int) -> None:
    lesson = plan(world, clients=[world.hugo.pk])
    remind()
    post(visitor_of(world.manager), lesson, day=str(world.day + timedelta(days=days)))
    let_all_happen()
    remind()
    assert [subject.split(":")[0] for subject in subjects(mailoutbox, "hugo@example.org")][-3:] == ["Reminder", "Changed", "Reminder"]
