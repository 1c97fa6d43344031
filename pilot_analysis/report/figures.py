"""`Figure`: a drawing of protected results with its alt text, and the canvas they share."""

import functools
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Canvas

from pilot_analysis.report.claims import Html
from pilot_analysis.report.facts import Fact
from pilot_analysis.report.formats import written

__all__ = [
    "COLORS",
    "WIDTH",
    "Figure",
    "draw_canvas",
    "drawable",
    "finish_figure",
    "hold_end_labels",
    "in_house_style",
    "short_value",
    "value_range",
    "value_with_interval",
]

WIDTH = 400  # drawing units; close to a phone's width, so that text is not shrunk much there
COLORS = {
    "ink": "#1c2430",
    "soft": "#4d5967",
    "line": "#d5dbe1",
    "accent": "#0b6470",
    "pale": "#9cc7cc",
    "other": "#76838f",
    "paper": "#ffffff",
}
_STYLE = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 15,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.edgecolor": COLORS["other"],
    "axes.linewidth": 1.0,
    "axes.labelcolor": COLORS["soft"],
    "axes.facecolor": "none",
    "axes.unicode_minus": True,
    "figure.facecolor": "none",
    "xtick.color": COLORS["other"],
    "xtick.labelcolor": COLORS["soft"],
    "ytick.color": COLORS["other"],
    "ytick.labelcolor": COLORS["soft"],
    "ytick.major.size": 0,
    "xtick.major.size": 4,
    "text.color": COLORS["ink"],
    "path.simplify": False,
    "lines.solid_capstyle": "round",
}
_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing with its words.

    Attributes
    ----------
    svg : str
        Inline SVG with title and description; colors are CSS variables with a fall-back.
    alt : str
        What the drawing shows, made from `data`.
    caption : Html
        Stands under it; its numbers are claims.
    data : tuple of Fact
        The protected results that are drawn.
    """

    svg: str
    alt: str
    caption: Html
    data: tuple[Fact, ...]

    @property
    def html(self) -> Html:
        """The figure element."""
        return Html(f"<figure>{self.svg}<figcaption>{self.caption}</figcaption></figure>")

    def _repr_html_(self) -> str:
        return self.html


def in_house_style(plot: Callable) -> Callable:
    """Run a plotting function with the style of the briefs, and leave matplotlib as it was."""

    @functools.wraps(plot)
    def styled(*args, **details):
        with mpl.rc_context(_STYLE):
            return plot(*args, **details)

    return styled


def draw_canvas(
    height: float,
    *,
    left: float = 12,
    right: float = 12,
    top: float = 12,
    bottom: float = 34,
) -> tuple[Canvas, Axes]:
    """Return an empty drawing, `WIDTH` by `height` units, and its axes.

    Margins are fixed (in drawing units): laying out by content costs half of the time and moves
    with the fonts that a machine has.
    """
    canvas = Canvas(figsize=(WIDTH / 72, height / 72), dpi=72)
    FigureCanvasSVG(canvas)
    axes = canvas.add_axes(
        (left / WIDTH, bottom / height, 1 - (left + right) / WIDTH, 1 - (top + bottom) / height)
    )
    for empty in (canvas.patch, axes.patch):
        empty.set_visible(False)
    return canvas, axes


def finish_figure(
    canvas: Canvas,
    key: str,
    *,
    title: str,
    alt: str,
    caption: Html,
    data: list[Fact],
) -> Figure:
    """Return the drawing as a `Figure`: the same bytes for the same data.

    Parameters
    ----------
    canvas : matplotlib.figure.Figure
        From `draw_canvas`.
    key : str
        Names the figure on its page; it starts every id, so that two figures never share one.
    title, alt : str
        Name and description for readers who cannot see it.
    """
    stream = io.StringIO()
    for axes in canvas.axes:
        for artist in axes.get_children():
            artist.set_clip_on(False)
    with mpl.rc_context({"svg.hashsalt": key}):
        canvas.savefig(stream, format="svg", metadata=_METADATA)
    svg = stream.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = _own_ids(_lightened(_css_colors(svg)), key)
    body = svg[svg.index(">") + 1 :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.S)
    view = re.search(r'viewBox="([^"]*)"', svg).group(1)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}" role="img" '
        f'aria-labelledby="{key}-title {key}-alt"><title id="{key}-title">{escape(title)}</title>'
        f'<desc id="{key}-alt">{escape(alt)}</desc>'
    )
    return Figure(head + re.sub(r"\s*\n\s*", "\n", body).strip(), alt, caption, tuple(data))


def _css_colors(svg: str) -> str:
    """Turn the palette into CSS variables, so that the page's dark mode reaches the drawing."""
    for name, value in COLORS.items():
        svg = svg.replace(value, f"var(--fig-{name}, {value})")
    return svg


def _lightened(svg: str) -> str:
    """Take off what a page has already: fonts, a style for every element, needless digits."""
    svg = re.sub(r"font-family: [^;\"]*;? ?", "", svg)
    svg = re.sub(r"font-weight: (?:bold|[6-9]00)", "font-weight: 600", svg)
    svg = re.sub(r'\s+transform="rotate\(-?0 [^"]*\)"', "", svg)
    svg = re.sub(r"<defs>\s*<style[^>]*>.*?</style>\s*</defs>", "", svg, flags=re.S)
    svg = re.sub(
        r"\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), svg
    )
    return re.sub(r"<g( id=\"[^\"]*\")?>\s*</g>\s*", "", svg)


def _own_ids(svg: str, key: str) -> str:
    """Drop the ids that nothing refers to; start the others with the figure's key."""
    used = set(re.findall(r'(?:href="|url\()#([\w-]+)', svg))
    svg = re.sub(
        r' id="([^"]+)"', lambda found: f' id="{key}-{found[1]}"' if found[1] in used else "", svg
    )
    return re.sub(r'(href="|url\()#([\w-]+)', rf"\1#{key}-\2", svg)


def value_range(facts: list[Fact]) -> tuple[float, float]:
    """Return the smallest and largest of all estimates and interval ends."""
    values: list[Any] = []
    for fact in facts:
        values += [
            v
            for f in ("estimate", "conf_low", "conf_high")
            if fact.has(f)
            for v in (getattr(fact, f),)
        ]
    return min(values), max(values)


def drawable(facts: Sequence[Fact]) -> list[Fact]:
    """Return the facts that hold a number."""
    return [fact for fact in facts if fact.has("estimate")]


def short_value(fact: Fact) -> str:
    """Return the number as it stands in a drawing."""
    return written(fact.estimate, fact.unit, fact.kind, signed=fact.kind == "effect")


def value_with_interval(fact: Fact) -> str:
    """Return the number and its interval as they stand in a description."""
    text = short_value(fact)
    if fact.has_interval:
        signed = fact.kind == "effect"
        low, high = (
            written(end, fact.unit, fact.kind, signed=signed)
            for end in (fact.conf_low, fact.conf_high)
        )
        text += f", interval {low} to {high}"
    return text


def hold_end_labels(axes: Axes) -> None:
    """Keep the outer tick labels inside the drawing."""
    labels = axes.get_xticklabels()
    labels[0].set_horizontalalignment("left")
    labels[-1].set_horizontalalignment("right")
