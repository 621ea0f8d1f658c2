"""Small parts of the pages of the voice notes."""

from datetime import date
from typing import Any

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from audio.models import FieldChange
from audio.reading import name_of
from lessons import wording
from lessons.times import clock, long_day

register = template.Library()


@register.filter
def running(seconds: float | None) -> str:
    """0:42"""
    whole = round(seconds or 0)
    return f"{whole // 60}:{whole % 60:02}"


@register.filter(expects_localtime=True)
def moment(when: Any) -> str:
    """The time of day, of another day with its day."""
    if when is None:
        return ""
    # Translators: French “%(day)s à %(time)s”
    return clock(when) if when.date() == localdate() else _("%(day)s at %(time)s") % {"day": long_day(when.date()), "time": clock(when)}


@register.filter(expects_localtime=True)
def note_title(when: Any) -> str:
    """Of a note whose client is not known yet."""
    # Translators: French “Note de 14:18”, “Note du mercredi 25 novembre à 14:18”
    if when.date() == localdate():
        return _("Note of %(time)s") % {"time": clock(when)}
    return _("Note of %(day)s at %(time)s") % {"day": long_day(when.date()), "time": clock(when)}


register.filter("person", wording.name_of)


@register.simple_tag
def value_of(field: str, value: Any) -> str | SafeString:
    """As a person writes it; of nothing, a word that says so."""
    if value in ("", None):
        # Translators: of a field of a client; French “vide”
        return format_html('<span class="quiet">{}</span>', _("empty"))
    if field == "birth_date":
        day = value if isinstance(value, date) else date.fromisoformat(value)
        return str(date_format(day, "DATE_FORMAT"))
    return str(value)


@register.filter
def label_of(change: FieldChange) -> str:
    return name_of(change.field)


@register.filter
def exact(number: float | None) -> str:
    """For a program: with a point, whatever the language."""
    return "" if number is None else f"{number:.4g}" if number < 1000 else f"{number:.1f}"
