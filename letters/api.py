"""Letters over HTTP: a click is answered at once, whatever the number of letters."""

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, mixins
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.services import StateConflict, job_reference
from lessons.access import OnlyManagers
from lessons.api import CLUB, ClubRows, ClubView, Conflict
from lessons.models import Teacher

from . import services
from .filters import LetterFilter
from .letter import filename_of
from .models import VolunteerLetterSend
from .serializers import (
    CancelSerializer,
    DryRunSerializer,
    LetterSerializer,
    LetterToSeeSerializer,
    PlanSerializer,
    ResolveSerializer,
    RetryFailedSerializer,
    RetrySerializer,
    SendSerializer,
    StopSerializer,
    SummarySerializer,
    TestSerializer,
    WordingSerializer,
)

LONGEST_KEY = 100
KEY = OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, description="The same key again answers with the same sending.")
Made = TypeVar("Made")
A_PDF = {(200, "application/pdf"): OpenApiTypes.BINARY}


class PdfRenderer(BaseRenderer):
    """Only so that `Accept: application/pdf` is understood: the views answer with the file itself."""

    media_type = "application/pdf"
    format = "pdf"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        return JSONRenderer().render(data)


@extend_schema(parameters=[CLUB])
class LetterViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ClubRows):
    """The log of the letters, newest first. It holds addresses, so it is for managers alone, like its pages."""

    permission_classes = (IsAuthenticated, OnlyManagers)
    queryset = VolunteerLetterSend.objects.all()
    serializer_class = LetterSerializer
    filterset_class = LetterFilter
    search_fields = ["teacher_name", "recipient_email"]
    ordering_fields = ["id", "teacher_name", "status", "sent_at", "created_at"]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Whoever looks right after a click sees all its letters, whether or not a worker has come to them."""
        super().initial(request, *args, **kwargs)
        if self.action in ("list", "summary"):
            services.complete_sendings(club=self.membership.club.pk)

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("club", "sending__wording", "job")

    @extend_schema(request=SendSerializer, responses={202: PlanSerializer}, parameters=[KEY], filters=False)
    @action(detail=False, methods=["post"])
    def send(self, request: Request) -> Response:
        """Answers at once; `batch` follows the letters."""
        asked = _checked(SendSerializer, request.data)
        key = _request_key(request)
        plan = _for_client(lambda: services.send_letters(club=self.membership.club, user=request.user, request_key=key, **asked))
        return Response(PlanSerializer(plan).data, status=202)

    @extend_schema(request=SendSerializer, responses=DryRunSerializer, filters=False)
    @action(detail=False, methods=["post"], url_path="dry-run")
    def dry_run(self, request: Request) -> Response:
        """What `send` would do with the same body."""
        asked = _checked(SendSerializer, request.data)
        plan = _for_client(lambda: services.preview_sending(club=self.membership.club, **asked))
        return Response(DryRunSerializer(plan).data)

    @extend_schema(responses=SummarySerializer)
    @action(detail=False, pagination_class=None)
    def summary(self, request: Request) -> Response:
        """How many letters have each status; narrowed like the list."""
        letters: Any = self.filter_queryset(self.get_queryset())
        return Response(SummarySerializer(letters.counts()).data)

    @extend_schema(request=None, responses={202: RetrySerializer})
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: int) -> Response:
        letter = self.get_object()
        done = _unless_conflict(lambda: services.retry_letter(letter=letter, user=request.user))
        return Response(RetrySerializer(done).data, status=202)

    @extend_schema(request=RetryFailedSerializer, responses={202: RetrySerializer}, filters=False)
    @action(detail=False, methods=["post"], url_path="retry-failed")
    def retry_failed(self, request: Request) -> Response:
        """Those of a year, the present one unless named. `{"dry_run": true}` only says what it would do."""
        asked = _checked(RetryFailedSerializer, request.data)
        done = services.retry_failed(club=self.membership.club, user=request.user, **asked)
        return Response(RetrySerializer(done).data, status=202)

    @extend_schema(operation_id="letters_cancel_batch", request=CancelSerializer, responses=StopSerializer, filters=False)
    @action(detail=False, methods=["post"], url_path="cancel", url_name="cancel-batch")
    def cancel_batch(self, request: Request) -> Response:
        """Every letter of a batch that has not begun to leave; the others go. They can be sent again."""
        asked = _checked(CancelSerializer, request.data)
        try:
            done = services.cancel_waiting(club=self.membership.club, **asked)
        except LookupError as error:
            raise exceptions.NotFound(_("The club has no such sending, or no longer.")) from error
        return Response(StopSerializer(done).data)

    @extend_schema(request=ResolveSerializer, responses=LetterSerializer)
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: int) -> Response:
        """Of a letter that perhaps arrived: a person says whether it did."""
        letter, asked = self.get_object(), _checked(ResolveSerializer, request.data)
        _unless_conflict(lambda: services.resolve_unsure(letter=letter, user=request.user, **asked))
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=None, responses=LetterSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: int) -> Response:
        """Of a letter that still waits."""
        letter = self.get_object()
        _unless_conflict(lambda: services.cancel_letter(letter=letter))
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(responses=A_PDF)
    @action(detail=True, renderer_classes=[JSONRenderer, PdfRenderer])
    def pdf(self, request: Request, pk: int) -> HttpResponse:
        """The very bytes that were sent."""
        letter = self.get_object()
        content = services.read_pdf(letter)
        if not content:
            raise exceptions.NotFound(_("There is no PDF of this letter yet."))
        return _pdf(content, filename_of(letter.teacher_name, letter.year, self.membership.club.language))

    @extend_schema(parameters=[LetterToSeeSerializer], responses=A_PDF, filters=False)
    @action(detail=False, pagination_class=None, renderer_classes=[JSONRenderer, PdfRenderer])
    def preview(self, request: Request) -> HttpResponse:
        """The letter as that teacher would get it today."""
        asked = _checked(LetterToSeeSerializer, request.query_params)
        teacher = self.teacher(asked.pop("teacher"))
        content = _for_client(lambda: services.preview_letter(teacher=teacher, **asked))
        return _pdf(content, filename_of(str(teacher), asked.get("year") or services.today_of(teacher.club).year, teacher.club.language))

    @extend_schema(request=LetterToSeeSerializer, responses={202: TestSerializer}, filters=False)
    @action(detail=False, methods=["post"])
    def test(self, request: Request) -> Response:
        """That teacher's letter to the one who asks, and to nobody else."""
        asked = _checked(LetterToSeeSerializer, request.data)
        teacher, club = self.teacher(asked.pop("teacher")), self.membership.club
        job = _for_client(lambda: services.request_test(club=club, user=request.user, teacher=teacher, **asked))
        # Translators: "Lettre d’essai en route vers %(email)s"
        message = _("Test letter on its way to %(email)s") % {"email": job.user.email}
        return Response(TestSerializer({"message": message, "job": job_reference(job)}).data, status=202)

    def teacher(self, pk: int) -> Teacher:
        teachers = Teacher.objects.select_related("club", "volunteer_facts")
        found: Teacher = get_object_or_404(teachers, club=self.membership.club, pk=pk)
        return found


@extend_schema(parameters=[CLUB])
class WordingView(ClubView):
    """The club's own words, as they stand; each change makes a new version."""

    permission_classes = (IsAuthenticated, OnlyManagers)

    @extend_schema(responses=WordingSerializer)
    def get(self, request: Request) -> Response:
        return Response(WordingSerializer(services.latest_wording(self.membership.club)).data)

    @extend_schema(request=WordingSerializer, responses=WordingSerializer)
    def patch(self, request: Request) -> Response:
        words = _checked(WordingSerializer, request.data, partial=True)
        saved = _for_client(lambda: services.save_wording(club=self.membership.club, user=request.user, **words))
        return Response(WordingSerializer(saved).data)


def _checked(serializer_class: Any, data: Any, **options: Any) -> dict[str, Any]:
    serializer = serializer_class(data=data, **options)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def _request_key(request: Request) -> str | None:
    key: str | None = request.headers.get("Idempotency-Key")
    if key and len(key) > LONGEST_KEY:
        raise exceptions.ValidationError({"Idempotency-Key": [_("At most %(most)d characters.") % {"most": LONGEST_KEY}]})
    return key or None


def _for_client(make: Callable[[], Made]) -> Made:
    """A service's refusal in DRF's own shape."""
    try:
        return make()
    except ValidationError as refusal:
        _refuse(refusal)


def _refuse(refusal: ValidationError) -> NoReturn:
    errors: dict[str, Any] = dict(refusal.message_dict)
    if missing := getattr(refusal, "gaps", ()):
        errors["missing"] = [{"field": gap.field, "label": gap.label, "url": services.WORDING_PAGE} for gap in missing]
    if isinstance(refusal, services.NotInClub):
        raise exceptions.NotFound(errors)
    raise exceptions.ValidationError(errors) from refusal


def _unless_conflict(make: Callable[[], Made]) -> Made:
    try:
        return make()
    except StateConflict as conflict:
        raise Conflict(str(conflict)) from conflict


def _pdf(content: bytes, filename: str) -> HttpResponse:
    return HttpResponse(content, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{filename}"'})
