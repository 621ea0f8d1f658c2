"""The reference data, and files of them on their way in."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from jobs.services import StateConflict
from lessons.models import Club
from lessons.views import manager_page
from staffing import reference, services
from staffing.forms import FileForm
from staffing.models import ReferenceImport

TASKS_A_PAGE, IMPORTS_SHOWN = 50, 10


@require_http_methods(["GET", "HEAD", "POST"])
@manager_page
def reference_data(request: HttpRequest, club: Club) -> HttpResponse:
    form = FileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            coming = services.start_import(club=club, user=request.user, upload=form.cleaned_data["file"])
        except services.Refused as refusal:
            form.add_error("file", refusal.message_dict["file"])
        else:
            return redirect("staffing-import", pk=coming.pk)
    tasks, directions = reference.get_overview(club.pk)
    context = {
        "form": form,
        "page": Paginator(tasks, TASKS_A_PAGE).get_page(request.GET.get("page")),
        "directions": directions,
        "imports": ReferenceImport.objects.filter(club=club).select_related("job")[:IMPORTS_SHOWN],
    }
    return render(request, "staffing/reference.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD"])
@manager_page
def imported(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    coming = get_object_or_404(ReferenceImport.objects.select_related("job"), club=club, pk=pk)
    return render(request, "staffing/import.html", {"coming": coming, "followed_job": coming.job})


@require_POST
@manager_page
def apply_import(request: HttpRequest, club: Club, pk: int) -> HttpResponse:
    coming = get_object_or_404(ReferenceImport, club=club, pk=pk)
    try:
        services.apply_import(coming=coming, user=request.user)
    except StateConflict as conflict:
        messages.error(request, str(conflict))
    else:
        # Translators: "Import en cours : %(name)s"
        messages.success(request, _("Importing %(name)s") % {"name": coming.name})
    return redirect("staffing-import", pk=pk)
