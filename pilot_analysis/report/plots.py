"""Minutes over the term and the recommendation score, drawn from protected results."""

from collections.abc import Sequence

from matplotlib.axes import Axes

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
    value_with_interval,
)
from pilot_analysis.report.formats import written
from pilot_analysis.report.wording import month_name

__all__ = ["plot_minutes", "plot_nps"]


@in_house_style
def plot_minutes(
    key: str,
    own: Sequence[Fact],
    network: Sequence[Fact],
    *,
    names: tuple[str, str],
    title: str,
    caption: Html,
) -> Figure | None:
    """Draw minutes a week over the term: the school strong, all schools quiet.

    Parameters
    ----------
    own, network : sequence of Fact
        usage.minutes_per_week, time = first day of the week; `network` may be empty.
    names : tuple of str
        What the two lines are called.
    """
    own, network = (sorted(drawable(facts), key=lambda fact: fact.time) for facts in (own, network))
    if len(own) < 2:
        return None
    weeks = sorted({fact.time for fact in (*own, *network)})
    at = {week: i for i, week in enumerate(weeks)}
    canvas, axes = draw_canvas(230, left=24, right=6, top=30, bottom=28)
    top = max(fact.estimate for fact in (*own, *network))
    for facts, color, width in ((network, COLORS["other"], 1.6), (own, COLORS["accent"], 3.0)):
        if facts:
            axes.plot(
                [at[f.time] for f in facts],
                [f.estimate for f in facts],
                color=color,
                linewidth=width,
                zorder=3 if width > 2 else 2,
            )
    _month_axis(axes, weeks)
    axes.set_ylim(0, top * 1.08 or 1)  # nobody may have used it
    axes.locator_params(axis="y", nbins=4)
    axes.grid(axis="y", color=COLORS["line"], linewidth=0.8)
    _key(axes, names if network else names[:1])
    described = [f"{title}. {_series(names[0], own)}"]
    if network:
        described.append(_series(names[1], network))
    return finish_figure(
        canvas, key, title=title, alt=" ".join(described), caption=caption, data=[*own, *network]
    )


@in_house_style
def plot_nps(
    key: str,
    own: Fact,
    others: Sequence[float],
    *,
    name: str,
    title: str,
    caption: Html,
) -> Figure | None:
    """Draw a Net Promoter Score on its line, the other schools as quiet circles.

    Parameters
    ----------
    own : Fact
        recommendation.nps with its interval.
    others : sequence of float
        Shown scores of the other schools, without names, sorted.
    """
    if not own.has("estimate"):
        return None
    canvas, axes = draw_canvas(112, left=8, right=8, top=36, bottom=30)
    axes.set_xlim(-102, 102)
    axes.set_ylim(-1, 1)
    axes.set_yticks([])
    axes.spines["bottom"].set_visible(False)
    axes.plot([-100, 100], [0, 0], color=COLORS["other"], linewidth=1, zorder=1)
    axes.tick_params(axis="x", length=0)
    axes.set_xticks(
        [-100, -50, 0, 50, 100],
        [written(v, "NPS points", "score") for v in (-100, -50, 0, 50, 100)],
    )
    hold_end_labels(axes)
    if own.has_interval:
        axes.plot(
            [own.conf_low, own.conf_high],
            [0, 0],
            color=COLORS["pale"],
            linewidth=14,
            solid_capstyle="butt",
        )
    axes.plot(
        others,
        [0] * len(others),
        linestyle="none",
        marker="o",
        markersize=9,
        markerfacecolor="none",
        markeredgecolor=COLORS["other"],
        markeredgewidth=1.5,
        zorder=3,
    )
    axes.plot(
        [own.estimate],
        [0],
        marker="o",
        markersize=15,
        color=COLORS["accent"],
        zorder=4,
        markeredgecolor=COLORS["paper"],
    )
    shown = written(own.estimate, own.unit, own.kind)
    _above(axes, own.estimate, f"{name} {shown}")
    alt = f"{title}. {name}: {value_with_interval(own)}."
    if others:
        alt += " Other schools: " + ", ".join(written(v, own.unit, own.kind) for v in others) + "."
    return finish_figure(canvas, key, title=title, alt=alt, caption=caption, data=[own])


def _series(name: str, facts: list[Fact]) -> str:
    most, least = max(facts, key=lambda f: f.estimate), min(facts, key=lambda f: f.estimate)
    ends = (facts[0], facts[-1])
    first, last = (f"{short_value(f)} in the week of {f.time}" for f in ends)
    return (
        f"{name}: from {first} to {last} (minutes); most "
        f"{short_value(most)} in the week of {most.time}, least "
        f"{short_value(least)} in the week of {least.time}."
    )


def _month_axis(axes: Axes, weeks: list[str]) -> None:
    starts = [i for i, week in enumerate(weeks) if i == 0 or week[:7] != weeks[i - 1][:7]]
    if len(starts) > 1 and starts[1] - starts[0] < 2:
        starts = starts[1:]
    axes.set_xticks(starts, [month_name(weeks[i], short=True) for i in starts])
    axes.set_xlim(-0.5, len(weeks) - 0.5)


def _key(axes: Axes, names: Sequence[str]) -> None:
    """Write each line's name in its own color above the drawing."""
    axes.text(
        0,
        1.04,
        names[0],
        transform=axes.transAxes,
        ha="left",
        va="bottom",
        color=COLORS["accent"],
        fontweight="bold",
    )
    if len(names) > 1:
        axes.text(
            1,
            1.04,
            names[1],
            transform=axes.transAxes,
            ha="right",
            va="bottom",
            color=COLORS["soft"],
        )


def _above(axes: Axes, x: float, text: str) -> None:
    # a longer label is centered only where its half still fits on the line
    middle = min(60.0, 100 - 2.4 * len(text))
    align = "left" if x < -middle else "right" if x > middle else "center"
    axes.annotate(
        text,
        (x, 0),
        xytext=(0, 16),
        textcoords="offset points",
        ha=align,
        va="bottom",
        fontweight="bold",
    )
