"""The club's data over HTTP: each caller sees and changes one club, and another club's row is not there."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from django.db import IntegrityError
from django.db.models import Model, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import exceptions, mixins, viewsets
from rest_framework.decorators import action
from rest_framework.filters import OrderingFilter, SearchFilter
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from . import access, services
from .credits import with_sessions_left
from .filters import ClosureFilter, LessonFilter, SubscriptionFilter
from .models import Change, Client, Closure, Lesson, Membership, Place, Subscription, Teacher
from .serializers import (
    ChangeLessonSerializer,
    ClientSerializer,
    ClosureLessonsSerializer,
    ClosureSerializer,
    ClubSettingsSerializer,
    CreatedLessonSerializer,
    DecidedSerializer,
    LessonSerializer,
    MeSerializer,
    NewLessonSerializer,
    PlaceSerializer,
    PlannedDatesSerializer,
    PreviewSerializer,
    ScopeSerializer,
    SubscriptionSerializer,
    TeacherSerializer,
)

LONGEST_KEY = 100
Answer = TypeVar("Answer")
CLUB = OpenApiParameter(
    "club", OpenApiTypes.INT, description="The caller's club; without it the only, or last used, one. `X-Club` works too."
)


class Conflict(exceptions.APIException):
    status_code = 409


class ClubView(APIView):
    """Keeps the caller's membership and, while it answers, the club's time zone."""

    permission_classes = (IsAuthenticated, access.ManagersWrite)
    membership: Membership

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        with timezone.override(timezone.get_current_timezone()):  # puts it back, whatever initial() activates
            return super().dispatch(request, *args, **kwargs)

    def check_permissions(self, request: Request) -> None:
        """Between who it is and what is allowed: for whom."""
        if request.user.is_authenticated and (membership := access.membership_of(request)):
            self.membership = request.membership = membership  # type: ignore[attr-defined]  # for the filters
            timezone.activate(membership.club.zone)
        super().check_permissions(request)


class ClubRows(ClubView, viewsets.GenericViewSet[Any]):
    """Rows of the caller's club and of no other."""

    club_field = "club"  # where the rows say whose they are
    lookup_value_converter = "int"
    filter_backends = [DjangoFilterBackend, SearchFilter, OrderingFilter]

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        return rows.none() if getattr(self, "swagger_fake_view", False) else rows.filter(**{self.club_field: self.membership.club})

    def get_serializer_context(self) -> dict[str, Any]:
        membership = getattr(self, "membership", None)
        return {**super().get_serializer_context(), "club": membership.club if membership else None}


class ClubRecords(mixins.ListModelMixin, mixins.RetrieveModelMixin, ClubRows):
    """The usual REST, each write by a service."""

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        row = ask(self.add, **serializer.validated_data)
        return Response(self.get_serializer(row).data, status=201)

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row = self.get_object()
        serializer = self.get_serializer(row, data=request.data, partial=kwargs.get("partial", False))
        serializer.is_valid(raise_exception=True)
        try:
            self.change(row, **serializer.validated_data)
        except services.Refused as refusal:
            raise exceptions.ValidationError(refusal.message_dict) from refusal
        except IntegrityError as error:  # checked above, but somebody else was in between
            raise Conflict(_("It was changed at the same moment. Try again.")) from error
        return Response(self.get_serializer(row).data)

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.update(request, *args, partial=True, **kwargs)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        try:
            services.remove(self.get_object())
        except services.InUse as error:
            raise Conflict(str(error)) from error
        return Response(status=204)

    def add(self, **values: Any) -> Model:
        raise NotImplementedError

    def change(self, row: Any, **values: Any) -> None:
        services.change(row, **values)


@extend_schema(parameters=[CLUB])
class TeacherViewSet(ClubRecords):
    queryset = Teacher.objects.all()
    serializer_class = TeacherSerializer
    filterset_fields = ["active", "volunteer"]
    search_fields = ["first_name", "last_name", "email"]
    ordering_fields = ["id", "last_name", "first_name", "created_at"]

    def add(self, **values: Any) -> Teacher:
        return services.create_teacher(club=self.membership.club, **values)


@extend_schema(parameters=[CLUB])
class ClientViewSet(ClubRecords):
    queryset = Client.objects.all()
    serializer_class = ClientSerializer
    search_fields = ["first_name", "last_name", "email", "phone"]
    ordering_fields = ["id", "last_name", "first_name", "birth_date", "created_at"]

    def get_queryset(self) -> QuerySet[Client]:
        return with_sessions_left(super().get_queryset(), timezone.localdate())

    def add(self, **values: Any) -> Client:
        return services.create_client(club=self.membership.club, **values)


@extend_schema(parameters=[CLUB])
class SubscriptionViewSet(ClubRecords):
    queryset = Subscription.objects.all()
    serializer_class = SubscriptionSerializer
    filterset_class = SubscriptionFilter
    ordering_fields = ["id", "valid_from", "valid_until", "created_at"]

    def add(self, **values: Any) -> Subscription:
        return services.sell_subscription(club=self.membership.club, **values)[0]

    def change(self, row: Subscription, **values: Any) -> None:
        services.change_subscription(subscription=row, **values)
        row.refresh_from_db()


@extend_schema(parameters=[CLUB])
class ClosureViewSet(ClubRecords):
    queryset = Closure.objects.all()
    serializer_class = ClosureSerializer
    filterset_class = ClosureFilter
    ordering_fields = ["id", "first_day", "last_day"]

    def add(self, **values: Any) -> Closure:
        return services.create_closure(club=self.membership.club, **values)

    @extend_schema(request=ClosureLessonsSerializer, responses=DecidedSerializer)
    @action(detail=True, methods=["post"], url_path="cancel-lessons")
    def cancel_lessons(self, request: Request, pk: int) -> Response:
        """Cancel lessons that stand on its days, all of them without `lessons`, as one decision: people are told once."""
        asked = ClosureLessonsSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        closure = get_object_or_404(Closure.objects.select_related("club"), club=self.membership.club, pk=pk)
        decided = ask(services.cancel_lessons_of_closure, closure=closure, user=request.user, **asked.validated_data)
        shown = replace(decided, lesson=Lesson.objects.with_details().get(pk=decided.lesson.pk))
        return Response(DecidedSerializer(shown, context=self.get_serializer_context()).data)


@extend_schema(parameters=[CLUB])
class PlaceViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ClubRows):
    """Places come with the lessons that name them."""

    queryset = Place.objects.all()
    serializer_class = PlaceSerializer
    search_fields = ["name"]
    ordering_fields = ["id", "name"]


@extend_schema_view(
    list=extend_schema(description="From `from`, up to but not including `to`: days of the club."),
    retrieve=extend_schema(description="With what each client pays, and the reminder."),
)
@extend_schema(parameters=[CLUB])
class LessonViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ClubRows):
    queryset = Lesson.objects.all()
    serializer_class = LessonSerializer
    filterset_class = LessonFilter
    search_fields = ["title"]
    ordering_fields = ["id", "starts_at", "title"]
    ordering = ["starts_at", "id"]

    def get_queryset(self) -> QuerySet[Lesson]:
        lessons: Any = super().get_queryset()
        return lessons.with_details()  # type: ignore[no-any-return]

    @extend_schema(
        request=NewLessonSerializer,
        responses={201: CreatedLessonSerializer, 200: CreatedLessonSerializer},
        parameters=[
            OpenApiParameter(
                "Idempotency-Key", str, OpenApiParameter.HEADER, description="The same key again answers with the same lesson."
            )
        ],
    )
    def create(self, request: Request) -> Response:
        """Answers at once; `job` follows what happens behind."""
        serializer = NewLessonSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        shared = {"club": self.membership.club, "user": request.user, "request_key": _request_key(request)}
        made = ask(services.create_lesson, **shared, **serializer.validated_data)
        body = CreatedLessonSerializer(made, context=self.get_serializer_context()).data
        return Response(body, status=201 if made.created else 200)

    @extend_schema(request=ChangeLessonSerializer, parameters=[ScopeSerializer], responses=DecidedSerializer)
    def partial_update(self, request: Request, pk: int) -> Response:
        """Change what is named and nothing else, here or in the whole series. 409: somebody was faster."""
        asked = ChangeLessonSerializer(data=request.data, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        return self._decide(services.change_lesson, **{**self._scope(), **asked.validated_data})

    @extend_schema(parameters=[ScopeSerializer], responses=DecidedSerializer)
    def destroy(self, request: Request, pk: int) -> Response:
        """Cancel it: the lesson stays on record, its people are told."""
        return self._decide(services.cancel_lesson, **self._scope())

    @extend_schema(request=None, responses=DecidedSerializer)
    @action(detail=False, methods=["post"], url_path="changes/<int:change>/undo")
    def undo(self, request: Request, change: int) -> Response:
        """Take a change or a cancellation back, within thirty seconds: until then nobody is told."""
        made = get_object_or_404(Change.objects.select_related("lesson__club"), club=self.membership.club, pk=change)
        return self._answer(services.undo_change, change=made)

    def _scope(self) -> dict[str, Any]:
        scope = ScopeSerializer(data=self.request.query_params)
        scope.is_valid(raise_exception=True)
        return dict(scope.validated_data)

    def _decide(self, service: Callable[..., services.Decided], **asked: Any) -> Response:
        lesson = get_object_or_404(Lesson.objects.select_related("club"), club=self.membership.club, pk=self.kwargs["pk"])
        return self._answer(service, lesson=lesson, **asked)

    def _answer(self, service: Callable[..., services.Decided], **asked: Any) -> Response:
        decided = ask(service, user=self.request.user, **asked)
        shown = replace(decided, lesson=self.get_queryset().get(pk=decided.lesson.pk))
        return Response(DecidedSerializer(shown, context=self.get_serializer_context()).data)

    @extend_schema(parameters=[PreviewSerializer], responses=PlannedDatesSerializer, filters=False)
    @action(detail=False, pagination_class=None)
    def preview(self, request: Request) -> Response:
        """Every date that would be made, and why others would not."""
        serializer = PreviewSerializer(data=request.query_params, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        planned = ask(services.preview_lesson, club=self.membership.club, **serializer.validated_data)
        return Response(PlannedDatesSerializer({"results": planned}).data)


@extend_schema(parameters=[CLUB], responses=ClubSettingsSerializer)
class ClubSettingsView(ClubView):
    """The club's rules: when reminders go out, until when cancelling is free, who pays for an absence, which holidays count."""

    def get(self, request: Request) -> Response:
        return Response(ClubSettingsSerializer(self.membership.club).data)

    @extend_schema(request=ClubSettingsSerializer(partial=True))
    def patch(self, request: Request) -> Response:
        """409: `version` was sent, and somebody has changed the settings since it was read."""
        serializer = ClubSettingsSerializer(self.membership.club, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        asked = dict(serializer.validated_data)
        seen = asked.pop("settings_version", None)
        changed = ask(services.change_club, club=self.membership.club, user=request.user, version=seen, **asked)
        return Response(ClubSettingsSerializer(changed).data)


class MeView(APIView):
    permission_classes = (IsAuthenticated,)

    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        clubs = Membership.objects.filter(user=request.user.pk).select_related("club").order_by("club__name", "pk")
        me = {"username": request.user.get_username(), "clubs": clubs, "language": translation.get_language()}
        return Response(MeSerializer(me).data)


def _request_key(request: Request) -> str | None:
    key: str | None = request.headers.get("Idempotency-Key")
    if key and len(key) > LONGEST_KEY:
        raise exceptions.ValidationError({"Idempotency-Key": [_("At most %(most)d characters.") % {"most": LONGEST_KEY}]})
    if key and not key.isprintable():
        raise exceptions.ValidationError({"Idempotency-Key": [_("This holds characters that cannot be kept.")]})
    return key


def ask(service: Callable[..., Answer], /, **asked: Any) -> Answer:
    """What a service refuses becomes the answer: 400 or 404 at its field, 409 for who was slower."""
    try:
        return service(**asked)
    except services.Refused as refusal:
        raise for_client(refusal) from refusal
    except services.OutOfDate as refusal:
        raise Conflict(str(refusal)) from refusal


def for_client(refusal: services.Refused) -> exceptions.APIException:
    """The service's words in the shape of what was sent, with the ways out beside them."""
    errors: dict[str, Any] = dict(refusal.message_dict)
    if "until" in errors:
        errors["repeat"] = {"until": errors.pop("until")}
    if refusal.fixes:
        errors["fixes"] = refusal.fix_rows
    if isinstance(refusal, services.NotInClub):
        return exceptions.NotFound(errors)
    return exceptions.ValidationError(errors)
