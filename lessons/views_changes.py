"""The pages on which a lesson is changed, cancelled, and put back."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from .forms import ChangeForm, ScopeForm, initial_after
from .models import Change, Club, Lesson
from .services import Decided, OutOfDate, Refused, cancel_lesson, change_lesson, undo_change
from .views import manager_page, planning_on


@require_http_methods(["GET", "HEAD", "POST"])
@manager_page
def change(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    """`?day=` and `?hour=` propose another time, as dragging does."""
    lesson = _lesson_of(club, pk)
    if request.method != "POST":
        proposed = {name: request.GET[name] for name in ("day", "start") if request.GET.get(name)}
        return _show(request, "lessons/change.html", lesson, ChangeForm(lesson=lesson, proposed=proposed))
    if "fix" in request.POST:
        return _show(request, "lessons/change.html", lesson, ChangeForm(lesson=lesson, proposed=initial_after(request.POST, ChangeForm)))
    form = ChangeForm(request.POST, lesson=lesson)
    leave_stuck = "leave_stuck" in request.POST
    return _decide(request, "lessons/change.html", lesson, form, lambda asked: change_lesson(**asked, leave_stuck=leave_stuck))


@require_http_methods(["GET", "HEAD", "POST"])
@manager_page
def cancel(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    lesson = _lesson_of(club, pk)
    if request.method != "POST":
        return _show(request, "lessons/cancel.html", lesson, ScopeForm(lesson=lesson))
    return _decide(request, "lessons/cancel.html", lesson, ScopeForm(request.POST, lesson=lesson), lambda asked: cancel_lesson(**asked))


@require_POST
@manager_page
def undo(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    made = get_object_or_404(Change.objects.select_related("lesson__club"), club=club, pk=pk)
    try:
        return _go_there(undo_change(change=made, user=request.user))
    except (OutOfDate, Refused) as refusal:
        why = refusal.messages[0] if isinstance(refusal, Refused) else str(refusal)
        context = {"lesson": made.lesson, "why": why, "back": planning_on(timezone.localdate(made.lesson.starts_at))}
        return render(request, "lessons/not_undone.html", context, status=409)


def _lesson_of(club: Club, pk: int) -> Lesson:
    return get_object_or_404(Lesson.objects.select_related("club", "teacher", "place", "series"), club=club, pk=pk)


def _decide(
    request: HttpRequest, template: str, lesson: Lesson, form: ChangeForm | ScopeForm, service: Callable[[dict[str, Any]], Decided]
) -> HttpResponse:
    if form.is_valid():
        try:
            return _go_there(service({**form.asked(), "lesson": lesson, "user": request.user}))
        except Refused as refusal:
            if isinstance(form, ChangeForm):
                form.refuse(refusal)
            else:
                form.add_error(None, refusal.messages[0])
        except OutOfDate as late:
            form.add_error(None, str(late))
            return _show(request, template, lesson, form, status=409)
    return _show(request, template, lesson, form, status=422)


def _go_there(decided: Decided) -> HttpResponse:
    """To the week of the lesson as it is now, with the way to take it back."""
    if decided.change and decided.change.kind == Change.Kind.ENROLLED:
        return redirect("lesson", pk=decided.lesson.pk)
    about = {"fait": decided.change.pk} if decided.change else {}
    return redirect(planning_on(timezone.localdate(decided.lesson.starts_at), **about))


def _show(request: HttpRequest, template: str, lesson: Lesson, form: ChangeForm | ScopeForm, status: int = 200) -> HttpResponse:
    context = {"lesson": lesson, "form": form, "back": planning_on(timezone.localdate(lesson.starts_at)), "outdated": status == 409}
    return render(request, template, context, status=status)
