"""The pages of programmes: the list, making one, assigning it, and how far each client is."""

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from . import services
from .forms_programmes import ProgrammeForm, chosen_clients
from .models import Club, Evaluation, Programme, ProgrammeAssignment, Realisation
from .progress import clients_to_choose, lay_out_grid, skills_to_edit
from .views import manager_page

SHOW_OR_SEND = ["GET", "HEAD", "POST"]


@require_GET
@manager_page
def programmes(request: HttpRequest, club: Club) -> HttpResponse:
    found = Programme.objects.filter(club=club).with_counts().order_by("name", "pk")
    return render(request, "lessons/programmes.html", {"programmes": found})


@require_GET
@manager_page
def programme(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    """`?q=` finds clients, `?competence=` is the one skill that a phone shows."""
    asked = request.GET
    search = " ".join(asked.get("q", "").replace("\x00", "").split())[:100]
    grid = lay_out_grid(club=club, pk=pk, search=search, page=_number(asked.get("page")) or 1, skill=_number(asked.get("competence")))
    if grid is None:
        raise Http404
    return render(request, "lessons/programme.html", {"grid": grid, "programme": grid.programme})


@require_http_methods(SHOW_OR_SEND)
@manager_page
def new_programme(request: HttpRequest, club: Club) -> HttpResponse:
    if request.method != "POST":
        return _show_form(request, ProgrammeForm())
    form = ProgrammeForm(request.POST)
    if "move" in request.POST:
        form.rearrange(request.POST["move"])
        return _show_form(request, form)
    if form.is_ready():
        try:
            names = [line.name for line in form.lines]
            made = services.create_programme(club=club, user=request.user, name=form.cleaned_data["name"], skills=names)
        except services.ProgrammeRefused as refusal:
            form.refuse(refusal)
        else:
            return redirect("programme", pk=made.pk)
    return _show_form(request, form, status=422)


@require_http_methods(SHOW_OR_SEND)
@manager_page
def edit_programme(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    skills = list(skills_to_edit(club, pk))
    if not skills:
        raise Http404
    found = skills[0].programme
    if request.method != "POST":
        return _show_form(request, ProgrammeForm(programme=found, skills=skills), found)
    form = ProgrammeForm(request.POST, programme=found, skills=skills)
    if "move" in request.POST:
        form.rearrange(request.POST["move"])
        return _show_form(request, form, found)
    if form.is_ready() and _save(request, form, found):
        return redirect("programme", pk=found.pk)
    return _show_form(request, form, found, status=422)


@require_http_methods(SHOW_OR_SEND)
@manager_page
def delete_programme(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    found = get_object_or_404(Programme.objects.with_counts(), club=club, pk=pk)
    if request.method != "POST":
        return render(request, "lessons/programme_delete.html", {"programme": found})
    services.delete_programme(programme=found)
    messages.success(request, _("“%(programme)s” is deleted.") % {"programme": found.name})
    return redirect("programmes")


@require_http_methods(SHOW_OR_SEND)
@manager_page
def assign(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    found = get_object_or_404(Programme.objects.select_related("club"), club=club, pk=pk)
    problem = ""
    chosen = chosen_clients(request.POST)
    if request.method == "POST":
        try:
            services.assign_programme(programme=found, user=request.user, clients=chosen)
        except services.Refused as refusal:
            problem = " ".join(refusal.messages)
        else:
            return redirect("programme", pk=pk)
    context = {"programme": found, "clients": clients_to_choose(club, found), "chosen": set(chosen), "problem": problem}
    return render(request, "lessons/programme_assign.html", context, status=422 if problem else 200)


@require_POST
@manager_page
def complete(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    """Give those who follow the programme the skills that came after them."""
    found = get_object_or_404(Programme.objects.select_related("club"), club=club, pk=pk)
    try:
        followers = list(found.evaluations.values_list("client", flat=True))
        services.assign_programme(programme=found, user=request.user, clients=followers)
    except services.Refused as refusal:
        messages.error(request, " ".join(refusal.messages))
    return redirect("programme", pk=pk)


@require_POST
@manager_page
def undo(request: HttpRequest, club: Club, pk: int, assignment: int) -> HttpResponse:
    found = get_object_or_404(ProgrammeAssignment, programme__club=club, programme=pk, pk=assignment)
    if kept := services.undo_assignment(assignment=found):
        said = ngettext(
            "%(count)d client stays: already marked since.", "%(count)d clients stay: already marked since.", kept
        )  # fmt: skip
        messages.info(request, said % {"count": kept})
    return redirect("programme", pk=pk)


@require_POST
@manager_page
def mark(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    """One cell of the grid, for who has no JavaScript: `mark` is its realisation, the new status and the one that was seen."""
    number, status, was = [*request.POST.get("mark", "").split(":"), "", ""][:3]
    if not {status, was} <= set(Realisation.Status.values):
        raise BadRequest
    rows = Realisation.objects.select_related("task__skill").filter(client__club=club, task__skill__programme=pk)
    found = get_object_or_404(rows, pk=_number(number) or 0)
    _mark(request, found, status, was)
    query = urlencode({name: request.POST[name] for name in ("q", "page", "competence") if request.POST.get(name)})
    return redirect(f"{reverse('programme', args=[pk])}?{query}#c{found.client_id}")


@require_http_methods(SHOW_OR_SEND)
@manager_page
def client_progress(request: HttpRequest, club: Club, pk: int, client: int) -> HttpResponse:
    """Every skill of one client, to be marked one under the other."""
    rows = Realisation.objects.filter(client=client, client__club=club, task__skill__programme=pk, task__skill__programme__club=club)
    rows = rows.select_related("client", "task__skill__programme", "marked_by").order_by("task__skill__position", "task__skill")
    found = list(rows)
    if not found:
        raise Http404
    if request.method == "POST":
        for row in found:
            status, was = request.POST.get(f"s{row.pk}", row.status), request.POST.get(f"w{row.pk}", row.status)
            if not {status, was} <= set(Realisation.Status.values):
                raise BadRequest
            if status != was:
                _mark(request, row, status, was)
        return redirect("programme-client", pk=pk, client=client)
    acquired = sum(row.status == Realisation.Status.ACQUIRED for row in found)
    context = {
        "client": found[0].client,
        "programme": found[0].task.skill.programme,
        "rows": found,
        "acquired": acquired,
        "statuses": Realisation.Status.choices,
    }
    return render(request, "lessons/programme_client.html", context)


@require_http_methods(SHOW_OR_SEND)
@manager_page
def withdraw(request: HttpRequest, club: Club, pk: int, client: int) -> HttpResponse:
    rows = Evaluation.objects.select_related("client", "programme")
    found = get_object_or_404(rows, programme=pk, programme__club=club, client=client, client__club=club)
    if request.method != "POST":
        return render(request, "lessons/programme_withdraw.html", {"evaluation": found, "marked": found.started + found.acquired})
    services.withdraw_client(programme=found.programme, client=found.client)
    messages.success(request, _("%(client)s no longer follows this programme.") % {"client": found.client})
    return redirect("programme", pk=pk)


def _show_form(request: HttpRequest, form: ProgrammeForm, programme: Programme | None = None, status: int = 200) -> HttpResponse:
    return render(request, "lessons/programme_form.html", {"form": form, "programme": programme}, status=status)


def _save(request: HttpRequest, form: ProgrammeForm, programme: Programme) -> bool:
    try:
        services.change_programme(programme=programme, user=request.user, **form.asked())
    except services.Overtaken as refusal:
        form.skills = list(programme.skills.all())
        programme.refresh_from_db()
        form.meet(refusal, programme)
    except services.ProgrammeRefused as refusal:
        form.refuse(refusal)
    else:
        return True
    return False


def _mark(request: HttpRequest, realisation: Realisation, status: str, was: str) -> None:
    try:
        services.mark_progress(realisation=realisation, status=status, was=was, user=request.user)
    except services.MarkedMeanwhile as refusal:
        skill = realisation.task.skill.name
        # Translators: French “%(skill)s : %(problem)s”
        messages.error(request, _("%(skill)s: %(problem)s") % {"skill": skill, "problem": " ".join(refusal.messages)})


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else None
