"""Choosing who is added to a lesson."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .credits import with_sessions_left
from .forms import ClientsField, ScopeForm
from .lesson_roll import RollOfPage
from .models import Client, Lesson
from .services import OutOfDate


class EnrolForm(ScopeForm):
    """Whoever is in, or waits, is not offered again. In a lesson that has begun, who is added is there."""

    # Translators: French “Choisissez au moins un client.”
    clients = ClientsField(Client.objects.none(), label=_("Clients"), error_messages={"required": _("Choose at least one client.")})
    field_order = ["clients", "scope", "version"]

    def __init__(self, data: Any = None, *, lesson: Lesson, roll: RollOfPage) -> None:
        super().__init__(data, lesson=lesson)
        self.roll = roll
        clients: Any = self.fields["clients"]
        inside = [line.client for line in (*roll.holding, *roll.waiting)]
        clients.queryset = with_sessions_left(Client.objects.filter(club=lesson.club).exclude(pk__in=inside), lesson.local_start.date())
        clients.choices = list(iter(clients.choices))  # asked once; their length would be asked too
        clients.widget.attrs["class"] = "input"
        if roll.has_begun:
            self.fields["scope"].widget = forms.HiddenInput()

    def asked(self) -> dict[str, Any]:
        """The arguments of `enrol_clients`."""
        clients = [client.pk for client in self.cleaned_data["clients"]]
        seen = {name: self.cleaned_data[name] for name in ("scope", "version")}
        return {"clients": clients, **seen, "present": self.roll.has_begun}

    def meet(self, late: OutOfDate) -> None:
        """The choice stays; the next click is of the roll that is shown with it."""
        self.add_error(None, str(late))
        self.data = {**self.data, "clients": [client.pk for client in self.cleaned_data["clients"]], "version": self.initial["version"]}
