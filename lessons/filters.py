"""What lists can be narrowed by. Days are days of the club: the view has put its time zone in force."""

from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from .models import HOLDING, Client, Closure, Lesson, Series, Subscription, Teacher
from .planner import day_bounds

EARLIEST, LATEST = date(1900, 1, 1), date(2200, 1, 1)


class DayFilter(filters.DateFilter):
    """Compares an instant with the beginning of a local day."""

    def filter(self, qs: QuerySet[Any], value: date | None) -> QuerySet[Any]:
        if value is None:
            return qs
        near = min(max(value, EARLIEST), LATEST)  # what lies beyond has no midnight in UTC
        midnight, _end = day_bounds(near, near, timezone.get_current_timezone())
        return qs.filter(**{f"{self.field_name}__{self.lookup_expr}": midnight})


class LessonFilter(filters.FilterSet):
    teacher = filters.ModelChoiceFilter(queryset=lambda request: _of_club(Teacher, request))
    client = filters.ModelChoiceFilter(
        method="filter_client", queryset=lambda request: _of_club(Client, request), label=_("lessons in which this client has a place")
    )
    series = filters.ModelChoiceFilter(queryset=lambda request: _of_club(Series, request))
    place = filters.CharFilter(field_name="place__name", lookup_expr="iexact")
    to = DayFilter(field_name="starts_at", lookup_expr="lt", label=_("lessons that start before this day"))

    class Meta:
        model = Lesson
        fields = ["status"]

    @extend_schema_field(OpenApiTypes.INT)
    def filter_client(self, rows: QuerySet[Lesson], name: str, client: Client) -> QuerySet[Lesson]:
        return rows.filter(enrolments__client=client, enrolments__attendance__in=HOLDING)


# `from` is a word of Python's, so this filter cannot be an attribute.
LessonFilter.base_filters["from"] = DayFilter(field_name="starts_at", lookup_expr="gte", label=_("lessons that start on this day or later"))


class SubscriptionFilter(filters.FilterSet):
    client = filters.ModelChoiceFilter(queryset=lambda request: _of_club(Client, request))
    valid_on = filters.DateFilter(method="filter_valid_on", label=_("valid on this day"))

    class Meta:
        model = Subscription
        fields = ["kind"]

    def filter_valid_on(self, rows: QuerySet[Subscription], name: str, day: date) -> QuerySet[Subscription]:
        return rows.filter(valid_from__lte=day).exclude(valid_until__lt=day)


class ClosureFilter(filters.FilterSet):
    to = filters.DateFilter(field_name="first_day", lookup_expr="lt", label=_("closures that begin before this day"))

    class Meta:
        model = Closure
        fields: list[str] = []


ClosureFilter.base_filters["from"] = filters.DateFilter(
    field_name="last_day", lookup_expr="gte", label=_("closures that end on this day or later")
)


def _of_club(model: type[Teacher | Client | Series], request: Any) -> QuerySet[Any]:
    membership = getattr(request, "membership", None)
    return model.objects.filter(club=membership.club) if membership else model.objects.none()
