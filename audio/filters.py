from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters

from .models import VoiceNote


class VoiceNoteFilter(filters.FilterSet):
    client = filters.NumberFilter(field_name="client_id")
    status = filters.ChoiceFilter(choices=VoiceNote.Status.choices, method="filter_status")
    asks = filters.BooleanFilter(field_name="question", lookup_expr="isnull", exclude=True, label=_("waits for an answer"))

    class Meta:
        model = VoiceNote
        fields: list[str] = []

    def filter_status(self, notes: QuerySet[VoiceNote], name: str, status: str) -> Any:
        return notes.with_status(status)  # type: ignore[attr-defined]  # VoiceNoteQuerySet
