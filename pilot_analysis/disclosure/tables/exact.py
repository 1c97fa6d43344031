"""The choice that loses least, by an integer program to which the attacker adds inequalities."""

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog
from scipy.sparse import csr_array, vstack

from pilot_analysis.disclosure.tables.explain import explain
from pilot_analysis.disclosure.tables.pattern import Choice
from pilot_analysis.disclosure.tables.published import TOLERANCE
from pilot_analysis.disclosure.tables.solver import solve
from pilot_analysis.disclosure.tables.system import System

__all__ = ["cheapest"]

_ROUNDS = 80
_NODES = 20_000
"""Limits in steps and not in seconds: the same table must give the same choice every time."""


def cheapest(choice: Choice, unsafe: np.ndarray) -> tuple[np.ndarray | None, float]:
    """Return the safe choice that loses the least weight, and a bound on what must be lost.

    Master problem: one binary variable for each number that may be hidden. While the auditor
    finds a protected number unsafe, the dual prices of its two linear programs give a capacity
    inequality that every safe choice satisfies (Fischetti and Salazar-Gonzalez 2001, Management
    Science 47(7), section 3, with a sliding protection level: only the width counts). Where only
    whole numbers or a product give a number away, at least one of the published numbers that do
    so must be hidden.

    Parameters
    ----------
    unsafe : numpy.ndarray of int
        Positions of the protected numbers that are not safe if only `choice.must` is hidden.

    Returns
    -------
    hidden : numpy.ndarray of bool, shape (n,), or None
        None: not found within the limits, or no choice is safe (the bound is then infinite).
    bound : float
        Weight that every safe choice loses at least.
    """
    may = np.flatnonzero(choice.may)
    rows: list[np.ndarray] = []
    least: list[float] = []
    bound = 0.0
    for _ in range(_ROUNDS):
        found = _master(choice.weights[may], rows, least)
        if found.status == 2:
            return None, np.inf
        if found.x is None:
            return None, bound
        bound = max(bound, float(found.mip_dual_bound or 0.0))
        hidden = choice.must.copy()
        hidden[may[found.x > 0.5]] = True
        lost = choice.unsafe(hidden, unsafe)
        if not lost.size:
            return hidden, bound
        system = choice.released(hidden)
        for at in lost:
            row, needed = _inequality(choice, system, hidden, at)
            rows.append(row[may])
            least.append(needed)
    return None, bound


def _master(weights: np.ndarray, rows: list[np.ndarray], least: list[float]):
    inequalities = [LinearConstraint(np.array(rows), np.array(least), np.inf)] if rows else []
    every = np.ones(len(weights), bool)
    return solve(weights, Bounds(0, 1), inequalities, every, node_limit=_NODES, mip_rel_gap=1e-9)


def _inequality(choice: Choice, system: System, hidden, at: int) -> tuple[np.ndarray, float]:
    """Return ``row @ y >= least``, which every safe choice keeps and this one breaks."""
    if not system.shares:
        needed = system.least[at] - 1 if system.is_whole[at] else system.least[at]
        needed = max(float(needed), 1.0 if system.is_whole[at] else 100 * TOLERANCE)
        row, width = _capacity(choice, system, at)
        if row is not None and row[hidden].sum() + width < needed - TOLERANCE:
            short = needed - width
            return np.minimum(row, short) / short, 1.0
    by = set(explain(system, at))
    row = np.array([name in by for name in system.ids], float) * choice.may
    return row, 1.0


def _capacity(choice: Choice, system: System, at: int) -> tuple[np.ndarray | None, float]:
    """Return how much width each number adds at most if it is hidden, and the width without."""
    high, low = np.isfinite(system.row_high), np.isfinite(system.row_low)
    limits = csr_array(vstack([system.matrix[high], -system.matrix[low]], format="csr"))
    ends = np.concatenate([system.row_high[high], -system.row_low[low]])
    printed = choice.system
    low, high = choice.bounds(choice.must | choice.may)
    wider_up, wider_down = high > printed.high, low < printed.low
    up = np.subtract(high, printed.high, out=np.zeros_like(high), where=wider_up)
    down = np.subtract(printed.low, low, out=np.zeros_like(low), where=wider_down)
    added, width = np.zeros(len(system.ids)), 0.0
    for sign in (1.0, -1.0):
        objective = np.zeros(len(system.ids))
        objective[at] = -sign
        found = linprog(objective, A_ub=limits, b_ub=ends, method="highs",
                        bounds=np.column_stack([system.low, system.high]))  # fmt: skip
        if found.status != 0:
            return None, 0.0
        prices = -found.ineqlin.marginals
        reduced = -objective - limits.T @ prices
        reduced[np.abs(reduced) < TOLERANCE] = 0.0
        rise, fall = reduced.clip(0), (-reduced).clip(0)
        width += prices @ ends + _times(rise, printed.high).sum() - _times(fall, printed.low).sum()
        added += _times(rise, up) + _times(fall, down)
    return added, float(width)


def _times(price: np.ndarray, amount: np.ndarray) -> np.ndarray:
    """Multiply, with nothing times infinity as nothing."""
    return np.where(price > 0, price * np.where(price > 0, amount, 0.0), 0.0)
