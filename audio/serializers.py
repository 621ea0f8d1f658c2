"""Voice notes as JSON."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from jobs.services import job_reference
from lessons.models import Client
from lessons.serializers import LARGEST_ID, JobReferenceSerializer

from . import wording
from .models import FieldChange, NotePreference, VoiceNote

POLL_SECONDS = 2  # a note takes seconds to minutes; its job's own URL has a livelier pace


class RecordingSerializer(serializers.Serializer[Any]):
    file = serializers.FileField(help_text="webm, ogg, mp4, mp3 or wav, judged by what it holds.")
    client = serializers.PrimaryKeyRelatedField(
        queryset=Client.objects.none(), required=False, allow_null=True, default=None, help_text="On whose page it was recorded."
    )
    language = serializers.ChoiceField(
        choices=settings.LANGUAGES,
        required=False,
        default="",
        help_text="That is spoken; without it the club's, or what the transcriber understands.",
    )

    def get_fields(self) -> dict[str, Any]:
        """Only the club's own clients can be named."""
        fields = super().get_fields()
        if self.context.get("club"):
            fields["client"].queryset = Client.objects.filter(club=self.context["club"])  # type: ignore[attr-defined]  # it is a related field
        return fields


class RecordedSerializer(serializers.Serializer[Any]):
    audio_record_id = serializers.IntegerField(source="pk")
    status = serializers.CharField()
    job = serializers.SerializerMethodField()
    status_url = serializers.SerializerMethodField()

    @extend_schema_field(JobReferenceSerializer(allow_null=True))
    def get_job(self, note: VoiceNote) -> dict[str, str] | None:
        return job_reference(note.job) if note.job else None

    def get_status_url(self, note: VoiceNote) -> str:
        return f"/api/audio/status/{note.pk}"


class FieldChangeSerializer(serializers.ModelSerializer[FieldChange]):
    label = serializers.CharField(source="field_in_words", read_only=True)  # type: ignore[assignment]  # a declared field
    undone = serializers.SerializerMethodField()

    class Meta:
        model = FieldChange
        fields = [
            "id", "client", "note", "field", "label", "old", "new", "words", "position_seconds", "changed_at", "undone", "undone_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_undone(self, change: FieldChange) -> bool:
        return change.undone_at is not None


class OutcomeClientSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    created = serializers.BooleanField(help_text="By this note.")
    changes = FieldChangeSerializer(many=True)


class CandidateSerializer(serializers.ModelSerializer[Client]):
    name = serializers.CharField(source="__str__", read_only=True)
    sessions_left = serializers.IntegerField(read_only=True, allow_null=True, help_text="Of packs valid today; null: unlimited.")

    class Meta:
        model = Client
        fields = ["id", "name", "email", "phone", "birth_date", "sessions_left"]


class NoteQuestionSerializer(serializers.Serializer[Any]):
    candidates = CandidateSerializer(many=True)


class VoiceNoteSerializer(RecordedSerializer):
    """A note in a list; its client comes without the changes."""

    progress = serializers.SerializerMethodField()
    message = serializers.SerializerMethodField()
    transcription = serializers.CharField()
    client = serializers.SerializerMethodField()
    question = serializers.SerializerMethodField()
    error_message = serializers.CharField(source="error")
    processed_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    created_by = serializers.SerializerMethodField()
    language = serializers.CharField()
    duration_seconds = serializers.FloatField(allow_null=True)
    size_bytes = serializers.IntegerField()
    file_url = serializers.SerializerMethodField()

    def get_progress(self, note: VoiceNote) -> int:
        return note.job.progress if note.job and not note.ended else 100

    def get_message(self, note: VoiceNote) -> str:
        return wording.message(note)

    @extend_schema_field(
        {
            "type": "object",
            "nullable": True,
            "properties": {"id": {"type": "integer"}, "name": {"type": "string"}, "created": {"type": "boolean"}},
        }
    )
    def get_client(self, note: VoiceNote) -> dict[str, Any] | None:
        return {"id": note.client.pk, "name": str(note.client), "created": note.client_created} if note.client else None

    @extend_schema_field(NoteQuestionSerializer(allow_null=True))
    def get_question(self, note: VoiceNote) -> dict[str, Any] | None:
        """Null unless a manager has to say of whom the note speaks."""
        if note.question is None:
            return None
        return {"candidates": CandidateSerializer(note.candidate_rows, many=True).data}

    def get_created_by(self, note: VoiceNote) -> str:
        return note.created_by.get_username() if note.created_by else ""

    def get_file_url(self, note: VoiceNote) -> str | None:
        """Null once the recording was erased."""
        return f"/api/audio/notes/{note.pk}/file/" if note.file else None


class VoiceNoteStatusSerializer(VoiceNoteSerializer):
    """All of one note."""

    words = serializers.JSONField(help_text="Each word with its start and end in seconds.")
    poll_after_ms = serializers.SerializerMethodField(help_text="0: nothing is left to ask.")

    def get_poll_after_ms(self, note: VoiceNote) -> int:
        return 0 if note.ended else 1000 * POLL_SECONDS

    @extend_schema_field(OutcomeClientSerializer(allow_null=True))
    def get_client(self, note: VoiceNote) -> dict[str, Any] | None:
        found = super().get_client(note)
        return {**found, "changes": FieldChangeSerializer(note.change_rows, many=True).data} if found else None


class NoteAnswerSerializer(serializers.Serializer[Any]):
    """`client`, or nothing for somebody new; the names only where the note says none."""

    client = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=1, max_value=LARGEST_ID)
    first_name = serializers.CharField(required=False, default="", allow_blank=True, max_length=150)
    last_name = serializers.CharField(required=False, default="", allow_blank=True, max_length=150)


class NoteRerunSerializer(serializers.Serializer[Any]):
    listen = serializers.BooleanField(default=False, help_text="Transcribe anew too, such as after the transcriber was changed.")


class ErasedSerializer(serializers.Serializer[Any]):
    deleted = serializers.BooleanField(help_text="False: the record stands empty, because lessons name it.")


class NotePreferenceSerializer(serializers.ModelSerializer[NotePreference]):
    class Meta:
        model = NotePreference
        fields = ["email_when_done"]
