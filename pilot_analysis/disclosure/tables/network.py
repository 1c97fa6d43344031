"""Tables in which every number stands in at most two sums: flows between the sums.

There a number can rise if what rises can flow back by other numbers, and what is possible in whole
numbers has no gaps. That many numbers have room is seen at once, without solving anything.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from pilot_analysis.disclosure.tables.system import System

__all__ = ["Network", "network_of"]

_LARGE = 1000
"""Sums beyond which the detours between all pairs of the many are too many."""


@dataclass(frozen=True)
class Network:
    """Numbers as flows.

    Attributes
    ----------
    start, end : numpy.ndarray of int, shape (n,)
        The sum that each number flows from, and the one it flows to; the last node (m) is the
        ground, which stands for everything outside.
    sign : numpy.ndarray, shape (m,)
        With which sign each sum has to be taken.
    """

    start: np.ndarray
    end: np.ndarray
    sign: np.ndarray

    def room(self, part: System, x: np.ndarray, need: float) -> tuple[np.ndarray, np.ndarray]:
        """Return by how much each number can at least fall and rise from a solution.

        Parameters
        ----------
        part : System
            Which this is the network of.
        x : numpy.ndarray, shape (n,)
            A solution in whole numbers.
        need : float
            Whole; more room than this is not looked for.

        Returns
        -------
        fall, rise : numpy.ndarray, shape (n,)
            Whole numbers.

        Notes
        -----
        Only detours over three other numbers are looked at. What a number rises by flows on from
        its end to neighbours ``s``, from there over numbers with room `need` to neighbours ``t`` of
        its start, and back. If from every ``s`` that is used neighbours ``t`` are reached that
        take up `need` together, every cut holds the smaller of `need` and the room of all these
        ``s``: so much can flow (Ford and Fulkerson 1956). Room of the number itself is left out by
        asking ``t`` for twice the need.
        """
        down, up = (x - part.low).clip(0, need), (part.high - x).clip(0, need)
        sums = part.matrix @ x
        below, above = (sums - part.row_low).clip(0, need), (part.row_high - sums).clip(0, need)
        flows_out = self.sign > 0
        from_ground = np.where(flows_out, above, below)
        to_ground = np.where(flows_out, below, above)
        m = len(self.sign)
        node, ground = np.arange(m), np.full(m, m)
        one = np.concatenate([self.start, self.end, node, ground])
        other = np.concatenate([self.end, self.start, ground, node])
        sizes = np.concatenate([up, down, to_ground, from_ground])
        room = csr_array(coo_array((sizes, (one, other)), (m + 1, m + 1)))
        room.data = np.minimum(room.data, need)
        room.eliminate_zeros()
        fall = np.minimum(down, _flow(room, self.start, self.end, need))
        return np.round(fall), np.round(np.minimum(up, _flow(room, self.end, self.start, need)))


def _flow(room: csr_array, start: np.ndarray, end: np.ndarray, need: float) -> np.ndarray:
    """Return how much can flow at least from each start to its end over two other nodes.

    Both from the start and, backwards, from the end; in a large table the cheaper of the two.
    """
    ways = [(room, start, end), (csr_array(room.T), end, start)]
    ways.sort(key=lambda way: len(np.unique(way[2])))
    is_large = room.shape[0] > _LARGE
    return np.max([_detours(*way, need) for way in ways[: 1 if is_large else 2]], axis=0)


def _detours(room: csr_array, start: np.ndarray, end: np.ndarray, need: float) -> np.ndarray:
    ends, at = np.unique(end, return_inverse=True)
    wide = room.copy()
    wide.data = (wide.data >= need).astype(float)
    reached = wide @ room[:, ends]
    reached.data = (reached.data >= 2 * need).astype(float)
    reached.eliminate_zeros()
    flow = room @ reached
    over_itself = room[start, end] * reached[end, at]
    return np.minimum(flow[start, at] - over_itself, need)


def network_of(part: System) -> Network | None:
    """Return the system as a network; None if it is none.

    So it is if every number is whole and stands in at most two sums, with coefficients of 1, and
    the sums fall into two classes such that a number with equal signs joins two classes and one
    with opposite signs stays within one (Heller and Tompkins 1956).
    """
    entries = part.matrix.tocsc()
    limits = np.concatenate([part.low, part.high, part.row_low, part.row_high])
    limits = limits[np.isfinite(limits)]
    if not part.is_whole.all() or not (np.abs(entries.data) == 1).all():
        return None
    counts = np.diff(entries.indptr)
    if (limits != np.round(limits)).any() or (counts > 2).any():
        return None
    two = entries.indptr[:-1][counts == 2]
    one, other = entries.indices[two], entries.indices[two + 1]
    m = len(part.row_low)
    cross = entries.data[two] * entries.data[two + 1] > 0
    joins = (
        np.concatenate([one, one + m]),
        np.concatenate([np.where(cross, other + m, other), np.where(cross, other, other + m)]),
    )
    double = coo_array((np.ones(2 * len(two)), joins), (2 * m, 2 * m))
    labels = connected_components(double, directed=False)[1]
    if (labels[:m] == labels[m:]).any():
        return None
    sign = np.where(labels[:m] < labels[m:], 1.0, -1.0)
    start, end = np.full(len(counts), m), np.full(len(counts), m)
    column = np.repeat(np.arange(len(counts)), counts)
    flows_out = entries.data * sign[entries.indices] > 0
    start[column[flows_out]] = entries.indices[flows_out]
    end[column[~flows_out]] = entries.indices[~flows_out]
    return Network(start, end, sign)
