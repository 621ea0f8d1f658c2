"""The calculation, on its own."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staffing.simulation import PARTS_OF_A_MINUTE, Assumptions, Workload, add_up, simulate

A_YEAR = Assumptions(Decimal(200), Decimal(8), Decimal("0.8"), Decimal("0.1"))  # 1,152 hours
workloads = st.builds(Workload, st.integers(0, 10**15), st.decimals(0, 10**5, places=2))


def hours(count: int, headcount: str = "0") -> Workload:
    return Workload(count * 60 * PARTS_OF_A_MINUTE, Decimal(headcount))


def test_hours_are_minutes_over_sixty() -> None:
    assert simulate(hours(1152), A_YEAR).hours == 1152


def test_need_is_hours_over_what_one_person_gets_done_in_a_year() -> None:
    assert A_YEAR.hours_a_year == 1152
    assert simulate(hours(2304), A_YEAR).fte_needed == 2


def test_a_gap_below_zero_says_how_many_are_missing() -> None:
    assert simulate(hours(2304, "1.25"), A_YEAR).gap == Decimal("-0.75")


def test_nothing_to_do_needs_nobody() -> None:
    assert simulate(Workload(0, Decimal(3)), A_YEAR).gap == 3


@given(st.lists(workloads, max_size=8))
def test_a_direction_is_the_sum_of_its_centres_in_any_order(centres: list[Workload]) -> None:
    assert simulate(add_up(centres), A_YEAR) == simulate(add_up(centres[::-1]), A_YEAR)


@given(workloads, st.decimals("0.01", 1, places=4))
def test_higher_productivity_never_needs_more_people(workload: Workload, productivity: Decimal) -> None:
    slower = Assumptions(Decimal(200), Decimal(8), productivity, Decimal(0))
    faster = Assumptions(Decimal(200), Decimal(8), Decimal(1), Decimal(0))
    assert simulate(workload, faster).fte_needed <= simulate(workload, slower).fte_needed


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("working_days", "0"), ("working_days", "367"), ("hours_a_day", "0"), ("hours_a_day", "24.5"),
        ("productivity", "0"), ("productivity", "1.01"), ("absence_rate", "1"), ("absence_rate", "-0.1"),
    ],
)  # fmt: skip
def test_assumptions_out_of_range_are_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=name):
        simulate(hours(1), Assumptions(**{name: Decimal(value)}))
