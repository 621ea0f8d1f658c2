"""The list, the sending behind its dry-run, and what may be done with one letter."""

import csv
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from jobs.services import StateConflict
from lessons.models import Club
from lessons.views import manager_page
from letters import services
from letters.forms import ChoiceForm
from letters.letter import filename_of
from letters.models import VolunteerLetterSend
from letters.overview import TABS, look_at_letters
from letters.selection import ALREADY_SENT, BAD_ADDRESS, NO_ADDRESS, NOT_A_VOLUNTEER, SAME_ACTIVITY, UNDER_WAY, UNSURE, words_for
from letters.wording import gaps

from .page import go_back, in_a_frame, respond_pdf

ROWS_A_PAGE = 50
DECISIONS_SHOWN = 5
NAMES_SHOWN = 8
REASONS = (
    (NO_ADDRESS, "hold"),
    (BAD_ADDRESS, "hold"),
    (SAME_ACTIVITY, "hold"),
    (UNSURE, "unsure"),
    (NOT_A_VOLUNTEER, "hold"),
    (UNDER_WAY, "wait"),
    (ALREADY_SENT, "check"),
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@require_GET
@manager_page
def letters(request: HttpRequest, club: Club) -> HttpResponse:
    year, wording = services.today_of(club).year, services.wording_once_complete(club)
    overview = look_at_letters(club, year=year, usual_activity=wording.activity)
    tab = request.GET.get("etat", "")
    tab = tab if tab in TABS else ""
    page = Paginator(overview.in_tab(tab), ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "year": year,
        "overview": overview,
        "gaps": gaps(wording),
        "tab": tab,
        "page": page,
        "decisions": overview.yours[:DECISIONS_SHOWN],
    }
    return render(request, "letters/letters.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@manager_page
def send(request: HttpRequest, club: Club) -> HttpResponse:
    """First what a click would do, with the same words as its button; then, with `request_key`, the click."""
    form = ChoiceForm(request.POST if request.method == "POST" else {"teachers": request.GET.getlist("teacher") or "all"})
    if not form.is_valid():
        messages.error(request, _("Choose at least one teacher."))
        return redirect("letters")
    chosen: str | list[int] = form.cleaned_data["teachers"]
    if key := form.cleaned_data["request_key"]:
        try:
            plan = services.send_letters(club=club, user=request.user, teachers=chosen, request_key=key)
        except services.Refused:
            return _show_plan(request, club, chosen, status=422)
        messages.success(request, plan.message)
        return redirect("letters")
    return _show_plan(request, club, chosen)


@require_http_methods(["GET", "HEAD", "POST"])
@manager_page
def retry_all(request: HttpRequest, club: Club) -> HttpResponse:
    """GET says what POST does. Of the year that the page shows."""
    year = services.today_of(club).year
    if request.method == "POST":
        messages.success(request, services.retry_failed(club=club, user=request.user, year=year).message)
        return redirect("letters")
    plan = services.retry_failed(club=club, user=request.user, year=year, dry_run=True)
    context = {"plan": plan, "unsure": [letter.teacher_name for letter in plan.unsure], "shown": NAMES_SHOWN}
    return render(request, "letters/retry.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@manager_page
def stop(request: HttpRequest, club: Club, batch: uuid.UUID) -> HttpResponse:
    """GET says what POST does."""
    try:
        plan = services.cancel_waiting(club=club, batch=batch, dry_run=request.method != "POST")
    except LookupError as error:
        raise Http404 from error
    if request.method == "POST":
        messages.success(request, plan.message)
        return redirect("letters")
    return render(request, "letters/stop.html", {"plan": plan})


@require_POST
@manager_page
def send_again(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    letter = _letter(club, pk)
    if letter.status == VolunteerLetterSend.Status.UNSURE:
        return _act(request, lambda: services.resolve_unsure(letter=letter, arrived=False, user=request.user), _("Letter on its way again"))
    # Translators: French “Lettre renvoyée”: the same verb as its button
    return _act(request, lambda: services.retry_letter(letter=letter, user=request.user), _("Letter on its way again"))


@require_POST
@manager_page
def arrived(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    letter = _letter(club, pk)
    # Translators: French “Lettre notée comme reçue”
    return _act(request, lambda: services.resolve_unsure(letter=letter, arrived=True, user=request.user), _("Letter noted as received"))


@require_POST
@manager_page
def cancel(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    letter = _letter(club, pk)
    # Translators: French “Envoi annulé”
    return _act(request, lambda: services.cancel_letter(letter=letter), _("Sending cancelled"))


@require_GET
@in_a_frame
@manager_page
def pdf(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    """The very bytes that were sent."""
    letter = _letter(club, pk)
    content = services.read_pdf(letter)
    if not content:
        raise Http404
    name = filename_of(letter.teacher_name, letter.year, club.language)
    return respond_pdf(content, name, download="download" in request.GET)


@require_GET
@manager_page
def log(request: HttpRequest, club: Club) -> HttpResponse:
    """Every letter of the club, newest first, for a spreadsheet: with a byte order mark and semicolons, as Excel expects them in French."""
    services.complete_sendings(club=club.pk)
    day = timezone.localdate().isoformat()
    # Translators: begins the name of a file, without spaces or accents; French “journal-des-lettres”
    headers = {"Content-Disposition": f'attachment; filename="{_("log-of-letters")}-{day}.csv"', "Cache-Control": "no-store"}
    return HttpResponse("".join(_log_lines(club)), content_type="text/csv; charset=utf-8", headers=headers)


def _log_lines(club: Club) -> Iterator[str]:
    names = ["year", "teacher_name", "recipient_email", "status", "error_message", "attempts", "sent_at", "created_at", "message_id",
             "pdf_sha256"]  # fmt: skip
    field = VolunteerLetterSend._meta.get_field
    writer = csv.writer(_Line(), delimiter=";")
    yield "\ufeff" + writer.writerow([str(field(name).verbose_name) for name in names])  # type: ignore[union-attr]  # fields of ours
    for letter in VolunteerLetterSend.objects.filter(club=club).iterator(chunk_size=2000):
        row = {name: getattr(letter, name) for name in names} | {"status": letter.get_status_display()}
        yield writer.writerow([_cell(row[name]) for name in names])


class _Line:
    """What csv writes to: it gives the line back."""

    def write(self, line: str) -> str:
        return line


def _cell(value: Any) -> str:
    """A name that begins like a formula stays a name in a spreadsheet."""
    if hasattr(value, "astimezone"):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S")
    words = "" if value is None else str(value)
    return "'" + words if words.startswith(FORMULA) else words


def _letter(club: Club, pk: int) -> VolunteerLetterSend:
    return get_object_or_404(VolunteerLetterSend.objects.select_related("club", "job", "teacher"), club=club, pk=pk)


def _act(request: HttpRequest, service: Callable[[], object], done: str) -> HttpResponse:
    try:
        service()
    except StateConflict as conflict:
        messages.error(request, str(conflict))
    else:
        messages.success(request, done)
    return go_back(request)


def _show_plan(request: HttpRequest, club: Club, chosen: str | list[int], status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {"chosen": chosen, "key": uuid.uuid4(), "year": services.today_of(club).year, "shown": NAMES_SHOWN}
    try:
        plan = services.preview_sending(club=club, teachers=chosen)
    except services.NotInClub as refusal:
        raise Http404 from refusal
    except ValidationError as refusal:
        return render(request, "letters/send.html", {**context, "refusals": refusal.messages}, status=422)
    context |= {"plan": plan, "left_out": _by_reason(plan.left_out), "figures": plan.figures}
    return render(request, "letters/send.html", context, status=status)


def _by_reason(left_out: list[tuple[str, str]]) -> list[tuple[str, str, list[str]]]:
    """Each reason with its icon and the names that it is about; those that a person can mend come first."""
    names: dict[str, list[str]] = {}
    for name, reason in left_out:
        names.setdefault(reason, []).append(name)
    return [(icon, words_for(reason), names[reason]) for reason, icon in REASONS if reason in names]
