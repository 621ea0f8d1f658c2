"""Letters as JSON."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from lessons.serializers import JobReferenceSerializer

from .models import VolunteerLetterSend, Wording
from .services import EVERYBODY

LARGEST_ID = 2**63 - 1
MOST_TEACHERS = 100_000


class LetterSerializer(serializers.ModelSerializer[VolunteerLetterSend]):
    batch = serializers.UUIDField(source="sending.batch_id", read_only=True, allow_null=True)
    wording_version = serializers.IntegerField(source="sending.wording.version", read_only=True)
    has_pdf = serializers.SerializerMethodField()

    class Meta:
        model = VolunteerLetterSend
        fields = [
            "id", "club", "teacher", "teacher_name", "sent_by_user", "recipient_email", "year", "status", "error_message", "attempts",
            "message_id", "has_pdf", "pdf_sha256", "wording_version", "figures_version", "batch", "sent_at", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_has_pdf(self, letter: VolunteerLetterSend) -> bool:
        return bool(letter.pdf)


@extend_schema_field({"oneOf": [{"type": "string", "enum": [EVERYBODY]}, {"type": "array", "items": {"type": "integer"}}]})
class TeachersField(serializers.Field):  # type: ignore[type-arg]  # generic in the stubs alone
    """`"all"`, or the ids of some."""

    def to_internal_value(self, data: Any) -> str | list[int]:
        if data == EVERYBODY:
            return EVERYBODY
        if not isinstance(data, list) or not data or len(data) > MOST_TEACHERS:
            raise serializers.ValidationError(_("Say “all”, or give a list of teachers."))
        if any(isinstance(pk, bool) or not isinstance(pk, int) or not 0 < pk <= LARGEST_ID for pk in data):
            raise serializers.ValidationError(_("A teacher is named by a whole number."))
        return list(dict.fromkeys(data))

    def to_representation(self, value: Any) -> Any:
        return value


class YearSerializer(serializers.Serializer[Any]):
    year = serializers.IntegerField(min_value=2005, max_value=2100, required=False, help_text="Without it the present year.")


class SendSerializer(YearSerializer):
    teachers = TeachersField()


class LetterToSeeSerializer(YearSerializer):
    teacher = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)


class DryRunChoiceSerializer(serializers.Serializer[Any]):
    dry_run = serializers.BooleanField(default=False, help_text="Only say what it would do.")


class RetryFailedSerializer(YearSerializer, DryRunChoiceSerializer):
    pass


class CancelSerializer(DryRunChoiceSerializer):
    batch = serializers.UUIDField(help_text="Of a sending, or of a retry.")


class ResolveSerializer(serializers.Serializer[Any]):
    arrived = serializers.BooleanField(help_text="True: it arrived. False: send it again.")


class SkippedSerializer(serializers.Serializer[Any]):
    teacher = serializers.IntegerField()
    reason = serializers.CharField()


class BatchReferenceSerializer(serializers.Serializer[Any]):
    token = serializers.CharField()
    total = serializers.IntegerField()
    status_url = serializers.CharField()


class GapSerializer(serializers.Serializer[Any]):
    field = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a declared field, which DRF's metaclass takes away from the class


class PlanSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField()
    message = serializers.CharField()
    skipped = SkippedSerializer(many=True)
    batch = BatchReferenceSerializer(source="batch_reference", allow_null=True)


class DryRunSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField()
    skipped = SkippedSerializer(many=True)
    missing = GapSerializer(source="gaps", many=True, help_text="What the club's wording must say before anything is sent.")


class RetrySerializer(serializers.Serializer[Any]):
    year = serializers.IntegerField()
    count = serializers.IntegerField()
    message = serializers.CharField()
    delivered = serializers.IntegerField(help_text="Left out: a newer letter has arrived or is under way.")
    blocked = serializers.SerializerMethodField(help_text="Letters whose teacher's card must be mended first.")
    batch = BatchReferenceSerializer(source="batch_reference", allow_null=True)

    def get_blocked(self, retry: Any) -> list[int]:
        return [letter.pk for letter, _reason in retry.blocked]


class StopSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField(help_text="Letters that had not begun to leave: they are cancelled.")
    running = serializers.IntegerField(help_text="Letters that were being sent: they go.")
    message = serializers.CharField()


class TestSerializer(serializers.Serializer[Any]):
    message = serializers.CharField()
    job = JobReferenceSerializer()


class SummarySerializer(serializers.Serializer[Any]):
    pending = serializers.IntegerField()
    sent = serializers.IntegerField()
    failed = serializers.IntegerField()
    unsure = serializers.IntegerField()
    held = serializers.IntegerField()
    bounced = serializers.IntegerField()
    cancelled = serializers.IntegerField()


class WordingSerializer(serializers.ModelSerializer[Wording]):
    class Meta:
        model = Wording
        exclude = ["id", "club", "created_by", "logo"]
        read_only_fields = ["version", "created_at"]
