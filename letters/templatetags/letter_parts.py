"""Small parts of the letter's template."""

from decimal import Decimal

from django import template
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from letters.models import Wording
from letters.wording import label_of

register = template.Library()
NARROW_SPACE = "\u202f"


@register.simple_tag
def needed(wording: Wording, name: str) -> str | SafeString:
    """The club's words, or a mark that they are still to be written: a preview shows it, and no letter is sent with it."""
    value: str = getattr(wording, name).strip()
    # Translators: "à compléter : %(what)s"
    return value or format_html('<span class="missing">{}</span>', _("to be filled in: %(what)s") % {"what": label_of(name)})


@register.filter
def euros(amount: Decimal) -> str:
    """1 760,83 € with narrow spaces in French."""
    text = number_format(amount, decimal_pos=2, use_l10n=True, force_grouping=True)
    return text.replace("\xa0", NARROW_SPACE) + NARROW_SPACE + "€"


@register.filter
def lower_first(words: str) -> str:
    """For a label in the middle of a sentence; what is written in capitals stays."""
    return words[:1].lower() + words[1:]
