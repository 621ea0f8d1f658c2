"""Which subscription pays."""

from datetime import date, timedelta

from lessons.credits import Purse
from lessons.models import Subscription

DAY = date(2027, 2, 3)


def card(pk: int, credits: int | None = 10, **values: object) -> Subscription:
    kind = Subscription.Kind.PERIOD if credits is None else Subscription.Kind.PACK
    return Subscription(**{"pk": pk, "client_id": 1, "kind": kind, "credits": credits, "valid_from": DAY, **values})


def test_the_oldest_pays_first() -> None:
    assert Purse([card(1), card(2, valid_from=DAY - timedelta(days=1))]).pay(1, DAY) == 2


def test_a_used_up_pack_lets_the_next_one_pay() -> None:
    purse = Purse([card(1, 1), card(2, 5, used=5), card(3)])
    assert [purse.pay(1, DAY) for _ in range(2)] == [1, 3]


def test_no_pack_is_spent_below_zero() -> None:
    purse = Purse([card(1, 3, used=1)])
    assert [purse.pay(1, DAY) for _ in range(3)] == [1, 1, None]
    assert purse.spent == {1: 2}


def test_a_period_pays_any_number_and_is_not_counted() -> None:
    purse = Purse([card(1, None)])
    assert [purse.pay(1, DAY) for _ in range(30)] == [1] * 30
    assert not purse.spent


def test_both_ends_of_the_validity_count() -> None:
    purse = Purse([card(1, valid_until=DAY + timedelta(days=7))])
    days = [DAY - timedelta(days=1), DAY, DAY + timedelta(days=7), DAY + timedelta(days=8)]
    assert [purse.pay(1, day) for day in days] == [None, 1, 1, None]


def test_nobody_pays_for_another() -> None:
    assert Purse([card(1)]).pay(2, DAY) is None
