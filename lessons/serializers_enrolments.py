"""Enrolments as JSON."""

from typing import Any

from rest_framework import serializers

from jobs.services import job_reference

from .models import Attendance, Enrolment
from .serializers import LARGEST_ID, ChangeSerializer, InstantField, JobReferenceSerializer


class EnrolmentRowSerializer(serializers.ModelSerializer[Enrolment]):
    client = serializers.IntegerField(source="client_id")
    client_name = serializers.CharField(source="client.__str__")
    position = serializers.IntegerField(allow_null=True, help_text="On the waiting list, from 1.")
    attendance_at = InstantField(allow_null=True)

    class Meta:
        model = Enrolment
        fields = ["client", "client_name", "attendance", "position", "status", "charged", "attendance_at"]
        read_only_fields = fields


class EnrolmentListSerializer(serializers.Serializer[Any]):
    """In the shape of a list, though it always fits one page."""

    count = serializers.SerializerMethodField()
    next = serializers.CharField(read_only=True, allow_null=True, default=None)
    previous = serializers.CharField(read_only=True, allow_null=True, default=None)
    results = EnrolmentRowSerializer(many=True)

    def get_count(self, listed: dict[str, Any]) -> int:
        return len(listed["results"])


class DecidedEnrolmentSerializer(EnrolmentRowSerializer):
    """The enrolment as it is now, the job that follows, and the way back."""

    job = JobReferenceSerializer(allow_null=True, help_text="Null when nothing changed.")
    change = ChangeSerializer(allow_null=True)

    class Meta(EnrolmentRowSerializer.Meta):
        fields = [*EnrolmentRowSerializer.Meta.fields, "job", "change"]
        read_only_fields = fields

    def to_representation(self, instance: Any) -> dict[str, Any]:
        decided = instance.decided
        change = ChangeSerializer(decided.change, context=self.context).data if decided.change else None
        job = job_reference(decided.job) if decided.job else None
        return {**EnrolmentRowSerializer(instance, context=self.context).data, "job": job, "change": change}


class NewEnrolmentSerializer(serializers.Serializer[Any]):
    client = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)
    attendance = serializers.ChoiceField(
        choices=[(Attendance.EXPECTED.value, Attendance.EXPECTED.label), (Attendance.ATTENDED.value, Attendance.ATTENDED.label)],
        default=Attendance.EXPECTED.value,
        help_text="`attended` adds who is there to a lesson that has begun.",
    )


class AttendanceSerializer(serializers.Serializer[Any]):
    attendance = serializers.ChoiceField(choices=Attendance.choices)
