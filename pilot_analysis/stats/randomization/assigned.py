"""Who was assigned to what: clusters, their arms, and the blocks within which chance decided."""

from dataclasses import dataclass

import numpy as np

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.randomization.inputs import known_groups, known_labels

__all__ = ["Assigned", "assigned_design"]


@dataclass(frozen=True, slots=True)
class Assigned:
    """Clusters in the order of their blocks.

    Attributes
    ----------
    treated : numpy.ndarray of int, shape (G,)
        1 where the cluster was assigned to the product, else 0.
    sizes : numpy.ndarray of float, shape (G,)
        People in each cluster.
    cluster, block : numpy.ndarray of int, shape (n,)
        Each person's cluster and block.
    starts : numpy.ndarray of int, shape (B,)
        First cluster of each block.
    """

    treated: np.ndarray
    sizes: np.ndarray
    cluster: np.ndarray
    block: np.ndarray
    starts: np.ndarray

    @property
    def strata(self) -> list[np.ndarray]:
        """Positions of the clusters of each block."""
        return np.split(np.arange(len(self.treated)), self.starts[1:])

    def differences(self, assignments: np.ndarray, totals: np.ndarray) -> np.ndarray:
        """Difference in means between the arms under each assignment.

        Parameters
        ----------
        assignments : numpy.ndarray of int, shape (m, G)
        totals : numpy.ndarray, shape (G, k)
            Sums over the people of each cluster of k variables that sum to 0 in every block.

        Returns
        -------
        numpy.ndarray, shape (m, k)
            The coefficient of the arm beside block fixed effects.
        """
        people = np.add.reduceat(self.sizes, self.starts)
        treated = np.add.reduceat(assignments * self.sizes, self.starts, axis=1)
        weight = (treated * (people - treated) / people).sum(axis=1)
        return assignments @ totals / weight[:, None]


def assigned_design(arm, n: int, cluster, block) -> Assigned:
    """Gather people into clusters and clusters into blocks, and check that chance had a choice.

    Parameters
    ----------
    arm : array_like of bool or 0/1, shape (n,)
    n : int
        Number of people.
    cluster, block : array_like, shape (n,), or None
        None: each person is a cluster; all are one block.

    Returns
    -------
    Assigned

    Raises
    ------
    DesignError
        A missing value; a cluster in two arms or two blocks; a block with one arm only.
    """
    arm = known_labels(arm, n, "The arm")
    if n == 0:
        raise DesignError("There is nobody to compare: no outcome was given.")
    cluster = range(n) if cluster is None else cluster
    block = np.zeros(n, dtype=int) if block is None else block
    codes, names = known_groups(cluster, n, "The cluster")
    blocks, block_names = known_groups(block, n, "The block")
    arm_of = _of_clusters(codes, arm.astype(int), names, "arm")
    block_of = _of_clusters(codes, blocks, names, "block")
    order = np.argsort(block_of, kind="stable")
    treated, starts = arm_of[order], np.flatnonzero(np.diff(block_of[order], prepend=-1))
    share = np.add.reduceat(treated, starts) / np.diff(starts, append=len(names))
    one_arm = (share == 0) | (share == 1)
    if one_arm.any():
        where = f"Block {block_names[one_arm.argmax()]}" if len(starts) > 1 else "The comparison"
        raise DesignError(
            f"{where} has clusters of one arm only, so chance decided nothing there. Both arms "
            "are needed; leave such a block out and say so."
        )
    position = np.empty_like(order)
    position[order] = np.arange(len(order))
    sizes = np.bincount(codes).astype(float)[order]
    return Assigned(treated, sizes, position[codes], blocks, starts)


def _of_clusters(codes: np.ndarray, values: np.ndarray, names, what: str) -> np.ndarray:
    """Return the one value of each cluster's people, or refuse."""
    first = np.full(len(names), -1)
    first[codes] = values
    mixed = first[codes] != values
    if mixed.any():
        raise DesignError(
            f"Cluster {names[codes[mixed.argmax()]]} has people in more than one {what}. The "
            "cluster must be the unit that was assigned, and lie in one block."
        )
    return first
