"""The range of one number in a linear part: by linear programming, then by integers."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pilot_analysis.disclosure.tables.published import TOLERANCE
from pilot_analysis.disclosure.tables.system import System
from pilot_analysis.errors import DisclosureError

__all__ = ["COUNTED", "Attack", "Range"]

COUNTED = 100
"""Whole values that are tried one by one."""

_SECONDS = 20.0
_OPTIMAL, _STOPPED, _INFEASIBLE = 0, 1, 2


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

    def gives_away(self, need: int, is_whole: bool) -> bool:
        """Whether one value is left, or fewer than `need` (not whole: a narrower width)."""
        width = self.high - self.low
        if width <= TOLERANCE * (1 + abs(self.low)):
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
    seen_low, seen_high : numpy.ndarray, shape (n,)
        Of each number, the least and largest value in a solution; every solution is a possible
        truth, so the true range is at least this wide.
    in_a_row : numpy.ndarray of int, shape (n,)
        How many whole values next to each other are each in some solution.
    is_possible : bool
        Whether there is any solution.
    """

    def __init__(self, part: System):
        self.part = part
        self.gapless = _is_gapless(part)
        self.seen_low = np.full(len(part.ids), np.inf)
        self.seen_high = np.full(len(part.ids), -np.inf)
        self.in_a_row = np.ones(len(part.ids), int)
        self._points: list[np.ndarray] = []
        nothing = np.zeros(len(part.ids))
        start = part.value if part.is_solved_by(part.value) else self._optimum(nothing)[1]
        self.is_possible = start is not None
        if self.is_possible:
            self.keep(start)

    def keep(self, point: np.ndarray) -> None:
        """Remember a solution, shape (n,)."""
        point = np.where(self.part.is_whole, np.round(point), point) + 0.0  # not -0.0
        self._points.append(point)
        np.minimum(self.seen_low, point, out=self.seen_low)
        np.maximum(self.seen_high, point, out=self.seen_high)

    def range_of(self, cell: int, need: int = 0, *, brief: bool = False) -> Range:
        """Return the range of one number (a position) and how many whole values it has.

        Parameters
        ----------
        need : int
            Values are counted one by one as far as `COUNTED`, and beyond until this many are
            found.
        brief : bool
            Do not count where the ends are too near for as many; the count is then a limit.
        """
        low, high = (self._end(cell, sign) for sign in (1.0, -1.0))
        count = high - low + 1
        if not (self.part.is_whole[cell] and np.isfinite(count)):
            return Range(low, high, np.nan)
        if not self.gapless and brief and count < need:
            return Range(low, high, count)
        if not self.gapless:
            found = self._count(cell, low, high, need)
            many = count > COUNTED and len(found) >= need
            return Range(low, high, np.nan if many else float(len(found)), found)
        found = frozenset(np.arange(low, high + 1)) if count <= COUNTED else None
        return Range(low, high, count, found)

    def _end(self, cell: int, sign: float) -> float:
        """Return the least (sign 1) or largest (sign -1) possible value."""
        own = self.part.low[cell] if sign > 0 else self.part.high[cell]
        seen = self.seen_low[cell] if sign > 0 else self.seen_high[cell]
        if abs(seen - own) <= TOLERANCE:
            return float(seen)
        objective = np.zeros(len(self.part.ids))
        objective[cell] = sign
        status, point = self._optimum(objective)
        if point is None:  # there are solutions, so it has no end
            return -sign * np.inf
        self.keep(point)
        if status == _STOPPED:
            raise DisclosureError(
                f"{self.part.ids[cell]}: what can be found out about it could not be settled in "
                f"{_SECONDS:g} seconds; audit fewer tables at once, or print less."
            )
        return float(self._points[-1][cell])

    def _count(self, cell: int, low: float, high: float, need: int) -> frozenset[float]:
        """Return whole values that are possible: all of them, or `need` where there are many."""
        found = {float(point[cell]) for point in self._points}
        few = high - low + 1 <= COUNTED
        for value in np.linspace(low, high, int(high - low + 1) if few else COUNTED).round():
            if not few and len(found) >= need:
                break
            if value not in found and self._has(cell, value):
                found.add(float(value))
        return frozenset(found)

    def _has(self, cell: int, value: float) -> bool:
        low, high = self.part.low.copy(), self.part.high.copy()
        low[cell] = high[cell] = value
        point = self._optimum(np.zeros(len(low)), low, high)[1]
        if point is not None:
            self.keep(point)
        return point is not None

    def walk(self, wanted: np.ndarray, steps: int) -> None:
        """Prove that some of the `wanted` numbers (positions) have values next to each other.

        From the last solution, look for a direction in which every number moves by 1, -1 or 0
        and `steps` steps can be taken: all that is passed are solutions.
        """
        part, start = self.part, self._points[-1]
        rise = np.where(part.is_whole & (start + steps <= part.high + TOLERANCE), 1.0, 0.0)
        fall = np.where(part.is_whole & (start - steps >= part.low - TOLERANCE), 1.0, 0.0)
        for sign in (1.0, -1.0):
            still = wanted[self.in_a_row[wanted] <= steps]
            objective = np.zeros(len(start))
            objective[still] = -sign
            sums = LinearConstraint(part.matrix, 0.0, 0.0)
            found = milp(objective, bounds=Bounds(-fall, rise), constraints=sums)
            if found.x is None or np.abs(found.x - np.round(found.x)).max() > TOLERANCE:
                continue
            step = np.round(found.x)
            self.in_a_row[step != 0] = np.maximum(self.in_a_row[step != 0], steps + 1)
            self.keep(start + steps * step)

    def improve(self, objective: np.ndarray, low: np.ndarray, high: np.ndarray) -> bool:
        """Keep a solution that minimizes `objective` within tighter bounds; whether there was."""
        point = self._optimum(objective, low, high)[1]
        if point is not None:
            self.keep(point)
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
    result = milp(
        objective,
        integrality=part.is_whole.astype(int) if whole else None,
        bounds=Bounds(low, high),
        constraints=[sums] if len(part.row_low) else [],
        options={"time_limit": _SECONDS, "mip_rel_gap": 0.0},
    )
    if result.status == _STOPPED and result.x is None:
        raise DisclosureError(
            f"{part.ids[0]} and {len(part.ids) - 1} more numbers could not be settled in "
            f"{_SECONDS:g} seconds; audit fewer tables at once, or print less."
        )
    return result.status, result.x


def _is_gapless(part: System) -> bool:
    """Whether every whole number between two possible ones is possible.

    So it is if the matrix is that of a network: every number stands in at most two sums, with
    coefficients of 1, and the sums fall into two classes such that a number with equal signs
    joins two classes and one with opposite signs stays within one (Heller and Tompkins 1956).
    """
    entries = part.matrix.tocsc()
    limits = np.concatenate([part.low, part.high, part.row_low, part.row_high])
    limits = limits[np.isfinite(limits)]
    if not part.is_whole.all() or not np.isin(np.abs(entries.data), (0.0, 1.0)).all():
        return False
    if (limits != np.round(limits)).any():
        return False
    counts = np.diff(entries.indptr)
    if (counts > 2).any():
        return False
    first = entries.indptr[:-1][counts == 2]
    one, other = entries.indices[first], entries.indices[first + 1]
    m = len(part.row_low)
    cross = entries.data[first] * entries.data[first + 1] > 0
    start = np.concatenate([one, one + m])
    end = np.concatenate([np.where(cross, other + m, other), np.where(cross, other, other + m)])
    double = coo_array((np.ones(len(start)), (start, end)), (2 * m, 2 * m))
    labels = connected_components(double, directed=False)[1]
    return not (labels[:m] == labels[m:]).any()
