"""The form of a new lesson. It checks what a form can; the service decides and says no with a way out."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from . import planner
from .credits import sessions_left, with_sessions_left
from .models import Client, Club, Place, Teacher
from .services import Fix, Refused
from .times import duration

DURATIONS = (30, 45, 60, 90, 120, 150, 180, 240)
USUAL_MINUTES, USUAL_CAPACITY = 60, 8
FIELD_OF = {"starts_at": "start", "repeat": "until"}  # the service's names, where the form's differ


@dataclass(frozen=True)
class FixButton:
    """A way out that fills in one field."""

    field: str
    value: str
    label: str


class ClientSelect(forms.SelectMultiple):
    """Each option says how many sessions are left; `planning.js` makes chips with a search of it."""

    def create_option(self, name: str, value: Any, label: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, label, *args, **kwargs)
        client = getattr(value, "instance", None)
        if client is not None:
            left = sessions_left(client)
            option["attrs"] |= {"data-name": str(client), "data-left": "" if left is None else left}
        return option


class ClientsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # generic for the type checker alone
    widget = ClientSelect

    def label_from_instance(self, obj: Client) -> str:
        left = sessions_left(obj)
        if left is None:
            return str(obj)
        # Translators: French “%(client)s, 0 séance”
        return ngettext("%(client)s, %(left)d session", "%(client)s, %(left)d sessions", left) % {"client": obj, "left": left}


class LessonForm(forms.Form):
    title = forms.CharField(
        label=gettext_lazy("Title"), max_length=120, required=False, help_text=gettext_lazy("As the clients will read it.")
    )
    # Translators: French “Choisir”
    teacher = forms.ModelChoiceField(Teacher.objects.none(), label=gettext_lazy("Teacher"), empty_label=gettext_lazy("Choose"))
    day = forms.DateField(label=gettext_lazy("Day"), widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    start = forms.TimeField(label=gettext_lazy("Start"), widget=forms.TimeInput({"type": "time", "step": 300}, "%H:%M"))
    # Translators: French “Durée”
    duration_minutes = forms.TypedChoiceField(label=gettext_lazy("Duration"), coerce=int)
    place = forms.CharField(label=gettext_lazy("Place"), max_length=60, widget=forms.TextInput({"list": "places", "autocomplete": "off"}))
    # Translators: how many people may come; French “Places”
    capacity = forms.IntegerField(
        label=gettext_lazy("Places"), min_value=1, max_value=500, widget=forms.NumberInput({"inputmode": "numeric"})
    )
    clients = ClientsField(Client.objects.none(), label=gettext_lazy("Clients enrolled"), required=False)
    weekly = forms.BooleanField(label=gettext_lazy("Every week"), required=False)
    until = forms.DateField(label=gettext_lazy("Until"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    request_key = forms.CharField(max_length=100, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, club: Club, day: date, initial: dict[str, Any] | None = None) -> None:
        usual = {"day": day, "duration_minutes": USUAL_MINUTES, "capacity": USUAL_CAPACITY, "request_key": str(uuid.uuid4())}
        super().__init__(data, initial={**usual, **(initial or {})})
        self.club = club
        self.places = Place.objects.filter(club=club)
        self.fixes: list[FixButton] = []
        self._dress(day)

    def _dress(self, day: date) -> None:
        self.fields["teacher"].queryset = Teacher.objects.filter(club=self.club, active=True)  # type: ignore[attr-defined]  # a model field
        self.fields["clients"].queryset = with_sessions_left(Client.objects.filter(club=self.club), day)  # type: ignore[attr-defined]
        self.fields["duration_minutes"].choices = [(minutes, duration(minutes)) for minutes in DURATIONS]  # type: ignore[attr-defined]
        for name, hint in self._what_is_missing().items():
            self.fields[name].help_text = hint
        for field in self.fields.values():
            field.widget.attrs.setdefault("class", "" if isinstance(field, forms.BooleanField) else "input")

    def _what_is_missing(self) -> dict[str, str]:
        """A new club: the next step, at the field that has nothing to offer yet."""
        hints = {}
        if not self.fields["teacher"].queryset.exists():  # type: ignore[attr-defined]  # a model field
            hints["teacher"] = _("The club has no teacher yet. Ask the operator to add one.")
        if not self.places:
            hints["place"] = _("Write its name: the place is added with the lesson.")
        if not self.fields["clients"].queryset.exists():  # type: ignore[attr-defined]
            hints["clients"] = _("The club has no clients yet. The lesson can be created without.")
        return hints

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if not planner.FIRST_YEAR <= day.year <= planner.LAST_YEAR:
            raise ValidationError(_("This date is too far away."))
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if cleaned.get("weekly") and not cleaned.get("until") and "until" not in self.errors:
            self.add_error("until", _("Say until when the lesson repeats."))
        if "day" in cleaned and "start" in cleaned:
            try:
                cleaned["starts_at"] = planner.instant(datetime.combine(cleaned["day"], cleaned["start"]), self.club.zone)
            except planner.NotOneInstant as error:
                self.add_error("start", str(error))
        return cleaned

    def asked(self) -> dict[str, Any]:
        """The arguments of `create_lesson`."""
        cleaned = self.cleaned_data
        return {
            "title": cleaned["title"],
            "teacher": cleaned["teacher"].pk,
            "place": cleaned["place"],
            "starts_at": cleaned["starts_at"],
            "duration_minutes": cleaned["duration_minutes"],
            "capacity": cleaned["capacity"],
            "clients": [client.pk for client in cleaned["clients"]],
            "repeat": planner.Rule(until=cleaned["until"]) if cleaned["weekly"] else None,
            "request_key": cleaned["request_key"],
        }

    def refuse(self, refusal: Refused) -> None:
        """Put the service's words at the fields that they are about."""
        for name, messages in refusal.message_dict.items():
            field = FIELD_OF.get(name, name)
            self.add_error(field if field in self.fields else None, ValidationError(messages))
        self.fixes = [_button(fix) for fix in refusal.fixes]

    @property
    def wrong_labels(self) -> list[str]:
        return [str(self.fields[name].label).lower() for name in self.errors if name in self.fields]


def initial_after(data: QueryDict) -> dict[str, Any]:
    """What was posted, after one of the offered ways out: shown again, for the person to look at before it is created."""
    initial: dict[str, Any] = {name: data[name] for name in data if name not in ("fix", "clients")}
    field, _separator, value = str(data["fix"]).partition(":")
    return {**initial, "clients": data.getlist("clients"), **({field: value} if field in LessonForm.base_fields else {})}


def _button(fix: Fix) -> FixButton:
    if fix.field == "starts_at":
        return FixButton("start", f"{datetime.fromisoformat(fix.value):%H:%M}", fix.label)
    return FixButton(fix.field, fix.value, fix.label)
