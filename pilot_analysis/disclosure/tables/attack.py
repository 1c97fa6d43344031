"""The range of every number that is not to be found, over all parts of a system."""

import numpy as np

from pilot_analysis.disclosure.tables.blocks import cases, linearised, split
from pilot_analysis.disclosure.tables.bounds import propagate
from pilot_analysis.disclosure.tables.intervals import Attack, Range
from pilot_analysis.disclosure.tables.system import ContradictionError, System
from pilot_analysis.disclosure.tables.witnesses import is_shown_safe, widen

__all__ = ["ranges"]


def ranges(system: System, targets: np.ndarray, *, only_findings: bool = False) -> dict[int, Range]:
    """Return what a reader can find out about some numbers.

    Parameters
    ----------
    targets : numpy.ndarray of int
        Positions of the numbers.
    only_findings : bool
        Leave out those which solutions met on the way show to have `least` values or more (and
        more than one).

    Raises
    ------
    DisclosureError
        The numbers contradict each other, or a part could not be settled in time.
    """
    asked = np.zeros(len(system.ids), bool)
    asked[targets] = True
    narrow = linearised(propagate(system), asked)
    found = {
        int(at): _known(narrow, at) for at in np.flatnonzero(asked & (narrow.low == narrow.high))
    }
    for cells, part in split(narrow):
        wanted = np.flatnonzero(asked[cells])
        if len(part.ids) == 1 and not part.shares:
            answers = {0: _alone(part)} if wanted.size else {}
        else:
            answers = _of_part(part, wanted, only_findings)
        found |= {int(cells[at]): answer for at, answer in answers.items() if at in wanted}
    return found


def _known(system: System, at: int) -> Range:
    value = float(system.low[at])
    return Range(value, value, 1.0 if system.is_whole[at] else np.nan, frozenset([value]))


def _alone(part: System) -> Range:
    """Return the range of a number that hangs on no other."""
    low, high = float(part.low[0]), float(part.high[0])
    whole = part.is_whole[0] and np.isfinite(high - low)
    return Range(low, high, high - low + 1 if whole else np.nan)


def _of_part(part: System, wanted: np.ndarray, only_findings: bool) -> dict[int, Range]:
    """Return the ranges of the `wanted` cells over all cases of a part."""
    answers: dict[int, Range] = {}
    is_possible = False
    several = bool(part.shares)
    for case in cases(part):
        attack = Attack(case)
        if not attack.is_possible:
            continue
        is_possible = True
        left = wanted
        if only_findings and not several:
            widen(attack, wanted)
            left = [at for at in wanted if not is_shown_safe(attack, at)]
        for at in left:
            answer = attack.range_of(at, part.least[at])
            answers[at] = answers[at].together(answer) if at in answers else answer
    if not is_possible:
        printed = ~part.is_hidden
        raise ContradictionError(part.ids[printed] if printed.any() else part.ids)
    return answers
