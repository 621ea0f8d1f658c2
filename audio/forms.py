"""What the pages of the voice notes and of the clients ask. A form checks; the services decide."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lessons.models import Client, Club

from .record import OLDEST
from .services import MEGABYTE, too_large
from .transcription import spoken_language, transcriber

AUDIO = "audio/*,video/webm,video/mp4"  # what a microphone wrote may call itself a video


class RecordingForm(forms.Form):
    # Translators: French “Choisir un fichier audio”, “Langue parlée”
    file = forms.FileField(label=gettext_lazy("Choose an audio file"), allow_empty_file=True, widget=forms.FileInput({"accept": AUDIO}))
    language = forms.ChoiceField(label=gettext_lazy("Language spoken"), choices=settings.LANGUAGES, required=False)
    client = forms.ModelChoiceField(Client.objects.none(), required=False, widget=forms.HiddenInput)
    request_key = forms.CharField(max_length=100, required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, files: Any = None, *, club: Club, client: Client | None = None) -> None:
        super().__init__(data, files, initial={"language": spoken_language(club.language), "client": client and client.pk})
        self.fields["client"].queryset = Client.objects.filter(club=club)  # type: ignore[attr-defined]  # a model field
        heard = transcriber()
        self.fields["language"].choices = [row for row in settings.LANGUAGES if heard.understands(row[0])]  # type: ignore[attr-defined]  # a choice field
        for name in ("file", "language"):
            self.fields[name].widget.attrs["class"] = "input"

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file and file.size > settings.AUDIO_MAX_MEGABYTES * MEGABYTE:
            raise ValidationError(too_large())
        return file

    def recording(self) -> dict[str, Any]:
        """The arguments of `upload_note`."""
        names = ("file", "language", "client")
        return {name: self.cleaned_data[name] for name in names} | {"request_key": self.cleaned_data["request_key"] or None}

    def refuse(self, refusal: ValidationError) -> None:
        """Put the service's words at the fields that they are about."""
        for name, words in refusal.message_dict.items():
            self.add_error(name if name in self.fields else None, ValidationError(words))


class ClientForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for the type checker alone
    class Meta:
        model = Client
        fields = ["first_name", "last_name", "email", "phone", "birth_date", "address", "level", "horse", "availability", "notes"]
        widgets = {
            "birth_date": forms.DateInput({"type": "date"}, "%Y-%m-%d"),
            "phone": forms.TextInput({"type": "tel", "autocomplete": "off"}),
            "notes": forms.Textarea({"rows": 4}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = "input"

    def clean_notes(self) -> str:
        """Browsers send the line ends of another age."""
        return str(self.cleaned_data["notes"]).replace("\r\n", "\n")

    def clean_birth_date(self) -> Any:
        day = self.cleaned_data["birth_date"]
        today = timezone.localdate()
        if day and not today.year - OLDEST <= day.year:
            raise ValidationError(_("Nobody is so old."))
        if day and day > today:
            # Translators: French “Cette date est à venir.”
            raise ValidationError(_("This date is still to come."))
        return day

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}

    @property
    def wrong_labels(self) -> list[str]:
        return [str(self.fields[name].label).lower() for name in self.errors if name in self.fields]


class AnswerForm(forms.Form):
    """Of whom a note speaks: one of the candidates, or somebody new."""

    client = forms.CharField()
    first_name = forms.CharField(label=gettext_lazy("First name"), max_length=150, required=False)
    last_name = forms.CharField(label=gettext_lazy("Last name"), max_length=150, required=False)

    def clean_client(self) -> int | None:
        """None: somebody new."""
        text: str = self.cleaned_data["client"]
        if text == "new":
            return None
        if not (text.isascii() and text.isdecimal() and len(text) < 19):
            raise ValidationError(_("Choose one of the clients."))
        return int(text)

    def names(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in ("first_name", "last_name")}


class RerunForm(forms.Form):
    listen = forms.BooleanField(required=False)


class PreferenceForm(forms.Form):
    email_when_done = forms.BooleanField(required=False)
