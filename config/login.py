"""The page's log-in: how many attempts are left, and whether this device is remembered."""

from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext


class LogInForm(AuthenticationForm):
    # Translators: French “Rester connecté sur cet appareil”
    remember = forms.BooleanField(label=gettext_lazy("Stay logged in on this device"), required=False, initial=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Translators: French “Identifiant”
        self.fields["username"].label = _("Username")
        for name in ("username", "password"):
            self.fields[name].widget.attrs["class"] = "input"

    def get_invalid_login_error(self) -> forms.ValidationError:
        # Translators: French “Identifiant ou mot de passe incorrect.”
        text = _("Wrong username or password.")
        return forms.ValidationError(f"{text} {self._attempts_left()}".strip(), code="invalid_login")

    def _attempts_left(self) -> str:
        failures = AxesProxyHandler.get_failures(self.request, {"username": self.cleaned_data.get("username")})
        left = settings.AXES_FAILURE_LIMIT - failures
        # Translators: French “Il vous reste %(left)d essais.”
        return ngettext("You have %(left)d attempt left.", "You have %(left)d attempts left.", left) % {"left": left} if left > 0 else ""


class LogInView(LoginView):
    form_class = LogInForm
    authentication_form = LogInForm
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_valid(form)
        if not form.cleaned_data["remember"]:
            self.request.session.set_expiry(0)  # until the browser closes
        return response
