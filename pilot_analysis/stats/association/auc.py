"""Two groups compared by rank, with whole clusters permuted; and shares (see `shares`)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import factorial, prod

import numpy as np
from scipy import stats
from scipy.optimize import brentq

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.association.shares import cluster_proportion, members_of, proportion
from pilot_analysis.stats.estimate import Estimate, check_conf_level

__all__ = [
    "FEWEST_A_SIDE",
    "PermutationTest",
    "auc",
    "cluster_proportion",
    "permutation_test",
    "proportion",
]

# with one or two units a side no interval for the AUC keeps its promise
FEWEST_A_SIDE = 3


@dataclass(frozen=True, slots=True)
class PermutationTest:
    """A rank test in which whole clusters change places.

    Attributes
    ----------
    auc : float
        Share of (positive, negative) pairs in which the positive is higher; ties count half.
    p_value : float
        Two-sided: share of the arrangements whose AUC is at least as far from one half.
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


def auc(positives, negatives, *, conf_level: float = 0.95) -> Estimate:
    """Probability that a positive unit is above a negative one (area under the ROC curve).

    Parameters
    ----------
    positives, negatives : array_like, shape (n_p,), (n_n,)
        Values of the two groups; ties count half. Missing values are refused.
    conf_level : float

    Returns
    -------
    Estimate
        unit "proportion", n = n_p + n_n. The interval inverts a score with Hanley and McNeil's
        variance at each value tested (Newcombe's method 5), so that it has width at 0 and 1; it
        takes units as independent. Below three units a side there is none, with the reason. p is
        NaN: the test is `permutation_test`.

    Raises
    ------
    DesignError
        A group without values, or a missing value.

    References
    ----------
    Hanley and McNeil (1982), Radiology 143: 29-36; Newcombe (2006), Statistics in Medicine 25:
    559-573.
    """
    check_conf_level(conf_level)
    groups = [np.asarray(g, dtype=float) for g in (positives, negatives)]
    if any(g.size == 0 or np.isnan(g).any() for g in groups):
        raise DesignError("The AUC needs known values on both sides; one side has none, or a gap.")
    n_p, n_n = (g.size for g in groups)
    ranks = stats.rankdata(np.concatenate(groups))
    area = (ranks[:n_p].sum() - n_p * (n_p + 1) / 2) / (n_p * n_n)
    details = {"n": n_p + n_n, "unit": "proportion", "method": "auc", "conf_level": conf_level}
    if min(n_p, n_n) < FEWEST_A_SIDE:
        reason = f"An interval needs {FEWEST_A_SIDE} or more units on each side."
        return Estimate.undefined("auc", reason, estimate=area, **details)
    z = stats.norm.isf((1 - conf_level) / 2)
    # a swap of the sides turns the area into its complement, and so the limits
    low = 1 - _upper_area(1 - area, n_p, n_n, z)
    high = _upper_area(area, n_p, n_n, z)
    return Estimate.from_interval("auc", area, low, high, **details)


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
    positive : array_like of bool, shape (n_units,)
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
        A missing value, fewer than two clusters, or all units with the same label.

    References
    ----------
    Good (2005), Permutation, Parametric and Bootstrap Tests of Hypotheses, 3rd ed.
    """
    values, positive = np.asarray(values, dtype=float), np.asarray(positive, dtype=bool)
    if np.isnan(values).any():
        raise DesignError("A permutation test needs a known value for every unit.")
    units = members_of(cluster)
    if len(units) < 2 or positive.all() or not positive.any():
        raise DesignError(
            "A permutation test needs two or more clusters, and units with either label."
        )
    strata: dict[int, list[np.ndarray]] = {}
    for members in units:
        strata.setdefault(len(members), []).append(members)
    ranks = stats.rankdata(values)
    parts = [
        (members, [tuple(positive[m].tolist()) for m in members]) for members in strata.values()
    ]
    exact = prod(_count_arrangements(labels) for _, labels in parts) <= most_arrangements
    if exact:
        sums = _all_rank_sums(parts, ranks)
    else:
        sampled = _sampled_rank_sums(parts, ranks, most_arrangements, seed)
        sums = np.append(sampled, ranks[positive].sum())
    n_p, n_n = positive.sum(), (~positive).sum()
    areas = (sums - n_p * (n_p + 1) / 2) / (n_p * n_n)
    area = (ranks[positive].sum() - n_p * (n_p + 1) / 2) / (n_p * n_n)
    distance, observed = np.abs(areas - 0.5), abs(area - 0.5)
    return PermutationTest(
        float(area),
        float((distance >= observed - 1e-9).mean()),
        float((distance >= distance.max() - 1e-9).mean()),
        len(sums),
        exact,
    )


def _upper_area(area: float, n_p: int, n_n: int, z: float) -> float:
    """Return the upper limit of an AUC by Newcombe's method 5."""
    if area == 1:
        return 1.0
    spare = (n_p + n_n) / 2 - 1

    def excess(theta: float) -> float:
        inner = 1 + spare * ((1 - theta) / (2 - theta) + theta / (1 + theta))
        return (theta - area) ** 2 - z * z * theta * (1 - theta) * inner / (n_p * n_n)

    return brentq(excess, area + 1e-9 * (1 - area), 1.0, xtol=1e-15, rtol=1e-14)


def _all_rank_sums(parts, ranks: np.ndarray) -> np.ndarray:
    sums = [
        [_rank_sum(members, ranks, arrangement) for arrangement in _arrangements(labels)]
        for members, labels in parts
    ]
    return np.array([sum(combination) for combination in product(*sums)])


def _sampled_rank_sums(parts, ranks: np.ndarray, draws: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)

    def one() -> float:
        return sum(
            _rank_sum(members, ranks, [labels[i] for i in rng.permutation(len(labels))])
            for members, labels in parts
        )

    return np.array([one() for _ in range(draws)])


def _rank_sum(members: list[np.ndarray], ranks: np.ndarray, arrangement) -> float:
    return float(
        sum(ranks[m][list(label)].sum() for m, label in zip(members, arrangement, strict=True))
    )


def _count_arrangements(labels: list[tuple]) -> int:
    return factorial(len(labels)) // prod(factorial(k) for k in Counter(labels).values())


def _arrangements(labels: list[tuple]) -> Iterator[tuple]:
    """Yield each distinct order of `labels` once."""
    counts = Counter(labels)

    def extend(done: tuple) -> Iterator[tuple]:
        if len(done) == len(labels):
            yield done
            return
        for label in sorted(counts):
            if counts[label]:
                counts[label] -= 1
                yield from extend((*done, label))
                counts[label] += 1

    yield from extend(())
