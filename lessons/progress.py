"""Programmes as their pages show them: who is how far, in two queries whatever the size."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, JSONObject, Now

from .models import Client, Club, Evaluation, Programme, ProgrammeAssignment, Realisation, Skill

ROWS_A_PAGE = 20
UNDO_FOR = timedelta(hours=1)
Status = Realisation.Status
NEXT = {Status.TODO: Status.STARTED, Status.STARTED: Status.ACQUIRED, Status.ACQUIRED: Status.TODO}


@dataclass(frozen=True)
class Cell:
    skill: int
    pk: int | None = None  # None: the skill came after this client
    status: str = ""

    @property
    def following(self) -> str:
        return NEXT[Status(self.status)]

    @property
    def words(self) -> Any:
        return Status(self.status).label


@dataclass
class Row:
    client: int
    name: str
    cells: list[Cell]

    @property
    def acquired(self) -> int:
        return sum(cell.status == Status.ACQUIRED for cell in self.cells)

    @property
    def total(self) -> int:
        return sum(cell.pk is not None for cell in self.cells)


@dataclass(frozen=True)
class LastAssignment:
    pk: int
    token: UUID | None
    status: str | None
    joined: int  # clients, as long as that is offered to be undone

    @property
    def is_open(self) -> bool:
        return self.status in ("pending", "running", "error")

    @property
    def can_be_undone(self) -> bool:
        return self.status in ("done", None) and self.joined > 0


@dataclass
class Grid:
    programme: Programme
    skills: list[Skill]
    search: str
    clients: int  # who follow the programme
    found: int  # of them, whom the search finds
    missing: int  # realisations that followers lack
    last: LastAssignment | None
    number: int = 1
    rows: list[Row] = field(default_factory=list)
    shown: int = 0  # the place of the one skill that a phone shows

    @property
    def pages(self) -> int:
        return max(1, -(-self.found // ROWS_A_PAGE))

    @property
    def first(self) -> int:
        return (self.number - 1) * ROWS_A_PAGE + 1

    @property
    def last_row(self) -> int:
        return self.first + len(self.rows) - 1

    @property
    def previous_page(self) -> int:
        return self.number - 1

    @property
    def next_page(self) -> int:
        return self.number + 1

    @property
    def skill(self) -> Skill:
        return self.skills[self.shown]

    @property
    def previous_skill(self) -> Skill | None:
        return self.skills[self.shown - 1] if self.shown else None

    @property
    def next_skill(self) -> Skill | None:
        return self.skills[self.shown + 1] if self.shown + 1 < len(self.skills) else None


def lay_out_grid(*, club: Club, pk: int, search: str = "", page: int = 1, skill: int | None = None) -> Grid | None:
    """None: the club has no such programme."""
    rows: list[Any] = list(_skills_with_counts(club, pk, search))
    if not rows:
        return None
    head = rows[0]
    missing = head.follower_count * len(rows) - head.realisation_count
    grid = Grid(head.programme, rows, search, head.follower_count, head.found_count, missing, _last(head.last_assignment))
    grid.number = min(max(page, 1), grid.pages)
    grid.shown = next((place for place, each in enumerate(rows) if each.pk == skill), 0)
    grid.rows = _rows(grid)
    return grid


def followers(programme: int, search: str = "") -> QuerySet[Evaluation]:
    found = Evaluation.objects.filter(programme=programme)
    for word in search.split()[:5]:
        found = found.filter(Q(client__first_name__icontains=word) | Q(client__last_name__icontains=word))
    return found


def clients_to_choose(club: Club, programme: Programme) -> QuerySet[Client]:
    """`follows`: already on the programme, with all of its skills or some."""
    return Client.objects.filter(club=club).annotate(follows=Exists(Evaluation.objects.filter(programme=programme, client=OuterRef("pk"))))


def skills_to_edit(club: Club, pk: int) -> QuerySet[Skill]:
    """With the programme."""
    return Skill.objects.filter(programme=pk, programme__club=club).select_related("programme__club")


def _skills_with_counts(club: Club, pk: int, search: str) -> QuerySet[Skill]:
    realisations = Realisation.objects.filter(task__skill__programme=OuterRef("programme"))
    latest = ProgrammeAssignment.objects.filter(programme=OuterRef("programme")).order_by("-pk")
    is_fresh = ExpressionWrapper(Q(created_at__gt=Now() - UNDO_FOR), output_field=BooleanField())
    latest_values = JSONObject(id="pk", job="job__id", status="job__status", joined="joined_ids", is_fresh=is_fresh)
    return skills_to_edit(club, pk).annotate(
        follower_count=_count(Evaluation.objects.filter(programme=OuterRef("programme")), "programme"),
        found_count=_count(followers(pk, search).filter(total__gt=0), "programme"),
        realisation_count=_count(realisations, "task__skill__programme"),
        last_assignment=Subquery(latest.values(row=latest_values)[:1]),
    )


def _count(rows: QuerySet[Any], by: str) -> Coalesce:
    number = rows.order_by().values(by).annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(number, output_field=IntegerField()), 0)


def _last(values: dict[str, Any] | None) -> LastAssignment | None:
    if values is None:
        return None
    token = UUID(values["job"]) if values["job"] else None
    joined = values["joined"]
    if isinstance(joined, str):  # SQLite hands a list within an object over as its text
        joined = json.loads(joined)
    return LastAssignment(values["id"], token, values["status"], len(joined) if values["is_fresh"] else 0)


def _rows(grid: Grid) -> list[Row]:
    """The page's clients in order of their names, each with a cell for each skill."""
    by_name = ("client__last_name", "client__first_name", "client")
    start = grid.first - 1
    on_page = followers(grid.programme.pk, grid.search).filter(total__gt=0).order_by(*by_name)[start : start + ROWS_A_PAGE]
    found = Realisation.objects.filter(task__skill__programme=grid.programme, client__in=on_page.values("client")).order_by(*by_name)
    rows: dict[int, Row] = {}
    cells: dict[tuple[int, int], Cell] = {}
    for pk, status, skill, client, *names in found.values_list(
        "pk", "status", "task__skill", "client", "client__first_name", "client__last_name"
    ):
        rows.setdefault(client, Row(client, " ".join(names).strip(), []))
        cells[client, skill] = Cell(skill, pk, status)
    for row in rows.values():
        row.cells = [cells.get((row.client, skill.pk), Cell(skill.pk)) for skill in grid.skills]
    return list(rows.values())
