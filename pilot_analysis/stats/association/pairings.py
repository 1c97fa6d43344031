"""Exact distributions of rank correlations under every pairing of the values, with ties."""

from collections.abc import Callable, Iterator
from math import comb, prod

import numpy as np

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.association.rank_sums import rank_sum_distribution
from pilot_analysis.stats.randomization.inputs import known_values

__all__ = [
    "CONSTANT",
    "FEWEST_PAIRS",
    "MOST_STEPS",
    "NO_WIDTH",
    "concordance_distribution",
    "paired_values",
    "pairing_cost",
    "pairing_distribution",
    "varying_pairs",
]

FEWEST_PAIRS = 4
MOST_STEPS = 25_000  # of `pairing_distribution`: about a third of a second
CONSTANT = "A side does not vary, so the two orders cannot be compared."
NO_WIDTH = (
    "The units are too few or too much alike, or their order is perfect, so an interval would "
    "have no width."
)

Gain = Callable[[int, tuple[int, ...], tuple[int, ...]], int]


def paired_values(x, y) -> tuple[np.ndarray, np.ndarray]:
    """Return both sides as floats, or refuse missing values and sides of different length."""
    x, y = known_values(x, "The first side"), known_values(y, "The second side")
    if len(x) != len(y):
        raise DesignError(
            f"Two orders need the same units; got {len(x)} values and {len(y)}. Match them first."
        )
    return x, y


def varying_pairs(x, y) -> tuple[np.ndarray, np.ndarray]:
    """As `paired_values`, and refuse a side that does not vary or has fewer than two units."""
    x, y = paired_values(x, y)
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        raise DesignError(f"{CONSTANT} Two or more units with different values are needed.")
    return x, y


def pairing_distribution(
    rows: list[int], columns: list[int], gain: Gain, lowest: int, highest: int
) -> np.ndarray:
    """Probability of each value of a statistic when the values are paired at random.

    The table of `rows` (sizes of the groups of equal first values) by `columns` (of the second)
    is filled row by row; of the tables so far only the columns' free places and the statistic
    matter (a network algorithm).

    Parameters
    ----------
    rows, columns : list of int
        Sizes of the groups of equal values, in rising order of the values.
    gain : function of (row, filled, used) to int
        What a row adds that is `filled` so, when the rows before it have `used` these places.
    lowest, highest : int
        Bounds of the statistic, and of its sums on the way.

    Returns
    -------
    numpy.ndarray, shape (highest - lowest + 1,)

    References
    ----------
    Mehta and Patel (1983), Journal of the American Statistical Association 78: 427-434.
    """
    start = np.zeros(highest - lowest + 1)
    start[-lowest] = 1.0
    ways = {(0,) * len(columns): start}
    for row, size in enumerate(rows):
        reached: dict[tuple[int, ...], np.ndarray] = {}
        for used, counts in ways.items():
            free = tuple(c - u for c, u in zip(columns, used, strict=True))
            for filled in _fillings(size, free):
                weight = prod(comb(f, k) for f, k in zip(free, filled, strict=True))
                target = tuple(u + k for u, k in zip(used, filled, strict=True))
                added = _moved(counts, gain(row, filled, used)) * weight
                reached[target] = reached[target] + added if target in reached else added
        ways = reached
    counts = ways[tuple(columns)]
    return counts / counts.sum()


def pairing_cost(rows: list[int], columns: list[int]) -> int:
    """Return a bound on the steps of `pairing_distribution`."""
    states = prod(c + 1 for c in columns)
    return states * max(comb(size + len(columns) - 1, len(columns) - 1) for size in rows)


def concordance_distribution(sizes: list[int]) -> np.ndarray:
    """Probability of each number of pairs in order, when equal values are only on one side.

    Parameters
    ----------
    sizes : list of int
        Sizes of the groups of equal values; all 1 where no values are equal.

    Returns
    -------
    numpy.ndarray
        Of 0, 1, 2, ... pairs in order, among the pairs with different values on both sides: the
        groups enter one after another, each with the rank-sum distribution against those before.

    References
    ----------
    Kendall (1970), Rank Correlation Methods, 4th ed., sec. 5; Terpstra (1952), Indagationes
    Mathematicae 14: 327-333.
    """
    chances, n = np.ones(1), 0
    for size in sizes:
        n += size
        # the rank sums of this group among those before it and itself, from the least on
        sums = rank_sum_distribution(np.arange(1, n + 1), size)[size * (size + 1) // 2 :]
        chances = np.convolve(chances, sums)
    return chances


def _moved(counts: np.ndarray, by: int) -> np.ndarray:
    moved = np.zeros_like(counts)
    if by >= 0:
        moved[by:] = counts[: len(counts) - by]
    else:
        moved[:by] = counts[-by:]
    return moved


def _fillings(size: int, free: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Yield every way to put `size` values into the free places of the columns."""
    if len(free) == 1:
        if size <= free[0]:
            yield (size,)
        return
    rest = sum(free[1:])
    for first in range(max(0, size - rest), min(size, free[0]) + 1):
        for others in _fillings(size - first, free[1:]):
            yield (first, *others)
