"""Solutions that show many numbers at once to be safe, so that few must be solved for alone."""

import numpy as np

from pilot_analysis.disclosure.tables.intervals import Attack
from pilot_analysis.disclosure.tables.published import TOLERANCE
from pilot_analysis.disclosure.tables.walks import walk

__all__ = ["widen"]

_PASSES = 40
_FEW = 4
"""Numbers that are sooner solved for one by one."""
_FRUITLESS = 3
"""Passes in a row that show nothing new, after which the rest is solved for one by one."""


def widen(attack: Attack, cells: np.ndarray) -> None:
    """Look for solutions in which as many of `cells` as possible differ enough.

    Where two solutions settle it, all numbers that are not yet shown safe are pushed the same
    way, none further than it needs: a number pushed to its limit would use up the room of the
    others. Where there may be gaps, a solution is sought from which many numbers can move by
    one, step by step.

    Parameters
    ----------
    cells : numpy.ndarray of int
        Positions.
    """
    part = attack.part
    rng = np.random.default_rng(0)
    own = part.high[cells] - part.low[cells]
    cells = cells[own >= attack.needed(cells) - TOLERANCE]  # others cannot be safe
    fruitless, way = 0, 1.0
    _look_around(attack, cells)
    for _ in range(_PASSES):
        still = cells[~attack.shows_safe(cells)]
        if len(still) <= _FEW or fruitless == _FRUITLESS:
            return
        gaps = attack.may_have_gaps(still)
        if not gaps.all():
            _push(attack, still[~gaps], way)
        if gaps.any():
            walk(part, attack.seen, still[gaps], rng)
        shown = len(still) - (~attack.shows_safe(cells)).sum()
        if shown:
            fruitless = 0
        else:
            fruitless, way = fruitless + 1, -way


def _look_around(attack: Attack, cells: np.ndarray) -> None:
    """See which numbers have room enough in the last solution, in a network."""
    if attack.network is None:
        return
    part, seen = attack.part, attack.seen
    needs = np.ceil(attack.needed(cells))
    for need in np.unique(needs):
        here = cells[needs == need]
        fall, rise = attack.network.room(part, seen.last, need)
        seen.widen(here, seen.last[here] - fall[here], seen.last[here] + rise[here])


def _push(attack: Attack, still: np.ndarray, sign: float) -> None:
    low, high = attack.part.low.copy(), attack.part.high.copy()
    need = attack.needed(still)
    need = np.where(attack.part.is_whole[still], np.ceil(need), need)
    if sign > 0:
        high[still] = np.minimum(high[still], attack.seen.low[still] + need)
    else:
        low[still] = np.maximum(low[still], attack.seen.high[still] - need)
    objective = np.zeros(len(low))
    objective[still] = -sign
    if attack.improve(objective, low, high):
        _look_around(attack, still)
