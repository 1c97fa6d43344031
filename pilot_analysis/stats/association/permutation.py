"""A rank test in which whole clusters change places."""

from dataclasses import dataclass
from functools import reduce
from math import prod

import numpy as np
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.randomization.arrangements import (
    count_orders,
    distinct_orders,
    sampled_arrangements,
)
from pilot_analysis.stats.randomization.inputs import (
    known_count,
    known_groups,
    known_labels,
    known_seed,
    known_values,
)

__all__ = ["PermutationTest", "permutation_test"]


@dataclass(frozen=True, slots=True)
class PermutationTest:
    """A rank test in which whole clusters change places.

    Attributes
    ----------
    auc : float
        Share of (positive, negative) pairs in which the positive is higher; ties count half.
    p_value : float
        Two-sided: twice the smaller share of the arrangements whose AUC is at least as large, or
        at least as small; at most 1.
    smallest_p : float
        The smallest p that these values and clusters could have given, whatever the labels.
    n_arrangements : int
        Arrangements looked at.
    exact : bool
        Whether that was all of them; otherwise a seeded sample, the observed one added.
    """

    auc: float
    p_value: float
    smallest_p: float
    n_arrangements: int
    exact: bool


def permutation_test(
    values, positive, cluster, *, most_arrangements: int = 20_000, seed: int = 20261121
) -> PermutationTest:
    """Test whether positive units have other values than negative ones, permuting clusters.

    Units of one cluster are not exchangeable with those of another, so the labels of a whole
    cluster move together, among clusters with the same number of units: the first unit's label
    to the first unit, and so on, so give the units of every cluster in the same order (products
    by name, for instance).

    Parameters
    ----------
    values : array_like, shape (n_units,)
        For instance the Net Promoter Score of a school and product.
    positive : array_like of bool or 0/1, shape (n_units,)
        For instance whether the school continues with it.
    cluster : array_like, shape (n_units,)
        For instance the school.
    most_arrangements : int
        Up to this number all arrangements are looked at; beyond, a sample of this size.
    seed : int
        Of the sample.

    Returns
    -------
    PermutationTest

    Raises
    ------
    DesignError
        A missing or infinite value, fewer than two clusters, or all units with the same label.

    Notes
    -----
    The p of a sample is (b + 1)/(m + 1) in each tail, doubled, which keeps its level.

    References
    ----------
    Good (2005), Permutation, Parametric and Bootstrap Tests of Hypotheses, 3rd ed.; Phipson and
    Smyth (2010), Statistical Applications in Genetics and Molecular Biology 9, art. 39.
    """
    most_arrangements = known_count(most_arrangements, "most_arrangements")
    seed = known_seed(seed)
    values = known_values(values, "A permutation test needs a known value for every unit")
    positive = known_labels(positive, len(values), "The group")
    codes, names = known_groups(cluster, len(values), "The cluster")
    if len(names) < 2 or positive.all() or not positive.any():
        raise DesignError(
            "A permutation test needs two or more clusters, and units with either label."
        )
    ranks = stats.rankdata(values)
    strata = _strata(ranks, positive, codes)
    exact = prod(count_orders(labels) for labels, _ in strata) <= most_arrangements
    if exact:
        sums = reduce(
            lambda sums, stratum: np.add.outer(sums, stratum).ravel(),
            (_rank_sums(distinct_orders(labels), table) for labels, table in strata),
        )
    else:
        sums = sum(_sampled(strata, most_arrangements, seed))
        sums = np.append(sums, ranks[positive].sum())
    return _result(sums, ranks[positive].sum(), positive, exact)


def _result(sums: np.ndarray, observed: float, positive: np.ndarray, exact) -> PermutationTest:
    n_p, n_n = int(positive.sum()), int((~positive).sum())
    # sums of ranks are multiples of one half
    larger, smaller = (sums > observed - 0.25).mean(), (sums < observed + 0.25).mean()
    ends = (sums > sums.max() - 0.25).mean(), (sums < sums.min() + 0.25).mean()
    return PermutationTest(
        float((observed - n_p * (n_p + 1) / 2) / (n_p * n_n)),
        float(min(1.0, 2 * min(larger, smaller))),
        float(min(1.0, 2 * min(ends))),
        len(sums),
        exact,
    )


def _strata(ranks, positive, codes) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return, for clusters of one size, each one's pattern of labels and what each would give.

    The table holds, for each cluster and pattern, the sum of the ranks that would be positive.
    """
    sizes = np.bincount(codes)
    strata = []
    for size in np.unique(sizes):
        units = np.stack([np.flatnonzero(codes == c) for c in np.flatnonzero(sizes == size)])
        patterns, labels = np.unique(positive[units], axis=0, return_inverse=True)
        strata.append((labels, ranks[units] @ patterns.T))
    return strata


def _rank_sums(orders: np.ndarray, table: np.ndarray) -> np.ndarray:
    return table[np.arange(len(table)), orders].sum(axis=1)


def _sampled(strata, draws: int, seed: int):
    """Yield each stratum's sums under a sample of orders, with a seed for each stratum."""
    seeds = np.random.SeedSequence(seed).spawn(len(strata))
    for (labels, table), own in zip(strata, seeds, strict=True):
        whole = [np.arange(len(labels))]
        pieces = sampled_arrangements(labels, whole, draws, own)
        yield np.concatenate([_rank_sums(piece, table) for piece in pieces])
