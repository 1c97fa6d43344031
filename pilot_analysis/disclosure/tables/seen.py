"""The values of every number that stand in some solution: what a reader must think possible."""

from copy import copy

import numpy as np

from pilot_analysis.disclosure.tables.published import TOLERANCE
from pilot_analysis.disclosure.tables.system import System

__all__ = ["WINDOW", "Seen", "Spread"]

WINDOW = 100
"""Whole values to either side of the first solution that are marked one by one."""


class Seen:
    """What the solutions met so far have shown to be possible.

    Parameters
    ----------
    part : System
        Linear, without shares.
    start : numpy.ndarray, shape (n,)
        A solution.
    marked : bool
        Whether whole values are marked one by one. Not needed where there are no gaps.

    Attributes
    ----------
    low, high : numpy.ndarray, shape (n,)
        Of each number, the least and largest value in a solution; every solution is a possible
        truth, so the true range is at least this wide.
    last : numpy.ndarray, shape (n,)
        The solution met last.
    """

    def __init__(self, part: System, start: np.ndarray, *, marked: bool):
        self._part = part
        self.low, self.high = np.full(len(start), np.inf), np.full(len(start), -np.inf)
        self._base = np.round(start)
        self._marks = np.zeros((len(start), 2 * WINDOW + 1 if marked else 0), bool)
        # the longest row of whole values next to each other that was met on one line
        self._first, self._length = self._base.copy(), np.ones(len(start))
        self.add(start)

    def add(self, point: np.ndarray) -> None:
        """Remember a solution, shape (n,)."""
        self.last = point = np.where(self._part.is_whole, np.round(point), point) + 0.0  # not -0.0
        np.minimum(self.low, point, out=self.low)
        np.maximum(self.high, point, out=self.high)
        self._mark(np.flatnonzero(self._part.is_whole), point[self._part.is_whole])

    def widen(self, cells: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
        """Remember that each of some numbers (positions) can be so low, and so high."""
        self.low[cells] = np.minimum(self.low[cells], low)
        self.high[cells] = np.maximum(self.high[cells], high)

    def add_line(self, point: np.ndarray, step: np.ndarray, most: int) -> None:
        """Remember the solutions ``point + k * step`` for whole k, as far as there are any.

        Both ends are put into all relations; these are linear, so that what lies between two
        solutions is one as well if every whole number stays whole.

        Parameters
        ----------
        step : numpy.ndarray, shape (n,)
            Whole where the number is.
        most : int
            Steps to either side that are gone at most.
        """
        last, first = self._room(point, step, most), -self._room(point, -step, most)
        ends = [point + k * step for k in (first, last)]
        if last == first or not all(self._part.is_solved_by(end) for end in ends):
            return
        for end in ends:
            self.add(end)
        moved = np.flatnonzero((step != 0) & self._part.is_whole)
        passed = np.arange(first, last + 1)[:, None] * step[moved] + point[moved]
        if self._marks.size:
            self._mark(np.broadcast_to(moved, passed.shape).ravel(), passed.ravel())
        single = moved[(np.abs(step[moved]) == 1) & (last - first + 1 > self._length[moved])]
        self._length[single] = last - first + 1
        self._first[single] = np.minimum(ends[0], ends[1])[single]

    def _room(self, point: np.ndarray, step: np.ndarray, most: int) -> int:
        """Return how many steps can be taken, `most` at most."""
        part = self._part
        room = float(most)
        sums, change = part.matrix @ point, part.matrix @ step
        for at, by, low, high in ((point, step, part.low, part.high),
                                  (sums, change, part.row_low, part.row_high)):  # fmt: skip
            up, down = by > TOLERANCE, by < -TOLERANCE
            room = min(room, ((high - at)[up] / by[up]).min(initial=room),
                       ((low - at)[down] / by[down]).min(initial=room))  # fmt: skip
        return max(int(np.floor(room + TOLERANCE)), 0)

    def _mark(self, cells: np.ndarray, values: np.ndarray) -> None:
        if not self._marks.size:
            return
        place = np.round(values - self._base[cells]) + WINDOW
        within = (place >= 0) & (place <= 2 * WINDOW)
        self._marks[cells[within], place[within].astype(int)] = True

    def count(self, cells: np.ndarray) -> np.ndarray:
        """Return how many whole values of each number (positions, shape (k,)) are shown."""
        return np.maximum(self._marks[cells].sum(axis=1), self._length[cells])

    def values(self, cell: int) -> set[float]:
        """Return the whole values of one number that are shown to be possible."""
        marked = self._base[cell] + np.flatnonzero(self._marks[cell]) - WINDOW
        in_a_row = self._first[cell] + np.arange(self._length[cell])
        ends = (self.low[cell], self.high[cell])
        return {float(value) for value in (*marked, *in_a_row, *ends)}


class Spread:
    """What solutions have shown of numbers of a whole system.

    What was possible stays possible while no bound narrows, so that it need not be shown again. A
    new one is needed as soon as more is told of any number.

    Parameters
    ----------
    size : int
        How many numbers there are.

    Attributes
    ----------
    low, high : numpy.ndarray, shape (n,)
        The least and largest value of each number in a solution.
    count : numpy.ndarray, shape (n,)
        How many whole values it was shown to have.
    cells : numpy.ndarray of int, shape (k,)
        Positions of the numbers that this is about: all, or those of a part.
    """

    def __init__(self, size: int):
        self.low, self.high = np.full(size, np.inf), np.full(size, -np.inf)
        self.count = np.zeros(size)
        self.cells = np.arange(size)

    def at(self, cells: np.ndarray) -> "Spread":
        """Return the same of a part alone (positions, shape (k,)); what it learns, this learns."""
        part = copy(self)
        part.cells = self.cells[cells]
        return part

    def add(self, wanted: np.ndarray, seen: Seen, *, gapless: bool) -> None:
        """Remember what was seen of `wanted` numbers (positions within the part).

        Not of the others: relations that matter to them alone may have been left out.
        """
        low, high = seen.low[wanted], seen.high[wanted]
        count = np.maximum(seen.count(wanted), high - low + 1 if gapless else 0)
        here = self.cells[wanted]
        self.low[here] = np.minimum(self.low[here], low)
        self.high[here] = np.maximum(self.high[here], high)
        self.count[here] = np.maximum(self.count[here], count)

    def shows_safe(self, system: System, wanted: np.ndarray) -> np.ndarray:
        """Return whether each number (positions, shape (k,)) is known to have values enough."""
        here = self.cells[wanted]
        low, high = self.low[here], self.high[here]
        met = high >= low
        width = np.subtract(high, low, out=np.zeros(len(low)), where=met)
        least = system.least[wanted]
        shortest = 100 * TOLERANCE * (1 + np.abs(np.where(met, low, 0.0)))
        is_wide = width >= np.maximum(least, shortest) - TOLERANCE
        many = np.maximum(self.count[here], np.where(width >= 1 - TOLERANCE, 2, 0))
        return met & np.where(system.is_whole[wanted], many >= np.maximum(least, 2), is_wide)
