"""What the lists of programmes can be narrowed by; a row of another club is one that does not exist."""

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from .models import Client, Evaluation, Programme, Realisation, Skill, TaskAssignment


class TaskAssignmentFilter(filters.FilterSet):
    programme = filters.ModelChoiceFilter(field_name="skill__programme", queryset=lambda request: _of_club(Programme, request))

    class Meta:
        model = TaskAssignment
        fields: list[str] = []


class RealisationFilter(filters.FilterSet):
    programme = filters.ModelChoiceFilter(field_name="task__skill__programme", queryset=lambda request: _of_club(Programme, request))
    skill = filters.ModelChoiceFilter(field_name="task__skill", queryset=lambda request: _of_club(Skill, request, "programme__club"))
    client = filters.ModelChoiceFilter(queryset=lambda request: _of_club(Client, request))

    class Meta:
        model = Realisation
        fields = ["status"]


class EvaluationFilter(filters.FilterSet):
    programme = filters.ModelChoiceFilter(queryset=lambda request: _of_club(Programme, request))
    client = filters.ModelChoiceFilter(queryset=lambda request: _of_club(Client, request))

    class Meta:
        model = Evaluation
        fields: list[str] = []


def _of_club(model: type[Client | Programme | Skill], request: Any, path: str = "club") -> QuerySet[Any]:
    membership = getattr(request, "membership", None)
    return model._default_manager.filter(**{path: membership.club}) if membership else model._default_manager.none()
