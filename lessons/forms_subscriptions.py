"""The form with which a subscription is sold, and changed."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .credits import with_sessions_left
from .forms import ClientsField
from .models import Client, Club, Subscription
from .planner import FIRST_YEAR, LAST_YEAR
from .services import Refused

MOST_CREDITS = 1000
USUAL_CREDITS = 10


class ClientField(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic for the type checker alone
    """Each option says how many sessions are left."""

    label_from_instance = ClientsField.label_from_instance


def _day_field(label: Any, **options: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"), **options)


class SubscriptionForm(forms.Form):
    # Translators: French “Choisir”
    client = ClientField(Client.objects.none(), label=gettext_lazy("Client"), empty_label=gettext_lazy("Choose"))
    # Translators: of a subscription; French “Formule”
    kind = forms.ChoiceField(label=gettext_lazy("Sort"), choices=Subscription.Kind.choices)
    credits = forms.IntegerField(
        # Translators: French “Nombre de séances”, “Pour une carte seulement.”
        label=gettext_lazy("Number of sessions"), help_text=gettext_lazy("For a pack only."), min_value=1, max_value=MOST_CREDITS,
        required=False, widget=forms.NumberInput({"inputmode": "numeric"}),
    )  # fmt: skip
    valid_from = _day_field(gettext_lazy("Valid from"))
    # Translators: French “Jusqu’au”, “Ce jour compris ; vide : sans fin.”
    valid_until = _day_field(gettext_lazy("Valid until"), required=False, help_text=gettext_lazy("This day included; empty: without end."))
    settles = forms.BooleanField(label=gettext_lazy("Take the unpaid lessons from it"), required=False)

    def __init__(self, data: Any = None, *, club: Club, day: date, subscription: Subscription | None = None, **options: Any) -> None:
        super().__init__(data, **options)
        if subscription:
            del self.fields["client"], self.fields["settles"]
        else:
            self.fields["client"].queryset = with_sessions_left(Client.objects.filter(club=club), day)  # type: ignore[attr-defined]  # a model field
        for field in self.fields.values():
            field.widget.attrs.setdefault("class", "" if isinstance(field, forms.BooleanField) else "input")

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if cleaned.get("kind") == Subscription.Kind.PERIOD:
            cleaned["credits"] = None
        elif "credits" in cleaned and not cleaned["credits"]:
            self.add_error("credits", _("A pack has a number of lessons."))
        for name in ("valid_from", "valid_until"):
            if (day := cleaned.get(name)) and not FIRST_YEAR <= day.year <= LAST_YEAR:
                self.add_error(name, _("This date is too far away."))
        begin, end = cleaned.get("valid_from"), cleaned.get("valid_until")
        if begin and end and end < begin:
            self.add_error("valid_until", _("It ends before it begins."))
        return cleaned

    def refuse(self, refusal: Refused) -> None:
        for name, texts in refusal.message_dict.items():
            self.add_error(name if name in self.fields else None, ValidationError(texts))

    @property
    def wrong_labels(self) -> list[str]:
        return [str(self.fields[name].label).lower() for name in self.errors if name in self.fields]
