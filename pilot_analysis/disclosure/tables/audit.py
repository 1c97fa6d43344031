"""`audit`: the attacker, who reads everything that was released and reckons."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pilot_analysis.disclosure.tables.attack import ranges
from pilot_analysis.disclosure.tables.explain import conflicting, explain
from pilot_analysis.disclosure.tables.published import PublishedTable
from pilot_analysis.disclosure.tables.system import ContradictionError, join

__all__ = ["audit"]


def audit(
    tables: Sequence[PublishedTable], *, only_findings: bool = False, explained: int = 100
) -> pd.DataFrame:
    """Return what can be found out about every number that is suppressed or to be protected.

    Each number's feasible interval by linear programming (HiGHS) over all relations together,
    then by integers, after whole-number bounds have been carried from sum to sum.

    Parameters
    ----------
    tables : sequence of PublishedTable
        Everything that was released: all of one run, and earlier releases with the ids of what
        is the same number.
    only_findings : bool
        Leave out the numbers that are safe; of these it is then shown that they are, but not
        what exactly can be found out, which is much quicker.
    explained : int
        Findings that are explained in `by`, from the first on.

    Returns
    -------
    pandas.DataFrame
        One row per number, in the order of the tables, and columns

        cell : its id.
        low, high : what a reader can narrow it down to.
        pinned : whether only one value is left.
        values : how many whole values are possible; NaN where the number is not whole or there
            are more than were counted.
        by : for a finding (pinned, or fewer values than its `least_values`), published numbers
            that suffice to give it away; otherwise empty.

    Raises
    ------
    DisclosureError
        The published numbers contradict each other (the message names a few that do), or what
        can be found out could not be settled in time. Neither is ever reported as safe.

    Notes
    -----
    A reader who knows more than `tables` say (the answers of one student, or that a school has at
    most 30 of a group) can find out more. Where several sizes of groups are unknown, only the
    first `blocks.MOST_CASES` combinations are tried, so that what is reported is possible, but
    not all that is: the audit then errs towards a finding.

    References
    ----------
    Fischetti, M. and Salazar-Gonzalez, J.-J. (2001), Solving the cell suppression problem on
    tabular data with linear constraints, Management Science 47(7), section 2 (the attacker's
    subproblem).
    """
    system = join(tables)
    targets = np.flatnonzero(system.is_hidden)
    try:
        found = ranges(system, targets, "findings" if only_findings else "all")
    except ContradictionError as error:
        raise ContradictionError(conflicting(system, error.ids)) from error
    rows = []
    for at in sorted(found):
        answer = found[at]
        is_finding = answer.gives_away(system.least[at], bool(system.is_whole[at]))
        if only_findings and not is_finding:
            continue
        pinned = answer.gives_away(0, bool(system.is_whole[at])) or answer.count == 1
        by = explain(system, at) if is_finding and explained > 0 else ()
        explained -= is_finding
        rows.append((str(system.ids[at]), answer.low, answer.high, pinned, answer.count, by))
    frame = pd.DataFrame(rows, columns=["cell", "low", "high", "pinned", "values", "by"])
    return frame.astype({"low": float, "high": float, "pinned": bool, "values": float})
