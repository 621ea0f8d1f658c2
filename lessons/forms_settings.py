"""What a manager sets for the club, and the days on which it is closed."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext, gettext_lazy

from .closed_days import closure_problems
from .models import CLUB_SETTINGS, HOURS, MOST_HOURS, Closure, Club, SettingsChange
from .wording import name_of

MOST_SHOWN = 20  # changes by others, the last ones


class ClubForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for the type checker alone
    version = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    class Meta:
        model = Club
        fields = CLUB_SETTINGS

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.setdefault("version", self.instance.settings_version)
        self.overtaken: Overtaken | None = None
        for name in HOURS:
            self.fields[name] = forms.IntegerField(
                label=self.fields[name].label, help_text=self.fields[name].help_text, min_value=0, max_value=MOST_HOURS,
                widget=forms.NumberInput({"inputmode": "numeric"}),
            )  # fmt: skip
        zones = [(zone, zone.replace("_", " ")) for zone in _zones(self.instance)]
        self.fields["time_zone"] = forms.ChoiceField(label=self.fields["time_zone"].label, choices=zones)
        for field in self.fields.values():
            field.widget.attrs.setdefault("class", "" if isinstance(field, forms.BooleanField) else "input")

    def asked(self) -> dict[str, Any]:
        """The arguments of `change_club`."""
        changed = {name: self.cleaned_data[name] for name in CLUB_SETTINGS if name in self.changed_data}
        return {**changed, "version": self.cleaned_data["version"]}

    def in_words(self, name: str, value: Any) -> str:
        """As the page shows it."""
        if isinstance(value, bool):
            return gettext("Yes") if value else gettext("No")
        return str(dict(getattr(self.fields[name], "choices", ())).get(value, value))

    @property
    def wrong_labels(self) -> list[str]:
        return [str(self.fields[name].label).lower() for name in self.errors if name in self.fields]


@dataclass(frozen=True)
class ChangedSetting:
    """By somebody else, since the page was opened."""

    label: str
    was: str
    now: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Overtaken:
    """Why a save was refused, and what the others have changed."""

    why: str
    changes: list[ChangedSetting]


def form_after(typed: ClubForm, why: str, club: Club) -> ClubForm:
    """What the person typed, beside what is stored now; what the person had left alone is what the others made of it.

    The next save is of what is seen here.
    """
    others = SettingsChange.objects.filter(club=club, version__gt=typed.cleaned_data["version"]).select_related("user")
    seen: dict[str, Any] = {}
    for change in others:
        seen = {**change.before, **seen}  # the earliest is what the page had shown
    mine = {name: value for name, value in typed.cleaned_data.items() if name in CLUB_SETTINGS and seen.get(name) != value}
    form = ClubForm(instance=club, initial=mine)
    for name, value in mine.items():
        if value != (stored := getattr(club, name)):
            form.fields[name].stored = form.in_words(name, stored)  # type: ignore[attr-defined]  # for the template
    form.overtaken = Overtaken(why, [line for change in others for line in _lines_of(change, form)][-MOST_SHOWN:])
    return form


def _lines_of(change: SettingsChange, form: ClubForm) -> list[ChangedSetting]:
    by = name_of(change.user)
    at = change.created_at.astimezone(change.club.zone)
    return [
        ChangedSetting(
            str(form.fields[name].label), form.in_words(name, change.before[name]), form.in_words(name, change.after[name]), by, at
        )
        for name in form.fields
        if name in change.after
    ]


def _zones(club: Club) -> list[str]:
    """Those that people live in, and the club's own, whatever it is."""
    inhabited = {zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/", "posix/", "right/"))}
    return sorted(inhabited | {club.time_zone})


def _day_field(label: Any, **options: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput({"type": "date", "class": "input"}, "%Y-%m-%d"), **options)


class ClosureForm(forms.Form):
    # Translators: of a closure; French “Premier jour”, “Dernier jour”, “Vide : un seul jour.”
    first_day = _day_field(gettext_lazy("First day"))
    last_day = _day_field(gettext_lazy("Last day"), required=False, help_text=gettext_lazy("Empty: one day only."))
    reason = forms.CharField(
        # Translators: why the club is closed; French “Motif”
        label=gettext_lazy("Reason"), max_length=Closure._meta.get_field("reason").max_length, required=False,
        widget=forms.TextInput({"class": "input"}),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        first: date | None = cleaned.get("first_day")
        if first and "last_day" in cleaned:
            cleaned["last_day"] = cleaned["last_day"] or first
            for name, problem in closure_problems(first, cleaned["last_day"]).items():
                self.add_error(name, problem)
        return cleaned

    @property
    def wrong_labels(self) -> list[str]:
        return [str(self.fields[name].label).lower() for name in self.errors if name in self.fields]
