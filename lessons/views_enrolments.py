"""The pages on which clients are enrolled, leave, and are marked present or absent."""

from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from . import services
from .forms_enrolments import EnrolForm
from .lesson_roll import enrolled, read_roll
from .models import Attendance, Club, Lesson, Membership
from .services import Decided, OutOfDate, Refused
from .views import club_page, manager_page, show_lesson

LONGEST_ID = 18  # digits


@require_POST
@manager_page
def roll(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    """`mark` is a client and a mark, `leave` and `enrol` a client. What cannot be is said on the lesson's page."""
    lesson = get_object_or_404(Lesson.objects.select_related("club"), club=club, pk=pk)
    try:
        decided = _decide(lesson, request)
    except Refused as refusal:
        return _say(request, club, pk, refusal.messages[0], 422)
    except OutOfDate as late:
        return _say(request, club, pk, str(late), 409)
    return redirect(_page_of(lesson, None if "mark" in request.POST else decided))


@require_http_methods(["GET", "HEAD", "POST"])
@manager_page
def enrol(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    lessons = Lesson.objects.select_related("club", "place", "teacher", "series").annotate(enrolled=enrolled(club))
    lesson = get_object_or_404(lessons, club=club, pk=pk)
    form = EnrolForm(request.POST if request.method == "POST" else None, lesson=lesson, roll=read_roll(lesson))
    status = 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(_page_of(lesson, services.enrol_clients(lesson=lesson, user=request.user, **form.asked())))
        except Refused as refusal:
            form.add_error("clients", refusal.messages[0])
            status = 422
        except OutOfDate as late:
            form.meet(late)
            status = 409
    context = {"lesson": lesson, "form": form, "roll": form.roll, "back": reverse("lesson", args=[lesson.pk])}
    return render(request, "lessons/enrol.html", context, status=status)


@require_GET
@club_page
def attendance(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """The list for the teacher's hand: boxes to tick, phone numbers."""
    lessons = Lesson.objects.select_related("club", "place", "teacher").annotate(enrolled=enrolled(membership.club))
    lesson = get_object_or_404(lessons, club=membership.club, pk=pk)
    roll = read_roll(lesson)
    context = {"lesson": lesson, "roll": roll, "blank": range(roll.free), "back": reverse("lesson", args=[lesson.pk])}
    return render(request, "lessons/attendance.html", context)


def _decide(lesson: Lesson, request: HttpRequest) -> Decided:
    about: dict[str, Any] = {"lesson": lesson, "user": request.user}
    match request.POST:
        case {"mark": asked}:
            client, _colon, attendance = asked.partition(":")
            if attendance not in Attendance.values:
                raise BadRequest
            return services.mark_attendance(**about, client=_number(client), attendance=attendance)
        case {"leave": client}:
            return services.cancel_enrolments(**about, clients=[_number(client)])
        case {"enrol": client}:
            return services.enrol_clients(**about, clients=[_number(client)])
        case _:
            raise BadRequest


def _say(request: HttpRequest, club: Club, pk: int, problem: str, status: int) -> HttpResponse:
    membership: Membership = request.membership  # type: ignore[attr-defined]  # manager_page put it there
    return show_lesson(request, membership, pk, problem=problem, status=status)


def _page_of(lesson: Lesson, decided: Decided | None) -> str:
    change = decided.change if decided else None
    return reverse("lesson", args=[lesson.pk]) + (f"?fait={change.pk}" if change else "")


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > LONGEST_ID:
        raise BadRequest
    return int(text)
