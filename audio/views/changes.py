"""One field: taken back, or put there again."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from audio import services
from audio.models import FieldChange
from lessons.models import Club
from lessons.views import manager_page

from .page import act


@require_POST
@manager_page
def undo(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    change = _change(club, pk)
    # Translators: French “%(field)s : ancienne valeur reprise”
    done = _("%(field)s: former value taken back") % {"field": capfirst(change.field_in_words)}
    return act(request, lambda: services.undo_change(change=change, user=request.user), done)


@require_POST
@manager_page
def redo(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    change = _change(club, pk)
    # Translators: French “%(field)s : changement rétabli”
    done = _("%(field)s: change restored") % {"field": capfirst(change.field_in_words)}
    return act(request, lambda: services.redo_change(change=change, user=request.user), done)


def _change(club: Club, pk: int) -> FieldChange:
    return get_object_or_404(FieldChange, client__club=club, pk=pk)
