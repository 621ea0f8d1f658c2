"""Programmes for operators: looked at. They are made and assigned on the club's pages, where a job does what follows."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline

from .admin_read_only import ReadOnly
from .models import Evaluation, Programme, ProgrammeAssignment, Realisation, Skill


class SkillInline(ReadOnly, TabularInline):
    model = Skill
    extra = 0
    fields = ("position", "name")


@admin.register(Programme)
class ProgrammeAdmin(ReadOnly, ModelAdmin):
    list_display = ("name", "club", "shown_skills", "shown_clients", "updated_at")
    list_filter = ("club",)
    list_select_related = ("club",)
    search_fields = ("name",)
    inlines = (SkillInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Programme]:
        rows: Any = super().get_queryset(request)
        return rows.with_counts()  # type: ignore[no-any-return]

    @admin.display(description=_("skills"))
    def shown_skills(self, programme: Any) -> int:
        return int(programme.skill_count)

    @admin.display(description=_("clients"))
    def shown_clients(self, programme: Any) -> int:
        return int(programme.client_count)


@admin.register(ProgrammeAssignment)
class ProgrammeAssignmentAdmin(ReadOnly, ModelAdmin):
    list_display = ("programme", "shown_clients", "created_by", "created_at", "job")
    list_filter = ("programme__club", "created_at")
    list_select_related = ("programme", "created_by", "job")
    search_fields = ("programme__name",)

    @admin.display(description=_("clients"))
    def shown_clients(self, assignment: ProgrammeAssignment) -> int:
        return len(assignment.client_ids)


@admin.register(Evaluation)
class EvaluationAdmin(ReadOnly, ModelAdmin):
    list_display = ("client", "programme", "total", "started", "acquired", "updated_at")
    list_filter = ("programme__club", "programme")
    list_select_related = ("client", "programme")
    search_fields = ("client__first_name", "client__last_name", "programme__name")


@admin.register(Realisation)
class RealisationAdmin(ReadOnly, ModelAdmin):
    list_display = ("client", "task", "status", "marked_at", "marked_by")
    list_filter = ("status", "client__club")
    list_select_related = ("client", "task__skill", "marked_by")
    search_fields = ("client__first_name", "client__last_name", "task__skill__name")
