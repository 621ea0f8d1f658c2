"""Following background work over HTTP, and stopping it: one job, one batch, the health of the whole, and its figures for Prometheus."""

import hmac
import math
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from . import access, health, metrics, services
from .models import Batch, Job
from .serializers import BatchSerializer, ConflictSerializer, JobSerializer, UnknownSerializer, batch_body, job_body
from .services import batch_reference, job_reference

__all__ = [
    "BatchCancelView",
    "BatchView",
    "CancelView",
    "HealthView",
    "JobView",
    "MetricsView",
    "RetryView",
    "batch_reference",
    "job_reference",
]


DENIED = inline_serializer("Denied", {"detail": serializers.CharField()})
CHANGED = {200: JobSerializer, 403: DENIED, 404: UnknownSerializer, 409: ConflictSerializer}


def follow(body: dict[str, Any]) -> Response:
    """An answer that is old at once, with the pace at which to ask again."""
    response = Response(body, headers={"Cache-Control": "no-store"})
    if body["poll_after_ms"]:
        response["Retry-After"] = str(max(1, math.ceil(body["poll_after_ms"] / 1000)))
    return response


def respond_unknown(token: str) -> Response:
    message = _("This work is not known, or was finished long ago.")
    body = {"token": token, "status": "unknown", "progress": 0, "message": message}
    return Response(body, status=404, headers={"Cache-Control": "no-store"})


def follow_batch(batch: Batch) -> Response:
    try:
        return follow(batch_body(batch))
    except Batch.DoesNotExist:  # pruned since it was found
        return respond_unknown(str(batch.pk))


class JobView(APIView):
    @extend_schema(operation_id="job_status", responses={200: JobSerializer, 404: UnknownSerializer})
    def get(self, request: Request, token: str) -> Response:
        job = access.find_job(request.user, token)
        return follow(job_body(job)) if job else respond_unknown(token)


def refuse_unless_allowed(request: Request, *, scope: str, asked_by: Any = None) -> None:
    if not access.may_change(request.user, scope=scope, asked_by=asked_by):
        # Translators: French “Vous pouvez suivre ce travail, pas l’arrêter ni le relancer.”
        raise PermissionDenied(_("You may follow this work, but neither cancel it nor try it again."))


class ChangeView(APIView):
    """What a person may do to a job; the answer is the job as it then is."""

    def change(self, request: Request, token: str, service: Callable[[Job], Job]) -> Response:
        job = access.find_job(request.user, token)
        if job is None:
            return respond_unknown(token)
        refuse_unless_allowed(request, scope=job.scope, asked_by=job.user_id)
        try:
            changed = service(job)
            services.note_intervention(who=request.user.get_username(), deed=service.__name__, target=job.token, count=1)
            return follow(job_body(changed))
        except services.StateConflict as conflict:
            job.refresh_from_db()
            return Response({"token": token, "status": job.status, "detail": str(conflict)}, status=409)


class CancelView(ChangeView):
    @extend_schema(operation_id="job_cancel", request=None, responses=CHANGED)
    def post(self, request: Request, token: str) -> Response:
        return self.change(request, token, services.cancel)


class RetryView(ChangeView):
    @extend_schema(operation_id="job_retry", request=None, responses=CHANGED)
    def post(self, request: Request, token: str) -> Response:
        return self.change(request, token, services.retry)


class BatchView(APIView):
    @extend_schema(operation_id="batch_status", responses={200: BatchSerializer, 404: UnknownSerializer})
    def get(self, request: Request, token: str) -> Response:
        batch = access.find_batch(request.user, token)
        return follow_batch(batch) if batch else respond_unknown(token)


class BatchCancelView(APIView):
    """Cancels what of it still waits; what runs goes on."""

    @extend_schema(operation_id="batch_cancel", request=None, responses={200: BatchSerializer, 403: DENIED, 404: UnknownSerializer})
    def post(self, request: Request, token: str) -> Response:
        batch = access.find_batch(request.user, token)
        if batch is None:
            return respond_unknown(token)
        refuse_unless_allowed(request, scope=batch.scope)
        count = services.cancel_batch(batch.pk)
        services.note_intervention(who=request.user.get_username(), deed="cancel", target=f"batch {batch.pk}", count=count)
        return follow_batch(batch)


class HealthView(APIView):
    """200 while work gets done, if badly; 503 when it does not."""

    permission_classes = (AllowAny,)

    @extend_schema(responses={200: dict, 503: dict})
    def get(self, request: Request) -> Response:
        snapshot = health.take_snapshot()
        body = snapshot.as_dict() if access.is_operator(request.user) else {"status": snapshot.status}
        return Response(body, status=503 if snapshot.status == health.DOWN else 200, headers={"Cache-Control": "no-store"})

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, OperationalError | InterfaceError):  # not even who asks can be looked up
            return Response({"status": health.DOWN}, status=503, headers={"Cache-Control": "no-store"})
        return super().handle_exception(exc)


class PlainTextRenderer(BaseRenderer):
    media_type = "text/plain"
    format = "txt"
    charset = "utf-8"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        return str(data.get("detail", "") if isinstance(data, dict) else data).encode()


class MetricsView(APIView):
    permission_classes = (AllowAny,)
    renderer_classes = (PlainTextRenderer,)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        if not _has_metrics_token(request):
            if not request.user.is_authenticated:
                raise NotAuthenticated
            if not access.is_operator(request.user):
                raise PermissionDenied
        return Response(metrics.render(health.take_snapshot()), content_type=metrics.CONTENT_TYPE)


def _has_metrics_token(request: Request) -> bool:
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    return bool(settings.METRICS_TOKEN) and scheme == "Bearer" and hmac.compare_digest(token.encode(), settings.METRICS_TOKEN.encode())
