"""Voice notes for operators: looked at, and acted on by services."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin
from unfold.decorators import display

from jobs.services import StateConflict
from lessons.admin import ReadOnly

from . import services
from .models import FieldChange, NotePreference, VoiceNote

BADGES = {"pending": "", "processing": "info", "done": "success", "failed": "danger"}


class StatusFilter(admin.SimpleListFilter):
    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return VoiceNote.Status.choices

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.with_status(self.value()) if self.value() in VoiceNote.Status.values else queryset


@admin.register(VoiceNote)
class VoiceNoteAdmin(ReadOnly, ModelAdmin):
    list_display = ("id", "shown_status", "club", "client", "created_by", "duration_seconds", "size_bytes", "created_at", "processed_at")
    list_filter = (StatusFilter, "club", "language", "created_at")
    list_select_related = ("club", "client", "created_by", "job")
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("client__first_name", "client__last_name", "transcription")
    exclude = ("words", "found", "file")
    actions = ("rerun_selected", "delete_notes")

    @display(description=_("status"), label=BADGES)  # type: ignore[untyped-decorator]
    def shown_status(self, note: VoiceNote) -> tuple[str, str]:
        return note.status.value, note.status_in_words

    @admin.action(description=_("Process again"), permissions=["operate"])
    def rerun_selected(self, request: HttpRequest, notes: QuerySet[VoiceNote]) -> None:
        self._each(request, notes, lambda note: services.rerun_note(note=note, user=request.user))

    @admin.action(description=_("Delete with the recordings"), permissions=["operate"])
    def delete_notes(self, request: HttpRequest, notes: QuerySet[VoiceNote]) -> None:
        self._each(request, notes, lambda note: services.delete_note(note=note))

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("audio.change_voicenote")

    def _each(self, request: HttpRequest, notes: QuerySet[VoiceNote], service: Callable[[VoiceNote], object]) -> None:
        """Those that may not be touched stay as they are, and the operator hears why."""
        done = 0
        for note in notes.select_related("club", "job"):
            try:
                service(note)
                done += 1
            except StateConflict as conflict:
                messages.warning(request, f"{note.pk}: {conflict}")
        if done:
            messages.success(request, ngettext("%(count)d note changed.", "%(count)d notes changed.", done) % {"count": done})


@admin.register(FieldChange)
class FieldChangeAdmin(ReadOnly, ModelAdmin):
    list_display = ("client", "field_in_words", "old", "new", "note", "changed_by", "changed_at", "undone_at")
    list_filter = ("client__club", "field", "changed_at", ("undone_at", admin.EmptyFieldListFilter))
    list_select_related = ("client", "note", "changed_by")
    search_fields = ("client__first_name", "client__last_name", "new")


@admin.register(NotePreference)
class NotePreferenceAdmin(ReadOnly, ModelAdmin):
    list_display = ("membership", "email_when_done")
    list_filter = ("email_when_done", "membership__club")
    list_select_related = ("membership__user", "membership__club")
