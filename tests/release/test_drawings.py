"""Bars and marks against their numbers."""

import pytest

from pilot_analysis.release.drawings import faults_of_bars, faults_of_drawing, measure
from pilot_analysis.release.page import Drawing, Mark, Page


def axis(*ticks, y=162.9):
    """Return a drawing with an axis of 100 units a number, and nothing on it."""
    texts = [(str(tick), 100.0 * tick, y, "soft") for tick in ticks]
    return Drawing("", texts, [Mark(((0.0, 144.0), (500.0, 144.0)), "other")])


def test_marks_are_read_off_the_axis():
    drawing = axis(1, 2, 3)
    drawing.marks += [Mark(((250.0, 30.0),), "accent"), Mark(((120.0, 9.0), (180.0, 9.0)), "pale")]
    assert list(measure(drawing).values) == pytest.approx([1.2, 1.8, 2.5])


def test_a_mark_between_rounded_numbers_is_a_fault():
    drawing = axis(1, 2, 3)
    drawing.marks.append(Mark(((246.1, 30.0),), "accent"))
    assert list(faults_of_drawing(measure(drawing), [2.46, 2.5], []))
    drawing.marks[-1] = Mark(((246.0, 30.0),), "accent")
    assert not list(faults_of_drawing(measure(drawing), [2.46, 2.5], []))


def test_shares_are_compared_with_shares_only():
    drawing = axis(0, 1, 2)
    drawing.texts = [(f"{20 * tick}%", 100.0 * tick, 9.0, "soft") for tick in range(3)]
    drawing.marks.append(Mark(((150.0, 30.0),), "accent"))
    assert not list(faults_of_drawing(measure(drawing), [], [0.3]))
    assert list(faults_of_drawing(measure(drawing), [0.3], []))


def test_labels_that_are_not_on_a_straight_line_are_no_axis():
    drawing = axis(1, 2, 3)
    drawing.texts[2] = ("4", 300.0, 162.9, "soft")
    drawing.marks.append(Mark(((246.1, 30.0),), "accent"))
    assert measure(drawing).values == ()


@pytest.mark.parametrize(
    "bars", [[(100.0, 8.0), (25.0, 2.0)], [(0.0, None), (100.0, 3.0)], [(0.0, None)], [(0.0, 0.0)]]
)
def test_bars_as_long_as_their_numbers_are_no_fault(bars):
    assert not list(faults_of_bars(Page(bars=[bars])))


@pytest.mark.parametrize(
    "bars", [[(100.0, 8.0), (25.0, None)], [(100.0, 8.0), (30.0, 2.0)], [(-1.0, None)]]
)
def test_bars_of_another_length_or_without_a_number_are_faults(bars):
    assert len(list(faults_of_bars(Page(bars=[bars])))) == 1
