"""Voice notes over HTTP: a recording is answered at once; what it changed can be followed, traced and undone."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, mixins
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from jobs.services import StateConflict
from lessons.api import CLUB, ClubRows, ClubView, Conflict
from lessons.models import Client

from . import services
from .filters import VoiceNoteFilter
from .gone import erased_is_404
from .models import FieldChange, NotePreference, VoiceNote
from .reception import drain, is_too_large
from .serializers import (
    POLL_SECONDS,
    ErasedSerializer,
    FieldChangeSerializer,
    NoteAnswerSerializer,
    NotePreferenceSerializer,
    NoteRerunSerializer,
    RecordedSerializer,
    RecordingSerializer,
    VoiceNoteSerializer,
    VoiceNoteStatusSerializer,
)
from .serving import serve_recording

LONGEST_KEY = 100
KEY = OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, description="The same key again answers with the same note.")
Made = TypeVar("Made")


class TooLarge(exceptions.APIException):
    status_code = 413


class StorageAway(exceptions.APIException):
    status_code = 503


class UploadThrottle(BaseThrottle):
    """A refused recording counts too."""

    seconds = 0.0

    def allow_request(self, request: Any, view: Any) -> bool:
        self.seconds = services.take_turn(user=request.user)
        return not self.seconds

    def wait(self) -> float:
        return self.seconds


@extend_schema(parameters=[CLUB])
class UploadView(ClubView):
    """Answers at once; `job` follows what happens behind."""

    parser_classes = (MultiPartParser,)
    throttle_classes = (UploadThrottle,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Before anybody reads the body, which the check against forged requests does first of all."""
        if is_too_large(request):
            drain(request)
            raise TooLarge({"file": [services.too_large()]})
        request.upload_handlers = [TemporaryFileUploadHandler(request._request)]
        super().initial(request, *args, **kwargs)

    @extend_schema(request={"multipart/form-data": RecordingSerializer}, responses={202: RecordedSerializer}, parameters=[KEY])
    def post(self, request: Request) -> Response:
        serializer = RecordingSerializer(data=request.data, context={"club": self.membership.club})
        serializer.is_valid(raise_exception=True)
        key = _request_key(request)
        try:
            note = services.upload_note(club=self.membership.club, user=request.user, request_key=key, **serializer.validated_data)
        except services.TooLarge as refusal:
            raise TooLarge(refusal.message_dict) from refusal
        except services.Refused as refusal:
            raise exceptions.ValidationError(refusal.message_dict) from refusal
        except services.NotStored as trouble:
            raise StorageAway(str(trouble)) from trouble
        return Response(RecordedSerializer(note).data, status=202)


@extend_schema(parameters=[CLUB])
class StatusView(ClubView):
    @extend_schema(responses=VoiceNoteStatusSerializer)
    def get(self, request: Request, pk: int) -> Response:
        note = get_object_or_404(VoiceNote.objects.with_details(), club=self.membership.club, pk=pk)
        response = Response(VoiceNoteStatusSerializer(VoiceNote.with_candidates([note])[0]).data, headers={"Cache-Control": "no-store"})
        if not note.ended:
            response["Retry-After"] = str(POLL_SECONDS)
        return response


@extend_schema(parameters=[CLUB])
class NoteViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, ClubRows):
    """The club's notes, newest first."""

    queryset = VoiceNote.objects.all()
    serializer_class = VoiceNoteStatusSerializer
    filterset_class = VoiceNoteFilter
    search_fields = ["transcription", "client__first_name", "client__last_name"]
    ordering_fields = ["id", "created_at", "processed_at"]

    def get_queryset(self) -> Any:
        notes: Any = super().get_queryset()
        return notes.with_client() if self.action == "list" else notes.with_details()

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """With the candidates of each question, in one query for all."""
        if args:
            rows = VoiceNote.with_candidates(args[0] if kwargs.get("many") else [args[0]])
            args = (rows if kwargs.get("many") else rows[0],)
        return super().get_serializer(*args, **kwargs)

    @extend_schema(responses=VoiceNoteSerializer(many=True))
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    def get_serializer_class(self) -> Any:
        return VoiceNoteSerializer if self.action == "list" else VoiceNoteStatusSerializer

    def perform_destroy(self, instance: VoiceNote) -> None:
        services.delete_note(note=instance)

    @extend_schema(responses={(200, "audio/*"): OpenApiTypes.BINARY})
    @action(detail=True)
    def file(self, request: Request, pk: int) -> HttpResponseBase:
        """The recording; parts of it by `Range`."""
        note = self.get_object()
        try:
            if note.file:
                return serve_recording(request._request, note)
        except FileNotFoundError:
            pass
        raise exceptions.NotFound(_("The recording of this note was erased."))

    @extend_schema(request=NoteAnswerSerializer, responses=VoiceNoteStatusSerializer)
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, pk: int) -> Response:
        """Of whom the note speaks, where it asks."""
        note, asked = self.get_object(), _checked(NoteAnswerSerializer, request.data)
        client_id = asked.pop("client")
        client = get_object_or_404(Client, club=self.membership.club, pk=client_id) if client_id else None
        _unless_conflict(lambda: services.answer_question(note=note, user=request.user, client=client, names=asked))
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=NoteRerunSerializer, responses={202: RecordedSerializer})
    @action(detail=True, methods=["post"])
    def rerun(self, request: Request, pk: int) -> Response:
        """Its words are read again; nothing is written twice."""
        note, asked = self.get_object(), _checked(NoteRerunSerializer, request.data)
        started = _unless_conflict(lambda: services.rerun_note(note=note, user=request.user, **asked))
        return Response(RecordedSerializer(started).data, status=202)


@extend_schema(parameters=[CLUB])
class ClientChangesView(ClubRows, mixins.ListModelMixin):
    """What voice notes wrote into a client's record, newest first."""

    queryset = FieldChange.objects.all()
    serializer_class = FieldChangeSerializer
    filterset_fields = ["field", "note"]
    ordering_fields = ["id", "changed_at"]

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return FieldChange.objects.none()
        client = get_object_or_404(Client, club=self.membership.club, pk=self.kwargs["client"])
        return FieldChange.objects.filter(client=client).order_by("-id")


@extend_schema(parameters=[CLUB])
class EraseView(ClubView):
    """All that is known of a client: record, notes, recordings, history. Whose lessons stand leaves an empty place in them."""

    @extend_schema(request=None, responses=ErasedSerializer)
    def post(self, request: Request, pk: int) -> Response:
        client = get_object_or_404(Client, club=self.membership.club, pk=pk)
        return Response(ErasedSerializer({"deleted": services.erase_client(client=client)}).data)


@extend_schema(parameters=[CLUB])
class UndoView(ClubView):
    """The field is again what it was before; 409 where somebody changed it since."""

    service: Callable[..., FieldChange] = staticmethod(services.undo_change)

    @extend_schema(request=None, responses=FieldChangeSerializer)
    def post(self, request: Request, pk: int) -> Response:
        change = get_object_or_404(FieldChange, client__club=self.membership.club, pk=pk)
        done = _unless_conflict(lambda: type(self).service(change=change, user=request.user))
        return Response(FieldChangeSerializer(done).data)


class RedoView(UndoView):
    """What was undone is there again; 409 where somebody changed the field since."""

    service = staticmethod(services.redo_change)


@extend_schema(parameters=[CLUB])
class PreferenceView(ClubView):
    """The caller's own, in the club."""

    @extend_schema(responses=NotePreferenceSerializer)
    def get(self, request: Request) -> Response:
        row = NotePreference.objects.filter(membership=self.membership).first() or NotePreference()
        return Response(NotePreferenceSerializer(row).data)

    @extend_schema(request=NotePreferenceSerializer, responses=NotePreferenceSerializer)
    def patch(self, request: Request) -> Response:
        asked = _checked(NotePreferenceSerializer, request.data)
        return Response(NotePreferenceSerializer(services.save_preference(membership=self.membership, **asked)).data)


def _checked(serializer_class: Any, data: Any) -> dict[str, Any]:
    serializer = serializer_class(data=data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def _request_key(request: Request) -> str | None:
    key: str | None = request.headers.get("Idempotency-Key")
    if key and len(key) > LONGEST_KEY:
        raise exceptions.ValidationError({"Idempotency-Key": [_("At most %(most)d characters.") % {"most": LONGEST_KEY}]})
    if key and not key.isprintable():
        raise exceptions.ValidationError({"Idempotency-Key": [_("This holds characters that cannot be kept.")]})
    return key or None


def _unless_conflict(make: Callable[[], Made]) -> Made:
    try:
        with erased_is_404():
            return make()
    except StateConflict as conflict:
        raise Conflict(str(conflict)) from conflict
