"""Days, hours and durations as people say them, in the language of the page."""

from datetime import date, datetime

from django.utils import timezone, translation
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext


def long_day(day: date) -> str:
    """Wednesday 25 November; the year only if it is not this one. The formats are Django's date formats."""
    return _format(day, pgettext("date format", "l j F") if _is_this_year(day) else pgettext("date format", "l j F Y"))


def weekday(day: date) -> str:
    # Translators: French “D.”, which gives “mer.”
    return _format(day, pgettext("date format", "D"))


def iso_day(text: str) -> date:
    """A day as JSON keeps it."""
    return date.fromisoformat(text)


def clock(moment: datetime) -> str:
    return format_date(moment, "G:i")


def duration(minutes: int) -> str:
    hours, rest = divmod(int(minutes), 60)
    if not hours:
        return ngettext("%(count)d min", "%(count)d min", rest) % {"count": rest}
    return _("%(hours)d h %(minutes)02d") % {"hours": hours, "minutes": rest} if rest else _("%(hours)d h") % {"hours": hours}


def span(first: date, last: date) -> str:
    """From 23 to 29 November: the month once where both days share it."""
    same_month = (first.year, first.month) == (last.year, last.month)
    start = _format(first, pgettext("date format", "j") if same_month else pgettext("date format", "j F"))
    end = _format(last, pgettext("date format", "j F") if _is_this_year(last) else pgettext("date format", "j F Y"))
    # Translators: French “Semaine du %(start)s au %(end)s”
    return _("Week of %(start)s to %(end)s") % {"start": start, "end": end}


def period(first: date, last: date) -> str:
    """A day, or from one to another, each with its weekday."""
    if first == last:
        return long_day(first)
    # Translators: French “du %(start)s au %(end)s”
    return _("%(start)s to %(end)s") % {"start": long_day(first), "end": long_day(last)}


def _format(day: date, pattern: str) -> str:
    if day.day == 1 and (translation.get_language() or "").startswith("fr"):
        pattern = pattern.replace("j", r"j\e\r")  # 1er décembre, but 2 décembre
    return format_date(day, pattern)


def _is_this_year(day: date) -> bool:
    return day.year == timezone.localdate().year
