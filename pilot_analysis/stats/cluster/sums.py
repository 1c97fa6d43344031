"""Cross-products within clusters, and the fixed effects that clusters share."""

from dataclasses import dataclass

import numpy as np

from pilot_analysis.stats.grouping import encode_pairs, sum_by

__all__ = ["Absorbed", "cluster_grams"]


def cluster_grams(columns: np.ndarray, cluster: np.ndarray) -> np.ndarray:
    """Return Z_g'Z_g of every cluster.

    Parameters
    ----------
    columns : numpy.ndarray, shape (n, k)
    cluster : numpy.ndarray of int, shape (n,)
        0 to G - 1, each of them at least once, in any order.

    Returns
    -------
    numpy.ndarray, shape (G, k, k)
    """
    sizes = np.bincount(cluster)
    columns = columns[_by_cluster(cluster, len(sizes))]
    ends = np.cumsum(sizes).tolist()
    grams = np.empty((len(sizes), columns.shape[1], columns.shape[1]))
    begin = 0
    for gram, end in zip(grams, ends, strict=True):
        part = columns[begin:end]
        np.matmul(part.T, part, out=gram)
        begin = end
    return grams


def _by_cluster(cluster, n_clusters):
    # numpy sorts 16-bit numbers by counting, ten times as fast as wider ones
    narrow = cluster.astype(np.uint16) if n_clusters <= 2**16 else cluster
    return np.argsort(narrow, kind="stable")


@dataclass(frozen=True, slots=True)
class Absorbed:
    """The absorbed groups of each cluster that have rows in other clusters too.

    A group that lies within one cluster is fitted by that cluster alone: after its mean is
    subtracted nothing of it is left in the algebra, and it takes no memory here.

    Attributes
    ----------
    groups : numpy.ndarray of int, shape (G, m)
        Group in each of a cluster's m places; -1: none.
    """

    groups: np.ndarray
    _pair: np.ndarray  # (n,) pair of cluster and group of each row
    _kept: np.ndarray  # pairs whose group has rows in other clusters
    _cluster: np.ndarray  # (kept pairs,)
    _place: np.ndarray  # (kept pairs,)
    _size: np.ndarray  # (kept pairs,) rows of the group, in all clusters

    @classmethod
    def crossing(cls, cluster: np.ndarray, absorbed: np.ndarray) -> "Absorbed":
        """Find the pairs of cluster and group that matter."""
        pair, pairs = encode_pairs(cluster, absorbed)
        kept = np.flatnonzero(np.bincount(pairs[:, 1])[pairs[:, 1]] > 1)
        owner, group = pairs[kept].T
        n_clusters = int(cluster.max()) + 1
        place = np.arange(len(kept)) - np.searchsorted(owner, np.arange(n_clusters))[owner]
        groups = np.full((n_clusters, int(place.max(initial=-1)) + 1), -1)
        groups[owner, place] = group
        return cls(groups, pair, kept, owner, place, np.bincount(absorbed)[group])

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Sum `values`, shape (n, r), against each group's unit vector; shape (G, m, r)."""
        found = np.zeros((*self.groups.shape, values.shape[1]))
        sums = sum_by(values, self._pair)[self._kept]
        found[self._cluster, self._place] = sums / np.sqrt(self._size)[:, None]
        return found

    def bordered(self, gram: np.ndarray, basis: np.ndarray) -> np.ndarray:
        """Border Z_g'Z_g of the basis, shape (G, p, p), with the groups' unit vectors."""
        p, m = gram.shape[1], self.groups.shape[1]
        whole = np.zeros((len(gram), p + m, p + m))
        whole[:, :p, :p] = gram
        side = self.sums(basis)
        whole[:, p:, :p], whole[:, :p, p:] = side, side.transpose(0, 2, 1)
        at = p + self._place
        whole[self._cluster, at, at] = np.bincount(self._pair)[self._kept] / self._size
        return whole
