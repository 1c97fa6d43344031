"""Checks of the values of clusters before a mean is taken of them."""

import numpy as np
import pandas as pd

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.effects.inputs import float_array
from pilot_analysis.stats.grouping import encode_groups

__all__ = ["cluster_codes", "complete_values", "pairs_by_cluster"]

_LARGEST = 1e100  # of which squares and their sums are still numbers


def complete_values(y, name: str) -> np.ndarray:
    """Return values as floats, shape (n,); `DesignError` for missing or infinite ones."""
    y = float_array(y, name)
    if y.ndim != 1:
        raise DesignError(
            f"{name}: the values must be one column, not an array of shape {y.shape}."
        )
    if np.isnan(y).any():
        raise DesignError(
            f"{name}: {int(np.isnan(y).sum())} of {len(y)} values are missing. Leave them out and "
            "say so, or fill them in, before taking a mean."
        )
    if np.isinf(y).any():
        raise DesignError(f"{name}: {int(np.isinf(y).sum())} of {len(y)} values are infinite.")
    _require_squares(y, name)
    return y


def _require_squares(values: np.ndarray, name: str) -> None:
    if np.abs(values).max(initial=0.0) > _LARGEST:
        raise DesignError(f"{name}: the values are too large to compute with; change their unit.")


def cluster_codes(cluster, n: int, name: str) -> tuple[np.ndarray, int]:
    """Return the position of each value's cluster, shape (n,), and the number of clusters.

    Raises
    ------
    DesignError
        Not a label for each of the `n` values.
    """
    values = np.asarray(cluster, dtype=object)
    if values.ndim != 1:
        raise DesignError(f"{name}: cluster must be one column, a label for each value.")
    values = pd.Series(values)
    if len(values) != n:
        raise DesignError(
            f"{name}: {n} values but {len(values)} clusters; give one for each value."
        )
    missing = int(values.isna().sum())
    if missing:
        raise DesignError(f"{name}: {missing} of {n} values have no cluster.")
    codes, labels = encode_groups(values)
    return codes, len(labels)


def pairs_by_cluster(name: str, totals, sizes) -> tuple[np.ndarray, np.ndarray]:
    """Return totals and sizes of clusters as floats, shape (G,) each.

    Raises
    ------
    DesignError
        Arrays of different length, missing or infinite totals, or sizes below zero.
    """
    totals, sizes = float_array(totals, f"{name}: totals"), float_array(sizes, f"{name}: sizes")
    if totals.ndim != 1 or totals.shape != sizes.shape:
        raise DesignError(
            f"{name}: {totals.size} totals but {sizes.size} sizes; give a pair for each cluster."
        )
    if not (np.isfinite(totals).all() and np.isfinite(sizes).all() and (sizes >= 0).all()):
        raise DesignError(
            f"{name}: totals must be finite, and sizes finite and not below zero. Leave out "
            "clusters that are not known."
        )
    _require_squares(np.append(totals, sizes), name)
    return totals, sizes
