"""What the API says of a job and of a batch. Other programs rely on these names."""

from typing import Any

from django.db.models import Count, F, Max, Min, Q, Sum
from django.utils import timezone
from rest_framework import serializers

from . import status
from .models import Batch, Job

ENDED = (Job.Status.DONE, Job.Status.ERROR, Job.Status.CANCELLED)


class StepSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=["pending", "running", "done"])
    progress = serializers.IntegerField(min_value=0, max_value=100)


class JobSerializer(serializers.Serializer[Job]):
    token = serializers.UUIDField()
    kind = serializers.CharField()
    status = serializers.ChoiceField(choices=Job.Status.choices)
    progress = serializers.IntegerField(min_value=0, max_value=100)
    message = serializers.CharField()
    steps = StepSerializer(many=True)
    error = serializers.CharField(allow_blank=True)
    retryable = serializers.BooleanField(help_text="It failed or was cancelled, and trying it again may help.")
    attempt = serializers.IntegerField()
    max_attempts = serializers.IntegerField()
    next_attempt_at = serializers.DateTimeField(allow_null=True)
    position = serializers.IntegerField(allow_null=True)
    poll_after_ms = serializers.IntegerField()
    result = serializers.JSONField(allow_null=True)
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class UnknownSerializer(serializers.Serializer[Any]):
    token = serializers.CharField()
    status = serializers.CharField(default="unknown")
    progress = serializers.IntegerField()
    message = serializers.CharField()


class ConflictSerializer(serializers.Serializer[Any]):
    token = serializers.UUIDField()
    status = serializers.ChoiceField(choices=Job.Status.choices)
    detail = serializers.CharField()


class BatchSerializer(serializers.Serializer[Batch]):
    token = serializers.UUIDField()
    label = serializers.CharField()  # type: ignore[assignment]  # of the body; a serializer's own label is not used
    status = serializers.ChoiceField(choices=Job.Status.choices)
    total = serializers.IntegerField()
    pending = serializers.IntegerField()
    running = serializers.IntegerField()
    done = serializers.IntegerField()
    error = serializers.IntegerField()
    cancelled = serializers.IntegerField()
    progress = serializers.IntegerField(min_value=0, max_value=100)
    eta_seconds = serializers.IntegerField(allow_null=True)
    poll_after_ms = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


def job_body(job: Job) -> dict[str, Any]:
    place = status.position(job)
    return {
        "token": job.token,
        "kind": job.kind,
        "status": job.status,
        "progress": job.progress,
        "message": status.message(job, place),
        "steps": status.steps(job),
        "error": job.error,
        "retryable": job.retryable and job.status in (Job.Status.ERROR, Job.Status.CANCELLED),
        "attempt": job.attempts,
        "max_attempts": job.max_attempts,
        "next_attempt_at": job.run_at if job.status == Job.Status.PENDING else None,
        "position": place,
        "poll_after_ms": status.poll_after_ms(job.started_at or job.ready_at, ended=job.ended),
        "result": job.result,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }


def batch_body(batch: Batch) -> dict[str, Any]:
    counts = _counts(batch)
    left = counts["pending"] + counts["running"]
    parts = 100 * (counts["found"] - left) + counts["begun"]
    return {
        "token": str(batch.pk),
        "label": batch.label,
        "status": _batch_status(counts),
        "total": counts["total"],
        **{state: counts[state] for state in Job.Status.values},
        "progress": min(99, parts // counts["found"]) if left else 100,
        "eta_seconds": _eta_seconds(counts),
        "poll_after_ms": status.poll_after_ms(batch.created_at, ended=not left),
        "created_at": batch.created_at,
        "finished_at": None if left else counts["last_at"] or counts["filler_ended_at"],
    }


def _counts(batch: Batch) -> dict[str, Any]:
    """From one look at it and its jobs, so that they add up. What it has only promised is as the job that is to enqueue it."""
    facts = {"filler": F("filled_by__status"), "filler_ended_at": F("filled_by__finished_at")}
    rows: Any = Batch.objects.filter(pk=batch.pk).values("total", "promised", **facts)
    counts: dict[str, Any] = rows.annotate(
        **{state: Count("jobs", filter=Q(jobs__status=state)) for state in Job.Status.values},
        found=Count("jobs"),
        begun=Sum("jobs__progress", filter=~Q(jobs__status__in=ENDED), default=0),
        began_at=Min("jobs__started_at"),
        last_at=Max("jobs__finished_at"),
    ).get()  # fmt: skip
    counts[status.promised_as(counts["filler"])] += counts["promised"]
    counts["found"] += counts["promised"]
    return counts


def _batch_status(counts: dict[str, Any]) -> str:
    """What is still to do comes first, then what needs a person."""
    if counts["running"] or (counts["pending"] and counts["pending"] < counts["found"]):
        return Job.Status.RUNNING.value
    order = (Job.Status.PENDING, Job.Status.ERROR, Job.Status.DONE, Job.Status.CANCELLED)
    return next((state.value for state in order if counts[state.value]), Job.Status.DONE.value)


def _eta_seconds(counts: dict[str, Any]) -> int | None:
    """At the pace of those that have ended since the first began; None while none has."""
    left = counts["pending"] + counts["running"]
    if not left:
        return 0
    tried = counts["done"] + counts["error"]
    if not tried or counts["began_at"] is None:
        return None
    elapsed = (timezone.now() - counts["began_at"]).total_seconds()
    return int(elapsed * left / tried)
