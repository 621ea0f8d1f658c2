"""After-create, after-update, after-delete: what a model's change must start by itself.

    @follow(create="lessons.after_create")
    class Lesson(models.Model): ...

Each `save()` or `delete()` of such a row enqueues the named job in the same transaction and leaves it on `instance.after_job`,
so that the answer can carry its token. Bulk writes and `QuerySet.update` start nothing: they are how a job itself writes.
A model whose rows are marked as gone, not deleted, says so by `is_deleted`: saving such a row counts as a delete.
The task receives the row's primary key. A model may define `after_job_options(event) -> dict`: the keyword arguments of
`services.enqueue` (scope, user, label…) and `args`, a list of further arguments.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Model
from django.db.models.signals import post_delete, post_save

from . import services
from .models import Job

M = TypeVar("M", bound=type[Model])


def follow(*, create: str = "", update: str = "", delete: str = "") -> Callable[[M], M]:
    """Class decorator for a model: names the kind of job that follows each event; an empty name means none."""

    def connect(model: M) -> M:
        def saved(sender: Any, instance: Model, created: bool, raw: bool, **kwargs: Any) -> None:
            event = "create" if created else "delete" if getattr(instance, "is_deleted", False) else "update"
            kind = {"create": create, "update": update, "delete": delete}[event]
            if kind and not raw:  # raw: a fixture is being loaded
                _start(kind, instance, event)

        def deleted(sender: Any, instance: Model, **kwargs: Any) -> None:
            _start(delete, instance, "delete")

        if create or update or delete:
            post_save.connect(saved, sender=model, weak=False, dispatch_uid=f"jobs.follow.save.{model.__module__}.{model.__name__}")
        if delete:
            post_delete.connect(deleted, sender=model, weak=False, dispatch_uid=f"jobs.follow.delete.{model.__module__}.{model.__name__}")
        return model

    return connect


def after_job(instance: Model) -> Job | None:
    """The job that the last write of this instance started; its token belongs in the HTTP answer."""
    job: Job | None = getattr(instance, "after_job", None)
    return job


def _start(kind: str, instance: Model, event: str) -> None:
    describe = getattr(instance, "after_job_options", None)
    options: dict[str, Any] = describe(event) if describe else {}
    extra = options.pop("args", [])
    instance.after_job = services.enqueue(kind, instance.pk, *extra, **options)  # type: ignore[attr-defined]
