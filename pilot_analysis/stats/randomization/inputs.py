"""Values, labels and groups as a test needs them: all known, one for each unit."""

from collections.abc import Hashable
from numbers import Integral, Real

import numpy as np
import pandas as pd

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.effects.inputs import float_array
from pilot_analysis.stats.grouping import encode_groups

__all__ = ["known_count", "known_groups", "known_labels", "known_seed", "known_values"]

_LARGEST = 1e100  # of which squares and their sums are still numbers


def known_values(values, what: str) -> np.ndarray:
    """Return `values` as floats, or refuse what is missing, infinite or no number.

    Parameters
    ----------
    values : array_like, shape (n,)
    what : str
        What they are, as the sentence of the error begins.

    Returns
    -------
    numpy.ndarray of float, shape (n,)

    Raises
    ------
    DesignError
        More than one dimension; a value that is missing, infinite, too large or no number.
    """
    array = float_array(values if hasattr(values, "__len__") else _listed(values), what)
    if array.ndim != 1:
        raise DesignError(f"{what}: one row of numbers is needed, one for each unit.")
    unknown = int((~np.isfinite(array)).sum())
    if unknown:
        raise DesignError(
            f"{what}: {unknown} of {len(array)} values are missing or infinite. Leave those units "
            "out and say so."
        )
    if np.abs(array).max(initial=0.0) > _LARGEST:
        raise DesignError(f"{what}: the values are too large to compute with; change their unit.")
    return array


def known_labels(labels, n: int, what: str) -> np.ndarray:
    """Return `labels` as booleans, or refuse what is neither True nor False, 1 nor 0.

    Parameters
    ----------
    labels : array_like of bool or 0/1, shape (n,)
    n : int
        Number of units.
    what : str
        What they are, as the sentence of the error begins.

    Returns
    -------
    numpy.ndarray of bool, shape (n,)

    Raises
    ------
    DesignError
        A missing label, another label, or not one for every unit.
    """
    given = _listed(labels)
    if len(given) != n or not all(_is_label(label) for label in given):
        raise DesignError(
            f"{what} must be True or False (or 1 or 0) for each of the {n} units; compare the "
            'labels first, for instance arm == "treatment".'
        )
    return np.array(given, dtype=bool)


def known_groups(groups, n: int, what: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the code of each unit's group, groups in the order of their names.

    Parameters
    ----------
    groups : array_like, shape (n,)
    n : int
        Number of units.
    what : str
        What they are, as the sentence of the error begins.

    Returns
    -------
    codes : numpy.ndarray of int, shape (n,)
    names : numpy.ndarray, shape (number of groups,)

    Raises
    ------
    DesignError
        A missing group, a group that is no name or number, or not one for every unit.
    """
    given = _listed(groups)
    if not all(isinstance(group, Hashable) for group in given):
        raise DesignError(f"{what} must be one name or number for each unit, not a list of them.")
    series = pd.Series(given, dtype=object)
    if len(series) != n or series.isna().any():
        raise DesignError(
            f"{what}: each of the {n} units needs one; {len(series)} were given, "
            f"{int(series.isna().sum())} of them missing."
        )
    return encode_groups(series)


def known_count(count, what: str) -> int:
    """Return `count` if it is a whole number above 0, else raise `DesignError`."""
    if isinstance(count, bool) or not isinstance(count, Integral) or count < 1:
        raise DesignError(f"{what} must be a whole number above 0; got {count!r}.")
    return int(count)


def known_seed(seed) -> int:
    """Return `seed` if it is a whole number, 0 or more, else raise `DesignError`."""
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise DesignError(f"seed must be a whole number, 0 or more; got {seed!r}.")
    return int(seed)


def _listed(values) -> list:
    """Return the members of any list, column or range; a text or a number is none."""
    return list(values) if np.iterable(values) and not isinstance(values, str) else [values]


def _is_label(label) -> bool:
    return isinstance(label, Real | np.bool_) and label in (0, 1)
