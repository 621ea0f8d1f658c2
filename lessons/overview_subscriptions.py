"""What the pages of the subscriptions show: rows and counts, in a few statements whatever their number."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import BooleanField, Case, Count, Exists, F, JSONField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, JSONObject, TruncDate
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from .models import Attendance, Client, Club, Enrolment, Subscription, SubscriptionUse

FEW = 1  # sessions left that make a renewal due
LONGEST_SEARCH = 100
UNPAID_TAB = "impayes"
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


class JSONRows(Subquery):
    """All rows of a subquery, whose one column is `item`, as a list."""

    template = "(SELECT COALESCE(jsonb_agg(near.item), '[]') FROM (%(subquery)s) near)"
    output_field = JSONField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="(SELECT json_group_array(json(near.item)) FROM (%(subquery)s) near)", **context)


@dataclass(frozen=True)
class NearLesson:
    """A lesson in a client's record."""

    pk: int
    title: str
    starts_at: datetime
    status: str
    attendance: str


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
    rows = unpaid.annotate(payable=payable).select_related("client", "lesson__teacher", "lesson__club")
    return rows.order_by("client__last_name", "client__first_name", "client", "lesson__starts_at")


def count_tabs(club: Club, *, day: date, search: str = "") -> list[Tab]:
    """In one statement."""
    words = {"": CURRENT, "renouveler": LOW, UNPAID_TAB: UNPAID, "termines": ENDED}
    rows = {key: list_subscriptions(club, day=day, search=search, tab=key) for key in words if key != UNPAID_TAB}
    asked = {f"n_{key}": _count(found.values("club")) for key, found in rows.items()}
    asked[f"n_{UNPAID_TAB}"] = _count(_unpaid(club, search).values("lesson__club"))
    counts: Any = Club.objects.filter(pk=club.pk).values(**asked).get()
    return [Tab(key, said, counts[f"n_{key}"]) for key, said in words.items()]


def ledger_of(subscription: Subscription) -> QuerySet[SubscriptionUse]:
    """The last first."""
    return subscription.uses.select_related("lesson__teacher", "lesson__club").order_by("-lesson__starts_at", "-pk")


def lessons_near() -> Subquery:
    """For a client: the next lessons and the last ones, in the client's own statement. `read_lessons` makes rows of it."""
    enrolments = Enrolment.objects.exclude(attendance=Attendance.CANCELLED).filter(
        client=OuterRef("client"), lesson__status="planned"
    )  # of the same client
    now = timezone.now()
    coming = enrolments.filter(lesson__starts_at__gte=now).order_by("lesson__starts_at").values("pk")[:COMING]
    past = enrolments.filter(lesson__starts_at__lt=now).order_by("-lesson__starts_at").values("pk")[:PAST]
    near = Enrolment.objects.filter(Q(pk__in=coming) | Q(pk__in=past), client=OuterRef("pk"))
    facts = JSONObject(
        lesson=F("lesson_id"), title=F("lesson__title"), starts_at=F("lesson__starts_at"), status=F("status"), attendance=F("attendance")
    )
    return JSONRows(near.values(item=facts))


def read_lessons(rows: list[dict[str, Any]], club: Club) -> list[NearLesson]:
    """The latest first."""
    read = [
        NearLesson(row["lesson"], row["title"], _instant(row["starts_at"]).astimezone(club.zone), row["status"], row["attendance"])
        for row in rows
    ]
    return sorted(read, key=lambda lesson: lesson.starts_at, reverse=True)


def oldest_unpaid(client: Client) -> date | None:
    """The day from which a new subscription would have to be valid to pay everything."""
    first = _unpaid(client.club, "").filter(client=client).order_by("lesson__starts_at").select_related("lesson__club").first()
    return first.lesson.local_start.date() if first else None


def _unpaid(club: Club, search: str) -> QuerySet[Enrolment]:
    return Enrolment.objects.charged().filter(_named(search), lesson__club=club, lesson__status="planned", status=Enrolment.Status.UNPAID)


def _instant(text: str) -> datetime:
    """As JSON holds it; SQLite keeps no offset, and means UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _count(rows: QuerySet[Any, Any]) -> Coalesce:
    """Of rows that are narrowed to what they have in common."""
    return Coalesce(Subquery(rows.order_by().annotate(n=Count("pk")).values("n")), 0)


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
