"""What the letters need to know of the teachers: one card, or a whole file of them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from lessons.models import Club, Teacher
from lessons.views import manager_page
from letters import services
from letters.forms import ImportForm, TeacherForm, read_teachers
from letters.letter import facts_of

from .page import go_back

LINES_SHOWN = 200


@require_http_methods(["GET", "HEAD", "POST"])
@manager_page
def teacher(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    found = get_object_or_404(Teacher.objects.select_related("volunteer_facts", "club"), club=club, pk=pk)
    form = TeacherForm(request.POST or None, instance=found, facts=facts_of(found))
    if request.method == "POST" and form.is_valid():
        services.save_volunteer(teacher=found, facts=form.facts(), **form.changed_values())
        # Translators: French “Fiche enregistrée : %(name)s”
        messages.success(request, _("Saved: %(name)s") % {"name": found})
        return go_back(request)
    name = Teacher.objects.get(pk=pk) if form.errors else found  # the form has written into the other
    return render(request, "letters/teacher.html", {"form": form, "teacher": name}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@manager_page
def import_teachers(request: HttpRequest, club: Club) -> HttpResponse:
    """The file, then what it would do line by line, then the deed: all of it, or nothing."""
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    if request.method != "POST" or not form.is_valid():
        return render(request, "letters/import.html", {"form": form}, status=422 if form.errors else 200)
    read = read_teachers(form.cleaned_data["content"], club)
    if read.is_good and "import" in request.POST:
        count = services.import_volunteers(club=club, people=read.people())
        # Translators: French “%(count)d enseignant importé”, “%(count)d enseignants importés”
        messages.success(request, ngettext("%(count)d teacher imported", "%(count)d teachers imported", count) % {"count": count})
        return redirect("letters")
    context = {"form": ImportForm(), "content": form.cleaned_data["content"], "read": read, "shown": LINES_SHOWN}
    return render(request, "letters/import.html", context, status=200 if read.is_good else 422)
