"""What matching and weighting give: a weight for every unit, and why some have none."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from pilot_analysis.errors import DesignError

__all__ = ["Estimand", "WeightedSample", "check_columns", "complete_rows", "make_sample"]

Estimand = Literal["att", "ate"]
_FEW = 10.0  # effective units in an arm
_NEW = ("match_weight", "match_set")


@dataclass(frozen=True, slots=True)
class WeightedSample:
    """Units with the weights that make the arms comparable.

    Attributes
    ----------
    method : str
        A key of ``docs/methods.md``.
    estimand : {"att", "ate"}
        Effect on the treated, or on all units.
    treated : pandas.Series of bool, shape (n,), index of the data
    weights : pandas.Series of float, shape (n,), index of the data
        0 for units left out. Only ratios within an arm matter.
    sets : pandas.Series of Int64, shape (n,), index of the data
        Matched set (pair, or stratum) of each unit, missing where there is none. Units that share
        a reused comparison unit are one set: cluster on sets when whole clusters were not
        assigned.
    pairs : pandas.DataFrame
        One row per match: treated, comparison (labels of the index), distance; empty for strata
        and weights.
    dropped : pandas.DataFrame, index labels of the units left out
        arm ("treated" or "comparison") and reason (a sentence).
    sizes : pandas.DataFrame, index "treated" and "comparison"
        all, used, and effective: Kish's (sum of weights)^2 / sum of squared weights.
    flags : tuple of str
        "few effective ... units" where an arm carries less than ten.
    """

    method: str
    estimand: Estimand
    treated: pd.Series
    weights: pd.Series
    sets: pd.Series
    pairs: pd.DataFrame
    dropped: pd.DataFrame
    sizes: pd.DataFrame
    flags: tuple[str, ...] = ()

    def analysis_frame(self, data: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of `data` that are used, with columns match_weight and match_set.

        Raises
        ------
        DesignError
            Data with another index, or that already have these columns.
        """
        if not data.index.equals(self.weights.index):
            raise DesignError("These are not the rows that were matched; pass the same data.")
        taken = [name for name in _NEW if name in data.columns]
        if taken:
            raise DesignError(f"The data already have a column {taken[0]!r}. Rename it first.")
        made = data.assign(match_weight=self.weights, match_set=self.sets)
        return made[self.weights > 0]


def make_sample(
    method: str,
    estimand: Estimand,
    treated: pd.Series,
    weights: np.ndarray,
    reasons: np.ndarray,
    *,
    sets: np.ndarray | None = None,
    pairs: pd.DataFrame | None = None,
) -> WeightedSample:
    """Put a sample together from its parts.

    Parameters
    ----------
    treated : pandas.Series of bool, shape (n,)
    weights : numpy.ndarray, shape (n,)
    reasons : numpy.ndarray of str, shape (n,)
        Why a unit of weight 0 is left out.
    sets : numpy.ndarray of int, shape (n,), optional
        -1 where there is none.
    """
    index, out = treated.index, weights == 0
    arm = np.where(treated, "treated", "comparison")
    found = np.full(len(index), -1) if sets is None else sets
    empty = pd.DataFrame({"treated": [], "comparison": [], "distance": []})
    sizes = _sizes(treated.to_numpy(), weights)
    return WeightedSample(
        method,
        estimand,
        treated,
        pd.Series(weights, index=index, name="weight"),
        pd.Series(found, index=index, name="set", dtype="Int64").mask(found < 0),
        empty if pairs is None else pairs,
        pd.DataFrame({"arm": arm[out], "reason": reasons[out]}, index=index[out]),
        sizes,
        _flags(sizes),
    )


def _sizes(treated: np.ndarray, weights: np.ndarray) -> pd.DataFrame:
    rows = {}
    for name, side in (("treated", treated), ("comparison", ~treated)):
        w = weights[side]
        rows[name] = {
            "all": len(w),
            "used": int((w > 0).sum()),
            "effective": w.sum() ** 2 / (w @ w) if w.any() else 0.0,
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def _flags(sizes: pd.DataFrame) -> tuple[str, ...]:
    return tuple(
        f"few effective {arm} units ({value:.1f})"
        for arm, value in sizes["effective"].items()
        if value < _FEW
    )


def check_columns(data: pd.DataFrame, columns, what: str) -> list[str]:
    """Return `columns` as a list; refuse a single string, repeats, and what is not in the data."""
    if isinstance(columns, str):
        raise DesignError(f"{what} must be a list of columns; write [{columns!r}].")
    columns = list(columns)
    for name in columns:
        if name not in data.columns:
            raise DesignError(
                f"There is no column {name!r} in the data; it has "
                f"{', '.join(map(str, data.columns))}."
            )
    if len(set(columns)) < len(columns):
        raise DesignError(f"{what} names a column twice: {', '.join(columns)}.")
    return columns


def complete_rows(parts: dict[str, pd.Series]) -> tuple[np.ndarray, np.ndarray]:
    """Find the rows with a value everywhere, and say of the others what they miss.

    Returns
    -------
    complete : numpy.ndarray of bool, shape (n,)
    reasons : numpy.ndarray of str, shape (n,)
        "" where complete.
    """
    missing = np.column_stack([values.isna().to_numpy() for values in parts.values()])
    complete = ~missing.any(axis=1)
    reasons = np.full(len(missing), "", dtype=object)
    for row in np.flatnonzero(~complete).tolist():
        names = [name for name, gone in zip(parts, missing[row], strict=True) if gone]
        reasons[row] = f"No value in: {', '.join(names)}."
    return complete, reasons
