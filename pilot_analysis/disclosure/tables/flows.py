"""A good choice for tables too large for the exact one: cheap ways round, many at a time.

A number is safe if it can rise by what it needs while others make up for it. A linear program
finds the cheapest such change of the whole table for many numbers at once; what it changes is
hidden. After Kelly, Golden and Assad (1992), Cell suppression: disclosure protection for sensitive
tabular data, Networks 22(4), and Castro (2007), A shortest-paths heuristic for statistical data
protection in positive tables, INFORMS Journal on Computing 19(4).
"""

import numpy as np
from scipy.optimize import Bounds, LinearConstraint
from scipy.sparse import csr_array, diags_array, hstack, vstack

from pilot_analysis.disclosure.tables.explain import explain
from pilot_analysis.disclosure.tables.intervals import Attack
from pilot_analysis.disclosure.tables.pattern import Choice
from pilot_analysis.disclosure.tables.published import TOLERANCE, named_few
from pilot_analysis.disclosure.tables.solver import solve
from pilot_analysis.disclosure.tables.system import System
from pilot_analysis.errors import DisclosureError

__all__ = ["cheap"]

_SHORT = 12
"""Cells of a sum in which only one number at a time is made safe; of longer ones, a third are."""
_CHEAPEST = 8
"""Printed cells of each sum that may be hidden, the cheapest, while that is enough."""
_ROUNDS = 60
_MOST_AT_ONCE = 1000
_LEAST_CHANGE = 0.01, 1e-6
"""Change from which a number is hidden: of the least that is asked, and at least."""
_PRUNED = 60_000
"""Numbers hidden in addition, times all, up to which each is tried again at the end."""


def cheap(choice: Choice, unsafe: np.ndarray) -> np.ndarray:
    """Return a safe choice that loses little.

    Parameters
    ----------
    unsafe : numpy.ndarray of int
        Positions of the protected numbers that are not safe if only `choice.must` is hidden.

    Returns
    -------
    hidden : numpy.ndarray of bool, shape (n,)

    Raises
    ------
    DisclosureError
        A protected number is not safe whatever else is hidden.
    """
    hidden, at_first = choice.must.copy(), unsafe
    truth = _a_truth(choice.system)
    few, in_turn = _CHEAPEST, True
    for _ in range(_ROUNDS):
        new = np.zeros_like(hidden) if truth is None else _ways_round(
            choice, hidden, truth, unsafe, few, in_turn=in_turn
        )  # fmt: skip
        if not (new & ~hidden).any() and (few < len(hidden) or in_turn):
            few, in_turn = len(hidden), in_turn and few < len(hidden)
            continue
        if not (new & ~hidden).any():
            unsafe = choice.unsafe(hidden, unsafe)
            new = _broken_up(choice, hidden, unsafe)
        hidden, before = hidden | new, len(unsafe)
        unsafe = choice.unsafe(hidden, unsafe, "soon")
        if not unsafe.size:
            return _pruned(choice, hidden, at_first)
        few = min(4 * few, len(hidden)) if len(unsafe) > before / 2 else few
    raise DisclosureError(
        f"{named_few(choice.system.ids[unsafe])}: no safe choice was found for these; hide them "
        "together with the totals above them, or publish fewer totals."
    )


def _a_truth(system: System) -> np.ndarray | None:
    """Return the true numbers, or any that a reader could believe; None with unknown shares."""
    if not np.isnan(system.value).any():
        return system.value
    if system.shares:
        return None
    attack = Attack(system)
    return attack.seen.low if attack.is_possible else None


def _ways_round(choice: Choice, hidden, truth, unsafe, few: int, *, in_turn: bool) -> np.ndarray:
    """Return what to hide so that some of the `unsafe` numbers can rise, in turn or together."""
    system = choice.system
    low, high = choice.bounds(hidden | choice.may)
    up, down = (high - truth).clip(0), (truth - low).clip(0)
    need = np.where(system.is_whole, np.maximum(system.least - 1.0, 1.0), system.least)
    most = need[unsafe].max()
    chosen = _apart(system, unsafe)
    room = np.minimum(np.minimum(np.maximum(up, down), most), need.max()).clip(TOLERANCE)
    price = np.where(hidden, 0.0, choice.weights / room)
    allowed = hidden | (choice.may & _among_cheapest(system, price, hidden, few))
    allowed &= (up > TOLERANCE) | (down > TOLERANCE)
    asked = need[chosen] / (_crowd(system, chosen) if in_turn else 1.0)
    change = _cheapest_change(system, allowed, price, up, down, need.max(), chosen, asked)
    new = np.zeros(len(hidden), bool)
    if change is not None:
        of_least, at_least = _LEAST_CHANGE
        new = (np.abs(change) > max(of_least * asked.min(), at_least)) & choice.may
    return new


def _crowd(system: System, chosen: np.ndarray) -> np.ndarray:
    """Return how many chosen numbers stand in the fullest sum of each, shape (chosen,).

    Each need only rise in its turn. So that what makes up for one may make up for the others of a
    long sum as well, all rise at once by so small a part of what they need.
    """
    stands_in = abs(system.matrix[:, chosen]) > 0
    fullest = stands_in.multiply(stands_in.sum(axis=1)[:, None]).max(axis=0)
    return np.minimum(fullest.toarray().ravel(), _MOST_AT_ONCE)


def _apart(system: System, unsafe: np.ndarray) -> np.ndarray:
    """Return some of `unsafe`, so few of each sum that enough is left to make up for them."""
    matrix = system.matrix.tocsc()
    cells = np.diff(system.matrix.indptr)
    left = np.where(cells > _SHORT, cells // 3, 1)
    chosen = []
    for at in np.random.default_rng(0).permutation(unsafe):
        sums = matrix.indices[matrix.indptr[at] : matrix.indptr[at + 1]]
        if (left[sums] > 0).all():
            chosen.append(at)
            left[sums] -= 1
    return np.sort(np.array(chosen, int))


def _among_cheapest(system: System, price, hidden, few: int) -> np.ndarray:
    """Return the cheapest printed cells of every sum that a protected number is in."""
    if few >= len(price):
        return np.ones(len(price), bool)
    cheap = np.zeros(len(price), bool)
    for row in np.unique(system.matrix[:, np.flatnonzero(system.least > 0)].nonzero()[0]):
        cells = system.matrix.indices[system.matrix.indptr[row] : system.matrix.indptr[row + 1]]
        cells = cells[~hidden[cells]]
        cheap[cells[np.argsort(price[cells], kind="stable")[:few]]] = True
    return cheap


def _cheapest_change(system: System, allowed, price, up, down, most, chosen, asked):
    """Return the change of every number that costs least, shape (n,), by linear programming.

    Variables: rise and fall of each allowed number, none further than `most`, and for each chosen
    number the part of what is asked of it that cannot be met, which costs more than anything else.
    """
    cells = np.flatnonzero(allowed)
    n, k = len(cells), len(chosen)
    where = np.full(len(system.ids), -1)
    where[cells] = np.arange(n)
    pick = csr_array(
        (np.ones(k), (np.arange(k), where[chosen])), shape=(k, n)
    )  # fmt: skip
    sums = csr_array(system.matrix[:, cells])
    used = np.diff(sums.indptr) > 0
    sums = sums[used]
    exact = (system.row_low == system.row_high)[used]
    scale = max(float(price[cells].max(initial=0.0)), TOLERANCE)
    unmet = diags_array(asked)
    cost = np.concatenate([price[cells], price[cells], np.full(k, 100 * scale * most)])
    cost = cost / scale + 1e-7
    limits = [LinearConstraint(
        vstack([
            hstack([sums[exact], -sums[exact], csr_array((int(exact.sum()), k))]),
            hstack([pick, -pick, unmet]),
        ], format="csr"),
        np.concatenate([np.zeros(int(exact.sum())), asked]),
        np.concatenate([np.zeros(int(exact.sum())), np.full(k, np.inf)]),
    )]  # fmt: skip
    ends = np.concatenate([np.minimum(up, most)[cells], np.minimum(down, most)[cells], np.ones(k)])
    found = solve(cost, Bounds(0, ends), limits)
    if found.x is None:
        return None
    change = np.zeros(len(system.ids))
    change[cells] = found.x[:n] - found.x[n : 2 * n]
    return change


def _broken_up(choice: Choice, hidden, unsafe) -> np.ndarray:
    """Hide the cheapest of the published numbers that give each unsafe one away."""
    system = choice.released(hidden)
    new = np.zeros(len(hidden), bool)
    for at in unsafe[:20]:
        by = np.isin(system.ids, explain(system, at)) & choice.may & ~hidden
        if not by.any():
            raise DisclosureError(
                f"{system.ids[at]}: it can be found out, whatever else is hidden, to fewer values "
                "than the policy asks for; it was released before, or the range that is printed "
                "in its place is too narrow."
            )
        if not (by & new).any():
            options = np.flatnonzero(by)
            new[options[np.argmin(choice.weights[options])]] = True
    return new


def _pruned(choice: Choice, hidden: np.ndarray, unsafe: np.ndarray) -> np.ndarray:
    """Show again what need not be hidden, the most valuable first."""
    extra = np.flatnonzero(hidden & ~choice.must)
    if len(extra) * len(hidden) > _PRUNED:
        return hidden
    for at in extra[np.argsort(-choice.weights[extra], kind="stable")]:
        without = hidden.copy()
        without[at] = False
        if not choice.unsafe(without, unsafe).size:
            hidden = without
    return hidden
