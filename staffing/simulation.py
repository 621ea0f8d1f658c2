"""How many people the work takes. Exact numbers in, exact numbers out; nothing is rounded before it is shown.

    hours      = Σ volume × minutes / 60
    fte_needed = hours / (working_days × hours_a_day × productivity × (1 − absence_rate))
    gap        = headcount − fte_needed

Work is added up as whole ten-thousandths of a minute (units and minutes have two places each), so a direction is the sum of its
centres, and the national figures the sum of the directions, to the last digit and in any order.
"""

from dataclasses import dataclass, fields
from decimal import Decimal
from functools import cached_property

PARTS_OF_A_MINUTE = 10_000
MINUTES_AN_HOUR = 60


@dataclass(frozen=True)
class Assumptions:
    """`working_days` a year in (0, 366], `hours_a_day` in (0, 24], `productivity` in (0, 1], `absence_rate` in [0, 1)."""

    working_days: Decimal = Decimal("218")
    hours_a_day: Decimal = Decimal("7.2")
    productivity: Decimal = Decimal("0.85")
    absence_rate: Decimal = Decimal("0.08")

    @cached_property
    def out_of_range(self) -> list[str]:
        """The names of those that no calculation can be made with."""
        allowed = {
            "working_days": 0 < self.working_days <= 366,
            "hours_a_day": 0 < self.hours_a_day <= 24,
            "productivity": 0 < self.productivity <= 1,
            "absence_rate": 0 <= self.absence_rate < 1,
        }
        return [each.name for each in fields(self) if not allowed[each.name]]

    @cached_property
    def hours_a_year(self) -> Decimal:
        """What one full-time equivalent gets done in a year."""
        return self.working_days * self.hours_a_day * self.productivity * (1 - self.absence_rate)


@dataclass(frozen=True)
class Workload:
    """`work` in ten-thousandths of a minute a year, `headcount` in full-time equivalents."""

    work: int = 0
    headcount: Decimal = Decimal(0)

    def __add__(self, other: "Workload") -> "Workload":
        return Workload(self.work + other.work, self.headcount + other.headcount)


@dataclass(frozen=True)
class Figures:
    """`hours` a year; the others in full-time equivalents. A negative gap: so many are missing."""

    hours: Decimal
    fte_needed: Decimal
    headcount: Decimal
    gap: Decimal


def simulate(workload: Workload, assumptions: Assumptions) -> Figures:
    """Of a centre, or of any sum of centres. Raises ValueError for assumptions out of their range."""
    if wrong := assumptions.out_of_range:
        raise ValueError(f"out of range: {', '.join(wrong)}")
    hours = Decimal(workload.work) / (PARTS_OF_A_MINUTE * MINUTES_AN_HOUR)
    fte_needed = hours / assumptions.hours_a_year
    return Figures(hours, fte_needed, workload.headcount, workload.headcount - fte_needed)


def add_up(workloads: "list[Workload]") -> Workload:
    return sum(workloads, Workload())
