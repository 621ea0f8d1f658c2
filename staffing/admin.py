"""Staffing for operators: the reference data are edited, runs and imports looked at. The database counts each write."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from lessons.admin import ReadOnly

from .models import Centre, Direction, ReferenceImport, ReferenceState, ReferenceTask, Simulation, Volume


@admin.register(Direction)
class DirectionAdmin(ModelAdmin):
    list_display = ("code", "name", "club")
    list_filter = ("club",)
    list_select_related = ("club",)
    search_fields = ("code", "name")


@admin.register(Centre)
class CentreAdmin(ModelAdmin):
    list_display = ("code", "name", "direction", "headcount")
    list_filter = ("direction__club",)
    list_select_related = ("direction",)
    search_fields = ("code", "name")
    autocomplete_fields = ("direction",)


@admin.register(ReferenceTask)
class ReferenceTaskAdmin(ModelAdmin):
    list_display = ("code", "label", "family", "unit", "minutes", "club")
    list_filter = ("club", "family")
    list_select_related = ("club",)
    search_fields = ("code", "label")


@admin.register(Volume)
class VolumeAdmin(ModelAdmin):
    list_display = ("centre", "task", "units")
    list_filter = ("centre__direction__club",)
    list_select_related = ("centre", "task")
    search_fields = ("centre__code", "task__code")
    autocomplete_fields = ("centre", "task")
    show_full_result_count = False


@admin.register(Simulation)
class SimulationAdmin(ReadOnly, ModelAdmin):
    list_display = ("pk", "club", "scope", "scope_name", "reference_version", "created_by", "created_at", "finished_at")
    list_filter = ("club", "scope")
    list_select_related = ("club", "created_by")


@admin.register(ReferenceImport)
class ReferenceImportAdmin(ReadOnly, ModelAdmin):
    list_display = ("name", "club", "state", "error_count", "created_by", "created_at", "applied_at")
    list_filter = ("club", "state")
    list_select_related = ("club", "created_by")


@admin.register(ReferenceState)
class ReferenceStateAdmin(ReadOnly, ModelAdmin):
    list_display = ("club", "version", "changed_at", "hits", "misses")
    list_select_related = ("club", "club__reference_reads")

    @admin.display(description=_("hits"))
    def hits(self, state: ReferenceState) -> int:
        return state.club.reference_reads.hits if hasattr(state.club, "reference_reads") else 0

    @admin.display(description=_("misses"))
    def misses(self, state: ReferenceState) -> int:
        return state.club.reference_reads.misses if hasattr(state.club, "reference_reads") else 0
