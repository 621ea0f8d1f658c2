"""Staffing over HTTP: a run is answered at once and followed; reference data come from the cache."""

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from lessons.access import ManagersWrite
from lessons.api import CLUB, ClubView
from lessons.models import Membership

from . import reference, services
from .models import Direction, Simulation
from .serializers import (
    CacheSerializer,
    CentresRunSerializer,
    ReferenceTaskSerializer,
    RunSerializer,
    StartedSerializer,
    TaskSerializer,
    task_body,
)


class OnlyManagers(ManagersWrite):
    """How many people an organisation lacks is not for everybody."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return super().has_permission(request, view) and bool(view.membership.role == Membership.Role.MANAGER)


class StaffingView(ClubView):
    permission_classes = (*ClubView.permission_classes[:1], OnlyManagers)


@extend_schema(parameters=[CLUB])
class RunView(StaffingView):
    """`scope` comes with the address."""

    scope = ""

    def start(self, request: Request, serializer_class: type[RunSerializer], **options: Any) -> Response:
        serializer = serializer_class(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked = {**serializer.validated_data, **options}
        try:
            run = services.start_run(club=self.membership.club, user=request.user, scope=self.scope, **asked)
        except services.NotInClub as refusal:
            raise exceptions.NotFound(refusal.message_dict) from refusal
        except services.Refused as refusal:
            raise exceptions.ValidationError(_where_asked(refusal.message_dict)) from refusal
        return Response(StartedSerializer(run).data, status=202)


class DirectionRunView(RunView):
    scope = Simulation.Scope.DIRECTION

    @extend_schema(request=RunSerializer, responses={202: StartedSerializer})
    def post(self, request: Request, pk: int) -> Response:
        direction = get_object_or_404(Direction, club=self.membership.club, pk=pk)
        return self.start(request, RunSerializer, direction=direction)


class NationalRunView(RunView):
    scope = Simulation.Scope.NATIONAL

    @extend_schema(request=RunSerializer, responses={202: StartedSerializer})
    def post(self, request: Request) -> Response:
        return self.start(request, RunSerializer)


class CentresRunView(RunView):
    scope = Simulation.Scope.CENTRES

    @extend_schema(request=CentresRunSerializer, responses={202: StartedSerializer})
    def post(self, request: Request) -> Response:
        return self.start(request, CentresRunSerializer)


@extend_schema(parameters=[CLUB])
class TaskView(StaffingView):
    @extend_schema(responses={200: TaskSerializer})
    def get(self, request: Request, task_id: UUID) -> Response:
        run: Any = get_object_or_404(Simulation.objects.filter(club=self.membership.club).with_details(), task_id=task_id)
        if run.state == "unknown":
            raise exceptions.NotFound(
                {"token": str(task_id), "status": "unknown", "detail": _("This run ended long ago without a result.")}
            )
        body = task_body(run, run.current_version or 0)
        response = Response(body, headers={"Cache-Control": "no-store"})
        if body["poll_after_ms"]:
            response["Retry-After"] = "1"
        return response


@extend_schema(parameters=[CLUB])
class TasksView(StaffingView):
    @extend_schema(responses=ReferenceTaskSerializer(many=True))
    def get(self, request: Request) -> Response:
        tasks = reference.get_reference_tasks(self.membership.club_id)
        return Response([{**task._asdict(), "minutes": str(task.minutes)} for task in tasks])


@extend_schema(parameters=[CLUB])
class DirectionsView(StaffingView):
    @extend_schema(responses=dict)
    def get(self, request: Request) -> Response:
        rows = reference.get_directions(self.membership.club_id)
        return Response([{"id": pk, "code": code, "name": name, "centres": centres} for pk, code, name, centres in rows])


@extend_schema(parameters=[CLUB])
class DirectionView(StaffingView):
    """With its centres, and how many units of which task each does in a year."""

    @extend_schema(responses=dict)
    def get(self, request: Request, pk: int) -> Response:
        direction = reference.get_direction_data(self.membership.club_id, pk)
        if direction is None:
            raise exceptions.NotFound(_("The club has no such direction."))
        centres = [
            {
                **centre._asdict(),
                "headcount": str(centre.headcount),
                "volumes": [{"task": task, "units": str(units)} for task, units in centre.volumes],
            }
            for centre in direction.centres
        ]
        return Response({**direction._asdict(), "centres": centres})


@extend_schema(parameters=[CLUB])
class StatisticsView(StaffingView):
    @extend_schema(responses=CacheSerializer)
    def get(self, request: Request) -> Response:
        return Response(CacheSerializer(reference.statistics(self.membership.club_id)).data)


def _where_asked(errors: dict[str, list[str]]) -> dict[str, Any]:
    """The errors of assumptions, under the key under which they came."""
    own = {name: texts for name, texts in errors.items() if name == "centres"}
    assumed = {name: texts for name, texts in errors.items() if name != "centres"}
    return {**own, **({"assumptions": assumed} if assumed else {})}
