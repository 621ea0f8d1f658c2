"""Background work for operators: everything can be looked at, nothing edited; each action goes through a service."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import BooleanField, Count, ExpressionWrapper, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, StackedInline
from unfold.decorators import display

from . import health, registry, services, status
from .models import Attempt, Batch, Intervention, Job, Queue, SlowStatement, Worker

BADGES = {"pending": "", "running": "info", "done": "success", "error": "danger", "cancelled": "warning"}
WORKER_BADGES = {"idle": "success", "busy": "info", "stopping": "warning", "gone": ""}


class ReadOnly:
    """Looking needs the usual permission to view; acting, the one to change, though nothing is ever edited by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        opts = self.opts  # type: ignore[attr-defined]  # of the ModelAdmin that this is mixed into
        return request.user.has_perm(f"{opts.app_label}.change_{opts.model_name}")


class KindFilter(admin.SimpleListFilter):
    """From the registry: to collect the kinds of a long table would take a look at all of it."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*((name, name) for name in sorted(registry.names())), ("?", _("unknown to this version"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "?":
            return queryset.exclude(kind__in=registry.names())
        return queryset.filter(kind=self.value()) if self.value() else queryset


class QueueFilter(admin.SimpleListFilter):
    title = _("queue")
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in health.queue_names()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(queue=self.value()) if self.value() else queryset


class AttemptInline(ReadOnly, StackedInline):
    model = Attempt
    extra = 0
    fields = ("outcome", "owner", "started_at", "ended_at", "shown_traceback")
    readonly_fields = ("shown_traceback",)

    @admin.display(description=_("traceback"))
    def shown_traceback(self, attempt: Attempt) -> SafeString:
        return _preformatted(attempt.traceback)


@admin.register(Job)
class JobAdmin(ReadOnly, ModelAdmin):
    list_display = ("shown_status", "kind", "label", "queue", "shown_attempts", "shown_message", "created_at", "duration")
    list_display_links = ("shown_status", "kind")
    list_filter = ("status", KindFilter, QueueFilter, "created_at")
    search_fields = ("id__startswith", "kind", "label")
    ordering = ("-id",)
    list_per_page = 50
    list_disable_select_all = True  # for thousands there is manage.py jobs: one statement, not one request
    show_full_result_count = False
    list_before_template = "admin/jobs/problems.html"
    change_form_outer_before_template = "admin/jobs/job/buttons.html"
    inlines = (AttemptInline,)
    actions = ("retry_selected", "cancel_selected", "discard_selected")
    fieldsets = (
        (None, {"fields": ("id", "kind", "label", "status", "progress", "message", "error", "shown_steps")}),
        (_("What it does"), {"fields": ("shown_args", "shown_result", "batch", "user", "scope", "language")}),
        (_("How it runs"), {"fields": ("queue", "priority", "shown_attempts", "owner", "heartbeat_at", "unique_key")}),
        (_("When"), {"fields": ("created_at", "run_at", "ready_at", "started_at", "finished_at", "duration", "shown_interventions")}),
    )
    readonly_fields = ("shown_attempts", "shown_args", "shown_result", "shown_steps", "duration", "shown_interventions")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {"snapshot": health.take_snapshot(), **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        context = {"may_operate": self.has_operate_permission(request), **(extra_context or {})}
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

    @display(description=_("status"), ordering="status", label=BADGES)  # type: ignore[untyped-decorator]
    def shown_status(self, job: Job) -> tuple[str, str]:
        return job.status, job.get_status_display()

    @admin.display(description=_("attempts"), ordering="attempts")
    def shown_attempts(self, job: Job) -> str:
        return f"{job.attempts}/{job.max_attempts}"

    @admin.display(description=_("message"))
    def shown_message(self, job: Job) -> str:
        return job.error or job.message

    @admin.display(description=_("ran"))
    def duration(self, job: Job) -> str:
        return status.duration(job)

    @admin.display(description=_("arguments"))
    def shown_args(self, job: Job) -> SafeString:
        return _preformatted(_pretty(job.args))

    @admin.display(description=_("result"))
    def shown_result(self, job: Job) -> SafeString:
        return _preformatted("" if job.result is None else _pretty(job.result))

    @admin.display(description=_("steps"))
    def shown_steps(self, job: Job) -> SafeString:
        return _preformatted("\n".join(f"{step['name']}: {step['state']} ({step['progress']} %)" for step in job.steps))

    @admin.display(description=Intervention._meta.verbose_name_plural)
    def shown_interventions(self, job: Job) -> SafeString:
        rows = Intervention.objects.filter(target=job.token).order_by("id")
        return _preformatted("\n".join(f"{timezone.localtime(row.acted_at):%Y-%m-%d %H:%M:%S} {row.who}: {row.deed}" for row in rows))

    @admin.action(description=_("Try again"), permissions=["operate"])
    def retry_selected(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        done = self._each(request, jobs, services.retry, _("Try again"))
        _tell(request, done, ngettext("%(count)d job tried again.", "%(count)d jobs tried again.", done))

    @admin.action(description=_("Cancel"), permissions=["operate"])
    def cancel_selected(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        done = self._each(request, jobs, services.cancel, _("Cancel"))
        _tell(request, done, ngettext("%(count)d job cancelled.", "%(count)d jobs cancelled.", done))

    @admin.action(description=_("Delete with history"), permissions=["operate"])
    def discard_selected(self, request: HttpRequest, jobs: QuerySet[Job]) -> HttpResponse | None:
        if "confirmed" not in request.POST:
            context = {**self.admin_site.each_context(request), "opts": self.opts, "jobs": jobs, "title": gettext("Delete for ever")}
            return render(request, "admin/jobs/job/discard.html", context)
        done = self._each(request, jobs, services.discard, _("Delete with history"))
        _tell(request, done, ngettext("%(count)d job deleted.", "%(count)d jobs deleted.", done))
        return None

    def _each(self, request: HttpRequest, jobs: QuerySet[Job], service: Callable[[Job], Any], deed: Promise) -> int:
        """Those that may not be touched stay as they are, and the operator hears why. The administration's history keeps who did what."""
        done, left = 0, Counter[str]()
        for job in jobs:
            try:
                service(job)
                self.log_change(request, job, str(deed))
                done += 1
            except services.StateConflict as conflict:
                left[str(conflict)] += 1
        for reason, count in left.items():
            text = ngettext("%(count)d left as it was: %(reason)s", "%(count)d left as they were: %(reason)s", count)
            messages.warning(request, text % {"count": count, "reason": reason})
        return done


@admin.register(Batch)
class BatchAdmin(ReadOnly, ModelAdmin):
    list_display = ("label", "scope", "total", "pending", "running", "done", "error", "cancelled", "created_at")
    search_fields = ("id__startswith", "label", "scope")
    list_filter = ("created_at",)
    show_full_result_count = False
    fields = ("id", "label", "scope", "total", "pending", "running", "done", "error", "cancelled", "created_at", "its_jobs")
    readonly_fields = ("pending", "running", "done", "error", "cancelled", "its_jobs")
    actions = ("cancel_waiting",)

    @admin.action(description=_("Cancel what still waits"), permissions=["operate"])
    def cancel_waiting(self, request: HttpRequest, batches: QuerySet[Batch]) -> None:
        done = 0
        for batch in batches:
            count = services.cancel_batch(batch.pk)
            self.log_change(request, batch, f"{_('Cancel what still waits')}: {count}")
            done += count
        messages.success(request, ngettext("%(count)d job cancelled.", "%(count)d jobs cancelled.", done) % {"count": done})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Batch]:
        counts = {f"count_{state}": Count("jobs", filter=Q(jobs__status=state)) for state in Job.Status.values}
        batches: QuerySet[Batch] = super().get_queryset(request).select_related("filled_by").annotate(**counts)
        return batches

    @admin.display(description=Job.Status.PENDING.label)
    def pending(self, batch: Any) -> int:
        return _count(batch, Job.Status.PENDING)

    @admin.display(description=Job.Status.RUNNING.label)
    def running(self, batch: Any) -> int:
        return _count(batch, Job.Status.RUNNING)

    @admin.display(description=Job.Status.DONE.label)
    def done(self, batch: Any) -> int:
        return _count(batch, Job.Status.DONE)

    @admin.display(description=Job.Status.ERROR.label)
    def error(self, batch: Any) -> int:
        return _count(batch, Job.Status.ERROR)

    @admin.display(description=Job.Status.CANCELLED.label)
    def cancelled(self, batch: Any) -> int:
        return _count(batch, Job.Status.CANCELLED)

    @admin.display(description=_("jobs"))
    def its_jobs(self, batch: Batch) -> SafeString:
        url = reverse("admin:jobs_job_changelist", query={"batch__id__exact": str(batch.pk)})
        return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', url, gettext("Show them"))


def _count(batch: Any, state: str) -> int:
    """With what it has only promised."""
    filler = batch.filled_by.status if batch.filled_by else None
    promised = batch.promised if status.promised_as(filler) == state else 0
    return int(getattr(batch, f"count_{state}")) + promised


@admin.register(Queue)
class QueueAdmin(ReadOnly, ModelAdmin):
    list_display = ("name", "shown_state", "changed_at")
    ordering = ("name",)
    actions = ("pause_selected", "resume_selected")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        for name in set(health.queue_names()) - set(Queue.objects.values_list("name", flat=True)):
            services.resume(name)  # only a queue with a row can be chosen, to pause it
        response: HttpResponse = super().changelist_view(request, extra_context)
        return response

    @display(description=_("state"), ordering="paused", label={"paused": "warning", "open": "success"})  # type: ignore[untyped-decorator]
    def shown_state(self, queue: Queue) -> tuple[str, str]:
        return ("paused", gettext("Paused")) if queue.paused else ("open", gettext("Open"))

    @admin.action(description=_("Pause"), permissions=["operate"])
    def pause_selected(self, request: HttpRequest, queues: QuerySet[Queue]) -> None:
        for queue in queues:
            services.pause(queue.name)
            self.log_change(request, queue, gettext("Pause"))
        messages.success(request, gettext("Paused: %(names)s. What runs goes on.") % {"names": _names(queues)})

    @admin.action(description=_("Resume"), permissions=["operate"])
    def resume_selected(self, request: HttpRequest, queues: QuerySet[Queue]) -> None:
        for queue in queues:
            services.resume(queue.name)
            self.log_change(request, queue, gettext("Resume"))
        messages.success(request, gettext("They go on: %(names)s.") % {"names": _names(queues)})


@admin.register(Worker)
class WorkerAdmin(ReadOnly, ModelAdmin):
    list_display = ("host", "pid", "shown_state", "job_kind", "queues", "since", "seen_at")
    list_filter = ("host",)
    ordering = ("-seen_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Worker]:
        workers: QuerySet[Worker] = super().get_queryset(request)
        return workers.annotate(alive=ExpressionWrapper(services.is_alive(), BooleanField()))

    @display(description=_("state"), label=WORKER_BADGES)  # type: ignore[untyped-decorator]
    def shown_state(self, worker: Any) -> tuple[str, str]:
        if not worker.alive:
            return "gone", gettext("Gone")
        return worker.state, worker.get_state_display()


def _tell(request: HttpRequest, done: int, text: str) -> None:
    if done:
        messages.success(request, text % {"count": done})


def _names(queues: QuerySet[Queue]) -> str:
    return ", ".join(queues.order_by("name").values_list("name", flat=True))


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _preformatted(text: str) -> SafeString:
    return format_html('<pre class="overflow-x-auto whitespace-pre-wrap text-xs">{}</pre>', text) if text else SafeString("")


@admin.register(SlowStatement)
class SlowStatementAdmin(ReadOnly, ModelAdmin):
    list_display = ["ended_at", "fingerprint", "seconds", "origin"]
    list_filter = ["fingerprint"]
    search_fields = ["shape", "origin", "fingerprint"]
    show_full_result_count = False


@admin.register(Intervention)
class InterventionAdmin(ReadOnly, ModelAdmin):
    list_display = ["acted_at", "who", "deed", "target", "count"]
    list_filter = ["deed", "acted_at"]
    search_fields = ["who", "target"]
    show_full_result_count = False
