"""Lessons as iCalendar (RFC 5545). Lessons in, bytes out: nothing is fetched here.

Instants are written in UTC: each calendar program shows them in its own zone, and no change of clocks can move them.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, timedelta

from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from .models import Club, Lesson

REFRESH = timedelta(hours=1)


def write_feed(*, club: Club, name: str, lessons: Iterable[Lesson]) -> bytes:
    """Each lesson needs its teacher, its place, and `enrolled`."""
    calendar = _calendar("PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", club.time_zone)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", REFRESH)
    for lesson in lessons:
        event = _event(lesson, club)
        event.add("description", _enrolled(lesson))
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def method_for(lessons: Sequence[Lesson]) -> str:
    return "CANCEL" if all(lesson.status == Lesson.Status.CANCELLED for lesson in lessons) else "PUBLISH"


def write_event(*, club: Club, lessons: Sequence[Lesson]) -> bytes:
    """What an e-mail carries. A cancelled lesson takes its event away again."""
    calendar = _calendar(method_for(lessons))
    for lesson in lessons:
        calendar.add_component(_event(lesson, club))
    return bytes(calendar.to_ical())


def _calendar(method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//Aussitot//Planning//FR")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    return calendar


def _event(lesson: Lesson, club: Club) -> Event:
    """Its UID stays, and its SEQUENCE grows with each change: that is how a calendar program knows a lesson again."""
    event = Event()
    event.add("uid", f"lesson-{lesson.pk}@aussitot")
    event.add("sequence", max(0, int((lesson.updated_at - lesson.created_at).total_seconds())))
    event.add("dtstamp", lesson.updated_at.astimezone(UTC))
    event.add("dtstart", lesson.starts_at.astimezone(UTC))
    event.add("dtend", lesson.ends_at.astimezone(UTC))
    event.add("summary", _one_line(lesson.title))
    event.add("location", _one_line(f"{lesson.place.name}, {club.name}"))
    event.add("status", "CANCELLED" if lesson.status == Lesson.Status.CANCELLED else "CONFIRMED")
    return event


def _enrolled(lesson: Lesson) -> str:
    # Translators: in a calendar; French “%(teacher)s · %(enrolled)s/%(capacity)s inscrits”
    words = _("%(teacher)s · %(enrolled)s/%(capacity)s enrolled")
    return words % {"teacher": lesson.teacher, "enrolled": getattr(lesson, "enrolled", 0), "capacity": lesson.capacity}


def _one_line(text: str) -> str:
    return " ".join(text.split())
