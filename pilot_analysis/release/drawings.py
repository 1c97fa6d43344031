"""What a drawing gives away: its marks measured against its axis, as a reader with a ruler can."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from pilot_analysis.release.page import Drawing, Page
from pilot_analysis.release.words import number_of

__all__ = ["Measured", "faults_of_bars", "faults_of_drawing", "is_in_drawing", "measure"]

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


class Measured(NamedTuple):
    """A drawing as a reader with a ruler has it."""

    labels: frozenset[str]
    """Words of the axis; none where no axis with numbers is found."""
    slope: float
    is_share: bool
    values: tuple[float, ...]
    """What each mark stands for, without ticks and the frame, in order."""
    written: tuple[float, ...]
    """Numbers that are written in it."""


def measure(drawing: Drawing) -> Measured:
    """Return what the marks of a drawing stand for."""
    axis = _axis_of(drawing)
    own = (number_of(text) for text, *_ in drawing.texts)
    written = tuple(value for value in own if value is not None)
    if axis is None:
        return Measured(frozenset(), 0.0, False, (), written)
    values = tuple(sorted(set(_drawn_values(drawing, axis))))
    return Measured(axis.labels, axis.slope, axis.is_share, values, written)


def _axis_of(drawing: Drawing) -> _Axis | None:
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
        first, last = places.argmin(), places.argmax()
        slope = float((values[last] - values[first]) / (places[last] - places[first]))
        start = float(values[first] - slope * places[first])
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


def _drawn_values(drawing: Drawing, axis: _Axis) -> Iterator[float]:
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


def faults_of_drawing(
    drawing: Measured, shown: Sequence[float], shares: Sequence[float]
) -> Iterator[str]:
    """Yield what a drawing shows that no shown result says.

    Parameters
    ----------
    drawing : Measured
    shown, shares : sequence of float
        Numbers of the shown results of the brief; those that are shares.
    """
    known = np.array([*(shares if drawing.is_share else shown), np.inf])
    near = abs(drawing.slope) * 2 * _PIXEL
    for value in drawing.values:
        if np.min(np.abs(known - value)) > near:
            yield f"a mark stands at {value:.4g}, and no shown result has this number"


def is_in_drawing(number: str, drawing: Measured) -> bool:
    """Whether a number of the alt text is one that the drawing shows, as far as it can be read."""
    if not drawing.labels:
        return True
    written = number.removesuffix("%")
    decimals = len(written.partition(".")[2]) + 2 * number.endswith("%")
    own, near = number_of(number) or 0.0, 0.5 * 10.0**-decimals
    return any(abs(value - own) <= near for value in (*drawing.values, *drawing.written))


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
