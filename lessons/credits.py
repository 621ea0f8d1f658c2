"""What clients have left, and which subscription pays for a lesson.

The purse counts down in memory, so that a year of lessons costs no query a date.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Count, F, IntegerField, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from .models import Client, Subscription


class Purse:
    """The subscriptions of some clients: the oldest valid one with credit pays."""

    def __init__(self, subscriptions: Iterable[Subscription]) -> None:
        self.spent: Counter[int] = Counter()  # lessons taken from each pack
        self._of_client: dict[int, list[Subscription]] = defaultdict(list)
        for subscription in sorted(subscriptions, key=lambda row: (row.valid_from, row.pk)):
            self._of_client[subscription.client_id].append(subscription)

    def pay(self, client_id: int, day: date) -> int | None:
        """The id of the subscription that pays for a lesson on this day; None: the client has none with credit."""
        for subscription in self._of_client[client_id]:
            if self._can_pay(subscription, day):
                if subscription.remaining is not None:
                    self.spent[subscription.pk] += 1
                return subscription.pk
        return None

    def _can_pay(self, subscription: Subscription, day: date) -> bool:
        valid = subscription.valid_from <= day and (subscription.valid_until is None or day <= subscription.valid_until)
        return valid and (subscription.remaining is None or subscription.remaining > self.spent[subscription.pk])


def with_sessions_left(clients: QuerySet[Client], day: date) -> QuerySet[Client]:
    """`left`: what the packs valid that day still hold; `unlimited`: a period covers that day."""
    ended = Q(subscriptions__valid_until__lt=day)
    valid = Q(subscriptions__valid_from__lte=day) & ~ended
    left = Sum(F("subscriptions__credits") - F("subscriptions__used"), filter=valid & Q(subscriptions__kind=Subscription.Kind.PACK))
    periods = Count("subscriptions", filter=valid & Q(subscriptions__kind=Subscription.Kind.PERIOD))
    counted = clients.annotate(left=Coalesce(left, Value(0), output_field=IntegerField()), unlimited=periods)
    return counted.order_by("last_name", "first_name", "pk")  # a sum drops the order of the model


def sessions_left(client: Any) -> int | None:
    """Of a client from `with_sessions_left`; None: as many as the client likes."""
    return None if client.unlimited else int(client.left)
