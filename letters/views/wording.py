"""The club's own words, and the letter that they make."""

from copy import copy
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lessons.models import Club, Teacher
from lessons.views import manager_page
from letters import services
from letters.forms import WordingForm
from letters.letter import filename_of
from letters.models import Wording
from letters.wording import gaps

from .page import in_a_frame, respond_pdf

VERSIONS_SHOWN = 20


@require_http_methods(["GET", "HEAD", "POST"])
@manager_page
def wording(request: HttpRequest, club: Club) -> HttpResponse:
    versions = list(Wording.objects.filter(club=club).select_related("created_by").order_by("-version")[:VERSIONS_SHOWN])
    present = versions[0] if versions else Wording(club=club, version=0)
    form = WordingForm(request.POST or None, request.FILES or None, instance=copy(present))  # it writes into its instance
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.save_wording(club=club, user=request.user, logo=form.logo(), **form.words())
        except ValidationError as refusal:
            for name, words in refusal.message_dict.items():
                form.add_error("new_logo" if name == "logo" else name if name in form.fields else None, ValidationError(words))
        else:
            messages.success(request, _saved(saved, present))
            return redirect("letters-wording-page")
    context = {"form": form, "present": present, "gaps": {gap.field for gap in gaps(present)}, "versions": versions}
    return render(request, "letters/wording.html", context, status=422 if form.errors else 200)


@require_POST
@in_a_frame
@manager_page
def draft_pdf(request: HttpRequest, club: Club) -> HttpResponse:
    """What is typed and not yet saved, as the first volunteer would get it."""
    present = services.latest_wording(club)
    form = WordingForm(request.POST, instance=services.latest_wording(club))
    if not form.is_valid():
        return render(request, "letters/no_preview.html", {"errors": form.errors.values()}, status=422)
    return _show(request, _first_volunteer(club), wording=services.changed_wording(present, **form.words()))


@require_GET
@manager_page
def preview(request: HttpRequest, club: Club) -> HttpResponse:
    teachers = Teacher.objects.filter(club=club, active=True, volunteer=True)
    asked = request.GET.get("teacher", "")
    chosen = next((teacher for teacher in teachers if str(teacher.pk) == asked), None) or teachers.first()
    context = {"teachers": teachers, "chosen": chosen, "year": services.today_of(club).year}
    return render(request, "letters/preview.html", context)


@require_GET
@in_a_frame
@manager_page
def preview_pdf(request: HttpRequest, club: Club) -> HttpResponse:
    """`?teacher=` whose letter; `?version=` with which wording, else the one in force."""
    found = None
    if version := request.GET.get("version", ""):
        found = Wording.objects.filter(club=club, version=int(version)).first() if version.isdecimal() and len(version) < 9 else None
        if found is None:
            raise Http404
    return _show(request, _teacher(club, request.GET.get("teacher", "")), wording=found)


@require_POST
@manager_page
def send_test(request: HttpRequest, club: Club) -> HttpResponse:
    """To the one who asks, and to nobody else."""
    teacher = _teacher(club, request.POST.get("teacher", ""))
    if teacher.pk is None:
        raise Http404
    try:
        services.request_test(club=club, user=request.user, teacher=teacher)
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        # Translators: French “Lettre d’essai en route vers %(email)s”
        messages.success(request, _("Test letter on its way to %(email)s") % {"email": getattr(request.user, "email", "")})
    return redirect("letters-preview")


def _show(request: HttpRequest, teacher: Teacher, **options: Any) -> HttpResponse:
    try:
        content = services.preview_letter(teacher=teacher, **options)
    except ValidationError as refusal:
        return render(request, "letters/no_preview.html", {"errors": [refusal.messages]}, status=422)
    club = teacher.club
    return respond_pdf(content, filename_of(str(teacher), services.today_of(club).year, club.language), download="download" in request.GET)


def _teacher(club: Club, pk: str) -> Teacher:
    if not pk:
        return _first_volunteer(club)
    if not (pk.isascii() and pk.isdecimal() and len(pk) < 19):
        raise Http404
    return get_object_or_404(Teacher.objects.select_related("club", "volunteer_facts"), club=club, pk=int(pk))


def _first_volunteer(club: Club) -> Teacher:
    """Where the club has none yet, somebody with no name in particular."""
    volunteers = Teacher.objects.filter(club=club, active=True, volunteer=True).select_related("club", "volunteer_facts")
    # Translators: a made-up person in a preview; French “Prénom” and “Nom”
    return volunteers.first() or Teacher(club=club, first_name=_("First name"), last_name=_("Last name"))


def _saved(saved: Wording, present: Wording) -> str:
    if saved.version == present.version:
        # Translators: French “Rien n’a changé”
        return _("Nothing has changed")
    # Translators: French “Texte enregistré, version %(version)d”
    return _("Wording saved, version %(version)d") % {"version": saved.version}
