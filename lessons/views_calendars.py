"""Calendar feeds: the feed itself, which needs no log-in but its secret, and the page where addresses are given and closed."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_http_methods, require_safe

from . import services
from .calendars import write_feed
from .models import CalendarFeed, Club, Lesson, Teacher, places_held
from .views import manager_page

BACK, AHEAD = timedelta(days=60), timedelta(days=500)


@require_safe
@conditional_page
@cache_control(private=True, max_age=300)
def feed(request: HttpRequest, secret: str) -> HttpResponse:
    """A calendar program asks again and again: what has not changed is answered in one line."""
    feeds = CalendarFeed.objects.select_related("club", "teacher")
    found = get_object_or_404(feeds, secret=secret)
    with translation.override(found.club.language):
        body = write_feed(club=found.club, name=_name_of(found), lessons=_lessons_of(found))
    headers = {"Content-Disposition": 'inline; filename="planning.ics"', "X-Robots-Tag": "noindex"}
    return HttpResponse(body, content_type="text/calendar; charset=utf-8", headers=headers)


@require_http_methods(["GET", "HEAD", "POST"])
@manager_page
def calendars(request: HttpRequest, club: Club) -> HttpResponse:
    """POST: `open` (a teacher's id, or `club`), `renew` or `close` (a feed's id)."""
    if request.method == "POST":
        _act(request, club)
        return redirect("planning-calendars")
    feeds = {feed.teacher_id: feed for feed in CalendarFeed.objects.filter(club=club)}
    teachers = Teacher.objects.filter(club=club, active=True)
    rows = [{"teacher": teacher, "address": _address(feeds.get(teacher.pk)), "feed": feeds.get(teacher.pk)} for teacher in teachers]
    context = {"rows": rows, "whole": feeds.get(None), "whole_address": _address(feeds.get(None))}
    return render(request, "lessons/calendars.html", context)


def address_of(feed: CalendarFeed) -> str:
    return f"{settings.BASE_URL.rstrip('/')}{reverse('calendar-feed', args=[feed.secret])}"


def _address(feed: CalendarFeed | None) -> str:
    return address_of(feed) if feed else ""


def _act(request: HttpRequest, club: Club) -> None:
    match request.POST:
        case {"open": "club"}:
            services.open_feed(club=club)
        case {"open": pk}:
            services.open_feed(club=club, teacher=get_object_or_404(Teacher, club=club, active=True, pk=_number(pk)))
        case {"renew": pk}:
            services.renew_feed(feed=_feed(club, pk))
            # Translators: French “Nouvelle adresse : l’ancienne ne répond plus.”
            messages.success(request, _("New address: the old one no longer answers."))
        case {"close": pk}:
            services.close_feed(feed=_feed(club, pk))
            # Translators: French “L’adresse ne répond plus.”
            messages.success(request, _("The address no longer answers."))
        case _:
            raise BadRequest


def _feed(club: Club, pk: Any) -> CalendarFeed:
    return get_object_or_404(CalendarFeed, club=club, pk=_number(pk))


def _number(text: Any) -> int:
    if not str(text).isdecimal() or len(text) > 18:
        raise BadRequest
    return int(text)


def _name_of(feed: CalendarFeed) -> str:
    return f"{feed.teacher} · {feed.club.name}" if feed.teacher else feed.club.name


def _lessons_of(feed: CalendarFeed) -> Any:
    """A cancelled lesson is simply gone: not every calendar program shows that it is cancelled."""
    now = timezone.now()
    lessons = Lesson.objects.planned().filter(club=feed.club_id, starts_at__gte=now - BACK, starts_at__lt=now + AHEAD)
    if feed.teacher_id:
        lessons = lessons.filter(teacher=feed.teacher_id)
    return lessons.select_related("teacher", "place").annotate(enrolled=places_held()).order_by("starts_at", "id")
