"""The club's clients: the table, one record with where each field comes from, and its end."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from audio import services
from audio.forms import ClientForm
from audio.gone import erased_is_404
from audio.models import FieldChange
from audio.overview_clients import CHANGES_A_PAGE, ORDERS, find_client, list_clients, look_at_client, with_sources
from audio.reading import FIELDS, name_of
from lessons.credits import sessions_left
from lessons.models import Client, Club
from lessons.overview_subscriptions import read_lessons
from lessons.views import manager_page

from .page import page_number, recorder_for, with_recorder

CLIENTS_A_PAGE = 50


@require_GET
@manager_page
def clients(request: HttpRequest, club: Club) -> HttpResponse:
    search, order = request.GET.get("q", "").strip(), request.GET.get("tri", "")
    order = order if order in ORDERS else "nom"
    page = Paginator(list_clients(club, search=search, order=order), CLIENTS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "audio/clients.html", {"page": page, "search": search, "order": order})


@require_GET
@with_recorder
@manager_page
def client(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    record = look_at_client(club, pk)
    client: Any = record.client
    context = {"record": record, "client": client, "recorder": recorder_for(club, client)}
    context |= {"lessons": read_lessons(client.near, club), "left": sessions_left(client)}
    return render(request, "audio/client.html", context)


@require_GET
@manager_page
def client_history(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    """`?champ=` narrows it to one field."""
    found, name, number = find_client(club, pk), request.GET.get("champ", ""), page_number(request.GET.get("page"))
    changes = with_sources(FieldChange.objects.filter(client=found)).order_by("-id")
    if name in FIELDS:
        changes = changes.filter(field=name)
    start = (number - 1) * CHANGES_A_PAGE
    rows = list(changes[start : start + CHANGES_A_PAGE + 1])
    context: dict[str, Any] = {"client": found, "changes": rows[:CHANGES_A_PAGE], "number": number}
    context |= {"previous": number - 1, "next": number + 1, "has_next": len(rows) > CHANGES_A_PAGE}
    context |= {"field": name, "label": name_of(name)} if name in FIELDS else {}
    return render(request, "audio/history.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@manager_page
def new_client(request: HttpRequest, club: Club) -> HttpResponse:
    form = ClientForm(request.POST or None, instance=Client(club=club))
    if request.method == "POST" and form.is_valid():
        added = services.add_client(club=club, values=form.values(), user=request.user)
        # Translators: French “Fiche client « %(name)s » créée”
        messages.success(request, _("Client record “%(name)s” created") % {"name": added})
        return redirect("client", pk=added.pk)
    return render(request, "audio/client_form.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@manager_page
def edit(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    found = find_client(club, pk)
    name = str(found)  # the form writes into the client
    form = ClientForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        with erased_is_404():
            changed = services.edit_client(client=found, values=form.values(), user=request.user)
        # Translators: French “Fiche enregistrée”, “Rien n’a changé”
        messages.success(request, _("Record saved") if changed else _("Nothing has changed"))
        return redirect("client", pk=pk)
    context = {"form": form, "client": found, "name": name}
    return render(request, "audio/client_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@manager_page
def erase(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    """GET says what POST erases."""
    found = find_client(club, pk)
    if request.method == "POST":
        services.erase_client(client=found)
        # Translators: French “Fiche effacée, avec ses notes et son historique”
        messages.success(request, _("Record erased, with its notes and its history"))
        return redirect("clients")
    return render(request, "audio/erase.html", {"client": found})
