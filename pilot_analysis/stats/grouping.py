"""Sums and means within groups of rows: what clustered models are made of."""

import numpy as np
import pandas as pd

from pilot_analysis.errors import DesignError

__all__ = ["encode_groups", "encode_pairs", "sum_by", "within"]


def encode_groups(values: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Give every group a code in sorted order, so that the order of rows changes nothing.

    Parameters
    ----------
    values : pandas.Series, shape (n,)
        Group of each row, without missing values.

    Returns
    -------
    codes : numpy.ndarray of int, shape (n,)
    levels : numpy.ndarray, shape (number of groups,)

    Raises
    ------
    DesignError
        A missing label.
    """
    # Only the few different labels become objects and are sorted, not every row.
    codes, seen = pd.factorize(values)
    if (codes < 0).any():
        raise DesignError("A row has no group: leave it out, or give it one.")
    ranks, levels = pd.factorize(pd.Index(seen).astype(object), sort=True)
    return ranks[codes], np.asarray(levels)


def within(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Subtract from each column its mean within groups.

    Parameters
    ----------
    values : numpy.ndarray, shape (n, k)
    codes : numpy.ndarray of int, shape (n,)

    Returns
    -------
    numpy.ndarray, shape (n, k)
    """
    return values - (sum_by(values, codes) / np.bincount(codes)[:, None])[codes]


def sum_by(values: np.ndarray, codes: np.ndarray, size: int | None = None) -> np.ndarray:
    """Sum each column within groups.

    Parameters
    ----------
    values : numpy.ndarray, shape (n, k)
    codes : numpy.ndarray of int, shape (n,)
        Group of each row, 0 to size - 1.
    size : int, optional
        Number of groups; default: the largest code + 1.

    Returns
    -------
    numpy.ndarray, shape (size, k)
    """
    size = int(codes.max()) + 1 if size is None else size
    return np.stack([np.bincount(codes, column, size) for column in values.T], axis=1)


def encode_pairs(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give every pair of codes that occurs a code of its own, sorted.

    Parameters
    ----------
    first, second : numpy.ndarray of int, shape (n,)

    Returns
    -------
    codes : numpy.ndarray of int, shape (n,)
    pairs : numpy.ndarray of int, shape (number of pairs, 2)
    """
    width = int(second.max()) + 1
    codes, joined = pd.factorize(first * width + second, sort=True)
    return codes, np.stack(np.divmod(joined, width), axis=1)
