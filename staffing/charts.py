"""Pictures of a result, drawn by pygal. The tables beside them say the same in words."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pygal
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from pygal.style import Style

from .reports import Line

BARS_SHOWN = 15
ROW_PIXELS, FRAME_PIXELS = 34, 90
WIDE, NARROW = 900, 420  # at a desk, on a phone: the same size of letters
NARROW_LABEL = 18  # letters
# The look's colours; the second of each pair in the dark.
COLOURS = {"ink": ("#18211d", "#e9ede8"), "soft": ("#4a554e", "#abb7b0"), "line": ("#d6dacf", "#323d38")}
NEED, POST, SHORT, OVER = "#b87f0c", "#2c7263", "#bb3a2c", "#3b8a56"
FONT = "Segoe UI, Roboto, Open Sans, Noto Sans, Ubuntu, system-ui, sans-serif"


def draw_centres(lines: Sequence[Line], *, narrow: bool = False) -> bytes:
    """Needed against in post; of many centres those where most are missing, the worst on top."""
    shown = widest_gaps(lines)[::-1]  # pygal begins at the bottom
    chart = _chart(len(shown) * 1.3, (NEED, POST), narrow=narrow)
    chart.x_labels = [line.name for line in shown]
    chart.add(_("Needed"), [float(line.figures.fte_needed) for line in shown])
    chart.add(_("In post"), [float(line.figures.headcount) for line in shown])
    return _draw(chart)


def draw_gaps(lines: Sequence[Line], *, narrow: bool = False) -> bytes:
    """The gap of each direction: to the left of zero, so many are missing; those with the most on top."""
    shown = sorted(lines, key=lambda line: line.figures.gap, reverse=True)
    chart = _chart(len(shown), (SHORT,), narrow=narrow)
    chart.show_legend = False
    chart.x_labels = [line.name for line in shown]
    gaps = [float(line.figures.gap) for line in shown]
    chart.add(_("Gap"), [{"value": gap, "color": SHORT if gap < 0 else OVER} for gap in gaps])
    return _draw(chart)


def widest_gaps(lines: Sequence[Line]) -> list[Line]:
    """Where the most people are missing, first."""
    return sorted(lines, key=lambda line: line.figures.gap)[:BARS_SHOWN]


def _chart(rows: float, colours: tuple[str, ...], *, narrow: bool) -> Any:
    style = Style(
        background="transparent", plot_background="transparent", font_family=FONT, colors=colours, opacity="1", opacity_hover="1",
        foreground=COLOURS["ink"][0], foreground_strong=COLOURS["ink"][0], foreground_subtle=COLOURS["line"][0],
        label_font_size=13, major_label_font_size=13, value_font_size=12, legend_font_size=13, title_font_size=15, transition="0s",
    )  # fmt: skip
    return pygal.HorizontalBar(
        style=style, js=[], css=["file://style.css", "file://graph.css", f"inline:{_dark()}"], disable_xml_declaration=True,
        height=int(FRAME_PIXELS + rows * ROW_PIXELS), width=NARROW if narrow else WIDE,
        truncate_label=NARROW_LABEL if narrow else -1, max_scale=5 if narrow else 16, value_formatter=_in_words(), legend_at_bottom=True,
        show_y_guides=True, print_values=False, no_data_text=_("No data"), explicit_size=False, spacing=8, margin=8,
    )  # fmt: skip


def _draw(chart: Any) -> bytes:
    chart.add_xml_filter(_without_scripts)
    return str(chart.render(is_unicode=True)).encode()


def _without_scripts(root: Any) -> Any:
    """pygal writes its settings into one, whether or not there is anything to run."""
    for parent in root.iter():
        for child in [child for child in parent if str(child.tag).endswith("script")]:
            parent.remove(child)
    return root


def _dark() -> str:
    """The picture follows the eyes' choice by itself, wherever it is shown."""
    ink, soft, line = (COLOURS[name][1] for name in ("ink", "soft", "line"))
    rules = {
        "text": f"fill: {ink}",
        ".axis text": f"fill: {soft}",
        ".axis .guides.line": f"stroke: {line}",
        ".axis .line": f"stroke: {line}",
    }
    inside = " ".join(f"{{{{ id }}}}{place} {{ {rule} !important; }}" for place, rule in rules.items())
    return f"@media (prefers-color-scheme: dark) {{ {inside} }}"


def _in_words() -> Callable[[Any], str]:
    return lambda value: number_format(Decimal(str(value)), 1, use_l10n=True).replace("-", "−")
