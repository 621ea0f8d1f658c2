"""Choosing the centres of a run: each click and each word that is typed is a form like any other, so nothing needs JavaScript."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from lessons.models import Club
from lessons.views import manager_page
from staffing import choosing, reference
from staffing.forms import ChoiceForm, RunForm


@require_http_methods(["GET", "HEAD", "POST"])
@manager_page
def centres(request: HttpRequest, club: Club) -> HttpResponse:
    return show_choice(request, club)


def show_choice(request: HttpRequest, club: Club, refused: RunForm | None = None) -> HttpResponse:
    """`refused` says what keeps the choice from being calculated."""
    form = ChoiceForm(request.POST if "working_days" in request.POST else None)
    words, only, ticked = form.asked("q"), form.asked("only"), form.asked("centres")
    if refused:
        form.take_errors(refused)
    everything = reference.get_centres(club.pk)
    chosen = frozenset(ticked) & {centre.id for centre in everything}
    found = choosing.find(everything, words=words, only=only, chosen=chosen)
    chosen = choosing.change(chosen, found, request.POST.get("change", ""))
    context = {
        "form": form,
        "choice": choosing.lay_out(found, chosen, is_narrowed=bool(words or only)),
        "only": only,
        "directions": {str(centre.direction): centre.direction_name for centre in everything},
        "total": len(everything),
    }
    return render(request, "staffing/centres.html", context, status=422 if refused else 200)
