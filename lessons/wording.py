"""Sentences about places, people and times, as a person would say them."""

from datetime import datetime
from typing import Any

from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

# French says "la carrière est prise" and "le manège est pris". What is not here is masculine.
FEMININE_PLACES = {"arène", "carrière", "cour", "écurie", "forêt", "pâture", "piste", "place", "plage", "prairie", "salle"}


def clock(moment: datetime) -> str:
    """9:12, 16:00"""
    return f"{moment.hour}:{moment:%M}"


def name_of(user: Any) -> str:
    """Empty where the account is gone, or there was none."""
    return (user.get_full_name() or user.get_username()) if user else ""


def who(user: Any) -> str:
    """The name, at the beginning of a sentence."""
    # Translators: in place of a name; French “Quelqu’un”
    return name_of(user) or _("Somebody")


def is_feminine(place: str) -> bool:
    return bool(place) and place.split()[0].lower() in FEMININE_PLACES


def with_article(place: str) -> str:
    """ "la carrière", "l’écurie", "le petit manège" in French; elsewhere the name as it is."""
    if (get_language() or "")[:2] != "fr" or not place:
        return place
    name = place[0].lower() + place[1:]
    if name.startswith(("la ", "le ", "l’", "l'")):
        return name
    if name[0] in "aâeéèêiîoôu":
        return f"l’{name}"
    return f"la {name}" if is_feminine(place) else f"le {name}"


def place_taken(place: str, teacher: str, title: str, starts_at: datetime, ends_at: datetime) -> str:
    # Translators: "%(place)s est prise de 16:00 à 17:00 par Sophie Lambert (Galop 2)"; the place comes with its article
    feminine = pgettext("feminine place", "%(place)s is taken from %(start)s to %(end)s by %(teacher)s (%(title)s)")
    # Translators: "%(place)s est pris de 16:00 à 17:00 par Sophie Lambert (Galop 2)"; the place comes with its article
    masculine = pgettext("masculine place", "%(place)s is taken from %(start)s to %(end)s by %(teacher)s (%(title)s)")
    facts = {"place": with_article(place), "teacher": teacher, "title": title, "start": clock(starts_at), "end": clock(ends_at)}
    return (feminine if is_feminine(place) else masculine) % facts


def teacher_taken(teacher: str, place: str, title: str, starts_at: datetime, ends_at: datetime) -> str:
    # Translators: "Sophie Lambert enseigne déjà de 16:00 à 17:00 (Galop 2, carrière)"
    return _("%(teacher)s already teaches from %(start)s to %(end)s (%(title)s, %(place)s)") % {
        "teacher": teacher, "title": title, "place": place.lower(), "start": clock(starts_at), "end": clock(ends_at),
    }  # fmt: skip


def as_sentence(words: str) -> str:
    """A reason stands within a line ("mercredi 25 novembre, la carrière est prise…") or on its own."""
    return words[:1].upper() + words[1:].removesuffix(".") + "."
