"""Lessons as iCalendar (RFC 5545). Lessons in, bytes out: nothing is fetched here.

Instants are written in UTC: each calendar program shows them in its own zone, and no change of clocks can move them.
"""

from collections.abc import Iterable
from datetime import UTC, timedelta

from django.utils.translation import gettext as _
from icalendar import Calendar, Event, vCalAddress

from .models import Club, Lesson, Teacher

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


def write_invitations(*, club: Club, sender: str, teacher: Teacher, to: str, lessons: Iterable[Lesson]) -> list[tuple[str, bytes]]:
    """What an e-mail to a teacher carries: their lessons as they are now, and apart from them what is not, or no longer, theirs.

    Methods of RFC 5546: a REQUEST speaks of one event, so that several are published; a CANCEL takes events away again.
    """
    kept: list[Lesson] = []
    lost: list[Lesson] = []
    for lesson in lessons:
        (kept if lesson.status == Lesson.Status.PLANNED and lesson.teacher_id == teacher.pk else lost).append(lesson)
    parts = [("REQUEST" if len(kept) == 1 else "PUBLISH", kept), ("CANCEL", lost)]
    organizer, attendee = _address(sender, club.name), _address(to, str(teacher), ROLE="REQ-PARTICIPANT", RSVP="FALSE")
    return [(method, _write_part(method, club, organizer, attendee, some)) for method, some in parts if some]


def _write_part(method: str, club: Club, organizer: vCalAddress, attendee: vCalAddress, lessons: Iterable[Lesson]) -> bytes:
    calendar = _calendar(method)
    for lesson in lessons:
        event = _event(lesson, club)
        event.add("organizer", organizer)
        if method != "PUBLISH":
            event.add("attendee", attendee)
        if method == "CANCEL":
            event["status"] = "CANCELLED"
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _address(email: str, name: str, **parameters: str) -> vCalAddress:
    address = vCalAddress(f"mailto:{email}")
    for key, value in {"CN": _one_line(name).replace('"', "'"), **parameters}.items():
        address.params[key] = value
    return address


def _calendar(method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//Aussitot//Planning//FR")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    return calendar


def _event(lesson: Lesson, club: Club) -> Event:
    """Its UID stays, and its SEQUENCE counts its changes: that is how a calendar program knows a lesson again, and what is newer."""
    event = Event()
    event.add("uid", f"lesson-{lesson.pk}@aussitot")
    event.add("sequence", lesson.version - 1)
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
