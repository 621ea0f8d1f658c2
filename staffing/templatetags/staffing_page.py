"""Numbers as people read them, rounded at last."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def hours(value: Decimal) -> str:
    return number_format(value, 0, use_l10n=True, force_grouping=True)


@register.filter
def fte(value: Decimal) -> str:
    return number_format(value, 1, use_l10n=True, force_grouping=True)


@register.filter
def gap(value: Decimal) -> str:
    """With its sign: +0,4 or −1,5."""
    return _signed(value, 1)


@register.filter
def more_hours(value: Decimal) -> str:
    return _signed(value, 0)


def _signed(value: Decimal, places: int) -> str:
    rounded = round(value, places)
    sign = "−" if rounded < 0 else "+" if rounded > 0 else ""
    return sign + number_format(abs(rounded), places, use_l10n=True, force_grouping=True)


@register.filter
def short(value: Decimal) -> str:
    """As many places as it has."""
    return number_format(Decimal(f"{value.normalize():f}"), use_l10n=True)


@register.filter
def percent(value: Decimal) -> str:
    return short(value * 100)


@register.filter
def named(columns: Iterable[str]) -> list[tuple[str, str]]:
    words = {"name": _("Centre"), "hours": _("Hours"), "fte_needed": _("Needed"), "headcount": _("In post"), "gap": _("Gap")}
    return [(column, words[column]) for column in columns]


@register.filter
def kinds(counts: dict[str, Any]) -> list[tuple[str, Any]]:
    words = {"directions": _("Directions"), "centres": _("Centres"), "tasks": _("Tasks"), "volumes": _("Volumes")}
    return [(words[kind], counts[kind]) for kind in words if kind in counts]
