"""Runs: what there is, one of them, two beside each other, and as a file."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_POST

from jobs.services import StateConflict
from jobs.services import cancel as cancel_job
from lessons.models import Club
from lessons.views import manager_page
from staffing import charts, reports, services
from staffing.forms import AssumptionsForm, RunForm
from staffing.models import Direction, Simulation

from .choosing import show_choice

RUNS_A_PAGE, LINES_A_PAGE, RUNS_TO_COMPARE = 15, 50, 10
FILES = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
COLUMNS = ("name", "hours", "fte_needed", "headcount", "gap")


@require_GET
@manager_page
def staffing(request: HttpRequest, club: Club) -> HttpResponse:
    return _show(request, club, RunForm(club=club.pk))


@require_POST
@manager_page
def start(request: HttpRequest, club: Club) -> HttpResponse:
    form = RunForm(request.POST, club=club.pk)
    if form.is_valid():
        try:
            begun = _start(request, club, form)
        except services.Refused as refusal:
            form.refuse(refusal)
        else:
            return redirect("staffing-page", task_id=begun.task_id)
    if form.is_of_centres:
        return show_choice(request, club, refused=form)
    return _show(request, club, form, status=422)


@require_GET
@manager_page
def run(request: HttpRequest, club: Club, task_id: UUID) -> HttpResponse:
    runs = list(Simulation.objects.filter(club=club).with_details().like(task_id)[: 1 + RUNS_TO_COMPARE])
    if not runs or runs[0].task_id != task_id:
        raise Http404
    found, others = runs[0], runs[1:]
    context: dict[str, Any] = {"run": found, "form": AssumptionsForm(assumed=found.assumptions), "followed_job": found.job}
    if found.figures:
        context |= _result(request, found) | {"others": others}
    return render(request, "staffing/run.html", context)


@require_GET
@manager_page
def compare_runs(request: HttpRequest, club: Club, first: UUID, second: UUID) -> HttpResponse:
    both = Simulation.objects.filter(club=club, task_id__in=[first, second], finished_at__isnull=False)
    found = {run.task_id: run for run in both.prefetch_related("centre_results")}
    if not {first, second} <= found.keys():
        raise Http404
    runs = [found[first], found[second]]
    lines = reports.compare(*runs)
    if request.GET.get("tri") != "code":
        lines.sort(key=lambda line: abs(line.gap), reverse=True)
    page = Paginator(lines, LINES_A_PAGE).get_page(request.GET.get("page"))
    before, after = (each.figures for each in runs)
    assert before and after  # noqa: S101, PT018  asked above
    whole = {
        "hours": after.hours - before.hours,
        "fte_needed": after.fte_needed - before.fte_needed,
        "gap": after.gap - before.gap,
        "headcount": after.headcount - before.headcount,
    }
    return render(request, "staffing/compare.html", {"first": runs[0], "second": runs[1], "page": page, "whole": whole})


@require_GET
@manager_page
@cache_control(private=True, max_age=3600)
def chart(request: HttpRequest, club: Club, task_id: UUID, kind: str) -> HttpResponse:
    """A result never changes, so its picture may be kept."""
    found = _find(club, task_id)
    if not found.figures:
        raise Http404
    draw, lines_of = (charts.draw_gaps, reports.direction_lines) if kind == "gaps" else (charts.draw_centres, reports.centre_lines)
    picture = draw(lines_of(found), narrow="narrow" in request.GET)
    return HttpResponse(
        picture, content_type="image/svg+xml", headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
    )


@require_GET
@manager_page
def export(request: HttpRequest, club: Club, task_id: UUID, form: str) -> HttpResponse:
    found = _find(club, task_id)
    if not found.figures:
        raise Http404
    table = reports.result_table(found)
    content = reports.as_csv(table) if form == "csv" else reports.as_xlsx(table)
    # Translators: begins the name of a file, without spaces or accents; French “effectifs”
    name = f"{_('staffing')}-{found.pk}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return HttpResponse(content, content_type=FILES[form], headers=headers)


@require_POST
@manager_page
def cancel(request: HttpRequest, club: Club, task_id: UUID) -> HttpResponse:
    found = _find(club, task_id)
    try:
        if found.job:
            cancel_job(found.job)
    except StateConflict as conflict:
        messages.error(request, str(conflict))
    return redirect("staffing-page", task_id=task_id)


def _show(request: HttpRequest, club: Club, form: RunForm, status: int = 200) -> HttpResponse:
    page = _page_of_runs(club, request.GET.get("page", ""))
    size = {"directions": len(form.directions), "centres": sum(row[3] for row in form.directions)}
    return render(request, "staffing/staffing.html", {"form": form, "page": page, "size": size}, status=status)


def _page_of_runs(club: Club, number: str) -> Page[Simulation]:
    """The rows come with how many there are, in one query; a page that is not there is the first."""
    place = int(number) if number.isascii() and number.isdecimal() and 0 < len(number) < 7 and int(number) else 1
    runs = Simulation.objects.filter(club=club).select_related("job").defer("centre_ids").annotate(total=models.Window(models.Count("pk")))
    found: list[Any] = list(runs[(place - 1) * RUNS_A_PAGE : place * RUNS_A_PAGE])
    if not found and place > 1:
        return _page_of_runs(club, "1")
    paginator = Paginator(found, RUNS_A_PAGE)
    paginator.count = found[0].total if found else 0
    return Page(found, place, paginator)


def _start(request: HttpRequest, club: Club, form: RunForm) -> Simulation:
    scope = form.scope()
    if (pk := scope.pop("direction_id", None)) is not None:
        scope["direction"] = get_object_or_404(Direction, club=club, pk=pk)
    return services.start_run(club=club, user=request.user, assumptions=form.assumptions(), **scope)


def _result(request: HttpRequest, found: Any) -> dict[str, Any]:
    models.prefetch_related_objects([found], "centre_results")
    lines = reports.centre_lines(found)
    sort = request.GET.get("tri", "gap").removeprefix("-")
    sort = sort if sort in COLUMNS else "gap"
    descending = request.GET.get("tri", "").startswith("-")
    page = Paginator(reports.sorted_lines(lines, sort, descending=descending), LINES_A_PAGE).get_page(request.GET.get("page"))
    directions = reports.direction_lines(found) if found.scope == Simulation.Scope.NATIONAL else []
    return {
        "figures": found.figures,
        "page": page,
        "sort": sort,
        "descending": descending,
        "tri": f"{'-' if descending else ''}{sort}",
        "columns": COLUMNS,
        "directions": directions,
        "picture_of": min(len(lines), charts.BARS_SHOWN),
        "is_part": len(lines) > charts.BARS_SHOWN,
        "has_changed": found.current_version != found.reference_version,
    }


def _find(club: Club, task_id: UUID) -> Simulation:
    return get_object_or_404(Simulation.objects.select_related("job", "direction"), club=club, task_id=task_id)
