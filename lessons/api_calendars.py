"""Addresses of calendar feeds over HTTP, for managers."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from . import access, services
from .api import CLUB, ClubRows
from .models import CalendarFeed, Teacher
from .views_calendars import address_of


class CalendarFeedSerializer(serializers.ModelSerializer[CalendarFeed]):
    teacher = serializers.PrimaryKeyRelatedField(
        queryset=Teacher.objects.none(), allow_null=True, default=None, help_text="Null: the whole club."
    )
    url = serializers.SerializerMethodField()

    class Meta:
        model = CalendarFeed
        fields = ["id", "teacher", "url", "created_at"]
        read_only_fields = ["created_at"]
        validators: list[Any] = []  # the service gives the same feed again

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        if self.context.get("club"):
            fields["teacher"].queryset = Teacher.objects.filter(club=self.context["club"], active=True)  # type: ignore[attr-defined]  # it is a related field
        return fields

    def get_url(self, feed: CalendarFeed) -> str:
        return address_of(feed)


@extend_schema(parameters=[CLUB])
class CalendarFeedViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ClubRows):
    """An address under which a calendar program reads a teacher's lessons, or the club's; opened, changed and closed here."""

    permission_classes = (IsAuthenticated, access.OnlyManagers)
    queryset = CalendarFeed.objects.order_by("id")
    serializer_class = CalendarFeedSerializer
    ordering_fields = ["id", "created_at"]

    def create(self, request: Request) -> Response:
        """The one that is open already is given again."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        feed = services.open_feed(club=self.membership.club, teacher=serializer.validated_data["teacher"])
        return Response(self.get_serializer(feed).data, status=201)

    def destroy(self, request: Request, pk: int) -> Response:
        services.close_feed(feed=self.get_object())
        return Response(status=204)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def renew(self, request: Request, pk: int) -> Response:
        """A new address; the old one is dead at once."""
        return Response(self.get_serializer(services.renew_feed(feed=self.get_object())).data)
