"""Exact distributions of rank sums, with ties, by convolution over whole numbers."""

import numpy as np

__all__ = ["rank_sum_cost", "rank_sum_distribution", "signed_rank_distribution", "whole_ranks"]


def whole_ranks(ranks: np.ndarray) -> tuple[np.ndarray, int]:
    """Return mid-ranks as whole numbers, and by how much they were multiplied (1 or 2)."""
    scale = 1 if (ranks == np.floor(ranks)).all() else 2
    return np.rint(ranks * scale).astype(int), scale


def signed_rank_distribution(whole: np.ndarray) -> np.ndarray:
    """Probability of each sum of the positive ranks when every sign is a fair coin.

    Parameters
    ----------
    whole : numpy.ndarray of int, shape (n,)
        Ranks as whole numbers.

    Returns
    -------
    numpy.ndarray, shape (whole.sum() + 1,)
        Of the sums 0, 1, 2, ...

    References
    ----------
    Streitberg and Roehmel (1986), Statistical Software Newsletter 12: 10-17 (shift algorithm).
    """
    probabilities = np.zeros(int(whole.sum()) + 1)
    probabilities[0] = 1.0
    reached = 0
    for rank in whole:
        reached += rank
        shifted = probabilities[: reached + 1].copy()
        shifted[rank:] += probabilities[: reached + 1 - rank]
        probabilities[: reached + 1] = shifted / 2
    return probabilities


def rank_sum_distribution(whole: np.ndarray, n_first: int) -> np.ndarray:
    """Probability of each rank sum of `n_first` units drawn without replacement.

    Parameters
    ----------
    whole : numpy.ndarray of int, shape (n,)
        Ranks as whole numbers.
    n_first : int

    Returns
    -------
    numpy.ndarray, shape (largest possible sum + 1,)
        Of the sums 0, 1, 2, ... to the largest possible.

    References
    ----------
    Streitberg and Roehmel (1986), as above.
    """
    whole = np.sort(whole)
    n_others = len(whole) - n_first
    if n_first > n_others:  # what the other units leave of the total
        others = rank_sum_distribution(whole, n_others)[int(whole[:n_others].sum()) :]
        return np.concatenate([np.zeros(int(whole[:n_first].sum())), others[::-1]])
    largest = int(whole[len(whole) - n_first :].sum())
    # row k: k units drawn so far; each unit is drawn or not
    ways = np.zeros((n_first + 1, largest + 1))
    ways[0, 0] = 1.0
    for rank in whole:
        ways[1:, rank:] += ways[:-1, : largest + 1 - rank]
    return ways[-1] / ways[-1].sum()


def rank_sum_cost(n: int, n_first: int) -> int:
    """Return how many additions `rank_sum_distribution` needs at most."""
    return n * min(n_first, n - n_first) * n * (n + 1)
