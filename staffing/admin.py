"""Staffing for operators: the reference data are edited, runs and imports looked at. The database counts each write."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from lessons.admin import ReadOnly

from . import counters
from .models import Centre, Direction, ReferenceImport, ReferenceReads, ReferenceState, ReferenceTask, Simulation, Volume
from .reference import kept_here


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
    """With how the cache does: hits and misses of all processes, what this one keeps."""

    list_display = ("club", "version", "changed_at", "hits", "misses", "hit_rate", "entries", "oldest", "size")
    list_select_related = ("club", "club__reference_reads")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        counters.add_to_database()
        response: HttpResponse = super().changelist_view(request, extra_context)
        return response

    @admin.display(description=_("hits"))
    def hits(self, state: ReferenceState) -> int:
        return _reads(state).hits

    @admin.display(description=_("misses"))
    def misses(self, state: ReferenceState) -> int:
        return _reads(state).misses

    @admin.display(description=_("hit rate"), empty_value="–")
    def hit_rate(self, state: ReferenceState) -> str | None:
        rate = counters.hit_rate(_reads(state).hits, _reads(state).misses)
        return None if rate is None else number_format(100 * rate, 1) + " %"

    @admin.display(description=_("values in this process"))
    def entries(self, state: ReferenceState) -> int:
        return int(kept_here(state.stamp)["entries"])

    @admin.display(description=_("age of the oldest"), empty_value="–")
    def oldest(self, state: ReferenceState) -> str | None:
        seconds = kept_here(state.stamp)["oldest_seconds"]
        return None if seconds is None else f"{seconds:.0f} s"

    @admin.display(description=_("size"))
    def size(self, state: ReferenceState) -> str:
        return filesizeformat(kept_here(state.stamp)["bytes"])


def _reads(state: ReferenceState) -> ReferenceReads:
    return state.club.reference_reads if hasattr(state.club, "reference_reads") else ReferenceReads()
