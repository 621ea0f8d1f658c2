"""What a manager sets for the club, and the days on which it is closed."""

from datetime import date
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy

from .closed_days import closure_problems
from .models import CLUB_SETTINGS, HOURS, MOST_HOURS, Closure, Club


class ClubForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for the type checker alone
    class Meta:
        model = Club
        fields = CLUB_SETTINGS

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in HOURS:
            self.fields[name] = forms.IntegerField(
                label=self.fields[name].label, help_text=self.fields[name].help_text, min_value=0, max_value=MOST_HOURS,
                widget=forms.NumberInput({"inputmode": "numeric"}),
            )  # fmt: skip
        zones = [(zone, zone.replace("_", " ")) for zone in _zones(self.instance)]
        self.fields["time_zone"] = forms.ChoiceField(label=self.fields["time_zone"].label, choices=zones)
        for field in self.fields.values():
            field.widget.attrs.setdefault("class", "" if isinstance(field, forms.BooleanField) else "input")

    @property
    def wrong_labels(self) -> list[str]:
        return [str(self.fields[name].label).lower() for name in self.errors if name in self.fields]


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
