"""Programmes as JSON."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from jobs.services import job_reference

from .models import Evaluation, Programme, ProgrammeAssignment, Realisation, Skill, TaskAssignment
from .serializers import LARGEST_ID, JobReferenceSerializer
from .services import MOST_CLIENTS_ASSIGNED, SkillDraft


class SkillSerializer(serializers.ModelSerializer[Skill]):
    class Meta:
        model = Skill
        fields = ["id", "name"]


class SkillDraftSerializer(serializers.Serializer[Any]):
    """A new skill may also be sent as its bare name."""

    id = serializers.IntegerField(min_value=1, max_value=LARGEST_ID, required=False)
    name = serializers.CharField(max_length=120)

    def to_internal_value(self, data: Any) -> Any:
        value = super().to_internal_value({"name": data} if isinstance(data, str) else data)
        return SkillDraft(value["name"], value.get("id"))


class ProgrammeSerializer(serializers.ModelSerializer[Programme]):
    skills = SkillSerializer(many=True)
    clients = serializers.IntegerField(source="client_count", help_text="How many clients follow it.")
    acquired = serializers.IntegerField(help_text="Realisations that are acquired, of all clients.")
    expected = serializers.IntegerField(help_text="All realisations of its clients.")

    class Meta:
        model = Programme
        fields = ["id", "name", "version", "skills", "clients", "acquired", "expected", "created_at", "updated_at"]


class ProgrammeWishSerializer(serializers.Serializer[Any]):
    """`version`: what you read; 409 if somebody has changed it since. `drop`: skills that may go with their marks."""

    name = serializers.CharField(max_length=120)
    skills = SkillDraftSerializer(many=True)
    version = serializers.IntegerField(min_value=1, required=False)
    drop = serializers.ListField(child=serializers.IntegerField(min_value=1, max_value=LARGEST_ID), required=False)


@extend_schema_field({"type": "array", "items": {"type": "integer"}, "maxItems": MOST_CLIENTS_ASSIGNED})
class IdsField(serializers.Field[Any, Any, Any, Any]):
    """A list of ids in one pass: a field for each of 200 would take longer than all the rest of the click."""

    default_error_messages = {"wrong": _("A list of clients' numbers is expected.")}

    def to_internal_value(self, data: Any) -> list[int]:
        if not isinstance(data, list) or any(type(each) is not int or not 0 < each <= LARGEST_ID for each in data):
            self.fail("wrong")
        ids: list[int] = data
        return ids

    def to_representation(self, value: Any) -> Any:
        return value


class AssignmentWishSerializer(serializers.Serializer[Any]):
    clients = IdsField()


class AssignmentSerializer(serializers.ModelSerializer[ProgrammeAssignment]):
    clients = IdsField(source="client_ids")
    joined = IdsField(source="joined_ids", help_text="Whom this put on the programme.")

    class Meta:
        model = ProgrammeAssignment
        fields = ["id", "programme", "clients", "joined", "created_at"]


class StartedAssignmentSerializer(serializers.Serializer[Any]):
    assignment = AssignmentSerializer()
    job = JobReferenceSerializer()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return {"assignment": AssignmentSerializer(instance).data, "job": job_reference(instance.job)}


class UndoneSerializer(serializers.Serializer[Any]):
    kept = serializers.IntegerField(help_text="Clients who stay on the programme because they have been marked since.")


class TaskAssignmentSerializer(serializers.ModelSerializer[TaskAssignment]):
    programme = serializers.IntegerField(source="skill.programme_id")
    name = serializers.CharField(source="skill.name")

    class Meta:
        model = TaskAssignment
        fields = ["id", "programme", "skill", "name", "created_at"]


class RealisationSerializer(serializers.ModelSerializer[Realisation]):
    programme = serializers.IntegerField(source="task.skill.programme_id", read_only=True)
    skill = serializers.IntegerField(source="task.skill_id", read_only=True)

    class Meta:
        model = Realisation
        fields = ["id", "programme", "task", "skill", "client", "status", "marked_at", "marked_by"]
        read_only_fields = fields


class MarkSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(Realisation.Status.choices)
    was = serializers.ChoiceField(
        Realisation.Status.choices, required=False, help_text="What you saw. If it is another by now, nothing is written: 409."
    )


class EvaluationSerializer(serializers.ModelSerializer[Evaluation]):
    progress = serializers.IntegerField(read_only=True)

    class Meta:
        model = Evaluation
        fields = ["id", "programme", "client", "total", "started", "acquired", "progress", "updated_at"]
