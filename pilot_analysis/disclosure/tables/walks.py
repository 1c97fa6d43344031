"""Many whole values at once: solutions in a row, in which many numbers move by one each time."""

import numpy as np
from scipy.optimize import Bounds, LinearConstraint
from scipy.sparse import csr_array, eye_array, hstack

from pilot_analysis.disclosure.tables.published import TOLERANCE
from pilot_analysis.disclosure.tables.seen import Seen
from pilot_analysis.disclosure.tables.solver import solve
from pilot_analysis.disclosure.tables.system import System

__all__ = ["walk"]

_NODES = 20
_ASIDE = 0.1
"""What room for a number that is not looked for is worth, in room for one that is."""


def walk(part: System, seen: Seen, wanted: np.ndarray, rng: np.random.Generator) -> None:
    """Go from a solution with room in a direction in which whole numbers move by 1, -1 or 0.

    Parameters
    ----------
    part : System
        Linear, without shares.
    seen : Seen
        Gets all solutions that are passed.
    wanted : numpy.ndarray of int
        Positions of the numbers of which many are to move.
    rng : numpy.random.Generator
        Draws which way a number is to move: in a sum that is known, some must fall for others to
        rise.
    """
    steps = max(int(part.least[wanted].max()) - 1, 1)
    start = _with_room(part, wanted, steps, rng)
    if start is None or not part.is_solved_by(start):
        return
    seen.add(start)
    start = seen.last
    step = _direction(part, start, wanted, steps, rng)
    if step is not None:
        seen.add_line(start, step, steps)


def _with_room(part: System, wanted: np.ndarray, steps: int, rng) -> np.ndarray | None:
    """Return a solution in which few numbers and sums are nearer to their ends than they need.

    Each is split into a middle part, and parts above and below the middle that cost.
    """
    loose = np.flatnonzero(part.row_low < part.row_high)
    n, rows = len(part.ids), len(part.row_low)
    sums = csr_array(eye_array(rows, format="csr")[:, loose])
    matrix = hstack([part.matrix, -sums], format="csr")
    whole = np.concatenate([part.is_whole, np.zeros(len(loose), bool)])
    low = np.concatenate([part.low, part.row_low[loose]])
    high = np.concatenate([part.high, part.row_high[loose]])
    room = np.minimum(steps - steps // 2, (high - low) / 2)
    room = np.where(whole, np.floor(room), room)
    price = np.full(len(low), _ASIDE)
    price[wanted] = 1.0
    price *= rng.uniform(0.5, 1.5, len(low))
    level = np.where(part.row_low < part.row_high, 0.0, part.row_low)
    nothing = np.zeros(len(low))
    found = _whole_solution(
        np.concatenate([nothing, price, price]),
        np.tile(whole, 3),
        LinearConstraint(hstack([matrix, matrix, -matrix], format="csr"), level, level),
        Bounds(np.concatenate([low + room, nothing, nothing]),
               np.concatenate([high - room, room, room])),
    )  # fmt: skip
    if found is None:
        return None
    middle, above, below = np.split(found, 3)
    return (middle + above - below)[:n]


def _direction(part: System, start, wanted: np.ndarray, steps: int, rng) -> np.ndarray | None:
    """Return a direction in which all steps, half of them back, stay within all bounds."""
    rise, fall = _moves(start, part.low, part.high, steps)
    up, down = _moves(part.matrix @ start, part.row_low, part.row_high, steps)
    rise, fall = (
        np.where(part.is_whole, np.minimum(np.floor(most + TOLERANCE), 1.0), most)
        for most in (rise, fall)
    )
    objective = np.zeros(len(start))
    objective[wanted] = rng.choice([-1.0, 1.0], len(wanted))
    sums = LinearConstraint(part.matrix, -down, up)
    return _whole_solution(objective, part.is_whole, sums, Bounds(-fall, rise))


def _moves(at, low, high, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Return how far up and down one step may go."""
    ahead, back = steps - steps // 2, max(steps // 2, 1)
    above, below = (high - at).clip(0), (at - low).clip(0)
    return np.minimum(above / ahead, below / back), np.minimum(below / ahead, above / back)


def _whole_solution(objective, whole, sums: LinearConstraint, bounds: Bounds) -> np.ndarray | None:
    """Minimize; None if no solution is found soon in which the numbers at `whole` are so."""
    for by_integers in (False, True):
        limit = {"node_limit": _NODES} if by_integers else {}
        found = solve(objective, bounds, [sums], whole if by_integers else None, **limit)
        if found.x is None:
            return None
        apart = np.abs(found.x - np.round(found.x))[whole].max(initial=0.0)
        if apart <= TOLERANCE:
            return np.where(whole, np.round(found.x), found.x)
    return None
