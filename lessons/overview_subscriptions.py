"""What the pages of the subscriptions show: rows and counts, in a few statements whatever their number."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import BooleanField, Case, Count, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from .models import Client, Club, Enrolment, Subscription, SubscriptionUse

FEW = 1  # sessions left that make a renewal due
LONGEST_SEARCH = 100
COMING, PAST = 3, 5  # lessons that a client's record shows

# Translators: subscriptions that are valid; French “En cours”
CURRENT = pgettext_lazy("subscriptions", "Current")
# Translators: subscriptions that are nearly used up; French “À renouveler”
LOW = pgettext_lazy("subscriptions", "To renew")
# Translators: lessons that nobody paid; French “Impayés”
UNPAID = pgettext_lazy("lessons", "Unpaid")
# Translators: subscriptions that are used up or no longer valid; French “Terminés”
ENDED = pgettext_lazy("subscriptions", "Ended")


@dataclass(frozen=True)
class Tab:
    key: str
    words: Any
    count: int


def list_subscriptions(club: Club, *, day: date, search: str = "", tab: str = "") -> QuerySet[Any]:
    """Each with `is_current`, and `is_low`: nearly used up, and nothing else of the client's takes its place."""
    others = Subscription.objects.filter(_current(day), client=OuterRef("client")).exclude(pk=OuterRef("pk"))
    low = Q(~Exists(others), _valid(day), kind=Subscription.Kind.PACK, used__gte=F("credits") - FEW)
    rows = Subscription.objects.filter(_named(search), club=club).annotate(is_current=_flag(_current(day)), is_low=_flag(low))
    rows = rows.filter(**{"": {"is_current": True}, "renouveler": {"is_low": True}, "termines": {"is_current": False}}.get(tab, {}))
    return rows.select_related("client").order_by("-is_low", "client__last_name", "client__first_name", "client", "valid_from", "pk")


def list_unpaid(club: Club, *, search: str = "") -> QuerySet[Any]:
    """The lessons that nobody paid, client by client, the oldest first; `payable`: a subscription could pay."""
    unpaid = _unpaid(club, search).annotate(day=TruncDate("lesson__starts_at", tzinfo=club.zone))
    cards = Subscription.objects.with_credit().filter(client=OuterRef("client"), valid_from__lte=OuterRef("day"))
    payable = Exists(cards.exclude(valid_until__lt=OuterRef("day")))
    order = ("client__last_name", "client__first_name", "client", "lesson__starts_at")
    return (
        _unpaid(club, search).annotate(payable=Exists(cards)).select_related("client", "lesson__teacher", "lesson__club").order_by(*order)
    )


def count_tabs(club: Club, *, day: date, search: str = "") -> list[Tab]:
    rows = list_subscriptions(club, day=day, search=search, tab="all").order_by()
    true = {"current": Q(is_current=True), "low": Q(is_low=True), "ended": Q(is_current=False)}
    counts = rows.aggregate(**{name: Count("pk", filter=condition) for name, condition in true.items()})
    unpaid = _unpaid(club, search).count()
    return [
        Tab("", CURRENT, counts["current"]),
        Tab("renouveler", LOW, counts["low"]),
        Tab("impayes", UNPAID, unpaid),
        Tab("termines", ENDED, counts["ended"]),
    ]


def ledger_of(subscription: Subscription) -> QuerySet[SubscriptionUse]:
    """The last first."""
    return subscription.uses.select_related("lesson__teacher", "lesson__club").order_by("-lesson__starts_at", "-pk")


def lessons_near(client: Client) -> list[Enrolment]:
    """The next lessons of a client and the last ones, the latest first, in one statement."""
    enrolments = Enrolment.objects.filter(client=client, lesson__status="planned")
    now = timezone.now()
    coming = enrolments.filter(lesson__starts_at__gte=now).order_by("lesson__starts_at").values("pk")[:COMING]
    past = enrolments.filter(lesson__starts_at__lt=now).order_by("-lesson__starts_at").values("pk")[:PAST]
    near = Enrolment.objects.filter(Q(pk__in=coming) | Q(pk__in=past))
    return list(near.select_related("lesson__teacher", "lesson__club").order_by("-lesson__starts_at"))


def oldest_unpaid(client: Client) -> date | None:
    """The day from which a new subscription would have to be valid to pay everything."""
    first = _unpaid(client.club, "").filter(client=client).order_by("lesson__starts_at").select_related("lesson__club").first()
    return first.lesson.local_start.date() if first else None


def _unpaid(club: Club, search: str) -> QuerySet[Enrolment]:
    return Enrolment.objects.filter(_named(search), lesson__club=club, lesson__status="planned", status=Enrolment.Status.UNPAID)


def _valid(day: date) -> Q:
    return Q(valid_until=None) | Q(valid_until__gte=day)


def _current(day: date) -> Q:
    """Can pay for a lesson on this day or later."""
    return _valid(day) & (Q(credits=None) | Q(used__lt=F("credits")))


def _flag(condition: Q) -> Case:
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())


def _named(search: str) -> Q:
    wanted = Q()
    for word in search.replace("\x00", "")[:LONGEST_SEARCH].split():
        wanted &= Q(client__first_name__icontains=word) | Q(client__last_name__icontains=word)
    return wanted
