"""The rows of a clustered regression: complete, coded, and refused where they cannot answer."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.formula import Design, design_matrix
from pilot_analysis.stats.grouping import encode_groups, sum_by

__all__ = ["ClusteredRows", "read_rows"]

_SMALLEST, _LARGEST = 1e-100, 1e100  # of which squares and their sums are still numbers
_RANGE = 1e10  # beyond it, what the other rows say drowns in the rounding of the heaviest


@dataclass(frozen=True, slots=True)
class ClusteredRows:
    """A design with the cluster of each row, and its weight or its absorbed group.

    Attributes
    ----------
    design : Design
        n complete rows, p terms.
    cluster : numpy.ndarray of int, shape (n,)
        0 to n_clusters - 1.
    n_clusters : int
    weights : numpy.ndarray, shape (n,), or None
        With mean 1.
    absorbed : numpy.ndarray of int, shape (n,), or None
    n_parameters : int
        Terms and absorbed groups.
    """

    design: Design
    cluster: np.ndarray
    n_clusters: int
    weights: np.ndarray | None
    absorbed: np.ndarray | None
    n_parameters: int


def read_rows(
    formula: str,
    data: pd.DataFrame,
    *,
    cluster: str,
    weights: str | None = None,
    absorb: str | None = None,
    other_columns: Iterable[str] = (),
) -> ClusteredRows:
    """Read the complete rows of a clustered regression.

    Parameters
    ----------
    formula, data, cluster, weights, absorb
        As in `ols_cluster_robust`.
    other_columns : iterable of str
        Columns that a row must have as well.

    Raises
    ------
    DesignError
        What `design_matrix` refuses; fewer than two clusters; one cluster in an arm; weights that
        are not positive numbers or ten billion times another; an outcome too large or too small
        to be squared; no more rows than terms and absorbed groups.
    """
    others = [cluster, *([weights] if weights else []), *other_columns]
    design = design_matrix(formula, data, other_columns=others, absorb=absorb)
    codes, levels = encode_groups(_kept(data, cluster, design))
    _require_clusters(design, codes, len(levels), cluster)
    row_weights = _row_weights(_kept(data, weights, design), weights) if weights else None
    _require_squares(design, formula)
    groups, n_parameters = None, design.X.shape[1]
    if absorb:
        groups, blocks = encode_groups(_kept(data, absorb, design))
        n_parameters += len(blocks)
        if n_parameters >= len(design.y):
            raise DesignError(
                f"{formula}: {len(design.y)} complete rows cannot carry {design.X.shape[1]} terms "
                f"and {len(blocks)} fixed effects ({absorb}). Absorb fewer groups."
            )
    return ClusteredRows(design, codes, len(levels), row_weights, groups, n_parameters)


def _kept(data: pd.DataFrame, column: str, design: Design) -> pd.Series:
    return data[column].iloc[design.kept_rows]


def _require_squares(design: Design, formula: str) -> None:
    size = np.abs(design.y[design.y != 0])
    if (size > _LARGEST).any() or ((size < _SMALLEST).all() and len(size)):
        raise DesignError(
            f"{formula}: the outcome is too large or too small to compute with. Change its unit."
        )


def _row_weights(values: pd.Series, name: str) -> np.ndarray:
    if not (pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values)):
        raise DesignError(f"Column {name!r}: weights must be numbers, not text or categories.")
    numbers = values.to_numpy(dtype=float)
    if not (np.isfinite(numbers).all() and (numbers > 0).all()):
        wrong = int((~(np.isfinite(numbers) & (numbers > 0))).sum())
        raise DesignError(
            f"Column {name!r}: weights must be positive and finite; {wrong} of {len(numbers)} are "
            "not. Leave out rows without weight."
        )
    if numbers.max() > _RANGE * numbers.min():
        raise DesignError(
            f"Column {name!r}: the largest weight is more than {_RANGE:,.0f} times the smallest. "
            "Check the smallest: a row of no weight is to be left out."
        )
    numbers = numbers / numbers.max()
    return numbers / numbers.mean()


def _require_clusters(design: Design, codes: np.ndarray, n_clusters: int, cluster: str) -> None:
    if n_clusters < 2:
        raise DesignError(
            f"Column {cluster!r} holds {n_clusters} cluster; a standard error needs two or more, "
            "and two or more in every arm."
        )
    for term, columns in _indicators(design).items():
        share = sum_by(columns, codes) / np.bincount(codes)[:, None]
        if not np.isin(share, (0.0, 1.0)).all():
            continue  # varies within clusters, so single clusters can be compared
        counts, rest = share.sum(axis=0), int((share.sum(axis=1) == 0).sum())
        if rest or len(counts) == 1:  # without an intercept no level is left for the rest
            counts = np.append(counts, rest)
        one_each = len(counts) > 2 and (counts == 1).all()  # fixed effects of the clusters
        if counts.min() < 2 and not one_each:
            raise DesignError(
                f"{term}: one side of the comparison has a single cluster (column {cluster!r}), so "
                "the difference cannot be told from that cluster's own. Two or more are needed. "
                f"If {term} is a block and not an arm, absorb it."
            )


def _indicators(design: Design) -> dict[str, np.ndarray]:
    """Columns of zeros and ones, those of one categorical together."""
    found: dict[str, list[int]] = {}
    for j, name in enumerate(design.names):
        column = design.X[:, j]
        if ":" not in name and ((column == 0) | (column == 1)).all() and np.ptp(column):
            found.setdefault(name.split("[")[0], []).append(j)
    return {term: design.X[:, at] for term, at in found.items()}
