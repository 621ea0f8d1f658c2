from django_filters import rest_framework as filters

from .models import VolunteerLetterSend
from .serializers import LARGEST_ID


class LetterFilter(filters.FilterSet):
    teacher = filters.NumberFilter(field_name="teacher_id", min_value=1, max_value=LARGEST_ID)
    batch = filters.UUIDFilter(field_name="sending__batch_id")

    class Meta:
        model = VolunteerLetterSend
        fields = ["status", "year"]
