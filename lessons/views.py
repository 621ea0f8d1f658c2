"""The club's pages: the week, a new lesson, one lesson."""

from collections.abc import Callable
from datetime import date, time
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from . import access, lesson_page
from .forms import LessonForm, initial_after
from .lesson_roll import read_roll
from .models import Lesson, Membership, Notice
from .planning_page import read_week
from .services import Refused, confirm_notice_arrived, create_lesson, preview_lesson, resend_notice, why_not_undone
from .week import lay_out, monday_of, parse_day, read_choice, read_id

View = Callable[..., HttpResponse]


def club_page(view: View) -> View:
    """Logged in, with a club, whose membership the view receives; times are the club's own."""

    @login_required
    @wraps(view)
    def page(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        membership = access.membership_of(request)
        request.membership = membership  # type: ignore[attr-defined]  # for the frame, which would ask again
        if membership is None:
            return render(request, "lessons/no_club.html", status=403)
        with timezone.override(membership.club.zone):
            return view(request, membership, **kwargs)

    return page


def manager_page(view: View) -> View:
    """As `club_page`, for a manager; the view receives the club."""

    @club_page
    @wraps(view)
    def page(request: HttpRequest, membership: Membership, **kwargs: Any) -> HttpResponse:
        _require_manager(membership)
        return view(request, membership.club, **kwargs)

    return page


@require_GET
@club_page
def planning(request: HttpRequest, membership: Membership) -> HttpResponse:
    """`?jour=` is the day that a phone shows and names its week; `?semaine=` any day of a week; `?cree=` the lesson just made;
    `?fait=` the change; `?vue=`, `?enseignant=`, `?lieu=` how to look at it."""
    now = timezone.localtime()
    asked = parse_day(request.GET.get("jour"))
    monday = monday_of(asked or parse_day(request.GET.get("semaine")) or now.date())
    shown = asked or (now.date() if monday_of(now.date()) == monday else monday)
    choice = read_choice(request.GET)
    lessons, closed, change = read_week(membership.club, monday, read_id(request.GET, "fait"))
    week = lay_out([each for each in lessons if choice.keeps(each)], monday=monday, shown=shown, now=now, closed=closed)
    fresh = week.find(str(change.lesson_id) if change else request.GET.get("cree"))
    context = {
        "week": week,
        "choice": choice,
        "views": [("semaine", _("Week")), ("jour", _("Day")), ("liste", _("List"))],
        "teachers": sorted({lesson.teacher for lesson in lessons}, key=str),
        "places": sorted({lesson.place for lesson in lessons}, key=str),
        "fresh": fresh,
        "change": change,
        "stays_because": why_not_undone(change) if change and change.may_be_undone else "",
        "followed_job": fresh.job if fresh else change.lesson.job if change else None,
        "told": told(fresh) if fresh else None,
        "may_plan": membership.role == Membership.Role.MANAGER,
    }
    return render(request, "lessons/planning.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@club_page
def new_lesson(request: HttpRequest, membership: Membership) -> HttpResponse:
    _require_manager(membership)
    if request.method != "POST":
        return _show_form(request, _blank_form(request, membership))
    day = parse_day(request.POST.get("day")) or timezone.localdate()
    if "fix" in request.POST:
        return _show_form(request, LessonForm(club=membership.club, day=day, initial=initial_after(request.POST)))
    form = LessonForm(request.POST, club=membership.club, day=day)
    if form.is_valid() and "preview" in request.POST:
        form.planned = preview_lesson(club=membership.club, **form.asked())
        return _show_form(request, form)
    if form.is_valid():
        try:
            lesson = create_lesson(club=membership.club, user=request.user, **form.asked()).lesson
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return redirect(planning_on(timezone.localdate(lesson.starts_at), cree=lesson.pk))
    return _show_form(request, form, status=422)


@require_GET
@club_page
def lesson(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """`?fait=` is the decision about its enrolments that led here."""
    return show_lesson(request, membership, pk, made=read_id(request.GET, "fait") or 0)


def show_lesson(
    request: HttpRequest, membership: Membership, pk: int, *, made: int = 0, problem: str = "", status: int = 200
) -> HttpResponse:
    lessons = Lesson.objects.filter(club=membership.club).select_related("teacher", "place", "series", "job", "club")
    found = get_object_or_404(lesson_page.with_tables(lessons, membership.club, made=made), pk=pk)
    may_plan = membership.role == Membership.Role.MANAGER
    context = {
        "lesson": found,
        "roll": read_roll(found),
        "change": lesson_page.made_on(found),
        "problem": problem,
        "told": told(found),
        "changes": lesson_page.changes_of(found),
        "may_plan": may_plan,
        "undelivered": lesson_page.undelivered_of(found) if may_plan else [],
        "back": planning_on(timezone.localdate(found.starts_at)),
    }
    return render(request, "lessons/lesson.html", context, status=status)


@require_POST
@club_page
def decide_notice(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """`decision` is resend or arrived. The page that follows shows how things stand, whoever decided first."""
    _require_manager(membership)
    notice = get_object_or_404(Notice.objects.with_details(), club=membership.club, pk=pk)
    match request.POST.get("decision"):
        case "resend":
            resend_notice(notice=notice, user=request.user)
        case "arrived":
            confirm_notice_arrived(notice=notice)
        case _:
            raise BadRequest
    return redirect("lesson", pk=notice.lesson_id)


def told(lesson: Lesson) -> dict[str, Any] | None:
    """What the after-create job says that it did; None until it has ended well."""
    job = lesson.job
    if job is None or job.kind != "lessons.after_create" or job.status != "done" or not job.result:
        return None
    return {**job.result, "made": 1 + job.result["created"]}


def _require_manager(membership: Membership) -> None:
    if membership.role != Membership.Role.MANAGER:
        raise PermissionDenied


def _blank_form(request: HttpRequest, membership: Membership) -> LessonForm:
    """Filled in as far as the planning knew where it was opened: day and hour, and whose or where, if it was narrowed to that."""
    hour = request.GET.get("hour", "")
    start = time(int(hour)) if hour.isdecimal() and int(hour) < 24 else None
    choice = read_choice(request.GET)
    place = membership.club.places.filter(pk=choice.place).first() if choice.place else None
    initial = {"start": start, "teacher": choice.teacher, "place": place.name if place else ""}
    return LessonForm(club=membership.club, day=parse_day(request.GET.get("day")) or timezone.localdate(), initial=initial)


def _show_form(request: HttpRequest, form: LessonForm, status: int = 200) -> HttpResponse:
    return render(request, "lessons/new.html", {"form": form, "back": reverse("planning")}, status=status)


def planning_on(day: date, **parameters: Any) -> str:
    return f"{reverse('planning')}?{urlencode({'jour': day.isoformat(), **parameters})}"
