"""What a drawing gives away: its marks measured against its axis, as a reader with a ruler can."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from pilot_analysis.release.page import Drawing, Page
from pilot_analysis.release.words import number_of

__all__ = ["drawn_values", "faults_of_bars", "faults_of_drawing", "is_in_drawing", "labels_of_axis"]

_TICKS = "soft"
_PIXEL = 0.011
"""Coordinates have two decimals."""
_ROUNDING = 0.06
"""Widths of bars have one decimal, in percent."""


class _Axis(NamedTuple):
    """A straight line of tick labels: value = start + slope * coordinate."""

    along: int
    """0: from left to right; 1: upwards"""
    start: float
    slope: float
    ticks: tuple[float, ...]
    labels: frozenset[str]
    is_share: bool


def axis_of(drawing: Drawing) -> _Axis | None:
    """Return the one axis with numbers, found by its evenly spaced labels in the quiet ink."""
    lines = defaultdict(list)
    for text, x, y, ink in drawing.texts:
        value = number_of(text)
        if ink == _TICKS and value is not None:
            lines[0, y].append((x, value, text))
            lines[1, x].append((y, value, text))
    for (along, _), found in sorted(lines.items(), key=lambda item: -len(item[1])):
        places, values = (np.array([tick[i] for tick in found], float) for i in (0, 1))
        if len(set(places)) < 2:
            continue
        slope, start = np.polyfit(places, values, 1)
        off = np.abs(start + slope * places - values)
        if slope and (off <= abs(slope) * 3 * _PIXEL).all():
            if along:  # labels stand beside their line, not on it
                start += slope * _offset(drawing, places)
            texts = frozenset(tick[2] for tick in found)
            return _Axis(
                along, start, slope, tuple(values), texts, any("%" in text for text in texts)
            )
    return None


def _offset(drawing: Drawing, places: np.ndarray) -> float:
    """Return how far the labels of an upright axis stand below their lines."""
    lines = [mark.points[0][1] for mark in drawing.marks if mark.ink == "line" and mark.points]
    gaps = [place - line for place in places for line in lines if 0 <= place - line < 12]
    return float(np.median(gaps)) if gaps else 0.0


def drawn_values(drawing: Drawing) -> Iterator[float]:
    """Yield what each mark stands for, without ticks and the frame."""
    axis = axis_of(drawing)
    if axis is None:
        return
    places = [point[axis.along] for mark in drawing.marks for point in mark.points]
    frame = {min(places, default=0.0), max(places, default=0.0)}
    for mark in drawing.marks:
        own = {point[axis.along] for point in mark.points}
        if axis.along and len({point[0] for point in mark.points}) == 1 and len(mark.points) > 1:
            continue
        if mark.ink in ("line", "other") and (own <= frame or _is_tick(axis, own)):
            continue
        for place in own:
            yield float(axis.start + axis.slope * place)


def _is_tick(axis: _Axis, places: set[float]) -> bool:
    values = [axis.start + axis.slope * place for place in places]
    near = abs(axis.slope) * 3 * _PIXEL
    return all(min(abs(value - tick) for tick in axis.ticks) <= near for value in values)


def faults_of_drawing(drawing: Drawing, shown: Sequence[float], shares: Sequence[float]):
    """Yield what a drawing shows that no shown result says.

    Parameters
    ----------
    drawing : Drawing
    shown, shares : sequence of float
        Numbers of the shown results of the brief; those that are shares.
    """
    axis = axis_of(drawing)
    if axis is None:
        return
    known = np.array([*(shares if axis.is_share else shown), np.inf])
    near = abs(axis.slope) * 2 * _PIXEL
    for value in sorted(set(drawn_values(drawing))):
        if np.min(np.abs(known - value)) > near:
            yield f"a mark stands at {value:.4g}, and no shown result has this number"


def is_in_drawing(number: str, drawing: Drawing) -> bool:
    """Whether a number of the alt text is one that the drawing shows, as far as it can be read."""
    if axis_of(drawing) is None:
        return True
    written = number.removesuffix("%")
    decimals = len(written.partition(".")[2]) + 2 * number.endswith("%")
    own = [number_of(text) for text, *_ in drawing.texts]
    shown = np.array([*drawn_values(drawing), *(value for value in own if value is not None)])
    return bool((np.abs(shown - (number_of(number) or 0.0)) <= 0.5 * 10.0**-decimals).any())


def labels_of_axis(drawing: Drawing) -> frozenset[str]:
    """Return the words of the axis."""
    axis = axis_of(drawing)
    return axis.labels if axis else frozenset()


def faults_of_bars(page: Page) -> Iterator[str]:
    """Yield bars that are drawn without a number, or longer or shorter than their number."""
    for bars in page.bars:
        lengths = {value: width for width, value in bars if value is not None and value > 0}
        longest = max(((v, w) for v, w in lengths.items()), default=(0.0, 0.0))
        for width, value in bars:
            if width < 0:
                yield "a bar has no width in percent"
            elif value is None and width > 0:
                yield f"a bar of {width:g}% stands where no number is shown"
            elif value is not None and longest[0] > 0:
                expected = longest[1] * max(value, 0) / longest[0]
                if abs(width - expected) > _ROUNDING * (1 + value / longest[0]):
                    yield f"a bar of {width:g}% stands beside the number {value:g}"
