"""The club's own words, and a look at the letter that they make."""

import hashlib
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Exists, Subquery
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.translation import gettext as _

from lessons.models import Club, Teacher
from letters.letter import Letter, facts_of, to_pdf
from letters.logo import read_logo
from letters.models import LegalFigures, Sending, VolunteerFacts, Wording

_NOT_WORDS = {"id", "club", "version", "created_by", "created_at", "logo"}
WORDS = [field.name for field in Wording._meta.concrete_fields if field.name not in _NOT_WORDS]


def latest_wording(club: Club) -> Wording:
    """The one in force; an empty one, unsaved, where the club has written nothing yet."""
    return Wording.objects.filter(club=club).order_by("-version").first() or Wording(club=club, version=0)


def latest_papers(club: Club, year: int) -> tuple[Wording, LegalFigures, bool]:
    """The wording in force, the figures of a year, and whether letters of the club are yet to be written, in one query."""
    words = JSONObject(**{name: name for name in ["id", "version", *WORDS]})
    present: Any = Wording.objects.filter(club=club).order_by("-version").values(seen=words)[:1]
    promising = Exists(Sending.objects.filter(club=club, promised__isnull=False))
    figures: Any = LegalFigures.objects.filter(year=year).annotate(wording=Subquery(present), promising=promising).first()
    if figures is None:
        raise _no_figures(year)
    return Wording(club=club, **(figures.wording or {"version": 0})), figures, figures.promising


def save_wording(*, club: Club, user: Any = None, logo: bytes | None = None, **words: Any) -> Wording:
    """A new version, unless nothing changed. An empty `logo` takes the present one away. Raises ValidationError, keyed by field."""
    with transaction.atomic():
        Club.objects.select_for_update(no_key=True).get(pk=club.pk)
        present = latest_wording(club)
        new = changed_wording(present, **words)
        new.version, new.created_by = present.version + 1, user if getattr(user, "pk", None) else None
        if logo is not None:
            new.logo = _stored_logo(logo)
        if present.pk and all(getattr(new, name) == getattr(present, name) for name in [*WORDS, "logo"]):
            return present
        new.save()
    return new


def changed_wording(present: Wording, **words: Any) -> Wording:
    """An unsaved copy with other words, checked; for a preview while somebody types."""
    if unknown := set(words) - set(WORDS):
        raise TypeError(f"a wording has no {', '.join(sorted(unknown))}")
    kept = {name: getattr(present, name) for name in [*WORDS, "logo"]}
    new = Wording(club=present.club, version=present.version, **{**kept, **{name: _clean(value) for name, value in words.items()}})
    new.full_clean(exclude=["club", "version", "created_by", "logo"], validate_constraints=False)
    return new


def save_facts(*, teacher: Teacher, **facts: str) -> VolunteerFacts:
    row, _made = VolunteerFacts.objects.get_or_create(teacher=teacher)
    for name, value in facts.items():
        setattr(row, name, _clean(value))
    row.full_clean(validate_constraints=False, validate_unique=False)
    row.save()
    return row


def preview_letter(*, teacher: Teacher, year: int | None = None, wording: Wording | None = None) -> bytes:
    """The PDF as it would be sent today; what is still missing is marked in it."""
    club = teacher.club
    today = today_of(club)
    return to_pdf(
        Letter(
            club=club,
            volunteer=str(teacher),
            facts=facts_of(teacher),
            wording=wording or latest_wording(club),
            figures=figures_of(year or today.year),
            dated=today,
        )
    )


def figures_of(year: int) -> LegalFigures:
    try:
        return LegalFigures.objects.get(year=year)
    except LegalFigures.DoesNotExist as error:
        raise _no_figures(year) from error


def today_of(club: Club) -> date:
    return timezone.now().astimezone(club.zone).date()


def _no_figures(year: int) -> ValidationError:
    # Translators: "Les plafonds légaux de %(year)s ne sont pas encore encodés : l’administration le fait sous « Plafonds légaux »."
    words = _("The legal figures of %(year)s are not there yet: an operator adds them in the administration.") % {"year": year}
    return ValidationError({"year": [words]})


def _clean(value: Any) -> Any:
    """Databases refuse NUL, and nobody means it."""
    return value.replace("\x00", "").replace("\r\n", "\n").strip() if isinstance(value, str) else value


def _stored_logo(data: bytes) -> str:
    """Named by its content, so that versions share it and it never changes under a letter."""
    if not data:
        return ""
    try:
        picture = read_logo(data)
    except ValidationError as error:
        raise ValidationError({"logo": error.messages}) from error
    name = f"letters/logos/{hashlib.sha256(picture).hexdigest()[:32]}.png"
    return name if default_storage.exists(name) else default_storage.save(name, ContentFile(picture))
