"""The enrolments of one lesson over HTTP: who has a place, who waits, who came."""

from collections.abc import Callable
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from . import services
from .api import CLUB, ClubView, ask
from .models import Attendance, Enrolment, Lesson
from .places import positions
from .serializers_enrolments import AttendanceSerializer, DecidedEnrolmentSerializer, EnrolmentListSerializer, NewEnrolmentSerializer


class LessonEnrolmentsView(ClubView):
    def lesson(self, pk: int) -> Lesson:
        return get_object_or_404(Lesson.objects.select_related("club"), club=self.membership.club, pk=pk)

    def rows(self, lesson: Lesson, **narrowed: Any) -> list[Any]:
        """Each with its `position`, if it waits for a place."""
        places = positions([lesson.pk])
        found: list[Any] = list(Enrolment.objects.filter(lesson=lesson, **narrowed).select_related("client").order_by("id"))
        for row in found:
            row.position = places.get((lesson.pk, row.client_id))
        return found

    def decide(self, service: Callable[..., services.Decided], of: int, *, lesson: Lesson, status: int = 200, **asked: Any) -> Response:
        decided = ask(service, lesson=lesson, user=self.request.user, **asked)
        [row] = self.rows(lesson, client=of)
        row.decided = decided
        body = DecidedEnrolmentSerializer(row, context={"request": self.request}).data
        return Response(body, status=status if decided.change else 200)


class EnrolmentsView(LessonEnrolmentsView):
    @extend_schema(parameters=[CLUB], responses=EnrolmentListSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Everybody who was ever enrolled, with what became of it."""
        return Response(EnrolmentListSerializer({"results": self.rows(self.lesson(pk))}).data)

    @extend_schema(
        parameters=[CLUB], request=NewEnrolmentSerializer, responses={201: DecidedEnrolmentSerializer, 200: DecidedEnrolmentSerializer}
    )
    def post(self, request: Request, pk: int) -> Response:
        """A full lesson puts the client on its waiting list. 200: the client was in already. 409: the lesson is cancelled."""
        lesson = self.lesson(pk)
        asked = NewEnrolmentSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        client, present = asked.validated_data["client"], asked.validated_data["attendance"] == Attendance.ATTENDED
        try:
            return self.decide(services.enrol_clients, client, lesson=lesson, clients=[client], present=present, status=201)
        except exceptions.APIException as refusal:
            if isinstance(refusal.detail, dict) and "clients" in refusal.detail:  # under the name that was sent
                refusal.detail["client"] = refusal.detail.pop("clients")
            raise


class EnrolmentView(LessonEnrolmentsView):
    @extend_schema(parameters=[CLUB], request=AttendanceSerializer, responses=DecidedEnrolmentSerializer)
    def patch(self, request: Request, pk: int, client: int) -> Response:
        """Mark who came; or decide otherwise than the cut-off: `cancelled` gives the credit back, `expected` a free place."""
        lesson = self.lesson(pk)
        self._require(lesson, client)
        asked = AttendanceSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return self.decide(services.mark_attendance, client, lesson=lesson, client=client, **asked.validated_data)

    @extend_schema(parameters=[CLUB], request=None, responses=DecidedEnrolmentSerializer)
    def delete(self, request: Request, pk: int, client: int) -> Response:
        """Cancel by the club's rule: `attendance` in the answer says whether it was in time."""
        lesson = self.lesson(pk)
        self._require(lesson, client)
        return self.decide(services.cancel_enrolments, client, lesson=lesson, clients=[client])

    def _require(self, lesson: Lesson, client: int) -> None:
        if not Enrolment.objects.filter(lesson=lesson, client=client).exists():
            raise exceptions.NotFound(_("This client is not in the lesson."))
