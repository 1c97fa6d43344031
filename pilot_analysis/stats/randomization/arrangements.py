"""All the ways in which labels could have fallen, or a seeded sample of them."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from math import factorial, prod

import numpy as np

__all__ = ["all_arrangements", "count_orders", "distinct_orders", "sampled_arrangements"]

_ENTRIES_AT_ONCE = 4_000_000  # rows x columns of one piece, so that memory stays small


def count_orders(labels: np.ndarray) -> int:
    """Return the number of distinct orders of `labels`: k! over the factorials of the repeats."""
    repeats = np.unique(labels, return_counts=True)[1]
    return factorial(len(labels)) // prod(factorial(int(r)) for r in repeats)


def distinct_orders(labels: np.ndarray) -> np.ndarray:
    """Return every distinct order of `labels` once.

    Parameters
    ----------
    labels : numpy.ndarray of int, shape (k,)

    Returns
    -------
    numpy.ndarray of int, shape (count_orders(labels), k)
    """
    kinds, repeats = np.unique(labels, return_counts=True)
    # the commonest label fills what the others leave free
    by_number = np.argsort(repeats, kind="stable")
    orders = np.full((1, len(labels)), kinds[by_number[-1]])
    free = np.arange(len(labels))[None]
    for kind, number in zip(kinds[by_number[:-1]], repeats[by_number[:-1]], strict=True):
        left = free.shape[1]
        chosen = np.array(list(combinations(range(left), number)))
        rest = np.ones((len(chosen), left), dtype=bool)
        np.put_along_axis(rest, chosen, False, axis=1)
        places = free[:, chosen].reshape(-1, number)
        orders = np.repeat(orders, len(chosen), axis=0)
        np.put_along_axis(orders, places, kind, axis=1)
        free = free[:, rest.nonzero()[1].reshape(len(chosen), -1)].reshape(len(places), -1)
    return orders


def all_arrangements(labels: np.ndarray, strata: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield every arrangement of `labels` within `strata`, in pieces.

    Parameters
    ----------
    labels : numpy.ndarray of int, shape (k,)
    strata : sequence of numpy.ndarray of int
        Positions of each stratum; together they hold each position once.

    Yields
    ------
    numpy.ndarray of int, shape (rows, k)
    """
    orders = [distinct_orders(labels[places]) for places in strata]
    numbers = [len(o) for o in orders]
    total, step = prod(numbers), max(1, _ENTRIES_AT_ONCE // len(labels))
    for start in range(0, total, step):
        rows = np.arange(start, min(start + step, total))
        piece = np.empty((len(rows), len(labels)), dtype=labels.dtype)
        for places, order, at in zip(strata, orders, np.unravel_index(rows, numbers), strict=True):
            piece[:, places] = order[at]
        yield piece


def sampled_arrangements(
    labels: np.ndarray, strata: Sequence[np.ndarray], draws: int, seed: int | np.random.SeedSequence
) -> Iterator[np.ndarray]:
    """Yield `draws` arrangements of `labels` within `strata`, each as likely, in pieces.

    Parameters
    ----------
    labels : numpy.ndarray of int, shape (k,)
    strata : sequence of numpy.ndarray of int
        Positions of each stratum; together they hold each position once.
    draws : int
    seed : int or numpy.random.SeedSequence

    Yields
    ------
    numpy.ndarray of int, shape (rows, k)
    """
    rng = np.random.default_rng(seed)
    step = max(1, _ENTRIES_AT_ONCE // len(labels))
    for start in range(0, draws, step):
        piece = np.empty((min(step, draws - start), len(labels)), dtype=labels.dtype)
        for places in strata:
            order = rng.random((len(piece), len(places))).argsort(axis=1)
            piece[:, places] = labels[places][order]
        yield piece
