"""What a letter to a volunteer says, and the log of every letter sent."""

from typing import Any

from django.conf import settings
from django.core.validators import MaxLengthValidator, MinValueValidator, URLValidator
from django.db import models
from django.db.models import Count, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lessons.models import Club, Teacher, new_message_id

LONGEST_TEXT = 2000


class LegalFigures(models.Model):
    """The law's ceilings of one year, with where they were read. Each change makes a new version, and a letter says which it used."""

    year = models.PositiveSmallIntegerField(_("year"), unique=True, validators=[MinValueValidator(2005)])
    daily_ceiling = models.DecimalField(_("ceiling a day, EUR"), max_digits=8, decimal_places=2)
    yearly_ceiling = models.DecimalField(_("ceiling a year, EUR"), max_digits=8, decimal_places=2)
    raised_yearly_ceiling = models.DecimalField(
        _("raised ceiling a year, EUR"),
        max_digits=8,
        decimal_places=2,
        help_text=_("For the functions that may have it, in sport for one."),
    )
    source = models.CharField(_("source"), max_length=300, help_text=_("The letter cites it."))
    url = models.CharField(_("address of the source"), max_length=300, blank=True, validators=[URLValidator(["https", "http"])])
    version = models.PositiveIntegerField(_("version"), default=0, editable=False)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        verbose_name = _("legal figures of a year")
        verbose_name_plural = _("legal figures")
        ordering = ["-year"]
        constraints = [models.CheckConstraint(condition=Q(daily_ceiling__gt=0, yearly_ceiling__gt=0), name="letters_ceilings_above_zero")]

    def __str__(self) -> str:
        return str(self.year)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.version += 1
        super().save(*args, **kwargs)


def text(name: Any, hint: Any = "") -> "models.TextField[str, str]":
    return models.TextField(name, blank=True, help_text=hint, validators=[MaxLengthValidator(LONGEST_TEXT)])


class Wording(models.Model):
    """A club's own words, in plain text. A version never changes: what was sent can be read again as it was."""

    class LegalStatus(models.TextChoices):
        ASBL = "asbl", _("Non-profit association (ASBL)")
        FOUNDATION = "foundation", _("Foundation")
        PUBLIC = "public", _("Public body")
        DE_FACTO = "de_facto", _("De facto association")

    class Liability(models.TextChoices):
        ORGANISATION = "organisation", _("The organisation is liable for its volunteers (article 5)")
        OTHER = "other", _("Article 5 does not apply to it")

    class Allowance(models.TextChoices):
        NONE = "none", _("None")
        FLAT = "flat", _("Flat rate")
        REAL = "real", _("Real costs")

    club = models.ForeignKey(Club, models.CASCADE, related_name="wordings", verbose_name=_("club"))
    version = models.PositiveIntegerField(_("version"))
    legal_status = models.CharField(_("legal status"), max_length=20, choices=LegalStatus, default=LegalStatus.ASBL)
    registration_number = models.CharField(_("company number"), max_length=40, blank=True)
    address = text(_("address of the club"))
    responsible = text(_("who is responsible"), _("Of a de facto association: the names and addresses of those responsible."))
    purpose = text(_("disinterested purpose"))
    activity = models.CharField(
        _("activity of the volunteers"), max_length=200, blank=True, help_text=_("Of those for whom no other activity is noted.")
    )
    insurer = models.CharField(_("insurer"), max_length=120, blank=True)
    policy_number = models.CharField(_("policy number"), max_length=60, blank=True)
    insured_risks = text(_("insured risks"), _("Civil liability is the minimum."))
    other_insured_risks = text(_("other insured risks"), _("Such as bodily injury or legal aid."))
    liability = models.CharField(_("civil liability"), max_length=20, choices=Liability, default=Liability.ORGANISATION)
    liability_regime = text(_("regime of liability"), _("Where article 5 does not apply: the regime that does, and any cover."))
    allowance = models.CharField(_("allowance"), max_length=10, choices=Allowance, default=Allowance.NONE)
    allowance_nature = text(_("nature of the allowance"))
    allowance_when = models.CharField(_("when it is paid"), max_length=200, blank=True)
    raised_ceiling = models.BooleanField(
        _("raised ceiling"), default=False, help_text=_("Only for functions that the law names, in sport for one.")
    )
    discretion = text(_("discretion"), _("Added to the usual sentence."))
    professional_secrecy = text(_("professional secrecy"), _("Where it applies: to what."))
    closing = text(_("closing words"))
    signatory_name = models.CharField(_("name of who signs"), max_length=120, blank=True)
    signatory_role = models.CharField(_("role of who signs"), max_length=120, blank=True)
    signed_at_place = models.CharField(_("place of signature"), max_length=80, blank=True)
    logo = models.FileField(_("logo"), max_length=200, blank=True, help_text=_("PNG or JPEG, at most 5 MB."))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", editable=False, verbose_name=_("changed by")
    )
    created_at = models.DateTimeField(_("changed at"), db_default=Now())

    class Meta:
        verbose_name = _("wording of the letters")
        verbose_name_plural = _("wordings of the letters")
        ordering = ["club", "-version"]
        constraints = [models.UniqueConstraint(fields=["club", "version"], name="letters_one_wording_a_version")]

    def __str__(self) -> str:
        return f"{self.club} {self.version}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("a version of the wording never changes: services.save_wording makes a new one")
        super().save(*args, **kwargs)


class VolunteerFacts(models.Model):
    """What a letter says of one volunteer besides the name."""

    teacher = models.OneToOneField(Teacher, models.CASCADE, related_name="volunteer_facts", verbose_name=_("teacher"))
    address = text(_("postal address"))
    activity = models.CharField(_("volunteer activity"), max_length=200, blank=True, help_text=_("Empty: the club’s usual one."))
    employed_as = models.CharField(
        _("employed by the club for"), max_length=200, blank=True, help_text=_("Nobody volunteers for the activity they are employed for.")
    )
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        verbose_name = _("facts of a volunteer")
        verbose_name_plural = _("facts of volunteers")

    def __str__(self) -> str:
        return str(self.teacher)


class Sending(models.Model):
    """One click: what all its letters share, and what came of it. It outlives the batch of jobs behind it."""

    club = models.ForeignKey(Club, models.CASCADE, related_name="sendings", verbose_name=_("club"))
    year = models.PositiveSmallIntegerField(_("year"))
    wording = models.ForeignKey(Wording, models.PROTECT, related_name="+", verbose_name=_("wording"))
    figures = models.ForeignKey(LegalFigures, models.PROTECT, related_name="+", verbose_name=_("legal figures"))
    figures_version = models.PositiveIntegerField(_("version of the figures"))
    request_key = models.CharField(_("request key"), max_length=100, null=True, blank=True, editable=False)  # noqa: DJ001  NULL: no key
    batch = models.ForeignKey("jobs.Batch", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("batch"))
    count = models.PositiveIntegerField(_("letters"), default=0)
    skipped = models.JSONField(_("left out"), default=list, help_text=_("Ids of teachers and reasons."))
    promised = models.JSONField(_("promised"), null=True, editable=False, help_text=_("Ids of teachers whose letters are not written yet."))
    sent_by_user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("asked by"))
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    class Meta:
        verbose_name = _("sending")
        verbose_name_plural = _("sendings")
        ordering = ["-id"]
        indexes = [models.Index("club", name="letters_promised", condition=Q(promised__isnull=False))]
        constraints = [models.UniqueConstraint(fields=["club", "request_key"], name="letters_one_sending_a_request_key")]

    def __str__(self) -> str:
        return f"{self.pk}: {self.count}"


class VolunteerLetterSendQuerySet(models.QuerySet["VolunteerLetterSend"]):
    def with_person(self) -> "VolunteerLetterSendQuerySet":
        return self.select_related("teacher__volunteer_facts")

    def counts(self) -> dict[str, int]:
        """How many have each status, in one query; a status that nobody has counts 0."""
        found = dict(self.order_by().values_list("status").annotate(count=Count("id")))
        return {status: found.get(status, 0) for status in VolunteerLetterSend.Status.values}

    def latest_of_each_teacher(self) -> "VolunteerLetterSendQuerySet":
        newest = self.order_by().values("teacher").annotate(newest=models.Max("id")).values("newest")
        return self.filter(pk__in=newest)


class VolunteerLetterSend(models.Model):
    """One letter to one volunteer: the log, and what the job that sends it holds on to."""

    class Status(models.TextChoices):
        """The life of a letter.

        | from → to | who | when |
        |---|---|---|
        | – → `pending` | `send_letters`, `complete_sendings` | in one transaction with its job; of many, moments after the click |
        | – → `held` | `send_letters` | no letter may go: the reason is in `error_message` |
        | `pending` → `sent` | worker, mail service | the mail server accepted it |
        | `pending` → `failed` | worker, settling | refused for good, or the last attempt is over |
        | `pending` → `cancelled` | manager, operator, settling | stopped before it was sent, alone or with its batch |
        | `pending` → `held` | worker | archived, or employed for the same activity, since the click |
        | `pending` → `unsure` | worker, settling | the conversation broke off after the message: it may have arrived |
        | `pending` → `bounced` | mail service | its report was quicker than its answer |
        | `failed` → `pending` | manager, operator | retry: a manager's with the wording, figures and address of now |
        | `bounced` → `pending` | manager, operator | retry, with the address mended |
        | `cancelled` → `pending` | manager, operator | retry of that one letter: what a person stopped, no retry of many sends |
        | `unsure` → `sent` | manager, worker, mail service | it arrived |
        | `unsure` → `pending` | manager | send again, by a person's decision only |
        | `sent` → `bounced` | mail service | the mailbox turned it back later |
        | `unsure` → `bounced` | mail service | the same, which also settles the doubt |
        | `held` → – | `send_letters` | the next sending to that volunteer takes its place |
        """

        PENDING = "pending", _("Waiting")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        UNSURE = "unsure", _("Perhaps arrived")
        HELD = "held", _("Held back")
        BOUNCED = "bounced", _("Bounced")
        # Translators: a letter; French “Annulée”
        CANCELLED = "cancelled", pgettext_lazy("a letter", "Cancelled")

    # Each index of a single column would be written for each letter, and the ones below already begin with the club.
    club = models.ForeignKey(Club, models.CASCADE, db_index=False, related_name="letters", verbose_name=_("club"))
    teacher = models.ForeignKey(Teacher, models.SET_NULL, null=True, related_name="letters", verbose_name=_("teacher"))
    teacher_name = models.CharField(_("name"), max_length=301, help_text=_("As it was when sent."))
    recipient_email = models.CharField(_("sent to"), max_length=254, blank=True, help_text=_("As it was when sent."))
    year = models.PositiveSmallIntegerField(_("year"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    error_message = models.TextField(_("error"), blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    message_id = models.CharField(_("Message-ID"), max_length=120, default=new_message_id)
    pdf = models.FileField(_("PDF"), max_length=200, blank=True)
    pdf_sha256 = models.CharField(_("SHA-256 of the PDF"), max_length=64, blank=True)
    figures_version = models.PositiveIntegerField(_("version of the figures"), default=0, help_text=_("Of those in the PDF."))
    sending = models.ForeignKey(Sending, models.CASCADE, related_name="letters", verbose_name=_("sending"))
    job = models.ForeignKey("jobs.Job", models.SET_NULL, null=True, blank=True, editable=False, related_name="+")
    sent_by_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, db_index=False, related_name="+", verbose_name=_("sent by")
    )
    sending_since = models.DateTimeField(_("being sent since"), null=True, blank=True, editable=False)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), db_default=Now())
    updated_at = models.DateTimeField(_("updated at"), auto_now=True, db_default=Now())

    objects = VolunteerLetterSendQuerySet.as_manager()

    class Meta:
        db_table = "volunteer_letter_sends"
        verbose_name = _("letter sent")
        verbose_name_plural = _("letters sent")
        ordering = ["-id"]
        indexes = [
            models.Index("club", "year", "status", name="letters_by_status"),
            # By id, so that to find one of ten thousand that wait costs no more than to find the only one, also before ANALYZE.
            models.Index(fields=["id"], name="letters_waiting", condition=Q(status="pending")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["teacher", "year"], condition=Q(status__in=["pending", "unsure"]), name="letters_one_under_way"
            ),
            models.UniqueConstraint(fields=["message_id"], name="letters_one_message_id"),
            models.CheckConstraint(condition=~Q(status="sent") | Q(sent_at__isnull=False), name="letters_sent_some_time"),
        ]

    def __str__(self) -> str:
        return f"{self.get_status_display()} {self.pk}"

    @property
    def batch_token(self) -> str | None:
        return str(self.sending.batch_id) if self.sending.batch_id else None
