"""What the pages of staffing ask. A form reads; the services decide."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from . import reference
from .models import Simulation
from .services import Refused, out_of_range
from .simulation import Assumptions

LARGEST_ID = 2**63 - 1
PERCENT = Decimal(100)
STANDARD = Assumptions()
UNITS = {"working_days": 1, "hours_a_day": 1, "productivity": PERCENT, "absence_rate": PERCENT}
DIRECTION = "direction:"


class AssumptionsForm(forms.Form):
    """Shares in per cent, as people say them."""

    working_days = forms.DecimalField(label=_("Working days"), max_digits=5, decimal_places=2, localize=True)
    hours_a_day = forms.DecimalField(label=_("Hours a day"), max_digits=4, decimal_places=2, localize=True)
    productivity = forms.DecimalField(label=_("Productivity"), max_digits=5, decimal_places=2, localize=True)
    absence_rate = forms.DecimalField(label=_("Absences"), max_digits=5, decimal_places=2, localize=True)

    def __init__(self, *args: Any, assumed: Assumptions = STANDARD, **kwargs: Any) -> None:
        kwargs["initial"] = _in_per_cent(assumed)
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.update({"class": "input", "inputmode": "decimal", "autocomplete": "off"})

    def clean(self) -> None:
        """All that is wrong at once, also where another field is no number."""
        for name, texts in out_of_range(self.assumptions()).items():
            self.add_error(name, texts)

    def assumptions(self) -> Assumptions:
        given = {name: self.cleaned_data[name] / unit for name, unit in UNITS.items() if name in self.cleaned_data}
        return replace(STANDARD, **given)

    def refuse(self, refusal: Refused) -> None:
        for name, texts in refusal.message_dict.items():
            self.add_error(name if name in self.fields else None, texts)


class CentresField(forms.Field):
    """Ids, one in a field or many with commas between them: a form of more than a thousand fields is refused."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> list[int]:
        words = [word for each in value or [] for word in str(each).split(",") if word]
        if any(not word.isascii() or not word.isdecimal() or len(word) > 18 for word in words):
            raise forms.ValidationError(_("A centre is named by a whole number."))
        return [int(word) for word in words]


class RunForm(AssumptionsForm):
    """`of` is everything, one direction, or some centres."""

    of = forms.ChoiceField(label=_("Of"), required=False)
    centres = CentresField(label=_("Centres"), required=False)
    field_order = ("of", "centres")

    def __init__(self, *args: Any, club: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.directions = reference.get_directions(club)
        self.scopes: list[tuple[str, Any]] = [(Simulation.Scope.NATIONAL.value, _("All directions"))]
        self.scopes += [(f"{DIRECTION}{pk}", f"{code} {name}") for pk, code, name, _size in self.directions]
        of: Any = self.fields["of"]
        of.choices = [*self.scopes, (Simulation.Scope.CENTRES.value, Simulation.Scope.CENTRES.label)]

    @property
    def is_of_centres(self) -> bool:
        return self.data.get("of") == Simulation.Scope.CENTRES or "centres" in self.data

    def scope(self) -> dict[str, Any]:
        """The keyword arguments of `start_run` that say of what; a direction by its id."""
        of = self.cleaned_data["of"]
        if self.is_of_centres:
            return {"scope": Simulation.Scope.CENTRES, "centres": self.cleaned_data["centres"]}
        if of.startswith(DIRECTION):
            return {"scope": Simulation.Scope.DIRECTION, "direction_id": int(of.removeprefix(DIRECTION))}
        return {"scope": Simulation.Scope.NATIONAL}


class ChoiceForm(AssumptionsForm):
    """What is sought, and what is chosen so far. Nothing of it can be wrong: what is not there is not found."""

    q = forms.CharField(label=_("Search"), required=False, max_length=100, widget=forms.SearchInput)
    only = forms.CharField(label=_("Direction"), required=False, max_length=20)
    centres = CentresField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["q"].widget.attrs.update({"class": "input", "autocomplete": "off"})

    def take_errors(self, form: RunForm) -> None:
        for name, texts in form.errors.items():
            if name in self.fields and name not in self.errors:
                self.add_error(name, list(texts))

    def asked(self, name: str) -> Any:
        """Whatever else is wrong with the form."""
        return (self.cleaned_data.get(name) if self.is_bound and not self.errors.get(name) else None) or self.fields[name].to_python(None)


class FileForm(forms.Form):
    file = forms.FileField(label=_("File"), help_text=_("CSV or XLSX, at most 25 MB."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].widget.attrs.update({"class": "input", "accept": ".csv,.xlsx,text/csv"})


def _in_per_cent(assumed: Assumptions) -> dict[str, Decimal]:
    return {
        "working_days": _plain(assumed.working_days),
        "hours_a_day": _plain(assumed.hours_a_day),
        "productivity": _plain(assumed.productivity * PERCENT),
        "absence_rate": _plain(assumed.absence_rate * PERCENT),
    }


def _plain(value: Decimal) -> Decimal:
    """Without zeros at the end, and without an exponent: 85, not 8.5E+1 or 85.0000."""
    return Decimal(f"{value.normalize():f}")
