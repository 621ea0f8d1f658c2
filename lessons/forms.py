"""The form of a new lesson. It checks what a form can; the service decides and says no with a way out."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet, Value
from django.http import QueryDict
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from . import planner
from .credits import sessions_left, with_sessions_left
from .models import Change, Client, Club, Lesson, Place, Teacher
from .services import Fix, Refused
from .times import duration
from .week import parse_day

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

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Django's own takes two templates an option: most of the page's time, where there are many clients."""
        widget = self.get_context(name, value, attrs)["widget"]
        options = [option for _label, group, _place in widget["optgroups"] for option in group]
        rows = ((option["value"], _attributes(option["attrs"]), option["label"]) for option in options)
        inside = format_html_join("\n", '<option value="{}"{}>{}</option>', rows)
        return format_html('<select name="{}"{}>{}</select>', name, _attributes(widget["attrs"]), inside)


def _attributes(attributes: dict[str, Any]) -> SafeString:
    given = ((name, value) for name, value in attributes.items() if value is not False and value is not None)
    return format_html_join("", ' {}="{}"', ((name, "" if value is True else value) for name, value in given))


class ClientsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # generic for the type checker alone
    widget = ClientSelect

    def label_from_instance(self, obj: Client) -> str:
        left = sessions_left(obj)
        if left is None:
            return str(obj)
        # Translators: French “%(client)s, 0 séance”
        return ngettext("%(client)s, %(left)d session", "%(client)s, %(left)d sessions", left) % {"client": obj, "left": left}


class SlotForm(forms.Form):
    """What a new lesson and a changed one have in common."""

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

    def __init__(self, data: Any = None, *, club: Club, initial: dict[str, Any]) -> None:
        super().__init__(data, initial=initial)
        self.club = club
        self.places: list[Place] = []
        self.fixes: list[FixButton] = []
        self.planned: list[planner.PlannedDate] = []  # asked for without JavaScript
        fields: Any = self.fields
        fields["teacher"].queryset = Teacher.objects.filter(club=club, active=True)
        teachers, self.places = _teachers_and_places(fields["teacher"].queryset, club)
        fields["teacher"].choices = [("", fields["teacher"].empty_label), *teachers]
        durations = sorted({*DURATIONS, int(initial["duration_minutes"])})
        fields["duration_minutes"].choices = [(minutes, duration(minutes)) for minutes in durations]
        for field in self.fields.values():
            bare = isinstance(field, forms.BooleanField) or isinstance(field.widget, forms.RadioSelect)
            field.widget.attrs.setdefault("class", "" if bare else "input")

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if not planner.FIRST_YEAR <= day.year <= planner.LAST_YEAR:
            raise ValidationError(_("This date is too far away."))
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if "day" in cleaned and "start" in cleaned and self.asks_for_a_time:
            try:
                cleaned["starts_at"] = planner.instant(datetime.combine(cleaned["day"], cleaned["start"]), self.club.zone)
            except planner.NotOneInstant as error:
                self.add_error("start", str(error))
        return cleaned

    @property
    def asks_for_a_time(self) -> bool:
        return True

    def refuse(self, refusal: Refused) -> None:
        """Put the service's words at the fields that they are about."""
        for name, messages in refusal.message_dict.items():
            field = FIELD_OF.get(name, name)
            self.add_error(field if field in self.fields else None, ValidationError(messages))
        self.fixes = [_button(fix) for fix in refusal.fixes]

    @property
    def wrong_labels(self) -> list[str]:
        return [str(self.fields[name].label).lower() for name in self.errors if name in self.fields]


class LessonForm(SlotForm):
    clients = ClientsField(Client.objects.none(), label=gettext_lazy("Clients enrolled"), required=False)
    weekly = forms.BooleanField(label=gettext_lazy("Every week"), required=False)
    until = forms.DateField(label=gettext_lazy("Until"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    request_key = forms.CharField(max_length=100, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, club: Club, day: date, initial: dict[str, Any] | None = None) -> None:
        usual = {"day": day, "duration_minutes": USUAL_MINUTES, "capacity": USUAL_CAPACITY, "request_key": str(uuid.uuid4())}
        super().__init__(data, club=club, initial={**usual, **(initial or {})})
        clients: Any = self.fields["clients"]
        clients.queryset = with_sessions_left(Client.objects.filter(club=club), day)
        clients.choices = list(iter(clients.choices))  # asked once; their length would be asked too
        for name, hint in self._what_is_missing().items():
            self.fields[name].help_text = hint

    def _what_is_missing(self) -> dict[str, str]:
        """A new club: the next step, at the field that has nothing to offer yet."""
        hints, fields = {}, dict[str, Any](self.fields)
        if not fields["teacher"].choices[1:]:
            hints["teacher"] = _("The club has no teacher yet. Ask the operator to add one.")
        if not self.places:
            hints["place"] = _("Write its name: the place is added with the lesson.")
        if not fields["clients"].choices:
            hints["clients"] = _("The club has no clients yet. The lesson can be created without.")
        return hints

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("weekly") and not cleaned.get("until") and "until" not in self.errors:
            self.add_error("until", _("Say until when the lesson repeats."))
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
            "repeat": self._rule(cleaned["until"]) if cleaned["weekly"] else None,
            "request_key": cleaned["request_key"],
        }

    def _rule(self, until: date) -> planner.Rule:
        """Of the dates that were offered, those that are not ticked are left out; a closed day that is ticked is kept."""
        posted = self.data if isinstance(self.data, QueryDict) else QueryDict()
        offered, ticked = (days_in(posted.getlist(name)) for name in ("offered", "dates"))
        return planner.Rule(until, without=offered - ticked, despite=offered & ticked)


def days_in(texts: list[str]) -> frozenset[date]:
    return frozenset(day for text in texts[: planner.MOST_DATES] if (day := parse_day(text)))


class ScopeForm(forms.Form):
    """Which lessons of a series are meant, and what was on the screen when the person decided."""

    scope = forms.ChoiceField(label=gettext_lazy("Which lessons"), choices=Change.Scope.choices, widget=forms.RadioSelect)
    version = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, lesson: Lesson) -> None:
        super().__init__(data, initial=scope_of(lesson))
        if lesson.series_id is None:
            self.fields["scope"].widget = forms.HiddenInput()

    def asked(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class ChangeForm(SlotForm):
    """A lesson as it is. What is asked of the service is what the person made other, and nothing else."""

    scope = forms.ChoiceField(label=gettext_lazy("Which lessons"), choices=Change.Scope.choices, widget=forms.RadioSelect)
    version = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, lesson: Lesson, proposed: dict[str, Any] | None = None) -> None:
        self.as_it_is = {
            "title": lesson.title, "teacher": lesson.teacher_id, "day": lesson.local_start.date(), "start": lesson.local_start.time(),
            "duration_minutes": lesson.duration_minutes, "place": lesson.place.name, "capacity": lesson.capacity, **scope_of(lesson),
        }  # fmt: skip
        super().__init__(data, club=lesson.club, initial={**self.as_it_is, **(proposed or {})})
        self.fields["title"].required = True
        if lesson.series_id is None:
            self.fields["scope"].widget = forms.HiddenInput()
        if not lesson.teacher.active:
            self.fields["teacher"].queryset |= Teacher.objects.filter(pk=lesson.teacher_id)  # type: ignore[attr-defined]  # a model field

    @property
    def asks_for_a_time(self) -> bool:
        """One that was left alone may be of those that the clocks show twice."""
        cleaned = self.cleaned_data
        return bool((cleaned["day"], cleaned["start"]) != (self.as_it_is["day"], self.as_it_is["start"]))

    def asked(self) -> dict[str, Any]:
        """The arguments of `change_lesson`."""
        cleaned = {**self.cleaned_data, "teacher": self.cleaned_data["teacher"].pk}
        plain = ("title", "teacher", "duration_minutes", "place", "capacity")
        asked = {name: cleaned[name] for name in plain if cleaned[name] != self.as_it_is[name]}
        when = {"starts_at": cleaned["starts_at"]} if "starts_at" in cleaned else {}
        return {**asked, **when, "scope": cleaned["scope"], "version": cleaned["version"]}

    @property
    def fixes_of_fields(self) -> list[FixButton]:
        return [fix for fix in self.fixes if fix.field in self.fields]

    @property
    def stuck(self) -> FixButton | None:
        """The offer to change the other lessons of the series."""
        return next((fix for fix in self.fixes if fix.field == "leave_stuck"), None)


def scope_of(lesson: Lesson) -> dict[str, str]:
    return {"scope": Change.Scope.THIS, "version": lesson.full_version}


def initial_after(data: QueryDict, form: type[SlotForm] = LessonForm) -> dict[str, Any]:
    """What was posted, after one of the offered ways out: shown again, for the person to look at before it is done."""
    initial: dict[str, Any] = {name: data[name] for name in data if name not in ("fix", "clients")}
    field, _separator, value = str(data["fix"]).partition(":")
    return {**initial, "clients": data.getlist("clients"), **({field: value} if field in form.base_fields else {})}


def _teachers_and_places(teachers: QuerySet[Teacher], club: Club) -> tuple[list[tuple[int, str]], list[Place]]:
    """In one query, each by name."""
    names = Place.objects.filter(club=club).order_by().values_list(Value(0), "name", Value(""))
    people = teachers.order_by().values_list("pk", "first_name", "last_name")
    rows = list(people.union(names, all=True).order_by("last_name", "first_name", "pk"))
    return [(pk, f"{first} {last}".strip()) for pk, first, last in rows if pk], [Place(name=name) for pk, name, _none in rows if not pk]


def _button(fix: Fix) -> FixButton:
    if fix.field == "starts_at":
        return FixButton("start", f"{datetime.fromisoformat(fix.value):%H:%M}", fix.label)
    return FixButton(fix.field, fix.value, fix.label)
