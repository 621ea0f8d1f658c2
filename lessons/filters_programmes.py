"""What the lists of programmes can be narrowed by."""

from django_filters import rest_framework as filters

from .filters import IdFilter
from .models import Evaluation, Realisation, TaskAssignment


class TaskAssignmentFilter(filters.FilterSet):
    programme = IdFilter(field_name="skill__programme")

    class Meta:
        model = TaskAssignment
        fields: list[str] = []


class RealisationFilter(filters.FilterSet):
    programme = IdFilter(field_name="task__skill__programme")
    skill = IdFilter(field_name="task__skill")
    client = IdFilter()

    class Meta:
        model = Realisation
        fields = ["status"]


class EvaluationFilter(filters.FilterSet):
    programme = IdFilter()
    client = IdFilter()

    class Meta:
        model = Evaluation
        fields: list[str] = []
