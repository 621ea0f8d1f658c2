"""The club, its people, its places, its closed days."""

from datetime import date
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

FIRST_BIRTH_YEAR = 1900


def validate_time_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValidationError(_("This time zone is not known. Example: Europe/Brussels.")) from error


def validate_birth_date(day: date) -> None:
    if day.year < FIRST_BIRTH_YEAR or day > timezone.localdate():
        # Translators: French “Une date de naissance se situe entre 1900 et aujourd’hui.”
        raise ValidationError(_("A birth date lies between 1900 and today."))


# What a manager sets; the rest of a club is the operator's.
CLUB_SETTINGS = (
    "name", "email", "language", "country", "time_zone", "closed_on_public_holidays", "reminder_lead_hours",
    "cancellation_cutoff_hours", "late_cancellation_charged", "no_show_charged", "waiting_list_automatic", "promotion_cutoff_hours",
)  # fmt: skip
HOURS = ("reminder_lead_hours", "cancellation_cutoff_hours", "promotion_cutoff_hours")
MOST_HOURS = 24 * 30


class Club(models.Model):
    class Country(models.TextChoices):
        BELGIUM = "BE", _("Belgium")
        FRANCE = "FR", _("France")

    name = models.CharField(_("name"), max_length=120)
    country = models.CharField(_("country"), max_length=2, choices=Country, default=Country.BELGIUM)
    time_zone = models.CharField(_("time zone"), max_length=40, default="Europe/Brussels", validators=[validate_time_zone])
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default="fr")
    email = models.EmailField(_("e-mail"), blank=True, help_text=_("Answers to the club's e-mails go there."))
    reminder_lead_hours = models.PositiveSmallIntegerField(_("reminder, hours before"), default=24, help_text=_("0: no reminders."))
    cancellation_cutoff_hours = models.PositiveSmallIntegerField(
        _("free cancellation, hours before"), default=24, db_default=24, help_text=_("A lesson cancelled later is not given back.")
    )
    late_cancellation_charged = models.BooleanField(
        _("late cancellation costs the lesson"), default=True, db_default=True, help_text=_("A client who cancels later than that pays.")
    )
    no_show_charged = models.BooleanField(
        _("absence costs the lesson"), default=True, db_default=True, help_text=_("A client who does not come pays.")
    )
    waiting_list_automatic = models.BooleanField(
        _("freed places go to the waiting list"), default=True, db_default=True, help_text=_("By themselves, in the order of arrival.")
    )
    promotion_cutoff_hours = models.PositiveSmallIntegerField(
        _("freed places are given until, hours before"), default=2, db_default=2, help_text=_("Later the manager decides.")
    )
    closed_on_public_holidays = models.BooleanField(_("closed on public holidays"), default=True)
    settings_version = models.PositiveIntegerField(_("version of the settings"), default=1, db_default=1, editable=False)
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    class Meta:
        verbose_name = _("club")
        verbose_name_plural = _("clubs")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def scope(self) -> str:
        """The name under which background jobs know whose they are."""
        return f"club:{self.pk}"


class SettingsChange(models.Model):
    """Who set what, when: told to whoever saves from a page that was opened before."""

    club = models.ForeignKey(Club, models.CASCADE, related_name="settings_changes", verbose_name=_("club"))
    version = models.PositiveIntegerField(_("version"))  # that it made
    before = models.JSONField(_("before"))  # by name; of what was changed alone
    after = models.JSONField(_("after"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("user"))
    created_at = models.DateTimeField(_("created at"), default=timezone.now)

    class Meta:
        verbose_name = _("change of settings")
        verbose_name_plural = _("changes of settings")
        ordering = ["version"]
        constraints = [models.UniqueConstraint(fields=["club", "version"], name="lessons_one_change_a_settings_version")]

    def __str__(self) -> str:
        return f"{self.club_id} {self.version}"


class Membership(models.Model):
    class Role(models.TextChoices):
        MANAGER = "manager", _("Manager")
        TEACHER = "teacher", _("Teacher")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships", verbose_name=_("user"))
    club = models.ForeignKey(Club, models.CASCADE, related_name="memberships", verbose_name=_("club"))
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.MANAGER)
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [models.UniqueConstraint(fields=["user", "club"], name="lessons_one_membership_a_club")]

    def __str__(self) -> str:
        return f"{self.user} · {self.club}"


class Person(models.Model):
    """What teachers and clients have in common."""

    club = models.ForeignKey(Club, models.CASCADE, related_name="%(class)ss", verbose_name=_("club"))
    first_name = models.CharField(_("first name"), max_length=150)
    last_name = models.CharField(_("last name"), max_length=150, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    created_at = models.DateTimeField(_("created at"), db_default=Now())
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        abstract = True
        ordering = ["last_name", "first_name", "id"]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class Teacher(Person):
    volunteer = models.BooleanField(_("volunteer"), default=True)
    silk = models.PositiveSmallIntegerField(_("colours"), default=1, help_text=_("1 to 8: hue and weave on the planning, kept for good."))
    active = models.BooleanField(_("active"), default=True)

    class Meta(Person.Meta):
        verbose_name = _("teacher")
        verbose_name_plural = _("teachers")
        constraints = [models.CheckConstraint(condition=Q(silk__range=(1, 8)), name="lessons_eight_silks")]


class Client(Person):
    birth_date = models.DateField(_("birth date"), null=True, blank=True, validators=[validate_birth_date])
    address = models.CharField(_("address"), max_length=300, blank=True)
    level = models.CharField(_("level"), max_length=80, blank=True, help_text=_("Such as Galop 3."))
    horse = models.CharField(_("horse"), max_length=80, blank=True)
    availability = models.CharField(_("availability"), max_length=300, blank=True)
    notes = models.TextField(_("notes"), blank=True)
    wants_reminders = models.BooleanField(_("wants reminders"), default=True, db_default=True)

    class Meta(Person.Meta):
        verbose_name = _("client")
        verbose_name_plural = _("clients")


class Place(models.Model):
    club = models.ForeignKey(Club, models.CASCADE, related_name="places", verbose_name=_("club"))
    name = models.CharField(_("name"), max_length=60)

    class Meta:
        verbose_name = _("place")
        verbose_name_plural = _("places")
        ordering = ["name"]
        constraints = [models.UniqueConstraint("club", Lower("name"), name="lessons_place_named_once")]

    def __str__(self) -> str:
        return self.name


class Closure(models.Model):
    """Days, both included, on which no lesson is given."""

    club = models.ForeignKey(Club, models.CASCADE, related_name="closures", verbose_name=_("club"))
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    reason = models.CharField(_("reason"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("closure")
        verbose_name_plural = _("closures")
        ordering = ["first_day"]
        constraints = [models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="lessons_closure_in_order")]

    def __str__(self) -> str:
        return self.reason or f"{self.first_day} – {self.last_day}"
