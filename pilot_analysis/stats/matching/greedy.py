"""The search for nearest neighbours, one treated unit after another."""

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from pilot_analysis.stats.matching.search import Search

__all__ = ["Link", "greedy_links", "linked_sets"]

Link = tuple[int, int, float]


def greedy_links(search: Search, order: str, *, ratio: int, replace: bool) -> list[Link]:
    """Give each treated unit in turn the nearest comparison unit that is left.

    Of equally near units the one is taken whose place is next to the chooser's, and then the
    first in the data.

    Parameters
    ----------
    search : Search
    order : {"largest", "data"}
        Who chooses first; with a `ratio` above 1 all choose once before anyone chooses again.

    Returns
    -------
    list of (treated, comparison, distance)
    """
    free = np.ones(len(search.strata), dtype=bool)
    links: list[Link] = []
    chosen: dict[int, list[int]] = {}
    queue = search.queue(order).tolist()
    for _ in range(ratio):
        for unit in queue:
            pool = search.pool(unit)
            own = chosen.setdefault(unit, [])
            pool = pool[~np.isin(pool, own)] if replace else pool[free[pool]]
            if not len(pool):
                continue
            apart = search.distance(unit, pool)
            nearest = apart.min()
            if np.isfinite(nearest):
                equal = pool[apart <= nearest + search.tie]
                partner = int(equal[np.argmin(np.abs(search.place[equal] - search.place[unit]))])
                free[partner] = False
                own.append(partner)
                links.append((unit, partner, float(nearest)))
    return links


def linked_sets(links: list[Link], n: int) -> np.ndarray:
    """Give numbers to the sets of units that are linked, directly or by a shared unit.

    Returns
    -------
    numpy.ndarray of int, shape (n,)
        -1 for units without a link; otherwise 0, 1, ... in the order of the data.
    """
    ends = np.array([link[:2] for link in links])
    graph = sparse.coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(n, n))
    component = csgraph.connected_components(graph, directed=False)[1]
    linked = np.unique(ends)
    sets = np.full(n, -1)
    number = {c: i for i, c in enumerate(dict.fromkeys(component[linked].tolist()))}
    sets[linked] = [number[c] for c in component[linked].tolist()]
    return sets
