"""The shapes of staffing over HTTP. Exact numbers travel as text, so that no client rounds them by reading."""

from collections.abc import Iterable
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from jobs.serializers import JobSerializer, job_body
from jobs.services import job_reference

from .models import CentreResult, Simulation
from .simulation import Assumptions, Figures, Workload, simulate

STANDARD = Assumptions()


class AssumptionsSerializer(serializers.Serializer[Any]):
    """What is left out keeps its standard value."""

    working_days = serializers.DecimalField(5, 2, default=STANDARD.working_days)
    hours_a_day = serializers.DecimalField(4, 2, default=STANDARD.hours_a_day)
    productivity = serializers.DecimalField(5, 4, default=STANDARD.productivity)
    absence_rate = serializers.DecimalField(5, 4, default=STANDARD.absence_rate)


class RunSerializer(serializers.Serializer[Any]):
    assumptions = AssumptionsSerializer(default=dict)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {**attrs, "assumptions": Assumptions(**{**asdict(STANDARD), **attrs["assumptions"]})}


class CentresRunSerializer(RunSerializer):
    centres = serializers.ListField(child=serializers.IntegerField(min_value=1), allow_empty=False, max_length=20_000)


class StartedSerializer(serializers.Serializer[Simulation]):
    task_id = serializers.UUIDField()
    status_url = serializers.SerializerMethodField()
    job = serializers.SerializerMethodField()

    def get_status_url(self, run: Simulation) -> str:
        return f"/api/async/task/{run.task_id}"

    def get_job(self, run: Simulation) -> dict[str, Any]:
        assert run.job is not None  # noqa: S101  it was started a moment ago
        return job_reference(run.job)


class FiguresSerializer(serializers.Serializer[Any]):
    hours = serializers.CharField()
    fte_needed = serializers.CharField()
    headcount = serializers.CharField()
    gap = serializers.CharField()


class LineSerializer(FiguresSerializer):
    """A direction or a centre."""

    id = serializers.IntegerField(allow_null=True, required=False)
    code = serializers.CharField()
    name = serializers.CharField()
    direction = serializers.CharField(required=False, help_text="Code of its direction.")


class ResultSerializer(FiguresSerializer):
    reference_version = serializers.IntegerField()
    reference_changed = serializers.BooleanField(help_text="Whether the reference data have another version by now.")
    assumptions = AssumptionsSerializer()
    directions = LineSerializer(many=True)
    centres = LineSerializer(many=True, required=False)


class TaskSerializer(JobSerializer):
    task_id = serializers.UUIDField()
    result = ResultSerializer(allow_null=True)  # type: ignore[assignment]  # narrower than any job's


class ReferenceTaskSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # of the body; a serializer's own label is not used
    family = serializers.CharField()
    unit = serializers.CharField()
    minutes = serializers.CharField()


class CacheSerializer(serializers.Serializer[Any]):
    hits = serializers.IntegerField()
    misses = serializers.IntegerField()
    hit_rate = serializers.FloatField(allow_null=True)
    entries = serializers.IntegerField()
    oldest_seconds = serializers.FloatField(allow_null=True)
    bytes = serializers.IntegerField()
    version = serializers.IntegerField()
    last_invalidated_at = serializers.DateTimeField(allow_null=True)


def figures_body(figures: Figures) -> dict[str, str]:
    return {name: str(value) for name, value in asdict(figures).items()}


def result_body(run: Simulation, current_version: int) -> dict[str, Any] | None:
    """None while there is none. Of a national run, the lines of its directions only."""
    if run.figures is None:
        return None
    body: dict[str, Any] = {
        **figures_body(run.figures),
        "reference_version": run.reference_version,
        "reference_changed": run.reference_version != current_version,
        "assumptions": {name: str(value) for name, value in asdict(run.assumptions).items()},
        "directions": [
            {
                "code": each["direction_code"],
                "name": each["direction_name"],
                **figures_body(simulate(Workload(each["work"], Decimal(each["headcount"])), run.assumptions)),
            }
            for each in run.centre_results.all().by_direction()
        ],
    }
    if run.scope != Simulation.Scope.NATIONAL:
        body["centres"] = centre_lines(run.centre_results.all(), run.assumptions)
    return body


def centre_lines(results: Iterable[CentreResult], assumptions: Assumptions) -> list[dict[str, Any]]:
    return [
        {
            "id": each.centre_id,
            "code": each.code,
            "name": each.name,
            "direction": each.direction_code,
            **figures_body(simulate(each.workload, assumptions)),
        }
        for each in results
    ]


def task_body(run: Simulation, current_version: int) -> dict[str, Any]:
    """The job's body; a run with a result still has one when its job has been cleaned away."""
    body = job_body(run.job or _job_of_old(run))
    result = result_body(run, current_version) if body["status"] == "done" else None
    return {**body, "task_id": str(run.task_id), "result": result}


def _job_of_old(run: Simulation) -> Any:
    job: Any = Simulation._meta.get_field("job").related_model
    times = {"created_at": run.created_at, "finished_at": run.finished_at}
    return job(id=run.task_id, kind="staffing.simulate", status="done", progress=100, **times)
