"""Estimates with their intervals, one row each, drawn from protected results."""

from collections.abc import Sequence
from math import ceil, floor

from matplotlib.axes import Axes
from matplotlib.transforms import blended_transform_factory

from pilot_analysis.report.claims import Html
from pilot_analysis.report.facts import Fact
from pilot_analysis.report.figures import (
    COLORS,
    Figure,
    draw_canvas,
    drawable,
    finish_figure,
    hold_end_labels,
    in_house_style,
    short_value,
    value_range,
    value_with_interval,
)
from pilot_analysis.report.formats import written

__all__ = ["plot_change", "plot_effects", "plot_shares"]

_ROW = 48  # drawing units per row: a label line and a line with the interval
_BAR = {"linewidth": 9, "color": COLORS["pale"], "solid_capstyle": "butt", "zorder": 2}


@in_house_style
def plot_shares(
    key: str,
    rows: Sequence[tuple[str, Fact]],
    *,
    title: str,
    caption: Html,
) -> Figure | None:
    """Draw shares with their intervals, one row each, from nobody to everybody (or to half).

    Parameters
    ----------
    rows : sequence of (label, Fact)
        Shares between 0 and 1; a suppressed one keeps its row and says "not shown".
    """
    if not any(fact.has("estimate") for _, fact in rows):
        return None
    canvas, axes = _rows_canvas(len(rows))
    ends = [v for _, f in rows for v in (f.estimate, f.conf_high) if f.is_shown and v == v]
    top = 1.0 if max(ends) > 0.45 else 0.5
    axes.set_xlim(-0.01 * top, 1.01 * top)
    ticks = [top * i / 4 for i in range(5)] if top == 1 else [top * i / 5 for i in range(6)]
    axes.set_xticks(ticks, [written(tick, "proportion") for tick in ticks])
    hold_end_labels(axes)
    described = [
        _row(axes, i, label, fact, strong=i == 0, hollow=fact.category == "reference")
        for i, (label, fact) in enumerate(rows)
    ]
    return finish_figure(
        canvas,
        key,
        title=title,
        alt=f"{title}. {' '.join(described)}",
        caption=caption,
        data=[fact for _, fact in rows],
    )


@in_house_style
def plot_change(
    key: str,
    rows: Sequence[tuple[str, Sequence[Fact]]],
    *,
    low: float,
    high: float,
    title: str,
    caption: Html,
) -> Figure | None:
    """Draw survey scales: the first wave hollow, the last filled with its interval.

    Parameters
    ----------
    rows : sequence of (label, facts)
        Means of one scale in the order of the waves.
    low, high : float
        Ends of the scale.
    """
    rows = [(label, drawable(facts)) for label, facts in rows]
    rows = [(label, facts) for label, facts in rows if facts]
    if not rows:
        return None
    canvas, axes = _rows_canvas(len(rows))
    axes.set_xlim(low - 0.04 * (high - low), high + 0.04 * (high - low))
    axes.set_xticks(range(ceil(low), floor(high) + 1))
    described = []
    for i, (label, facts) in enumerate(rows):
        y, first, last = -i, facts[0], facts[-1]
        _row(axes, i, label, last, strong=True)
        if len(facts) > 1:
            axes.plot(
                [f.estimate for f in facts[:-1]],
                [y] * (len(facts) - 1),
                linestyle="none",
                marker="o",
                markersize=9,
                markerfacecolor=COLORS["paper"],
                markeredgecolor=COLORS["accent"],
                markeredgewidth=1.6,
                zorder=3,
            )
            described.append(
                f"{label}: first {short_value(first)}, last {value_with_interval(last)}."
            )
        else:
            described.append(f"{label}: {value_with_interval(last)}.")
    return finish_figure(
        canvas,
        key,
        title=title,
        alt=f"{title}. {' '.join(described)}",
        caption=caption,
        data=[fact for _, facts in rows for fact in facts],
    )


@in_house_style
def plot_effects(
    key: str,
    rows: Sequence[tuple[str, Fact]],
    *,
    title: str,
    caption: Html,
    ends: tuple[str, str],
) -> Figure | None:
    """Draw differences with their intervals beside the line of no difference.

    Parameters
    ----------
    rows : sequence of (label, Fact)
        Differences in one unit; the first row is drawn strong.
    ends : tuple of str
        What lies to the left and to the right of zero.
    """
    seen = [fact for _, fact in rows if fact.has("estimate")]
    if not seen:
        return None
    low, high = value_range(seen)
    low, high = min(low, 0), max(high, 0)
    room = 0.06 * (high - low)
    canvas, axes = _rows_canvas(len(rows), bottom=54)
    axes.set_xlim(low - room, high + room)
    for i in range(len(rows)):  # a mark per row: one long line would cross the labels
        axes.plot([0, 0], [-i - 0.17, -i + 0.17], color=COLORS["soft"], linewidth=1.4, zorder=3)
    axes.locator_params(axis="x", nbins=5)
    axes.text(
        0.0,
        8 / canvas.bbox.height,
        f"← {ends[0]}",
        transform=_below(axes),
        ha="left",
        va="bottom",
        color=COLORS["soft"],
    )
    axes.text(
        1.0,
        8 / canvas.bbox.height,
        f"{ends[1]} →",
        transform=_below(axes),
        ha="right",
        va="bottom",
        color=COLORS["soft"],
    )
    described = [_row(axes, i, label, fact, strong=i == 0) for i, (label, fact) in enumerate(rows)]
    return finish_figure(
        canvas,
        key,
        title=title,
        alt=f"{title}. {' '.join(described)}",
        caption=caption,
        data=[fact for _, fact in rows],
    )


def _rows_canvas(rows: int, *, bottom: float = 32):
    canvas, axes = draw_canvas(rows * _ROW + bottom, left=1, right=1, top=0, bottom=bottom)
    axes.set_ylim(-rows + 0.62, 0.62)
    axes.set_yticks([])
    return canvas, axes


def _row(axes: Axes, i: int, label: str, fact: Fact, *, strong: bool, hollow: bool = False) -> str:
    """Draw one row (label and value above, interval and dot below); return it in words."""
    axes.text(0, -i + 0.24, label, transform=axes.get_yaxis_transform(), ha="left", va="bottom")
    if not fact.has("estimate"):
        words = "not shown" if not fact.is_shown else "cannot be told"
        axes.text(
            1,
            -i + 0.24,
            words,
            transform=axes.get_yaxis_transform(),
            ha="right",
            va="bottom",
            color=COLORS["soft"],
        )
        return f"{label}: {words}."
    axes.text(
        1,
        -i + 0.24,
        short_value(fact),
        transform=axes.get_yaxis_transform(),
        ha="right",
        va="bottom",
        fontweight="bold" if strong else "normal",
    )
    axes.axhline(-i, color=COLORS["line"], linewidth=1, zorder=0)
    if fact.has_interval:
        axes.plot([fact.conf_low, fact.conf_high], [-i, -i], **_BAR)
    axes.plot(
        [fact.estimate],
        [-i],
        marker="o",
        markersize=11 if strong else 9,
        zorder=4,
        color=COLORS["paper" if hollow else "accent"],
        markeredgecolor=COLORS["accent" if hollow else "paper"],
        markeredgewidth=1.6 if hollow else 1.0,
    )
    return f"{label}: {value_with_interval(fact)}."


def _below(axes: Axes):
    """Return a transform: x along the axes, y along the drawing's height."""
    return blended_transform_factory(axes.transAxes, axes.figure.transFigure)
