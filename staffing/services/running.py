"""Starting a run, and what it does."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import BigIntegerField, F, Sum
from django.db.models.functions import Cast, Now, Round
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jobs.registry import PermanentError
from jobs.services import enqueue, new_token
from lessons.models import Club
from staffing.bulk import CentreLine, insert_results
from staffing.models import Centre, CentreResult, Direction, Simulation, Volume
from staffing.reference import version_of
from staffing.simulation import PARTS_OF_A_MINUTE, Assumptions, Workload, add_up
from staffing.snapshot import snapshot

MOST_CENTRES = 20_000  # in one choice
CENTRES_A_STATEMENT = 500
Scope = Simulation.Scope
Report = Callable[[int, int, str], None]
CentreRow = tuple[int, str, str, str, str, Decimal]  # id, code and name of the direction, code, name, headcount
# Postgres adds decimals up exactly, and in half the time of integers made of them; SQLite would make floats of them.
MINUTES = Sum(F("units") * F("task__minutes"))
WORK = Sum(
    Cast(Round(F("units") * 100), BigIntegerField()) * Cast(Round(F("task__minutes") * 100), BigIntegerField()),
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
        raise PermanentError(_("This direction has been deleted meanwhile."), retryable=False)
    lines: list[CentreLine] = []
    with snapshot():
        version = version_of(run.club_id)
        parts = _parts(run)
        for done, (message, centres) in enumerate(parts):
            report(done, len(parts), message)
            lines += _lines(centres)
    report(len(parts), len(parts), _("Writing the result"))
    _write(run, lines, version)


def _check(club: Club, scope: str, centres: list[int], assumptions: Assumptions) -> None:
    if scope == Scope.CENTRES and not centres:
        raise Refused({"centres": [_("Choose at least one centre.")]})
    if len(centres) > MOST_CENTRES:
        raise Refused({"centres": [_("At most %(most)d centres in one run.") % {"most": MOST_CENTRES}]})
    if wrong := out_of_range(assumptions):
        raise Refused(wrong)
    if centres and Centre.objects.filter(direction__club=club, pk__in=centres).count() < len(centres):
        raise NotInClub({"centres": [_("The club has not all of these centres.")]})


def out_of_range(assumptions: Assumptions) -> dict[str, list[str]]:
    """What is wrong with those that no calculation can be made with."""
    words = {
        "working_days": _("More than 0 and at most 366 days."),
        "hours_a_day": _("More than 0 and at most 24 hours."),
        "productivity": _("More than 0 and at most 1 (100 %)."),
        "absence_rate": _("At least 0 and less than 1 (100 %)."),
    }
    return {name: [words[name]] for name in assumptions.out_of_range}


def _name_of(scope: str, direction: Direction | None, centres: int) -> str:
    if direction:
        return direction.name
    if scope == Scope.NATIONAL:
        return _("All directions")
    return ngettext("%(count)d centre", "%(count)d centres", centres) % {"count": centres}


def _parts(run: Simulation) -> list[tuple[str, list[CentreRow]]]:
    """Pieces that take some hundredths of a second each, with what to tell who waits."""
    rows = _centres(run)
    if run.scope != Scope.NATIONAL:
        return list(_pieces(rows))
    directions = groupby(rows, key=itemgetter(1))
    return [(piece[0][2], piece) for _code, group in directions for _words, piece in _pieces(list(group))]


def _centres(run: Simulation) -> list[CentreRow]:
    centres = Centre.objects.filter(direction__club=run.club_id)
    if run.scope == Scope.CENTRES:
        centres = centres.filter(pk__in=run.centre_ids)
    elif run.scope == Scope.DIRECTION:
        centres = centres.filter(direction=run.direction_id)
    rows = centres.order_by("direction__code", "code")
    return list(rows.values_list("pk", "direction__code", "direction__name", "code", "name", "headcount"))


def _pieces(rows: list[CentreRow]) -> Iterator[tuple[str, list[CentreRow]]]:
    for first in range(0, len(rows), CENTRES_A_STATEMENT):
        piece = rows[first : first + CENTRES_A_STATEMENT]
        # Translators: "Centres %(first)d à %(last)d sur %(total)d"
        message = _("Centres %(first)d to %(last)d of %(total)d") % {"first": first + 1, "last": first + len(piece), "total": len(rows)}
        yield message, piece


def _work_of(centres: list[int]) -> dict[int, int]:
    """In ten-thousandths of a minute; centres without volumes are missing."""
    rows: Any = Volume.objects.filter(centre__in=centres).order_by().values_list("centre")
    if connection.vendor == "postgresql":
        return {centre: int(minutes * PARTS_OF_A_MINUTE) for centre, minutes in rows.annotate(minutes=MINUTES)}
    return dict(rows.annotate(work=WORK))


def _lines(centres: list[CentreRow]) -> list[CentreLine]:
    work = _work_of([centre[0] for centre in centres])
    return [CentreLine(*centre[:5], work.get(centre[0], 0), str(centre[5])) for centre in centres]


def _write(run: Simulation, lines: list[CentreLine], version: int) -> None:
    """Again after a crash: the same result takes the place of the first."""
    total = add_up([Workload(line.work, Decimal(line.headcount)) for line in lines])
    with transaction.atomic():
        CentreResult.objects.filter(simulation=run).delete()
        insert_results(run.pk, lines)
        values = {"work": total.work, "headcount": total.headcount, "reference_version": version, "finished_at": Now()}
        Simulation.objects.filter(pk=run.pk).update(**values)
