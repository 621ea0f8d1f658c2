"""What follows a decision about enrolments: credits, then notices. Both look at how things stand now: run again, they do nothing."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from lessons.models import Change, Client, Enrolment, Lesson, Notice, SubscriptionUse
from lessons.places import kind_of_notice, still_stands

from .after_change import AFTER_UNDO, Told
from .credit import hold_cards, hold_lessons, pay_lessons, return_uses
from .mail import post


@dataclass(frozen=True)
class Settled:
    paid: int
    unpaid: list[int]  # clients
    returned: int


def settle_enrolments(*, change: Change) -> Settled:
    """Whoever is charged pays, whoever is not gets the credit back: as it stands, whichever decision made it so."""
    pairs = {(row["lesson"], row["client"]) for row in change.rows}
    lessons, clients = ({pair[side] for pair in pairs} for side in (0, 1))
    with transaction.atomic():
        hold_lessons(lessons, planned=False)
        hold_cards(Q(client__in=clients) | Q(client__in=Enrolment.objects.filter(lesson__in=lessons).values("client")))
        near = Enrolment.objects.filter(lesson__in=lessons, client__in=clients)
        charged = set(near.charged().values_list("lesson", "client"))
        uses = SubscriptionUse.objects.standing().filter(lesson__in=lessons, client__in=clients)
        owed_back = [use for use in uses if (use.lesson_id, use.client_id) in pairs - charged]
        return_uses(owed_back)
        near.filter(charged=False, status=Enrolment.Status.UNPAID).update(status=Enrolment.Status.BOOKED)
        paid = pay_lessons(lessons=lessons)
        unpaid = near.charged().filter(status=Enrolment.Status.UNPAID).order_by("client").values_list("lesson", "client")
    return Settled(paid, sorted({client for lesson, client in unpaid if (lesson, client) in pairs}), len(owed_back))


def tell_of_enrolments(*, change: Change, unpaid: list[int]) -> Told:
    """One notice a client and kind, sent when the time to undo is over; the manager is told who cannot pay. Nobody hears of the past."""
    with transaction.atomic():
        locked = Change.objects.select_for_update(of=("self",), no_key=True).select_related("club", "lesson", "user").get(pk=change.pk)
        told = [] if hasattr(locked, "undone_by") or locked.undoes_id else _people_to_tell(locked)
        about: dict[str, Any] = {"club": locked.club, "lesson": locked.lesson, "change": locked}
        rows = [Notice(**about, kind=kind, client=client, recipient_email=client.email) for client, kind in told if client.email]
        if unpaid and locked.user and locked.user.email and told:
            rows.append(Notice(**about, kind=Notice.Kind.UNPAID, user=locked.user, recipient_email=locked.user.email))
        when = max(locked.undo_until + AFTER_UNDO, timezone.now())
        post(rows, run_at=None if settings.JOBS_INLINE else when)
    untold = [{"client": client.pk} for client, _kind in told if not client.email]
    return Told(len(rows), untold)


def _people_to_tell(change: Change) -> list[tuple[Client, str]]:
    ahead = set(Lesson.objects.filter(pk__in=change.lesson_ids, starts_at__gt=change.created_at).values_list("pk", flat=True))
    kinds: dict[int, set[str]] = defaultdict(set)
    for row in still_stands(change):
        if row["lesson"] in ahead and (kind := kind_of_notice(row)):
            kinds[row["client"]].add(kind)
    return [(client, kind) for client in Client.objects.filter(pk__in=kinds).order_by("pk") for kind in sorted(kinds[client.pk])]
