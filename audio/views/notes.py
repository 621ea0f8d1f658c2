"""The notes: recorded, listed, read beside what they changed, answered, read again, deleted."""

import math
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from audio import services
from audio.forms import AnswerForm, PreferenceForm, RecordingForm, RerunForm
from audio.gone import erased_is_404
from audio.models import VoiceNote
from audio.overview import Row, look_at_notes
from audio.overview_clients import find_client
from audio.reading import read_note
from audio.reception import drain, is_too_large
from jobs.services import StateConflict
from lessons.models import Client, Club, Membership
from lessons.views import manager_page

from .page import act, go_back, page_number, recorder_for, with_recorder


@csrf_exempt  # it reads the body, which may be far too large: `_notes` checks the token once that is known
@require_http_methods(["GET", "HEAD", "POST"])
def notes(request: HttpRequest) -> HttpResponse:
    """The page and, where no script sends the recording, its form."""
    if request.method == "POST" and is_too_large(request):
        drain(request)
        messages.error(request, services.too_large())
        return redirect("notes")
    return _notes(request)


@csrf_protect
@with_recorder
@manager_page
def _notes(request: HttpRequest, club: Club) -> HttpResponse:
    if request.method == "POST":
        return _upload(request, club)
    return _show_notes(request, club)


@require_GET
@manager_page
def note(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    found = _note(club, pk)
    if found.question is None:
        found.candidate_rows, changes = [], list(found.changes.order_by("id").select_related("undone_by"))
    else:
        changes = []
        VoiceNote.with_candidates([found])
    may_undo = any(change.undone_at is None for change in changes)
    context = {"note": found, "row": Row(found), "reading": read_note(found, changes), "may_undo": may_undo}
    context["named"] = not {"first_name", "last_name"}.isdisjoint(found.found)
    return render(request, "audio/note.html", context)


@require_POST
@manager_page
def answer(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    """Of whom the note speaks, where it asks."""
    found, form = _note(club, pk), AnswerForm(request.POST)
    if not form.is_valid():
        # Translators: French “Choisissez un client, ou une nouvelle fiche.”
        messages.error(request, _("Choose a client, or a new record."))
        return redirect("note", pk=pk)
    chosen = form.cleaned_data["client"]
    client = get_object_or_404(Client, club=club, pk=chosen) if chosen else None
    try:
        with erased_is_404():
            done = services.answer_question(note=found, user=request.user, client=client, names=form.names())
    except StateConflict as conflict:
        messages.error(request, str(conflict))
    else:
        words = _("Client record “%(name)s” created") if done.client_created else _("Client record “%(name)s” updated")
        messages.success(request, words % {"name": done.client})
    return redirect("note", pk=pk)


@require_POST
@manager_page
def again(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    found, form = _note(club, pk), RerunForm(request.POST)
    listen = form.is_valid() and form.cleaned_data["listen"]
    # Translators: French “La note est relue”
    return act(request, lambda: services.rerun_note(note=found, user=request.user, listen=listen), _("The note is read again"))


@require_POST
@manager_page
def undo_all(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    found = _note(club, pk)
    with erased_is_404():
        kept = services.undo_note(note=found, user=request.user)
    for reason in kept:
        messages.error(request, reason)
    if not kept:
        # Translators: French “Tout ce que la note a changé est annulé”
        messages.success(request, _("All that the note changed is undone"))
    return go_back(request)


@require_http_methods(["GET", "HEAD", "POST"])
@manager_page
def delete(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    """GET says what POST deletes."""
    found = _note(club, pk)
    if request.method == "POST":
        services.delete_note(note=found)
        # Translators: French “Note supprimée”
        messages.success(request, _("Note deleted"))
        return redirect("notes")
    return render(request, "audio/delete.html", {"note": found})


@require_POST
@manager_page
def preference(request: HttpRequest, club: Club) -> HttpResponse:
    form = PreferenceForm(request.POST)
    wanted = form.is_valid() and form.cleaned_data["email_when_done"]
    services.save_preference(membership=_membership(request), email_when_done=wanted)
    # Translators: French “Vous recevrez un e-mail quand une de vos notes est traitée”, “Plus d’e-mail pour vos notes”
    messages.success(request, _("You will get an e-mail when a note of yours is done") if wanted else _("No more e-mails about your notes"))
    return redirect("notes")


def _upload(request: HttpRequest, club: Club) -> HttpResponse:
    if seconds := math.ceil(services.take_turn(user=request.user)):
        # Translators: French “Trop de notes à la fois. Réessayez dans %(count)d secondes.”
        messages.error(request, _("Too many notes at once. Try again in %(count)d seconds.") % {"count": seconds})
        return redirect("notes")
    form = RecordingForm(request.POST, request.FILES, club=club)
    if form.is_valid():
        try:
            made = services.upload_note(club=club, user=request.user, **form.recording())
        except services.Refused as refusal:
            form.refuse(refusal)
        except services.NotStored as trouble:
            messages.error(request, str(trouble))
            return redirect("notes")
        else:
            return redirect("note", pk=made.pk)
    return _show_notes(request, club, form)


def _show_notes(request: HttpRequest, club: Club, form: RecordingForm | None = None) -> HttpResponse:
    pk = request.GET.get("client", "")
    client = find_client(club, int(pk)) if pk.isascii() and pk.isdecimal() and len(pk) < 19 else None
    overview = look_at_notes(
        _membership(request),
        tab=request.GET.get("etat", ""),
        search=request.GET.get("q", ""),
        page=page_number(request.GET.get("page")),
        client=client,
    )
    context = {"overview": overview, "recorder": recorder_for(club, client, form)}
    return render(request, "audio/notes.html", context, status=422 if form else 200)


def _membership(request: HttpRequest) -> Membership:
    membership: Membership = request.membership  # type: ignore[attr-defined]  # kept by `club_page`
    return membership


def _note(club: Club, pk: int) -> Any:
    return get_object_or_404(VoiceNote.objects.select_related("club", "client", "created_by", "job"), club=club, pk=pk)
