"""Selling a subscription, and changing one without breaking what it has already paid."""

from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from lessons.models import Client, Club, Subscription

from .booking import Refused, require_clients
from .credit import settle_unpaid
from .people import change


def sell_subscription(*, club: Club, client: Client, settles: bool = False, **values: Any) -> tuple[Subscription, int]:
    """With `settles` it pays at once what the client owes, as far as it is valid; the second figure says how many lessons.

    Raises NotInClub for a client who is not, or no longer, there.
    """
    try:
        with transaction.atomic():
            made = Subscription.objects.create(club=club, client=client, **values)
            return made, settle_unpaid(club=club, client=client) if settles else 0
    except IntegrityError:
        require_clients(club, [client.pk], named="client")  # or somebody has erased this one at the same moment
        raise


def change_subscription(*, subscription: Subscription, **values: Any) -> Subscription:
    """Raises Refused where a lesson that it has paid would no longer be covered."""
    with transaction.atomic():
        locked = Subscription.objects.select_for_update(no_key=True, of=("self",)).select_related("club").get(pk=subscription.pk)
        if errors := problems_of_change(locked, **values):
            raise Refused(errors)
        return change(locked, **values)


def problems_of_change(subscription: Subscription, **values: Any) -> dict[str, str]:
    """By field: what it has paid already forbids."""
    wish = {name: getattr(subscription, name) for name in ("kind", "credits", "valid_from", "valid_until")} | values
    first, last = _paid_days(subscription)
    errors = {}
    if first and wish["kind"] != subscription.kind:
        errors["kind"] = _("It has paid for lessons already.")
    if wish["credits"] is not None and wish["credits"] < subscription.used:
        errors["credits"] = _("%(used)d lessons were used already.") % {"used": subscription.used}
    if first and wish["valid_from"] > max(first, subscription.valid_from):  # a lesson that was moved may lie outside already
        errors["valid_from"] = _paid_on(first)
    if last and _ends_sooner(subscription.valid_until, wish["valid_until"], last):
        errors["valid_until"] = _paid_on(last)
    return errors


def _ends_sooner(before: date | None, after: date | None, last: date) -> bool:
    return after is not None and after < last and (before is None or after < before)


def _paid_days(subscription: Subscription) -> tuple[date | None, date | None]:
    starts = subscription.uses.standing().order_by("lesson__starts_at").values_list("lesson__starts_at", flat=True)
    days = [start.astimezone(subscription.club.zone).date() for start in (starts.first(), starts.last()) if start]
    return (days[0], days[1]) if days else (None, None)


def _paid_on(day: date) -> str:
    # Translators: French “Cet abonnement a payé un cours le %(day)s.”
    return _("This subscription has paid for a lesson on %(day)s.") % {"day": date_format(day)}
