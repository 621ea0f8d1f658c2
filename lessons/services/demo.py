"""The demo club in the database. It may be asked for again and again: what is there stays, a new week gets its lessons."""

import unicodedata
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from itertools import cycle, islice

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from lessons import demo_club, planner
from lessons.credits import Purse
from lessons.models import (
    Attendance,
    Client,
    Closure,
    Club,
    Enrolment,
    Lesson,
    Membership,
    Place,
    Reminder,
    Subscription,
    Teacher,
)  # fmt: skip

from .credit import debit, write_down
from .people import SILKS

WEEKS = 2  # this one and the next
ONE_IN = 12  # did not come


def fill_demo(*, today: date | None = None) -> Club:
    """Two clubs with their people; the first one with cards, closures and lessons around `today`. Starts no job."""
    with transaction.atomic():
        club, _made = Club.objects.get_or_create(name=demo_club.CLUB, defaults={"email": "accueil@ecuries-du-bois.example"})
        other, _made = Club.objects.get_or_create(name=demo_club.OTHER_CLUB, defaults={"email": "accueil@poney-vallee.example"})
        _fill_accounts(club, other)
        _fill_people(club, demo_club.TEACHERS, demo_club.CLIENTS)
        _fill_people(other, demo_club.OTHER_TEACHERS, demo_club.OTHER_CLIENTS)
        day = today or timezone.now().astimezone(club.zone).date()
        _fill_cards(club, day)
        _fill_closures(club, day)
        monday = day - timedelta(days=day.weekday())
        _fill_lessons(club, [monday + timedelta(weeks=n) for n in range(WEEKS)])
    return club


def _fill_accounts(club: Club, other: Club) -> None:
    password = make_password(demo_club.PASSWORD)  # slow by design: once for all
    roles = {"manager": (club, Membership.Role.MANAGER), "teacher": (club, Membership.Role.TEACHER), "operator": None,
             "stranger": (other, Membership.Role.MANAGER)}  # fmt: skip
    for name, role in roles.items():
        operator = name == "operator"
        defaults = {"password": password, "email": f"{name}@example.org", "is_staff": operator, "is_superuser": operator}
        user, _made = User.objects.get_or_create(username=name, defaults=defaults)
        if role:
            Membership.objects.get_or_create(user=user, club=role[0], defaults={"role": role[1]})


def _fill_people(club: Club, teachers: str, clients: str) -> None:
    if not club.teachers.exists():
        Teacher.objects.bulk_create(
            Teacher(club=club, first_name=first, last_name=last, email=_address(first, last), phone=_phone(n), silk=_silk(n))
            for n, (first, last) in enumerate(demo_club.names(teachers))
        )
    if not club.clients.exists():
        Client.objects.bulk_create(
            Client(
                club=club,
                first_name=first,
                last_name=last,
                email="" if f"{first} {last}" == demo_club.NO_ADDRESS else _address(first, last),
                phone=_phone(100 + n),
                birth_date=date(2008 + n % 10, n % 12 + 1, n % 28 + 1),
            )
            for n, (first, last) in enumerate(demo_club.names(clients))
        )


def _fill_cards(club: Club, day: date) -> None:
    """Packs of ten and twenty, a period for every fourth client, and one empty card."""
    if club.subscriptions.exists():
        return
    cards = [_card(club, client, n, day - timedelta(days=60 + n)) for n, client in enumerate(club.clients.order_by("pk"))]
    Subscription.objects.bulk_create(cards)


def _card(club: Club, client: Client, n: int, valid_from: date) -> Subscription:
    until = valid_from + timedelta(days=365)
    if str(client) == demo_club.NO_CREDIT:
        return Subscription(club=club, client=client, credits=10, used=10, valid_from=valid_from, valid_until=until)
    if n % 4 == 3:
        return Subscription(club=club, client=client, kind=Subscription.Kind.PERIOD, valid_from=valid_from, valid_until=until)
    return Subscription(club=club, client=client, credits=10 * (n % 2 + 1), used=n % 4, valid_from=valid_from, valid_until=until)


def _fill_closures(club: Club, day: date) -> None:
    """Two weeks around New Year."""
    first = date(day.year if day.month > 1 else day.year - 1, 12, 21)
    closed = {"last_day": first + timedelta(days=13), "reason": "vacances de Noël"}
    Closure.objects.get_or_create(club=club, first_day=first, defaults=closed)


def _fill_lessons(club: Club, mondays: list[date]) -> None:
    for name in demo_club.PLACES:
        Place.objects.get_or_create(club=club, name__iexact=name, defaults={"name": name})
    build = _builder(club)
    lessons = [lesson for monday in mondays for slot in demo_club.WEEK if (lesson := build(monday, slot))]
    Lesson.objects.bulk_create(lessons)
    enrolments = _enrol(club, lessons)
    purse = Purse(Subscription.objects.select_for_update(no_key=True).filter(club=club).order_by("id"))
    debit(enrolments, {lesson.pk: lesson.local_start.date() for lesson in lessons}, purse)
    _take_rolls(enrolments)
    Enrolment.objects.bulk_create([*enrolments, *_wait(club, enrolments)])
    write_down(purse)
    lead, now = timedelta(hours=club.reminder_lead_hours), timezone.now()
    Reminder.objects.bulk_create(
        Reminder(lesson=lesson, due_at=lesson.starts_at - lead) for lesson in lessons if lesson.starts_at - lead > now
    )


def _builder(club: Club) -> Callable[[date, demo_club.Slot], Lesson | None]:
    """Gives a lesson for a slot of a week; None where somebody has planned another one, or its teacher is gone."""
    teachers = {teacher.first_name: teacher for teacher in club.teachers.order_by("-pk")}
    places = {place.name: place for place in club.places.all()}
    seen = [_booking(lesson) for lesson in Lesson.objects.planned().filter(club=club)]

    def build(monday: date, slot: demo_club.Slot) -> Lesson | None:
        if slot.teacher not in teachers or slot.place not in places:
            return None
        local = datetime.combine(monday + timedelta(days=slot.weekday), time.fromisoformat(slot.start))
        starts_at = planner.instant(local, club.zone)
        lesson = Lesson(
            club=club,
            title=slot.title,
            teacher=teachers[slot.teacher],
            place=places[slot.place],
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=slot.minutes),
            capacity=slot.capacity,
        )
        wish = planner.Wish(starts_at, slot.minutes, lesson.teacher_id, lesson.place_id, club.zone)
        return None if planner.conflict_at(wish, starts_at, planner.Bookings(seen)) else lesson

    return build


def _booking(lesson: Lesson) -> planner.Booking:
    return planner.Booking(lesson.starts_at, lesson.ends_at, lesson.teacher_id, lesson.place_id)


def _enrol(club: Club, lessons: list[Lesson]) -> list[Enrolment]:
    """Each lesson takes the next clients in turn, so that nobody sits on two ponies at once."""
    slots = {(slot.weekday, slot.start, slot.title): slot.enrolled for slot in demo_club.WEEK}
    turn = cycle(club.clients.order_by("pk"))
    enrolments = []
    for lesson in lessons:
        local = lesson.local_start
        enrolled = slots[local.weekday(), f"{local:%H:%M}", lesson.title]
        enrolments += [Enrolment(lesson=lesson, client=client) for client in islice(turn, enrolled)]
    return enrolments


def _take_rolls(enrolments: list[Enrolment]) -> None:
    """Of lessons that are over: nearly everybody came."""
    now = timezone.now()
    for n, enrolment in enumerate(each for each in enrolments if each.lesson.ends_at <= now):
        enrolment.attendance = Attendance.NO_SHOW if n % ONE_IN == 0 else Attendance.ATTENDED
        enrolment.attendance_at = enrolment.lesson.starts_at


def _wait(club: Club, enrolments: list[Enrolment]) -> list[Enrolment]:
    """Two for each full lesson of the level that most riders have."""
    now, inside = timezone.now(), {(each.lesson_id, each.client_id) for each in enrolments}
    lessons = {each.lesson_id: each.lesson for each in enrolments if each.lesson.title == demo_club.SOUGHT and each.lesson.starts_at > now}
    full = [lesson for lesson in lessons.values() if sum(pk == lesson.pk for pk, _client in inside) == lesson.capacity]
    turn = cycle(reversed(club.clients.order_by("pk")))
    waiting = Attendance.WAITING
    return [
        Enrolment(lesson=lesson, client=client, attendance=waiting, charged=False, attendance_at=now)
        for lesson in full
        for client in islice((each for each in turn if (lesson.pk, each.pk) not in inside), 2)
    ]


def _silk(n: int) -> int:
    """Those who teach in the demo week come first in the list and share theirs with nobody."""
    alone = len({slot.teacher for slot in demo_club.WEEK})
    return n + 1 if n < alone else alone + 1 + n % (SILKS - alone)


def _address(first: str, last: str) -> str:
    plain = unicodedata.normalize("NFKD", f"{first}.{last}".lower()).encode("ascii", "ignore").decode()
    return f"{plain.replace(' ', '-')}@example.org"


def _phone(n: int) -> str:
    return f"0470 12 {n // 100 + 34:02} {n % 100:02}"
