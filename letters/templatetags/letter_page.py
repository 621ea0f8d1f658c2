"""Small parts of the pages of the letters."""

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.simple_tag
def counted(count: int, one: str, many: str) -> str:
    return (one if count == 1 else many).replace("%s", str(count))


@register.filter
def breakable(email: str) -> SafeString:
    """An address is broken after its @ before anywhere else."""
    parts = email.partition("@")
    return format_html_join(mark_safe("<wbr>"), "{}", ((part,) for part in (parts[0] + parts[1], parts[2])))


@register.filter
def some(names: list[str], most: int) -> str:
    """The first names of a list, and how many more there are."""
    shown = ", ".join(str(name) for name in names[:most])
    return f"{shown} + {len(names) - most}" if len(names) > most else shown
