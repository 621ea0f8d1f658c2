"""Starting a run, and what it does."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import BigIntegerField, F, QuerySet, Sum
from django.db.models.functions import Cast, Coalesce, Now, Round
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jobs.registry import PermanentError
from jobs.services import enqueue, new_token
from lessons.models import Club
from staffing.models import Centre, CentreResult, Direction, Simulation
from staffing.reference import version_of
from staffing.simulation import Assumptions, Workload, add_up
from staffing.snapshot import snapshot

MOST_CENTRES = 20_000  # in one choice
CENTRES_A_STATEMENT = 250
ROWS_A_STATEMENT = 2000
Scope = Simulation.Scope
Report = Callable[[int, int, str], None]
# Integers in both databases: SQLite would add decimals up as floats.
WORK = Sum(
    Cast(Round(F("volumes__units") * 100), BigIntegerField()) * Cast(Round(F("volumes__task__minutes") * 100), BigIntegerField()),
    output_field=BigIntegerField(),
)


class Refused(ValidationError):
    """Nothing was started; the texts say what to do."""


class NotInClub(Refused):
    """Names rows that the club does not have."""


def start_run(
    *,
    club: Club,
    user: Any,
    scope: str,
    direction: Direction | None = None,
    centres: list[int] | None = None,
    assumptions: Assumptions | None = None,
) -> Simulation:
    """A run and its job. Raises Refused for assumptions out of range or no centre, NotInClub for strange ones."""
    assumed = assumptions or Assumptions()
    chosen = sorted(set(centres or []))
    _check(club, scope, chosen, assumed)
    name = _name_of(scope, direction, len(chosen))
    token = new_token()
    with transaction.atomic():
        run = Simulation.objects.create(
            club=club,
            scope=scope,
            direction=direction,
            scope_name=name,
            centre_ids=chosen,
            working_days=assumed.working_days,
            hours_a_day=assumed.hours_a_day,
            productivity=assumed.productivity,
            absence_rate=assumed.absence_rate,
            job_id=token,
            task_id=token,
            created_by=user,
        )
        # Translators: "Simulation : %(of)s"
        label = _("Simulation: %(of)s") % {"of": name}
        run.job = enqueue("staffing.simulate", run.pk, token=token, label=label, scope=club.scope, user=user)
    return run


def finish_run(*, run: Simulation, report: Report) -> None:
    """Reads everything as of one moment, then writes the result at once: a run that is cancelled, or dies, leaves nothing."""
    if run.scope == Scope.DIRECTION and not run.direction_id:
        raise PermanentError(_("This direction has been deleted meanwhile."))
    results: list[CentreResult] = []
    with snapshot():
        version = version_of(run.club_id)
        parts = _parts(run)
        for done, (message, centres) in enumerate(parts):
            report(done, len(parts), message)
            results += [_result(run, centre) for centre in _with_work(centres)]
    report(len(parts), len(parts), _("Writing the result"))
    _write(run, results, version)


def _check(club: Club, scope: str, centres: list[int], assumptions: Assumptions) -> None:
    if scope == Scope.CENTRES and not centres:
        raise Refused({"centres": [_("Choose at least one centre.")]})
    if len(centres) > MOST_CENTRES:
        raise Refused({"centres": [_("At most %(most)d centres in one run.") % {"most": MOST_CENTRES}]})
    if wrong := assumptions.out_of_range():
        raise Refused({name: [_out_of_range()[name]] for name in wrong})
    if centres and Centre.objects.filter(direction__club=club, pk__in=centres).count() < len(centres):
        raise NotInClub({"centres": [_("The club has not all of these centres.")]})


def _out_of_range() -> dict[str, str]:
    return {
        "working_days": _("More than 0 and at most 366 days."),
        "hours_a_day": _("More than 0 and at most 24 hours."),
        "productivity": _("More than 0 and at most 1 (100 %)."),
        "absence_rate": _("At least 0 and less than 1 (100 %)."),
    }


def _name_of(scope: str, direction: Direction | None, centres: int) -> str:
    if direction:
        return direction.name
    if scope == Scope.NATIONAL:
        return _("All directions")
    return ngettext("%(count)d centre", "%(count)d centres", centres) % {"count": centres}


def _parts(run: Simulation) -> list[tuple[str, QuerySet[Centre]]]:
    """Pieces that take some tenths of a second each, with what to tell who waits."""
    centres = Centre.objects.filter(direction__club=run.club_id)
    if run.scope == Scope.CENTRES:
        return list(_by_ids(run.centre_ids, centres))
    directions = Direction.objects.filter(club=run.club_id).order_by("code")
    if run.scope == Scope.DIRECTION:
        ids = list(centres.filter(direction=run.direction_id).order_by("code").values_list("pk", flat=True))
        return list(_by_ids(ids, centres))
    found = []
    for direction in directions:
        ids = list(centres.filter(direction=direction).order_by("code").values_list("pk", flat=True))
        found += [(direction.name, queryset) for _message, queryset in _by_ids(ids, centres)]
    return found


def _by_ids(ids: list[int], centres: QuerySet[Centre]) -> Iterator[tuple[str, QuerySet[Centre]]]:
    for first in range(0, len(ids), CENTRES_A_STATEMENT):
        piece = ids[first : first + CENTRES_A_STATEMENT]
        # Translators: "Centres %(first)d à %(last)d sur %(total)d"
        message = _("Centres %(first)d to %(last)d of %(total)d") % {"first": first + 1, "last": first + len(piece), "total": len(ids)}
        yield message, centres.filter(pk__in=piece)


def _with_work(centres: QuerySet[Centre]) -> Any:
    rows = centres.order_by("direction__code", "code").annotate(work=Coalesce(WORK, 0))
    return rows.values_list("pk", "direction__code", "direction__name", "code", "name", "work", "headcount")


def _result(run: Simulation, row: tuple[int, str, str, str, str, int, Decimal]) -> CentreResult:
    centre, direction_code, direction_name, code, name, work, headcount = row
    return CentreResult(
        simulation=run,
        centre_id=centre,
        direction_code=direction_code,
        direction_name=direction_name,
        code=code,
        name=name,
        work=int(work),
        headcount=headcount,
    )


def _write(run: Simulation, results: list[CentreResult], version: int) -> None:
    """Again after a crash: the same result takes the place of the first. A centre deleted meanwhile keeps its line."""
    total = add_up([Workload(result.work, result.headcount) for result in results])
    with transaction.atomic():
        CentreResult.objects.filter(simulation=run).delete()
        there = set(Centre.objects.filter(direction__club=run.club_id).values_list("pk", flat=True))
        for result in results:
            result.centre_id = result.centre_id if result.centre_id in there else None
        CentreResult.objects.bulk_create(results, batch_size=ROWS_A_STATEMENT)
        values = {"work": total.work, "headcount": total.headcount, "reference_version": version, "finished_at": Now()}
        Simulation.objects.filter(pk=run.pk).update(**values)
