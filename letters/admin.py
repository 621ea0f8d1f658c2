"""Letters for operators: the figures are edited, the facts of a volunteer too; the log is looked at and acted on by services."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin
from unfold.decorators import display

from jobs.services import StateConflict
from lessons.admin import ReadOnly

from . import services
from .models import LegalFigures, Sending, VolunteerFacts, VolunteerLetterSend, Wording

BADGES = {"pending": "", "sent": "success", "failed": "danger", "unsure": "warning", "held": "info", "bounced": "danger", "cancelled": ""}


@admin.register(LegalFigures)
class LegalFiguresAdmin(ModelAdmin):
    list_display = ("year", "daily_ceiling", "yearly_ceiling", "raised_yearly_ceiling", "source", "version", "updated_at")
    fields = ("year", "daily_ceiling", "yearly_ceiling", "raised_yearly_ceiling", "source", "url", "version")
    readonly_fields = ("version",)


@admin.register(VolunteerFacts)
class VolunteerFactsAdmin(ModelAdmin):
    list_display = ("teacher", "activity", "employed_as", "updated_at")
    list_select_related = ("teacher",)
    search_fields = ("teacher__first_name", "teacher__last_name")
    autocomplete_fields = ("teacher",)

    def save_model(self, request: HttpRequest, obj: Any, form: "ModelForm[Any]", change: bool) -> None:
        facts = {name: form.cleaned_data[name] for name in ("address", "activity", "employed_as")}
        obj.pk = services.save_facts(teacher=obj.teacher, **facts).pk


@admin.register(Wording)
class WordingAdmin(ReadOnly, ModelAdmin):
    """A version never changes; the club writes the next one on its own page."""

    list_display = ("club", "version", "insurer", "allowance", "created_by", "created_at")
    list_filter = ("club",)
    list_select_related = ("club", "created_by")


@admin.register(Sending)
class SendingAdmin(ReadOnly, ModelAdmin):
    list_display = ("club", "year", "count", "sent_by_user", "batch", "created_at")
    list_filter = ("club", "year")
    list_select_related = ("club", "sent_by_user", "batch")


@admin.register(VolunteerLetterSend)
class VolunteerLetterSendAdmin(ReadOnly, ModelAdmin):
    list_display = ("teacher_name", "shown_status", "recipient_email", "year", "club", "attempts", "error_message", "sent_at", "created_at")
    list_filter = ("status", "year", "club", "created_at")
    list_select_related = ("club",)
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("teacher_name", "recipient_email", "message_id")
    actions = ("retry_selected", "cancel_selected", "mark_arrived", "send_again")

    @display(description=_("status"), ordering="status", label=BADGES)  # type: ignore[untyped-decorator]
    def shown_status(self, letter: VolunteerLetterSend) -> tuple[str, str]:
        return letter.status, letter.get_status_display()

    @admin.action(description=_("Try again"), permissions=["operate"])
    def retry_selected(self, request: HttpRequest, letters: QuerySet[VolunteerLetterSend]) -> None:
        self._each(request, letters, _("Try again"), lambda letter: services.retry_letter(letter=letter, user=request.user))

    @admin.action(description=_("Cancel"), permissions=["operate"])
    def cancel_selected(self, request: HttpRequest, letters: QuerySet[VolunteerLetterSend]) -> None:
        self._each(request, letters, _("Cancel"), lambda letter: services.cancel_letter(letter=letter))

    @admin.action(description=_("It arrived"), permissions=["operate"])
    def mark_arrived(self, request: HttpRequest, letters: QuerySet[VolunteerLetterSend]) -> None:
        service = partial(services.resolve_unsure, arrived=True, user=request.user)
        self._each(request, letters, _("It arrived"), lambda letter: service(letter=letter))

    @admin.action(description=_("Did not arrive: send again"), permissions=["operate"])
    def send_again(self, request: HttpRequest, letters: QuerySet[VolunteerLetterSend]) -> None:
        service = partial(services.resolve_unsure, arrived=False, user=request.user)
        self._each(request, letters, _("Did not arrive: send again"), lambda letter: service(letter=letter))

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("letters.change_volunteerlettersend")

    def _each(
        self, request: HttpRequest, letters: QuerySet[VolunteerLetterSend], deed: Promise, service: Callable[[VolunteerLetterSend], object]
    ) -> None:
        """Those that may not be touched stay as they are, and the operator hears why. The administration's history keeps who did what."""
        done = 0
        for letter in letters.select_related("club", "job"):
            try:
                service(letter)
                self.log_change(request, letter, str(deed))
                done += 1
            except StateConflict as conflict:
                messages.warning(request, f"{letter.teacher_name}: {conflict}")
        if done:
            messages.success(request, ngettext("%(count)d letter changed.", "%(count)d letters changed.", done) % {"count": done})
