"""From a system to linear parts that can be solved one by one."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from pilot_analysis.disclosure.tables.bounds import activities, possible_sizes, propagate
from pilot_analysis.disclosure.tables.published import TOLERANCE
from pilot_analysis.disclosure.tables.system import ContradictionError, Share, System

__all__ = ["MOST_CASES", "cases", "linearised", "of_known_sizes", "split"]

MOST_CASES = 2000
"""Combinations of unknown sizes that are tried in one part."""


def of_known_sizes(system: System, known: np.ndarray) -> System:
    """Return the system with the shares of groups of a known size written as sums.

    Parameters
    ----------
    known : numpy.ndarray of bool, shape (n,)
        Sizes that have one possible value.
    """
    rows = [
        ({share.whole: share.scale, share.share: -system.low[share.size]}, 0, 0)
        for share in system.shares
        if known[share.size]
    ]
    return _with_sums(system, rows, [share for share in system.shares if not known[share.size]])


def linearised(system: System, targets: np.ndarray) -> System:
    """Return the system with every share that can be a sum written as sums.

    A share of a known size, or one that is known exactly, is a sum. One that stands in no other
    relation is two: ``low * size <= scale * whole <= high * size``. What says nothing is left out.

    Parameters
    ----------
    targets : numpy.ndarray of bool, shape (n,)
        Cells whose range is asked for; a share among them stays a share.
    """
    system = _telling(of_known_sizes(system, system.low == system.high), targets)
    used = _uses(system)
    kept, rows = [], []
    for share in system.shares:
        low, high = system.low[share.share], system.high[share.share]
        if low == high:
            rows.append(({share.whole: share.scale, share.size: -low}, 0, 0))
        elif used[share.share] == 1 and not (targets | system.is_whole)[share.share]:
            for bound, ends in ((low, (0, np.inf)), (high, (-np.inf, 0))):
                if np.isfinite(bound):
                    rows.append(({share.whole: share.scale, share.size: -bound}, *ends))
        else:
            kept.append(share)
    return _with_sums(system, rows, kept)


def _uses(system: System) -> np.ndarray:
    """Return in how many relations each number stands."""
    members = [cell for share in system.shares for cell in share[:3]]
    in_sums = np.bincount(system.matrix.nonzero()[1], minlength=len(system.ids))
    return in_sums + np.bincount(np.array(members, int), minlength=len(system.ids))


def _telling(system: System, targets: np.ndarray) -> System:
    """Leave out relations that say nothing.

    Either the bounds of its numbers see to it already; or in it stands a number that is not asked
    for, stands nowhere else, and can make up for all the others.
    """
    implied = _is_implied(system)
    while True:
        once = ~targets & (_uses(system) == 1)
        anything = once & ~system.is_whole & np.isinf(system.low) & np.isinf(system.high)
        shares = tuple(s for s in system.shares if not (anything[s.whole] or anything[s.share]))
        telling = ~(implied | _is_made_up_for(system, once))
        if telling.all() and len(shares) == len(system.shares):
            return system
        system = replace(
            system,
            matrix=system.matrix[telling],
            row_low=system.row_low[telling],
            row_high=system.row_high[telling],
            shares=shares,
        )
        implied = implied[telling]


def _is_implied(system: System) -> np.ndarray:
    """Whether each sum is within its ends whatever its numbers are, within their bounds."""
    up, down = system.matrix.maximum(0), system.matrix.minimum(0)
    least = up @ system.low + down @ system.high
    most = up @ system.high + down @ system.low
    return (least >= system.row_low) & (most <= system.row_high)


def _is_made_up_for(system: System, once: np.ndarray) -> np.ndarray:
    """Whether one of the numbers `once` can bring each sum within its ends, whatever the others."""
    entries = system.matrix.tocoo()
    row, cell, weight = entries.row, entries.col, entries.data
    least, most, others_least, others_most = activities(system, row, cell, weight)
    low, high = system.row_low[row], system.row_high[row]
    with np.errstate(invalid="ignore"):
        slack = TOLERANCE * (1 + np.nan_to_num(np.abs(least), posinf=0.0))
        reaches_low = np.isinf(low) | (most >= low - others_least - slack)
        reaches_high = np.isinf(high) | (least <= high - others_most + slack)
    fits = once[cell] & reaches_low & reaches_high
    # its steps may be too coarse
    fits &= ~(system.is_whole[cell] & np.isfinite(low) & np.isfinite(high))
    made_up_for = np.zeros(len(system.row_low), bool)
    made_up_for[row[fits]] = True
    return made_up_for


def _with_sums(system: System, rows, kept: list[Share]) -> System:
    entries = [(at, cell, weight) for at, row in enumerate(rows)
               for cell, weight in row[0].items() if weight]  # fmt: skip
    if not entries:
        return system
    at, cell, weight = map(np.array, zip(*entries, strict=True))
    more = csr_array(coo_array((weight.astype(float), (at, cell)), (len(rows), len(system.ids))))
    low, high = (np.array([row[end] for row in rows], float) for end in (1, 2))
    return system.with_rows(more, low, high, kept)


def split(system: System, only: np.ndarray | None = None) -> Iterator[tuple[np.ndarray, System]]:
    """Yield the parts that have nothing unknown in common.

    Parameters
    ----------
    only : numpy.ndarray of bool, shape (n,), or None
        Leave out the parts without any of these cells.

    Yields
    ------
    cells : numpy.ndarray of int
        Positions of the part's cells: those with more than one possible value by themselves.
    part : System
    """
    n, m = len(system.ids), len(system.row_low)
    free = system.high > system.low
    members = np.array([share[:3] for share in system.shares], int).reshape(-1, 3)
    free[members] = True
    entries = system.matrix.tocoo()
    linked = free[entries.col]
    start = np.concatenate([entries.row[linked] + n, members[:, 0], members[:, 0]])
    end = np.concatenate([entries.col[linked], members[:, 1], members[:, 2]])
    graph = coo_array((np.ones(len(start)), (start, end)), (n + m, n + m))
    count, labels = connected_components(graph, directed=False)
    wanted = np.zeros(count, bool)
    wanted[labels[:n][free if only is None else free & only]] = True
    unknown, sums = np.flatnonzero(free), np.unique(entries.row[linked])
    cells = _grouped(unknown, labels[unknown], wanted)
    rows = _grouped(sums, labels[sums + n], wanted)
    shares = _grouped(np.arange(len(members)), labels[members[:, 0]], wanted)
    known = system.matrix @ np.where(free, 0.0, np.nan_to_num(system.low, neginf=0.0))
    nothing = np.array([], int)
    for label, of_cells in cells.items():
        of_shares = [system.shares[at] for at in shares.get(label, nothing)]
        yield of_cells, system.part(of_cells, rows.get(label, nothing), of_shares, known)


def _grouped(positions: np.ndarray, labels: np.ndarray, wanted: np.ndarray) -> dict:
    """Return the positions with each of the `wanted` labels, sorted."""
    mine = wanted[labels]
    positions, labels = positions[mine], labels[mine]
    order = np.argsort(labels, kind="stable")
    found, starts = np.unique(labels[order], return_index=True)
    groups = np.split(positions[order], starts)[1:]
    return dict(zip(found.tolist(), groups, strict=True))


def cases(part: System) -> Iterator[System]:
    """Yield the linear systems that the possible sizes of groups lead to, `MOST_CASES` at most.

    The true sizes come first where they are known. Where there are more combinations than are
    tried, what is reported is possible, but not all that is: the audit errs towards a finding.
    """
    left = [MOST_CASES]
    yield from _cases(part, left)


def _cases(part: System, left: list[int]) -> Iterator[System]:
    if left[0] <= 0:
        return
    part = linearised(part, np.ones(len(part.ids), bool)) if part.shares else part
    if not part.shares:
        left[0] -= 1
        yield part
        return
    sizes, share = min(
        ((possible_sizes(part, share)[0], share) for share in part.shares),
        key=lambda found: len(found[0]),
    )
    truth = part.value[share.size]
    if part.low[share.size] <= truth <= part.high[share.size]:
        sizes = np.unique([*sizes, truth])
        sizes = sizes[np.argsort(np.abs(sizes - truth), kind="stable")]
    for size in sizes:
        low, high = part.low.copy(), part.high.copy()
        low[share.size] = high[share.size] = size
        try:
            narrowed = propagate(part.with_bounds(low, high))
        except ContradictionError:
            continue
        yield from _cases(narrowed, left)
