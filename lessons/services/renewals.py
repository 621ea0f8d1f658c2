"""The notice that a pack is nearly used up: once a pack, when one lesson is left or none."""

from collections.abc import Iterable

from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from lessons.models import Notice, Subscription, SubscriptionQuerySet, SubscriptionUse

from .mail import post

FEW = 1  # lessons left


def warn_of_renewals(*, cards: Iterable[int]) -> list[Notice]:
    """Of these packs, tell the clients whose last lessons they are. The caller holds the packs' locks, so nobody is told twice."""
    pks = list(cards)
    if not pks:
        return []
    told = Notice.objects.filter(subscription=OuterRef("pk"), kind=Notice.Kind.RENEWAL)
    low = Subscription.objects.filter(~Exists(told), ~Exists(_another()), pk__in=pks, used__gte=F("credits") - FEW)
    packs = list(low.exclude(client__email="").select_related("club", "client").order_by("pk"))
    last = _last_lessons(packs)
    return post([_notice(pack, last[pack.pk]) for pack in packs if pack.pk in last])


def _another() -> SubscriptionQuerySet:
    """Something else that the same client can pay with, from today on."""
    others = Subscription.objects.filter(client=OuterRef("client")).exclude(pk=OuterRef("pk"))
    return others.with_credit().exclude(valid_until__lt=timezone.localdate())


def _last_lessons(packs: list[Subscription]) -> dict[int, int]:
    uses = SubscriptionUse.objects.standing().filter(subscription__in=packs).order_by("lesson__starts_at")
    return dict(uses.values_list("subscription", "lesson"))


def _notice(pack: Subscription, lesson: int) -> Notice:
    kind = Notice.Kind.RENEWAL
    return Notice(club=pack.club, lesson_id=lesson, kind=kind, client=pack.client, subscription=pack, recipient_email=pack.client.email)
