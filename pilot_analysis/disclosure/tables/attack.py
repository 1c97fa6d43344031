"""The range of every number that is not to be found, over all parts of a system."""

import numpy as np

from pilot_analysis.disclosure.tables.blocks import cases, linearised, of_known_sizes, split
from pilot_analysis.disclosure.tables.bounds import propagate
from pilot_analysis.disclosure.tables.intervals import Attack, Detail, Range
from pilot_analysis.disclosure.tables.seen import Spread
from pilot_analysis.disclosure.tables.system import ContradictionError, System
from pilot_analysis.disclosure.tables.witnesses import widen

__all__ = ["Detail", "ranges"]

_MANY = 100
"""Numbers beyond which those that are not soon shown to be safe are not settled one by one."""


def ranges(
    system: System, targets: np.ndarray, detail: Detail = "all", spread: Spread | None = None
) -> dict[int, Range]:
    """Return what a reader can find out about some numbers.

    Parameters
    ----------
    targets : numpy.ndarray of int
        Positions of the numbers.
    detail : {"all", "findings", "names", "soon"}
        "findings": leave out numbers that are shown to have `least` values or more (and more than
        one). "names": so too, and do not narrow down further what the first bounds show to be a
        finding, nor look for contradictions elsewhere. "soon": so too, but where many numbers are
        not soon shown to be safe, all of them are left in, though some may be safe.
    spread : Spread or None
        Gets what is found on the way.

    Raises
    ------
    DisclosureError
        The numbers contradict each other, or a part could not be settled in time.
    """
    asked = np.zeros(len(system.ids), bool)
    asked[targets] = True
    narrow = propagate(of_known_sizes(system, system.low == system.high))
    of_share = np.zeros(len(system.ids), bool)
    of_share[[share.share for share in narrow.shares]] = True
    of_share &= asked & ~system.is_whole & (narrow.low < narrow.high)
    found = _ranges(narrow, asked & ~of_share, detail, spread)
    if of_share.any():
        found |= _ranges(narrow, of_share, detail, spread, elsewhere=False)
    return found


def _ranges(
    narrow: System,
    asked: np.ndarray,
    detail: Detail,
    spread: Spread | None,
    *,
    elsewhere: bool = True,
) -> dict[int, Range]:
    """Return the ranges of some numbers: of shares and means apart, and of all others.

    A share whose range is asked for cannot be written as sums; all sizes that it may have are
    tried, which the others need not wait for.
    """
    narrow = linearised(narrow, asked)
    found = {
        int(at): _plain(narrow, at) for at in np.flatnonzero(asked & (narrow.low == narrow.high))
    }
    only_names = detail in ("names", "soon")
    everywhere = elsewhere and not only_names
    for cells, part in split(narrow, None if everywhere else asked):
        wanted = np.flatnonzero(asked[cells])
        answers: dict[int, Range] = {}
        is_alone = len(cells) == 1 and not part.shares
        if is_alone or only_names:
            plain = {at: _plain(part, at) for at in wanted}
            answers = {
                at: own for at, own in plain.items() if is_alone or not _is_safe(part, at, own)
            }
            wanted = np.setdiff1d(wanted, list(answers))
        if wanted.size or not (is_alone or only_names):
            at = spread.at(cells) if spread is not None else None
            answers |= _over_cases(part, wanted, detail, at)
        found |= {int(cells[at]): answer for at, answer in answers.items()}
    return found


def _plain(system: System, at: int) -> Range:
    """Return the range of a number by its own bounds."""
    low, high = float(system.low[at]), float(system.high[at])
    if not (system.is_whole[at] and np.isfinite(high - low)):
        return Range(low, high, np.nan)
    return Range(low, high, high - low + 1, frozenset([low]) if low == high else None)


def _is_safe(part: System, at: int, answer: Range) -> bool:
    return not answer.gives_away(part.least[at], bool(part.is_whole[at]))


def _over_cases(
    part: System, wanted: np.ndarray, detail: Detail, spread: Spread | None
) -> dict[int, Range]:
    """Return the ranges of the `wanted` cells over all cases of a part."""
    answers: dict[int, Range] = {}
    is_possible, several = False, bool(part.shares)
    # a limit will not do where the values of several cases are put together
    how: Detail = "findings" if several and detail in ("names", "soon") else detail
    for case in cases(part):
        attack = Attack(case)
        if not attack.is_possible:
            continue
        is_possible = True
        left = wanted
        if detail != "all" and not several:
            widen(attack, wanted)
            left = wanted[~attack.shows_safe(wanted)]
        is_settled = how != "soon" or len(left) <= _MANY
        for at in left:
            answer = attack.range_of(at, how) if is_settled else attack.shown(at)
            answers[at] = answers[at].together(answer) if at in answers else answer
        if spread is not None:
            spread.add(wanted, attack.seen, gapless=attack.gapless)
        if detail != "all" and several and all(_is_safe(part, at, answers[at]) for at in wanted):
            return {}
    if not is_possible:
        printed = ~part.is_hidden
        raise ContradictionError(part.ids[printed] if printed.any() else part.ids)
    return answers
