"""Programmes over HTTP: assigning answers at once with a job; a mark that somebody else has overtaken is refused with 409."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import exceptions, mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from . import services
from .api import CLUB, ClubRows
from .filters_programmes import EvaluationFilter, RealisationFilter, TaskAssignmentFilter
from .models import Evaluation, Programme, ProgrammeAssignment, Realisation, TaskAssignment
from .serializers_programmes import (
    AssignmentSerializer,
    AssignmentWishSerializer,
    EvaluationSerializer,
    MarkSerializer,
    ProgrammeSerializer,
    ProgrammeWishSerializer,
    RealisationSerializer,
    StartedAssignmentSerializer,
    TaskAssignmentSerializer,
    UndoneSerializer,
)


class Overtaken(exceptions.APIException):
    """As `Conflict`, with the words at their field."""

    status_code = 409

    def __init__(self, refusal: services.Refused) -> None:
        super().__init__()
        self.detail = exceptions.ValidationError(refusal.message_dict).detail


@extend_schema_view(
    create=extend_schema(request=ProgrammeWishSerializer, responses={201: ProgrammeSerializer}),
    partial_update=extend_schema(request=ProgrammeWishSerializer, responses=ProgrammeSerializer),
)
@extend_schema(parameters=[CLUB])
class ProgrammeViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ClubRows):
    queryset = Programme.objects.all()
    serializer_class = ProgrammeSerializer
    search_fields = ["name"]
    ordering_fields = ["id", "name", "created_at", "updated_at"]

    def get_queryset(self) -> QuerySet[Programme]:
        rows: Any = super().get_queryset()
        return rows.with_counts().prefetch_related("skills")  # type: ignore[no-any-return]

    def create(self, request: Request) -> Response:
        wish = _checked(ProgrammeWishSerializer(data=request.data))
        names = [draft.name for draft in wish["skills"]]
        try:
            made = services.create_programme(club=self.membership.club, user=request.user, name=wish["name"], skills=names)
        except services.ProgrammeRefused as refusal:
            raise _for_client(refusal) from refusal
        return self._answer(made, 201)

    def partial_update(self, request: Request, pk: int) -> Response:
        """The list of skills is written as a whole: one that is not in it is removed."""
        programme = self.get_object()
        wish = _checked(ProgrammeWishSerializer(data=request.data, partial=True))
        wish.setdefault("name", programme.name)
        wish.setdefault("skills", [services.SkillDraft(skill.name, skill.pk) for skill in programme.skills.all()])
        try:
            changed = services.change_programme(programme=programme, user=request.user, **wish)
        except services.Overtaken as refusal:
            raise Overtaken(refusal) from refusal
        except services.ProgrammeRefused as refusal:
            raise _for_client(refusal) from refusal
        return self._answer(changed, 200)

    def destroy(self, request: Request, pk: int) -> Response:
        """With every mark in it."""
        services.delete_programme(programme=self.get_object())
        return Response(status=204)

    @extend_schema(methods=["GET"], responses=AssignmentSerializer(many=True), filters=False)
    @extend_schema(methods=["POST"], request=AssignmentWishSerializer, responses={201: StartedAssignmentSerializer})
    @action(detail=True, methods=["get", "post"])
    def assignments(self, request: Request, pk: int) -> Response:
        """POST answers at once; `job` makes what is missing. Clients who already follow the programme lose nothing."""
        programme = get_object_or_404(Programme.objects.select_related("club"), club=self.membership.club, pk=pk)
        if request.method == "GET":
            page = self.paginate_queryset(programme.assignments.order_by("-pk"))
            return self.get_paginated_response(AssignmentSerializer(page, many=True).data)
        clients = _checked(AssignmentWishSerializer(data=request.data))["clients"]
        try:
            made = services.assign_programme(programme=programme, user=request.user, clients=clients)
        except services.NotInClub as refusal:
            raise exceptions.NotFound(dict(refusal.message_dict)) from refusal
        except services.Refused as refusal:
            raise exceptions.ValidationError(refusal.message_dict) from refusal
        return Response(StartedAssignmentSerializer(made).data, status=201)

    @extend_schema(request=None, responses=UndoneSerializer)
    @action(detail=True, methods=["post"], url_path="assignments/<int:assignment>/undo")
    def undo(self, request: Request, pk: int, assignment: int) -> Response:
        """Takes off the programme whom that assignment put on it, but nobody who has been marked since."""
        found = get_object_or_404(ProgrammeAssignment, programme__club=self.membership.club, programme=pk, pk=assignment)
        return Response({"kept": services.undo_assignment(assignment=found)})

    def _answer(self, programme: Programme, status: int) -> Response:
        return Response(self.get_serializer(self.get_queryset().get(pk=programme.pk)).data, status=status)


@extend_schema(parameters=[CLUB])
class TaskAssignmentViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ClubRows):
    """One a skill that has been assigned."""

    club_field = "skill__programme__club"
    queryset = TaskAssignment.objects.select_related("skill")
    serializer_class = TaskAssignmentSerializer
    filterset_class = TaskAssignmentFilter
    ordering_fields = ["id", "created_at"]


@extend_schema(parameters=[CLUB])
class RealisationViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ClubRows):
    """One a client × skill."""

    club_field = "client__club"
    queryset = Realisation.objects.select_related("task__skill")
    serializer_class = RealisationSerializer
    filterset_class = RealisationFilter
    ordering_fields = ["id", "marked_at"]

    @extend_schema(request=MarkSerializer, responses=RealisationSerializer)
    def partial_update(self, request: Request, pk: int) -> Response:
        found = self.get_object()
        mark = _checked(MarkSerializer(data=request.data))
        try:
            services.mark_progress(realisation=found, user=request.user, **mark)
        except services.MarkedMeanwhile as refusal:
            raise Overtaken(refusal) from refusal
        return Response(self.get_serializer(self.get_object()).data)


@extend_schema(parameters=[CLUB])
class EvaluationViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ClubRows):
    """One a client × programme: the realisations, counted."""

    club_field = "client__club"
    queryset = Evaluation.objects.select_related("programme", "client")
    serializer_class = EvaluationSerializer
    filterset_class = EvaluationFilter
    ordering_fields = ["id", "acquired", "updated_at"]

    def destroy(self, request: Request, pk: int) -> Response:
        """Takes the client off the programme, marks included."""
        found = self.get_object()
        services.withdraw_client(programme=found.programme, client=found.client)
        return Response(status=204)


def _checked(serializer: Any) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def _for_client(refusal: services.ProgrammeRefused) -> exceptions.ValidationError:
    """Each line's words at its place in the list, as DRF does with what it checks itself."""
    errors: dict[str, Any] = dict(refusal.message_dict)
    if refusal.rows:
        errors["skills"] = {place: [words] for place, words in refusal.rows.items()}
    return exceptions.ValidationError(errors)
