"""Taking credits for lessons and giving them back: ledger, counters and enrolments change together, or not at all.

Everybody locks in the order that deciding.py names. Whoever reads a card's credit holds its lock, and whoever decides an enrolment
holds that.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from lessons.credits import Purse
from lessons.models import Client, Club, Enrolment, Lesson, Subscription, SubscriptionUse

from .renewals import warn_of_renewals

_STANDING_USE = SubscriptionUse.objects.standing().filter(lesson=OuterRef("lesson"), client=OuterRef("client"))  # of an enrolment


def pay_lessons(*, lessons: Iterable[int]) -> int:
    """Decide the enrolments that are still booked in these lessons: the oldest valid subscription with credit pays; none: unpaid.

    Again, it finds nothing left to decide. Returns how many were decided. A cancelled lesson costs nothing.
    """
    with transaction.atomic():
        enrolled = Enrolment.objects.filter(lesson__in=hold_lessons(lessons))
        purse = _open_purse(enrolled.values("client"))
        booked = enrolled.charged().filter(status=Enrolment.Status.BOOKED)
        # taken back and enrolled again before a job has given the credit back: that credit pays
        again = booked.filter(Exists(_STANDING_USE)).update(status=Enrolment.Status.PAID)
        return again + len(_decide(_in_order_of_dates(booked), purse))


def settle_unpaid(*, club: Club, client: Client) -> int:
    """Let the client's subscriptions pay what is unpaid, in order of dates; returns how many lessons they paid."""
    unpaid = Enrolment.objects.charged().filter(client=client, lesson__club=club, status=Enrolment.Status.UNPAID)
    with transaction.atomic():
        lessons = hold_lessons(unpaid.values_list("lesson", flat=True))
        purse = _open_purse([client.pk])
        decided = _decide(_in_order_of_dates(unpaid.filter(lesson__in=lessons)), purse)
        return sum(enrolment.status == Enrolment.Status.PAID for enrolment in decided)


def return_credits(*, lessons: Iterable[int], clients: Iterable[int] | None = None) -> int:
    """Give back what subscriptions paid for these lessons (and only to these clients, where they are named); returns how many credits.

    Their enrolments are booked again, so that `pay_lessons` can undo it. Whether it is too late for that is the caller's to say.
    """
    with transaction.atomic():
        uses = SubscriptionUse.objects.standing().filter(lesson__in=hold_lessons(lessons, planned=False))
        if clients is not None:
            uses = uses.filter(client__in=list(clients))
        return return_uses(uses)


def return_uses(uses: Iterable[SubscriptionUse]) -> int:
    """Exactly these; the caller holds the locks of their lessons."""
    with transaction.atomic():
        wanted = [use.pk for use in uses]
        standing = SubscriptionUse.objects.standing().filter(pk__in=wanted)
        cards = Subscription.objects.select_for_update(no_key=True).filter(pk__in=standing.values("subscription"))
        packs = {card.pk for card in cards.order_by("id") if card.credits is not None}
        taken = list(standing)
        SubscriptionUse.objects.filter(pk__in=[use.pk for use in taken]).update(returned_at=Now())
        count_back(Counter(use.subscription_id for use in taken if use.subscription_id in packs))
        mine = SubscriptionUse.objects.filter(pk__in=[use.pk for use in taken], lesson=OuterRef("lesson"), client=OuterRef("client"))
        Enrolment.objects.filter(Exists(mine)).update(status=Enrolment.Status.BOOKED)
    return len(taken)


def mark_paid_otherwise(*, enrolment: Enrolment) -> bool:
    """In cash, or as a present: no subscription is touched. False when somebody has decided it meanwhile."""
    unpaid = Enrolment.objects.filter(pk=enrolment.pk, status=Enrolment.Status.UNPAID)
    return bool(unpaid.update(status=Enrolment.Status.PAID))


def mark_unpaid(*, enrolment: Enrolment) -> bool:
    """Take `mark_paid_otherwise` back. False when a subscription paid, or nobody."""
    paid = Enrolment.objects.filter(~Exists(_STANDING_USE), pk=enrolment.pk, status=Enrolment.Status.PAID)
    return bool(paid.update(status=Enrolment.Status.UNPAID))


def debit(enrolments: list[Enrolment], days: dict[int, date], purse: Purse) -> None:
    """Decide each enrolment, in the order given; write the ledger."""
    uses = []
    for enrolment in enrolments:
        card = purse.pay(enrolment.client_id, days[enrolment.lesson_id])
        enrolment.status = Enrolment.Status.PAID if card else Enrolment.Status.UNPAID
        if card:
            uses.append(SubscriptionUse(subscription_id=card, lesson_id=enrolment.lesson_id, client_id=enrolment.client_id))
    SubscriptionUse.objects.bulk_create(uses)


def write_down(purse: Purse) -> list[int]:
    """The counters of the packs. The database adds, so that what another transaction wrote is never overwritten.

    Returns which packs were spent from.
    """
    spent = sorted(purse.spent)
    Subscription.objects.bulk_update([Subscription(pk=pk, used=F("used") + purse.spent[pk]) for pk in spent], ["used"])
    purse.spent.clear()
    return spent


def count_back(returned: Counter[int]) -> None:
    cards = [Subscription(pk=pk, used=F("used") - count) for pk, count in sorted(returned.items())]
    Subscription.objects.bulk_update(cards, ["used"])


def hold_lessons(ids: Iterable[int], *, planned: bool = True) -> list[int]:
    """no_key: rows that merely refer to a lesson need not wait."""
    lessons = Lesson.objects.select_for_update(no_key=True).filter(pk__in=list(ids)).order_by("pk")
    if planned:
        lessons = lessons.filter(status=Lesson.Status.PLANNED)
    return list(lessons.values_list("pk", flat=True))


def hold_cards(of: Q) -> list[Subscription]:
    """All that a job will need, in one statement: one after another could be out of order, and two jobs wait for each other."""
    return list(Subscription.objects.select_for_update(no_key=True).filter(of).order_by("id"))


def _open_purse(clients: Any) -> Purse:
    return Purse(hold_cards(Q(client__in=clients)))


def _in_order_of_dates(enrolments: QuerySet[Enrolment]) -> list[Enrolment]:
    locked = enrolments.select_for_update(no_key=True, of=("self",))  # somebody may be paying in cash at this moment
    return list(locked.select_related("lesson__club").order_by("lesson__starts_at", "client_id"))


def _decide(enrolments: list[Enrolment], purse: Purse) -> list[Enrolment]:
    debit(enrolments, {enrolment.lesson_id: enrolment.lesson.local_start.date() for enrolment in enrolments}, purse)
    Enrolment.objects.bulk_update(enrolments, ["status"])
    warn_of_renewals(cards=write_down(purse))
    return enrolments
