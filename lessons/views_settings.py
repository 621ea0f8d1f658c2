"""The club's settings: its rules and its closed days."""

from typing import Any

from django.contrib import messages
from django.core import signing
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from . import services
from .closed_days import closure_rows, holidays_ahead
from .forms_settings import ClosureForm, ClubForm, form_after
from .models import Closure, Club, places_held
from .times import period
from .views import manager_page, planning_on

SHOW_OR_SEND = ["GET", "HEAD", "POST"]
RESTORE_SALT = "lessons.closure"
LONGEST_ID = 18


@require_http_methods(SHOW_OR_SEND)
@manager_page
def settings(request: HttpRequest, club: Club) -> HttpResponse:
    """`?retiree=` is the closure that was just deleted, signed, so that it can come back."""
    if request.method != "POST":
        return _show(request, club, ClubForm(instance=club), ClosureForm())
    form = ClubForm(request.POST, instance=Club.objects.get(pk=club.pk))
    if not form.is_valid():
        return _show(request, club, form, ClosureForm(), status=422)
    try:
        services.change_club(club=club, user=request.user, **form.asked())
    except services.OutOfDate as late:
        return _show(request, club, form_after(form, str(late), Club.objects.get(pk=club.pk)), ClosureForm(), status=409)
    # Translators: French “Réglages enregistrés”
    messages.success(request, _("Settings saved"))
    return redirect("planning-settings")


@require_POST
@manager_page
def add_closure(request: HttpRequest, club: Club) -> HttpResponse:
    """With `restore`, one that was just deleted."""
    form = ClosureForm(_deleted(request.POST["restore"]) if "restore" in request.POST else request.POST)
    if not form.is_valid():
        return _show(request, club, ClubForm(instance=club), form, status=422)
    closure = services.create_closure(club=club, **form.cleaned_data)
    # Translators: French “Club fermé : %(days)s”
    messages.success(request, _("Club closed: %(days)s") % {"days": period(closure.first_day, closure.last_day)})
    if services.lessons_of_closure(closure).exists():
        return redirect("planning-closure", pk=closure.pk)
    return _back_to_closures()


@require_http_methods(SHOW_OR_SEND)
@manager_page
def closure(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    """The lessons on its days; POST cancels those whose ids are `lessons`, or with `delete`, opens the club again."""
    found = get_object_or_404(Closure.objects.select_related("club"), club=club, pk=pk)
    if "delete" in request.POST:
        return _delete(found)
    lessons = services.lessons_of_closure(found).select_related("teacher", "place").annotate(enrolled=places_held())
    context = {"closure": found, "lessons": lessons.order_by("starts_at", "pk")}
    if request.method != "POST":
        return render(request, "lessons/closure.html", context)
    try:
        decided = services.cancel_lessons_of_closure(closure=found, lessons=_ids(request.POST.getlist("lessons")), user=request.user)
    except services.OutOfDate as refusal:
        return render(request, "lessons/closure.html", context | {"why": str(refusal)}, status=409)
    about = {"fait": decided.change.pk} if decided.change else {}
    return redirect(planning_on(timezone.localdate(decided.lesson.starts_at), **about))


def _delete(closure: Closure) -> HttpResponse:
    days = {"first_day": closure.first_day.isoformat(), "last_day": closure.last_day.isoformat()}
    token = signing.dumps({**days, "reason": closure.reason}, salt=RESTORE_SALT)
    services.remove(closure)
    return _back_to_closures(retiree=token)


def _deleted(token: str) -> dict[str, str]:
    try:
        values: dict[str, str] = signing.loads(token, salt=RESTORE_SALT)
    except signing.BadSignature as error:
        raise BadRequest from error
    return values


def _ids(texts: list[str]) -> list[int]:
    if any(not text.isdecimal() or len(text) > LONGEST_ID for text in texts):
        raise BadRequest
    return [int(text) for text in texts]


def _back_to_closures(**parameters: str) -> HttpResponse:
    query = f"?{urlencode(parameters)}" if parameters else ""
    return redirect(f"{reverse('planning-settings')}{query}#closures")


def _show(request: HttpRequest, club: Club, form: ClubForm, closure: ClosureForm, status: int = 200) -> HttpResponse:
    today = timezone.localdate()
    ahead, past = closure_rows(club, today)
    context: dict[str, Any] = {"form": form, "closure": closure, "ahead": ahead, "past": past, "holidays": holidays_ahead(club, today)}
    return render(request, "lessons/settings.html", context | {"deleted": request.GET.get("retiree", "")}, status=status)
