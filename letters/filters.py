from django.db.models import BigIntegerField
from django_filters import rest_framework as filters

from .models import VolunteerLetterSend


class LetterFilter(filters.FilterSet):
    teacher = filters.NumberFilter(field_name="teacher_id", min_value=1, max_value=BigIntegerField.MAX_BIGINT)
    batch = filters.UUIDFilter(field_name="sending__batch_id")

    class Meta:
        model = VolunteerLetterSend
        fields = ["status", "year"]
