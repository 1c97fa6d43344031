"""Which published numbers give a hidden one away, or contradict each other."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

from pilot_analysis.disclosure.tables.attack import ranges
from pilot_analysis.disclosure.tables.blocks import linearised, split
from pilot_analysis.disclosure.tables.bounds import propagate
from pilot_analysis.disclosure.tables.intervals import Attack
from pilot_analysis.disclosure.tables.published import TOLERANCE
from pilot_analysis.disclosure.tables.system import ContradictionError, System
from pilot_analysis.errors import DisclosureError

__all__ = ["conflicting", "explain"]

_TRIALS = 120
"""Trials of leaving numbers out, for one explanation."""


def explain(system: System, cell: int) -> tuple[str, ...]:
    """Return published numbers that suffice to give a hidden one away.

    First those that the dual prices of the linear programs name, else all that the number hangs
    on; then as many are left out as can be, one after another. What is returned has been
    solved again with these numbers alone.

    Parameters
    ----------
    system : System
        As `join` makes it, without tightened bounds.
    cell : int
        Position of a number that the whole system gives away.
    """
    if not system.is_hidden[cell] or system.low[cell] == system.high[cell]:
        return (str(system.ids[cell]),)  # it is printed itself
    near, at = _smallest_surroundings(system, cell)
    near = _with_a_truth(near, at)
    printed = np.flatnonzero(_is_printed(near))

    def suffices(kept: np.ndarray) -> bool:
        return _gives_away(_knowing(near, kept), at)

    for few in (_priced(near, at), printed):
        if few is not None and suffices(few):
            kept = _without_idle(few, suffices)
            return tuple(map(str, near.ids[kept]))
    return tuple(map(str, near.ids[printed]))


def conflicting(system: System, ids: list[str]) -> list[str]:
    """Return fewer published numbers that contradict each other, given some that do not fit.

    `ids` are numbers of the part in which there is no solution.
    """
    cell = int(np.flatnonzero(np.isin(system.ids, ids))[0])
    near = _around(system, cell, np.inf)[0]

    def contradict(kept: np.ndarray) -> bool:
        try:
            ranges(_knowing(near, kept), np.flatnonzero(near.is_hidden), "findings")
        except ContradictionError:
            return True
        return False

    printed = np.flatnonzero(_is_printed(near))
    if not printed.size or not contradict(printed):
        return ids
    return [str(name) for name in near.ids[_without_idle(printed, contradict)]]


def _is_printed(system: System) -> np.ndarray:
    """Whether more is known of a number than its natural bounds."""
    return (system.low > system.hidden_low) | (system.high < system.hidden_high)


def _knowing(system: System, kept: np.ndarray) -> System:
    """Return the system of a reader who has seen only the numbers at `kept`."""
    unseen = np.ones(len(system.ids), bool)
    unseen[kept] = False
    return system.with_bounds(
        np.where(unseen, np.minimum(system.hidden_low, system.low), system.low),
        np.where(unseen, np.maximum(system.hidden_high, system.high), system.high),
    )


def _gives_away(system: System, cell: int) -> bool:
    try:
        found = ranges(system, np.array([cell]), "names").get(cell)
    except ContradictionError:
        return False
    return found is not None and found.gives_away(system.least[cell], bool(system.is_whole[cell]))


def _smallest_surroundings(system: System, cell: int) -> tuple[System, int]:
    """Return the nearest relations that give the number away, and its position among them."""
    radius = 1
    while True:
        near, at, is_all = _around(system, cell, radius)
        if is_all or _gives_away(near, at):
            return near, at
        radius *= 2


def _with_a_truth(near: System, at: int) -> System:
    """Return the system with values that could be true, so that each trial has a solution."""
    try:
        narrow = linearised(propagate(near), np.arange(len(near.ids)) == at)
    except ContradictionError:
        return near
    value = np.where(narrow.low == narrow.high, narrow.low, np.nan)
    for cells, part in split(narrow):
        attack = None if part.shares else Attack(part)
        if attack is not None and attack.is_possible:
            value[cells] = attack.seen.last
    return replace(near, value=value)


def _around(system: System, cell: int, radius: float) -> tuple[System, int, bool]:
    """Return the relations up to `radius` unknown numbers away from one, with all their cells."""
    unknown = system.low < system.high
    reached = np.zeros(len(system.ids), bool)
    reached[cell] = True
    rows = np.zeros(len(system.row_low), bool)
    by_row = abs(system.matrix)
    members = np.array([share[:3] for share in system.shares], int).reshape(-1, 3)
    step, before = 0, -1
    while step < radius and before < reached.sum():
        before, step = reached.sum(), step + 1
        through = (reached & (unknown | (np.arange(len(reached)) == cell))).astype(float)
        rows |= by_row @ through > 0
        reached |= by_row.T @ rows.astype(float) > 0
        reached[members[through[members].any(axis=1)]] = True
    is_all = before == reached.sum()
    cells = np.flatnonzero(reached)
    shares = [system.shares[of] for of in np.flatnonzero(reached[members].all(axis=1))]
    nothing = np.zeros(len(rows))  # all cells of these sums have been reached
    near = system.part(cells, np.flatnonzero(rows), shares, nothing)
    return near, int(np.searchsorted(cells, cell)), bool(is_all)


def _priced(near: System, at: int) -> np.ndarray | None:
    """Return the printed numbers with a price in the dual programs of both ends."""
    if near.shares or not len(near.row_low):
        return None
    cells, part = next(found for found in split(near) if at in found[0])
    rows = np.flatnonzero(abs(near.matrix[:, cells]).sum(axis=1) > 0)
    low, high = np.isfinite(part.row_low), np.isfinite(part.row_high)
    limits = csr_array(vstack([part.matrix[high], -part.matrix[low]], format="csr"))
    objective = (cells == at).astype(float)
    priced = np.zeros(len(near.ids), bool)
    for sign in (1.0, -1.0):
        found = linprog(
            sign * objective, A_ub=limits, b_ub=np.concatenate([part.row_high[high],
            -part.row_low[low]]), bounds=np.column_stack([part.low, part.high]), method="highs",
        )  # fmt: skip
        if found.status != 0:
            continue
        prices = np.zeros(len(rows))
        prices[high] += found.ineqlin.marginals[: high.sum()]
        prices[low] -= found.ineqlin.marginals[high.sum() :]
        priced |= np.abs(near.matrix[rows].T @ prices) > TOLERANCE
    return np.flatnonzero(priced & _is_printed(near))


def _without_idle(few: np.ndarray, suffices: Callable[[np.ndarray], bool]) -> np.ndarray:
    """Leave out numbers, in ever smaller heaps, as long as the rest suffices."""
    heap, trials = max(len(few) // 2, 1), _TRIALS
    while len(few):
        at = 0
        while at < len(few) and trials:
            rest = np.delete(few, slice(at, at + heap))
            trials -= 1
            try:
                enough = suffices(rest)
            except DisclosureError:  # not settled in time
                enough = False
            few, at = (rest, at) if enough else (few, at + heap)
        if heap == 1 or not trials:
            return few
        heap = max(heap // 2, 1)
    return few
