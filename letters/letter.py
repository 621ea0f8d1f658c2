"""The letter of one volunteer as a PDF, in the club's language."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

from django.core.files.storage import default_storage
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.text import slugify
from django.utils.translation import gettext as _

from lessons.models import Club, Teacher

from .models import LegalFigures, VolunteerFacts, Wording


@dataclass(frozen=True)
class Letter:
    club: Club
    volunteer: str
    facts: VolunteerFacts | None
    wording: Wording
    figures: LegalFigures
    dated: date
    reference: str = ""

    @property
    def activity(self) -> str:
        return activity_of(self.facts, self.wording)


def activity_of(facts: VolunteerFacts | None, wording: Wording) -> str:
    return (facts.activity if facts else "") or wording.activity


def facts_of(teacher: Teacher) -> VolunteerFacts | None:
    return getattr(teacher, "volunteer_facts", None)


def to_pdf(letter: Letter) -> bytes:
    from .pdf import write_pdf  # where its libraries are missing, everything else still starts, and manage.py doctor names them

    with translation.override(letter.club.language):
        assets = _logo(letter.wording)
        context: dict[str, Any] = {"letter": letter, "club": letter.club, "wording": letter.wording, "figures": letter.figures}
        html = render_to_string("letters/letter.html", {**context, "logo": next(iter(assets), "")})
        return write_pdf(html, assets)


def filename_of(volunteer: str, year: int, language: str) -> str:
    """Plain ASCII, whatever the name holds."""
    with translation.override(language):
        # Translators: begins the name of the PDF file, without spaces or accents: "lettre-de-volontariat"
        return "-".join(part for part in (slugify(_("volunteer-letter")), str(year), slugify(volunteer)[:60]) if part) + ".pdf"


def _logo(wording: Wording) -> dict[str, bytes]:
    if not wording.logo:
        return {}
    name = str(wording.logo.name)
    return {f"asset:{PurePosixPath(name).name}": _read(name)}


@lru_cache(maxsize=50)
def _read(name: str) -> bytes:
    """Named by its content, so it never changes."""
    with default_storage.open(name) as file:
        content: bytes = file.read()
        return content
