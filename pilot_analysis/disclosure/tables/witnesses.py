"""Solutions that show many numbers at once to be safe, so that few must be solved for alone."""

import numpy as np

from pilot_analysis.disclosure.tables.intervals import Attack
from pilot_analysis.disclosure.tables.published import TOLERANCE

__all__ = ["shown_safe", "widen"]

_PASSES = 40
_FEW = 4
"""Numbers that are sooner solved for one by one."""


def _needed(attack: Attack, cells: np.ndarray) -> np.ndarray:
    """Return how far apart two solutions must be."""
    part = attack.part
    whole = part.is_whole[cells]
    least = part.least[cells]
    return np.where(whole, np.maximum(least - 1, 1), np.maximum(least, 100 * TOLERANCE))


def shown_safe(attack: Attack, cells: np.ndarray) -> np.ndarray:
    """Return whether the solutions met so far leave each number enough possible values.

    Parameters
    ----------
    cells : numpy.ndarray of int, shape (k,)
        Positions.
    """
    part = attack.part
    width = attack.seen_high[cells] - attack.seen_low[cells]
    far = width >= _needed(attack, cells) - TOLERANCE
    # between two solutions there may be gaps, unless the part is a network
    far &= attack.gapless | ~part.is_whole[cells] | (part.least[cells] <= 2)
    return far | (attack.in_a_row[cells] >= np.maximum(part.least[cells], 2))


def widen(attack: Attack, cells: np.ndarray) -> None:
    """Look for solutions in which as many of `cells` as possible differ enough.

    Each solution pushes all numbers that are not yet shown safe the same way, none further than
    it needs: a number pushed to its limit would use up the room of the others.
    """
    fruitless = 0
    for turn in range(_PASSES):
        still = cells[~shown_safe(attack, cells)]
        if len(still) <= _FEW or fruitless == 2:
            return
        sign = 1.0 if turn % 2 == 0 else -1.0
        low, high = attack.part.low.copy(), attack.part.high.copy()
        need = np.ceil(_needed(attack, still))
        if sign > 0:
            high[still] = np.minimum(high[still], attack.seen_low[still] + need)
        else:
            low[still] = np.maximum(low[still], attack.seen_high[still] - need)
        objective = np.zeros(len(low))
        objective[still] = -sign
        attack.improve(objective, low, high)
        if not attack.gapless and attack.part.is_whole[still].any():
            attack.walk(still, int(need.max()))
        fruitless = 0 if len(cells[~shown_safe(attack, cells)]) < len(still) else fruitless + 1
