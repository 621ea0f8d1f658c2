"""Small parts of the pages of the letters."""

from django import template

register = template.Library()


@register.simple_tag
def counted(count: int, one: str, many: str) -> str:
    return (one if count == 1 else many).replace("%s", str(count))


@register.filter
def some(names: list[str], most: int) -> str:
    """The first names of a list, and how many more there are."""
    shown = ", ".join(str(name) for name in names[:most])
    return f"{shown} + {len(names) - most}" if len(names) > most else shown
