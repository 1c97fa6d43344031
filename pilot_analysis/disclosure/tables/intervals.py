"""The range of one number in a linear part: by linear programming, then by integers."""

from typing import Literal, NamedTuple

import numpy as np
from scipy.optimize import Bounds, LinearConstraint

from pilot_analysis.disclosure.tables.network import network_of
from pilot_analysis.disclosure.tables.published import TOLERANCE
from pilot_analysis.disclosure.tables.seen import Seen
from pilot_analysis.disclosure.tables.solver import solve
from pilot_analysis.disclosure.tables.system import System
from pilot_analysis.errors import DisclosureError

__all__ = ["COUNTED", "Attack", "Detail", "Range"]

Detail = Literal["all", "findings", "names", "soon"]

COUNTED = 100
"""Whole values that are tried one by one."""

_SECONDS = 20.0
_STOPPED, _UNBOUNDED, _FAILED = 1, 3, 4


class Range(NamedTuple):
    """What a reader can still think of one number.

    `count` is how many whole values are possible; NaN: more than were counted, or not a whole
    number. `found` are these values where they were tried one by one.
    """

    low: float
    high: float
    count: float
    found: frozenset[float] | None = None

    def together(self, other: "Range") -> "Range":
        """Return the range if either may be the case; `count` is then at least that many."""
        low, high = min(self.low, other.low), max(self.high, other.high)
        if self.found is not None and other.found is not None:
            found = self.found | other.found
            return Range(low, high, float(len(found)), found)
        return Range(low, high, float(np.maximum(self.count, other.count)))

    def gives_away(self, need: float, is_whole: bool) -> bool:
        """Whether one value is left, or fewer than `need` (not whole: a narrower width)."""
        width = self.high - self.low
        if np.isfinite(width) and width <= TOLERANCE * (1 + abs(self.low)):
            return True
        return bool(self.count < need) if is_whole else width < need - TOLERANCE


class Attack:
    """What can be found out about one linear part, with the solutions met on the way.

    Parameters
    ----------
    part : System
        Without shares. Bounds as `propagate` leaves them.

    Attributes
    ----------
    network : Network or None
    gapless : bool
        Whether every whole number between two possible ones is known to be possible.
    is_possible : bool
        Whether there is any solution.
    seen : Seen
        What the solutions show; only if there is one.
    """

    def __init__(self, part: System):
        self.part = part
        self.network = network_of(part)
        # where only one number is whole, nothing else hinders it
        self.gapless = self.network is not None or part.is_whole.sum() <= 1
        nothing = np.zeros(len(part.ids))
        start = part.value if part.is_solved_by(part.value) else self._optimum(nothing)[1]
        self.is_possible = start is not None
        if self.is_possible:
            self.seen = Seen(part, start, marked=not self.gapless)

    def needed(self, cells: np.ndarray) -> np.ndarray:
        """Return how far apart two solutions must be for the least values of `cells`."""
        part, least = self.part, self.part.least[cells]
        shortest = 100 * TOLERANCE * (1 + np.abs(self.seen.low[cells]))
        return np.where(part.is_whole[cells], np.maximum(least - 1, 1), np.maximum(least, shortest))

    def may_have_gaps(self, cells: np.ndarray) -> np.ndarray:
        """Return whether two solutions do not settle it, however far apart."""
        return self.part.is_whole[cells] & (self.part.least[cells] > 2) & (not self.gapless)

    def shows_safe(self, cells: np.ndarray) -> np.ndarray:
        """Return whether the solutions met so far leave each number enough possible values.

        Parameters
        ----------
        cells : numpy.ndarray of int, shape (k,)
            Positions.
        """
        least = np.maximum(self.part.least[cells], 2)
        far = self.seen.high[cells] - self.seen.low[cells] >= self.needed(cells) - TOLERANCE
        many = self.part.is_whole[cells] & (self.seen.count(cells) >= least)
        return far & (many | ~self.may_have_gaps(cells))

    def shown(self, cell: int) -> Range:
        """Return the part of a number's range that the solutions met so far show."""
        low, high = float(self.seen.low[cell]), float(self.seen.high[cell])
        if not self.part.is_whole[cell]:
            return Range(low, high, np.nan)
        many = high - low + 1 if self.gapless else self.seen.count(np.array([cell]))[0]
        return Range(low, high, float(many))

    def range_of(self, cell: int, detail: Detail = "all") -> Range:
        """Return the range of one number (a position) and how many whole values it has.

        Values are counted one by one as far as `COUNTED`, and beyond until `least` are found.

        Parameters
        ----------
        detail : {"all", "findings", "names", "soon"}
            "findings": stop as soon as the number is shown to be safe; the range is then a part
            of the true one. "names": so too, and do not count where the ends are too near for as
            many; the count is then a limit. "soon": as "names".
        """
        low = self._end(cell, 1.0)
        if detail != "all" and self.shows_safe(np.array([cell]))[0]:
            low, high = float(self.seen.low[cell]), float(self.seen.high[cell])
        else:
            high = self._end(cell, -1.0)
        count = high - low + 1
        if not (self.part.is_whole[cell] and np.isfinite(count)):
            return Range(low, high, np.nan)
        if self.gapless:
            found = frozenset(np.arange(low, high + 1)) if count <= COUNTED else None
            return Range(low, high, count, found)
        need = self.part.least[cell]
        if detail in ("names", "soon") and count < need:
            return Range(low, high, count)
        found = self._count(cell, low, high, in_full=detail == "all")
        many = count > COUNTED and len(found) >= need
        return Range(low, high, np.nan if many else float(len(found)), found)

    def _end(self, cell: int, sign: float) -> float:
        """Return the least (sign 1) or largest (sign -1) possible value."""
        own = self.part.low[cell] if sign > 0 else self.part.high[cell]
        met = self.seen.low[cell] if sign > 0 else self.seen.high[cell]
        if abs(met - own) <= TOLERANCE:
            return float(met)
        objective = np.zeros(len(self.part.ids))
        objective[cell] = sign
        status, point = self._optimum(objective)
        if status == _UNBOUNDED:
            return -sign * np.inf
        if point is None:  # there are solutions, so something else went wrong
            raise DisclosureError(
                f"{self.part.ids[cell]}: what can be found out about it could not be settled; "
                "audit fewer tables at once, or print less."
            )
        before = self.seen.last
        self.seen.add(point)
        end = float(self.seen.last[cell])
        if not self.gapless:
            self._add_between(before)
        if status == _STOPPED:
            raise DisclosureError(
                f"{self.part.ids[cell]}: what can be found out about it could not be settled in "
                f"{_SECONDS:g} seconds; audit fewer tables at once, or print less."
            )
        return end

    def _count(self, cell: int, low, high, *, in_full: bool) -> frozenset[float]:
        """Return whole values that are possible: all of them, or enough of them."""
        found, need = self.seen.values(cell), self.part.least[cell]
        few = high - low + 1 <= COUNTED
        enough = np.inf if few and in_full else need if in_full else max(need, 2)
        for value in np.linspace(low, high, int(high - low + 1) if few else COUNTED).round():
            if len(found) >= enough:
                break
            if value not in found:
                before = self.seen.last
                if self._has(cell, value):
                    self._add_between(before)
                    found |= self.seen.values(cell)
        return frozenset(found)

    def _has(self, cell: int, value: float) -> bool:
        low, high = self.part.low.copy(), self.part.high.copy()
        low[cell] = high[cell] = value
        return self.improve(np.zeros(len(low)), low, high)

    def _add_between(self, before: np.ndarray) -> None:
        """Add what lies on the line through an earlier solution and the last one."""
        change = self.seen.last - before
        parts = np.abs(np.round(change[self.part.is_whole])).astype(np.int64)
        step = change / max(np.gcd.reduce(parts), 1)
        self.seen.add_line(self.seen.last, step, COUNTED)

    def improve(self, objective: np.ndarray, low: np.ndarray, high: np.ndarray) -> bool:
        """Keep a solution that minimizes `objective` within tighter bounds; whether there was."""
        point = self._optimum(objective, low, high)[1]
        if point is not None:
            self.seen.add(point)
        return point is not None

    def _optimum(self, objective, low=None, high=None) -> tuple[int, np.ndarray | None]:
        """Minimize by linear programming, and by integers where the answer is not whole."""
        part = self.part
        low = part.low if low is None else low
        high = part.high if high is None else high
        status, point = _solve(part, objective, low, high, whole=False)
        if point is None or not part.is_whole.any():
            return status, point
        apart = np.abs(point - np.round(point))[part.is_whole].max()
        if apart <= TOLERANCE:
            return status, point
        return _solve(part, objective, low, high, whole=True)


def _solve(part: System, objective, low, high, *, whole: bool) -> tuple[int, np.ndarray | None]:
    sums = LinearConstraint(part.matrix, part.row_low, part.row_high)
    for options in ({}, {"presolve": False}):
        result = solve(
            objective,
            Bounds(low, high),
            [sums] if len(part.row_low) else [],
            part.is_whole if whole else None,
            time_limit=_SECONDS,
            mip_rel_gap=0.0,
            **options,
        )
        if result.status != _FAILED:  # also where it cannot tell "no end" from "no solution"
            break
    if result.status == _STOPPED and result.x is None:
        raise DisclosureError(
            f"{part.ids[0]} and {len(part.ids) - 1} more numbers could not be settled in "
            f"{_SECONDS:g} seconds; audit fewer tables at once, or print less."
        )
    return result.status, result.x
