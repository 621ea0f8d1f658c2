"""Who learns what: assigning a programme, the steps of the job behind it, and marking how far a client is."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from lessons.models import Client, Evaluation, Programme, ProgrammeAssignment, Realisation, TaskAssignment
from lessons.wording import who

from .booking import NotInClub, Refused

MOST_CLIENTS_ASSIGNED = 5000
ROWS_A_STATEMENT = 1000
Report = Callable[[int, int], None]  # done, total
Status = Realisation.Status


class MarkedMeanwhile(Refused):
    """The cell is not what the person saw; the text says what it is. Nothing was written."""


def _silent(done: int, total: int) -> None:
    """For callers whom nobody watches."""


# ── One click ──


def assign_programme(*, programme: Programme, user: Any = None, clients: Iterable[int]) -> ProgrammeAssignment:
    """Give each of these clients what is missing, by a job. Raises Refused without clients, NotInClub for strange ones."""
    chosen = sorted(set(clients))
    if not chosen:
        raise Refused({"clients": _("Choose at least one client.")})
    if len(chosen) > MOST_CLIENTS_ASSIGNED:
        raise Refused({"clients": _("At most %(most)d clients at once.") % {"most": MOST_CLIENTS_ASSIGNED}})
    known = set(Client.objects.filter(club=programme.club_id, pk__in=chosen).order_by().values_list("pk", flat=True))
    if unknown := [str(pk) for pk in chosen if pk not in known]:
        raise NotInClub({"clients": _("This club has no such client: %(numbers)s.") % {"numbers": ", ".join(unknown[:10])}})
    return ProgrammeAssignment.objects.create(programme=programme, client_ids=chosen, created_by=user)


def undo_assignment(*, assignment: ProgrammeAssignment) -> int:
    """Take off the programme whom this click put on it, but nobody who has been marked since. Returns how many stay for that."""
    with transaction.atomic():
        locked = ProgrammeAssignment.objects.select_for_update(no_key=True).get(pk=assignment.pk)
        evaluations = _lock_evaluations(locked.programme_id, locked.joined_ids)
        blank = [each.client_id for each in evaluations if not each.started and not each.acquired]
        _withdraw(locked.programme_id, blank)
        locked.joined_ids = []
        locked.save(update_fields=["joined_ids"])
    return len(evaluations) - len(blank)


def withdraw_client(*, programme: Programme, client: Client) -> None:
    """Marks included: the page asks first."""
    with transaction.atomic():
        _lock_evaluations(programme.pk, [client.pk])
        _withdraw(programme.pk, [client.pk])


def mark_progress(*, realisation: Realisation, status: str, user: Any = None, was: str = "") -> Realisation:
    """`was` is what the person saw: where it is another by now, and not the wanted one either, MarkedMeanwhile is raised."""
    programme = realisation.task.skill.programme_id
    with transaction.atomic():
        _lock_evaluations(programme, [realisation.client_id])  # one mark of a client at a time, so that the counts are right
        fresh = Realisation.objects.select_related("marked_by").filter(pk=realisation.pk).first()
        if fresh is None:
            raise MarkedMeanwhile({"status": _("This client no longer follows the programme.")})
        if fresh.status != status and was not in ("", fresh.status):
            raise MarkedMeanwhile({"status": _marked_by(fresh)})
        if fresh.status != status:
            fresh.status, fresh.marked_at, fresh.marked_by = status, timezone.now(), user
            fresh.save(update_fields=["status", "marked_at", "marked_by"])
            sync_evaluations(programme=programme, clients=[fresh.client_id])
    return fresh


# ── The steps of the job ──


def assign_tasks(*, assignment: ProgrammeAssignment) -> int:
    """One task assignment a skill that has none yet. Returns how many are new.

    The programme is locked until the job ends: nobody removes a skill under it, and of two jobs the second sees what the first made.
    """
    with transaction.atomic():
        Programme.objects.select_for_update(no_key=True).get(pk=assignment.programme_id)
        bare = assignment.programme.skills.filter(task=None).order_by("position", "pk")
        return len(TaskAssignment.objects.bulk_create(TaskAssignment(skill=skill, assignment=assignment) for skill in bare))


def make_realisations(*, assignment: ProgrammeAssignment, report: Report = _silent) -> tuple[list[int], int]:
    """One realisation a client × skill that has none yet. Returns the clients, without who was erased meanwhile, and how many are new."""
    with transaction.atomic():
        clients = _hold_clients(assignment)
        tasks = list(TaskAssignment.objects.filter(skill__programme=assignment.programme_id).values_list("pk", flat=True))
        there = set(Realisation.objects.filter(task__in=tasks, client__in=clients).values_list("client_id", "task_id"))
        following = {client for client, _task in there}
        missing = [Realisation(task_id=task, client_id=client) for client in clients for task in tasks if (client, task) not in there]
        total = len(clients) * len(tasks)
        for first in range(0, len(missing), ROWS_A_STATEMENT):
            some = missing[first : first + ROWS_A_STATEMENT]
            Realisation.objects.bulk_create(some, ignore_conflicts=True)
            report(len(there) + first + len(some), total)
        _remember_who_joined(assignment, [client for client in clients if client not in following])
    return clients, len(missing)


def _hold_clients(assignment: ProgrammeAssignment) -> list[int]:
    """Nobody is erased while a row about them is written. In the order of deciding.py: evaluations, then clients."""
    _lock_evaluations(assignment.programme_id, assignment.client_ids)
    chosen = Client.objects.filter(club=assignment.programme.club_id, pk__in=assignment.client_ids)
    return list(chosen.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))


def sync_evaluations(*, programme: int, clients: Sequence[int], report: Report = _silent) -> None:
    """Count again. Each client's evaluation is locked before its realisations are read, so that no mark is missed."""
    with transaction.atomic():
        Evaluation.objects.bulk_create(
            (Evaluation(programme_id=programme, client_id=client) for client in sorted(clients)), ignore_conflicts=True
        )
        evaluations = _lock_evaluations(programme, clients)
        counts = _count_marks(programme, clients)
        for evaluation in evaluations:
            evaluation.total, evaluation.started, evaluation.acquired = counts.get(evaluation.client_id, (0, 0, 0))
            evaluation.updated_at = timezone.now()
        Evaluation.objects.bulk_update(evaluations, ["total", "started", "acquired", "updated_at"], batch_size=ROWS_A_STATEMENT)
    report(len(evaluations), len(evaluations))


def _count_marks(programme: int, clients: Sequence[int]) -> dict[int, tuple[int, int, int]]:
    rows = Realisation.objects.filter(task__skill__programme=programme, client__in=clients).order_by().values("client")
    rows = rows.annotate(
        total=Count("pk"), started=Count("pk", filter=Q(status=Status.STARTED)), acquired=Count("pk", filter=Q(status=Status.ACQUIRED))
    )
    return {row["client"]: (row["total"], row["started"], row["acquired"]) for row in rows}


def _lock_evaluations(programme: int, clients: Sequence[int]) -> list[Evaluation]:
    """In order of their ids, so that two who lock many do not wait for each other in a ring."""
    evaluations = Evaluation.objects.select_for_update(no_key=True).filter(programme=programme, client__in=clients)
    return list(evaluations.order_by("pk"))


def _withdraw(programme: int, clients: Sequence[int]) -> None:
    Realisation.objects.filter(task__skill__programme=programme, client__in=clients).delete()
    Evaluation.objects.filter(programme=programme, client__in=clients).delete()


def _remember_who_joined(assignment: ProgrammeAssignment, clients: list[int]) -> None:
    assignment.joined_ids = clients
    assignment.save(update_fields=["joined_ids"])


def _marked_by(realisation: Realisation) -> str:
    # Translators: French “%(who)s l’a noté entre-temps : %(status)s.”
    return _("%(who)s has marked it meanwhile: %(status)s.") % {
        "who": who(realisation.marked_by),
        "status": realisation.get_status_display().lower(),
    }
