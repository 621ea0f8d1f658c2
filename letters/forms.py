"""What the pages of the letters ask. A form checks; the services decide."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lessons.models import Club, Teacher

from .logo import LARGEST_BYTES, read_logo
from .models import VolunteerFacts, Wording
from .services import EVERYBODY
from .teacher_file import TeacherFile, match, parse

LARGEST_ID = 2**63 - 1
LARGEST_CSV = 1_000_000
# Translators: parts of the form of the wording, in the order of the letter; French “L’association”, “L’activité”, “L’assurance”,
# “La responsabilité”, “Le défraiement”, “Discrétion et mot de la fin”, “Signature”
LETTER_PARTS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (gettext_lazy("The organisation"), ("legal_status", "registration_number", "address", "responsible", "purpose")),
    (gettext_lazy("Your activity"), ("activity",)),
    (gettext_lazy("Insurance"), ("insurer", "policy_number", "insured_risks", "other_insured_risks")),
    (gettext_lazy("Liability"), ("liability", "liability_regime")),
    (gettext_lazy("Allowance"), ("allowance", "allowance_nature", "allowance_when", "raised_ceiling")),
    (gettext_lazy("Discretion and closing words"), ("discretion", "professional_secrecy", "closing")),
    (gettext_lazy("Signature"), ("signatory_name", "signatory_role", "signed_at_place")),
)


class TeachersField(forms.Field):
    """`all`, or the ids of some."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> str | list[int]:
        values = [value] if isinstance(value, str) else list(value or [])
        if values == [EVERYBODY]:
            return EVERYBODY
        ids = [int(pk) for pk in values if str(pk).isascii() and str(pk).isdecimal() and len(str(pk)) < 20]
        if len(ids) != len(values) or any(not 0 < pk <= LARGEST_ID for pk in ids):
            raise ValidationError(_("A teacher is named by a whole number."))
        return list(dict.fromkeys(ids))


class ChoiceForm(forms.Form):
    """Who gets a letter. With a `request_key` it is the click itself, which counts once."""

    teachers = TeachersField()
    request_key = forms.CharField(max_length=100, required=False)


class Dressed:
    """The look's classes, and rows that fit what is written."""

    fields: dict[str, forms.Field]

    def dress(self) -> None:
        for field in self.fields.values():
            if not isinstance(field.widget, forms.CheckboxInput):
                field.widget.attrs.setdefault("class", "input")
            if isinstance(field.widget, forms.Textarea):
                field.widget.attrs["rows"] = 3


class WordingForm(Dressed, forms.ModelForm):  # type: ignore[type-arg]  # generic for the type checker alone
    new_logo = forms.FileField(
        label=gettext_lazy("Logo"),
        required=False,
        # Translators: French “PNG ou JPEG, 5 Mo au plus.”
        help_text=gettext_lazy("PNG or JPEG, at most 5 MB."),
        widget=forms.FileInput({"accept": "image/png,image/jpeg"}),
    )
    # Translators: French “Retirer le logo”
    without_logo = forms.BooleanField(label=gettext_lazy("Take the logo away"), required=False)

    class Meta:
        model = Wording
        fields = [name for _title, names in LETTER_PARTS for name in names]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dress()

    def parts(self) -> list[tuple[str, list[Any]]]:
        """The fields in the order of the letter."""
        return [(str(title), [self[name] for name in names]) for title, names in LETTER_PARTS]

    def clean_new_logo(self) -> Any:
        logo = self.cleaned_data["new_logo"]
        if logo and logo.size > LARGEST_BYTES:  # before it is read into memory
            raise ValidationError(_("The logo is larger than %(most)d MB. Save it smaller.") % {"most": LARGEST_BYTES // 1_000_000})
        if logo:  # told with whatever else is wrong, not after it
            read_logo(logo.read())
            logo.seek(0)
        return logo

    def words(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self._meta.fields or () if name in self.cleaned_data}

    def logo(self) -> bytes | None:
        """None: as it is."""
        if new := self.cleaned_data.get("new_logo"):
            content: bytes = new.read()
            return content
        return b"" if self.cleaned_data.get("without_logo") else None

    @property
    def wrong_labels(self) -> list[str]:
        return [str(self.fields[name].label).lower() for name in self.errors if name in self.fields]


class TeacherForm(Dressed, forms.ModelForm):  # type: ignore[type-arg]
    """What a letter needs to know of one teacher."""

    class Meta:
        model = Teacher
        fields = ["first_name", "last_name", "email", "phone", "volunteer"]

    address = forms.CharField(label=gettext_lazy("Postal address"), required=False, widget=forms.Textarea, max_length=2000)
    activity = forms.CharField(
        label=gettext_lazy("Volunteer activity"), required=False, max_length=200, help_text=gettext_lazy("Empty: the club’s usual one.")
    )
    employed_as = forms.CharField(
        label=gettext_lazy("Employed by the club for"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Nobody volunteers for the activity they are employed for."),
    )
    FACTS = ("address", "activity", "employed_as")

    def __init__(self, data: Any = None, *, instance: Teacher, facts: VolunteerFacts | None = None) -> None:
        super().__init__(data, instance=instance, initial={name: getattr(facts, name, "") for name in self.FACTS})
        self.dress()

    def facts(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in self.FACTS}

    def changed_values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.changed_data if name not in self.FACTS}


class LineForm(TeacherForm):
    """One line of a file of teachers."""

    def __init__(self, values: dict[str, str], *, club: Club) -> None:
        super().__init__({"volunteer": "on", **values}, instance=Teacher(club=club))


class ImportForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("CSV file"), required=False, widget=forms.FileInput({"class": "input", "accept": ".csv,text/csv"})
    )
    content = forms.CharField(required=False, max_length=LARGEST_CSV, strip=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        file = self.cleaned_data.get("file")
        if file:
            self.cleaned_data["content"] = self._read(file)
        if not self.errors and not self.cleaned_data.get("content"):
            self.add_error("file", _("Choose a file."))
        return self.cleaned_data

    def _read(self, file: Any) -> str:
        if file.size > LARGEST_CSV:
            # Translators: French “Le fichier dépasse 1 Mo. Partagez-le en plusieurs.”
            self.add_error("file", _("The file is larger than 1 MB. Split it."))
            return ""
        data: bytes = file.read()
        if b"\x00" in data:
            # Translators: French “Ce fichier n’est pas un CSV. Dans le tableur, choisissez « Enregistrer sous », puis CSV.”
            self.add_error("file", _("This file is not a CSV. In the spreadsheet choose “Save as”, then CSV."))
            return ""
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return data.decode("cp1252", "replace")  # what older spreadsheets write


def read_teachers(content: str, club: Club) -> TeacherFile:
    """Each line with what is wrong with it."""
    read = parse(content)
    for line in read.lines:
        form = LineForm(line.values, club=club)
        if form.is_valid():
            line.cleaned = {name: form.cleaned_data[name] for name in line.values}
        line.errors = [_in_words(form.fields[name], error) for name, errors in form.errors.items() for error in errors]
    match(read, club)
    return read


def _in_words(field: forms.Field, error: Any) -> str:
    # Translators: a field and what is wrong with it; French “%(field)s : %(problem)s”
    return _("%(field)s: %(problem)s") % {"field": field.label, "problem": error}
