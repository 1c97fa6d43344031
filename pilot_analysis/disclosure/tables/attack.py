"""The range of every number that is not to be found, over all parts of a system."""

import numpy as np

from pilot_analysis.disclosure.tables.blocks import cases, linearised, split
from pilot_analysis.disclosure.tables.bounds import propagate
from pilot_analysis.disclosure.tables.intervals import Attack, Detail, Range
from pilot_analysis.disclosure.tables.system import ContradictionError, System
from pilot_analysis.disclosure.tables.witnesses import widen

__all__ = ["Detail", "ranges"]


def ranges(system: System, targets: np.ndarray, detail: Detail = "all") -> dict[int, Range]:
    """Return what a reader can find out about some numbers.

    Parameters
    ----------
    targets : numpy.ndarray of int
        Positions of the numbers.
    detail : {"all", "findings", "names"}
        "findings": leave out numbers that are shown to have `least` values or more (and more than
        one). "names": so too, and do not narrow down further what the first bounds show to be a
        finding, nor look for contradictions elsewhere.

    Raises
    ------
    DisclosureError
        The numbers contradict each other, or a part could not be settled in time.
    """
    asked = np.zeros(len(system.ids), bool)
    asked[targets] = True
    narrow = linearised(propagate(system), asked)
    found = {
        int(at): _plain(narrow, at) for at in np.flatnonzero(asked & (narrow.low == narrow.high))
    }
    for cells, part in split(narrow, asked if detail == "names" else None):
        wanted = np.flatnonzero(asked[cells])
        answers: dict[int, Range] = {}
        is_alone = len(cells) == 1 and not part.shares
        if is_alone or detail == "names":
            plain = {at: _plain(part, at) for at in wanted}
            answers = {
                at: own for at, own in plain.items() if is_alone or not _is_safe(part, at, own)
            }
            wanted = np.setdiff1d(wanted, list(answers))
        if wanted.size or not (is_alone or detail == "names"):
            answers |= _of_part(part, wanted, detail)
        found |= {int(cells[at]): answer for at, answer in answers.items()}
    return found


def _plain(system: System, at: int) -> Range:
    """Return the range of a number by its own bounds."""
    low, high = float(system.low[at]), float(system.high[at])
    if not (system.is_whole[at] and np.isfinite(high - low)):
        return Range(low, high, np.nan)
    return Range(low, high, high - low + 1, frozenset([low]) if low == high else None)


def _is_safe(part: System, at: int, answer: Range) -> bool:
    return not answer.gives_away(int(part.least[at]), bool(part.is_whole[at]))


def _of_part(part: System, wanted: np.ndarray, detail: Detail) -> dict[int, Range]:
    """Return the ranges of the `wanted` cells over all cases of a part."""
    answers: dict[int, Range] = {}
    is_possible, several = False, bool(part.shares)
    # a limit will not do where the values of several cases are put together
    how: Detail = "findings" if several and detail == "names" else detail
    for case in cases(part):
        attack = Attack(case)
        if not attack.is_possible:
            continue
        is_possible = True
        left = wanted
        if detail != "all" and not several:
            widen(attack, wanted)
            left = wanted[~attack.shows_safe(wanted)]
        for at in left:
            answer = attack.range_of(at, how)
            answers[at] = answers[at].together(answer) if at in answers else answer
        if detail != "all" and several and all(_is_safe(part, at, answers[at]) for at in wanted):
            return {}
    if not is_possible:
        printed = ~part.is_hidden
        raise ContradictionError(part.ids[printed] if printed.any() else part.ids)
    return answers
