"""Whom each instrument reaches, drawn as a map of schools by instruments."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.transforms import blended_transform_factory

from pilot_analysis.report.claims import Html
from pilot_analysis.report.facts import Fact
from pilot_analysis.report.figures import (
    COLORS,
    WIDTH,
    Figure,
    draw_canvas,
    finish_figure,
    in_house_style,
    short_value,
)

__all__ = ["plot_coverage"]

_ROW = 25  # drawing units
_WIDEST = 28  # of a column
_HEAD = 104
_LEFT = 148  # for the names of the schools
_LONGEST_NAME = 23  # characters; the table beside the drawing has the whole name
_MOST_NAMED = 12


@in_house_style
def plot_coverage(
    key: str,
    schools: Sequence[tuple[str, Mapping[str, Fact]]],
    instruments: Mapping[str, str],
    *,
    title: str,
    caption: Html,
) -> Figure | None:
    """Draw a square per school and instrument: dark for everyone, a number for some, or empty.

    Parameters
    ----------
    schools : sequence of (name, mapping of str to Fact)
        Each school's shares by instrument.
    instruments : mapping of str to str
        Instrument -> its name above the column.
    """
    data = [cells[name] for _, cells in schools for name in instruments if name in cells]
    if not data:
        return None
    canvas, axes = draw_canvas(
        _HEAD + _ROW * len(schools) + 4, left=_LEFT, right=2, top=_HEAD, bottom=4
    )
    columns = max(len(instruments), (WIDTH - _LEFT - 2) / _WIDEST)
    axes.set_xlim(-0.5, columns - 0.5)
    axes.set_ylim(len(schools) - 0.5, -0.5)
    axes.set_axis_off()
    size = min((WIDTH - _LEFT - 2) / columns, _ROW) - 2
    beside = blended_transform_factory(canvas.transFigure, axes.transData)
    for y, (name, cells) in enumerate(schools):
        axes.text(0, y, _short(name), transform=beside, va="center", fontsize=12, parse_math=False)
        for x, instrument in enumerate(instruments):
            if instrument in cells:
                _draw_cell(axes, x, y, cells[instrument], size)
    for x, name in enumerate(instruments.values()):
        axes.text(
            x, -0.62, name, rotation=90, ha="center", va="bottom", fontsize=13,
            color=COLORS["soft"], parse_math=False,
        )  # fmt: skip
    words = [
        _in_words(label, [(name, cells[column]) for name, cells in schools if column in cells])
        for column, label in instruments.items()
    ]
    alt = f"{title}. {' '.join(words)}"
    return finish_figure(canvas, key, title=title, alt=alt, caption=caption, data=data)


def _draw_cell(axes: Axes, x: int, y: int, fact: Fact, size: float) -> None:
    text = _inside(fact)
    fill, edge = COLORS["pale"], COLORS["pale"]
    if fact.has("estimate") and not text:
        fill, edge = (COLORS["accent"],) * 2 if fact.estimate > 0 else ("none", COLORS["other"])
    if fact.is_shown:
        axes.plot(
            [x], [y], linestyle="none", marker="s", markersize=size - 1, markerfacecolor=fill,
            markeredgecolor=edge, markeredgewidth=1,
        )  # fmt: skip
    if text:
        axes.text(x, y, text, ha="center", va="center_baseline", fontsize=11)


def _inside(fact: Fact) -> str:
    """Return what stands in a square: percent for some, nothing for everyone or nobody.

    A share that is given as a range is near enough to either for a sign.
    """
    if not fact.is_shown:
        return "[c]"
    if fact.is_range:
        return "≤" if "most" in fact.level else "≥"
    share = short_value(fact).removesuffix("%") if fact.has("estimate") else ""
    return "" if share in ("0", "100") else share


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1].rstrip() + "…"


def _in_words(instrument: str, cells: Sequence[tuple[str, Fact]]) -> str:
    """Describe a column: who is not wholly reached."""
    shown = {name: "not shown" if not fact.is_shown else fact.level or short_value(fact)
             for name, fact in cells}  # fmt: skip
    partly = {name: value for name, value in shown.items() if value != "100%"}
    if not partly:
        return f"{instrument}: 100% everywhere."
    if len(partly) > _MOST_NAMED:
        numbers = [fact for _, fact in cells if fact.has("estimate")]
        ends = sorted(numbers, key=lambda fact: fact.estimate)
        span = f", from {short_value(ends[0])} to {short_value(ends[-1])}" if ends else ""
        return f"{instrument}: less than 100% at {len(partly)} schools{span}."
    rest = ", 100% elsewhere" if len(partly) < len(cells) else ""
    return f"{instrument}: " + ", ".join(f"{n} {v}" for n, v in partly.items()) + f"{rest}."
