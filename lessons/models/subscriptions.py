"""What lessons are paid with, and the ledger of what was paid."""

from datetime import date

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from .club import Client, Club


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def valid_on(self, day: date) -> "SubscriptionQuerySet":
        return self.filter(Q(valid_until=None) | Q(valid_until__gte=day), valid_from__lte=day)

    def with_credit(self) -> "SubscriptionQuerySet":
        """What can still pay for a lesson, its validity aside."""
        return self.filter(Q(credits=None) | Q(used__lt=F("credits")))


class Subscription(models.Model):
    """A pack of N lessons, or a period without a count."""

    class Kind(models.TextChoices):
        PACK = "pack", _("Pack of lessons")
        PERIOD = "period", _("Period")

    club = models.ForeignKey(Club, models.CASCADE, related_name="subscriptions", verbose_name=_("club"))
    client = models.ForeignKey(Client, models.CASCADE, related_name="subscriptions", verbose_name=_("client"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.PACK)
    credits = models.PositiveSmallIntegerField(_("lessons bought"), null=True, blank=True, validators=[MinValueValidator(1)])
    used = models.PositiveSmallIntegerField(_("lessons used"), default=0, editable=False)
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        ordering = ["valid_from", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="pack", credits__isnull=False) | Q(kind="period", credits__isnull=True), name="lessons_only_packs_count"
            ),
            models.CheckConstraint(condition=Q(credits__isnull=True) | Q(used__lte=F("credits")), name="lessons_credit_never_below_zero"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")), name="lessons_validity_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.client}: {self.get_kind_display()}"

    def clean(self) -> None:
        if self.client_id and self.club_id and self.client.club_id != self.club_id:
            raise ValidationError({"client": _("This client is of another club.")})

    @property
    def remaining(self) -> int | None:
        """Lessons left; None for a period, which does not count them."""
        return None if self.credits is None else self.credits - self.used


class SubscriptionUseQuerySet(models.QuerySet["SubscriptionUse"]):
    def standing(self) -> "SubscriptionUseQuerySet":
        """Taken and not given back."""
        return self.filter(returned_at=None)


class SubscriptionUse(models.Model):
    """The ledger: one row a time that a subscription paid for a client in a lesson. Rows are never deleted; a credit that is given
    back says when. At most one row a lesson × client stands, so the debit can be proved and never happens twice.

    credits left = credits bought − rows + rows given back
    """

    subscription = models.ForeignKey(Subscription, models.PROTECT, related_name="uses", verbose_name=_("subscription"))
    lesson = models.ForeignKey("lessons.Lesson", models.PROTECT, related_name="uses", verbose_name=_("lesson"))
    client = models.ForeignKey(Client, models.PROTECT, related_name="uses", verbose_name=_("client"))
    created_at = models.DateTimeField(_("created at"), db_default=Now())
    returned_at = models.DateTimeField(_("given back at"), null=True, blank=True)

    objects = SubscriptionUseQuerySet.as_manager()

    class Meta:
        verbose_name = _("use of a subscription")
        verbose_name_plural = _("uses of subscriptions")
        constraints = [models.UniqueConstraint(fields=["lesson", "client"], condition=Q(returned_at=None), name="lessons_debited_once")]

    def __str__(self) -> str:
        return f"{self.subscription_id}: {self.lesson_id} × {self.client_id}"
