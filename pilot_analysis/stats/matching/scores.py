"""Propensity scores as a caller passes them: aligned with the data or refused."""

import numpy as np
import pandas as pd

from pilot_analysis.errors import DesignError

__all__ = ["pooled_sd", "scores_series"]


def scores_series(scores, data: pd.DataFrame) -> pd.Series:
    """Return the scores as floats on the index of `data`.

    Raises
    ------
    DesignError
        Another length, a Series with another index, or infinite scores.
    """
    if isinstance(scores, pd.Series) and not scores.index.equals(data.index):
        raise DesignError("The scores have another index than the data; they are of other rows.")
    numbers = pd.to_numeric(pd.Series(scores), errors="raise").to_numpy(float, na_value=np.nan)
    if len(numbers) != len(data):
        raise DesignError(f"{len(numbers)} scores for {len(data)} rows; give one for each row.")
    if np.isinf(numbers).any():
        raise DesignError("Some scores are infinite. Mend them or leave out these rows.")
    return pd.Series(numbers, index=data.index)


def pooled_sd(values: np.ndarray, treated: np.ndarray) -> float:
    """Root of the mean of the two arms' variances (Rosenbaum and Rubin 1985); NaN ignored.

    An arm with a single value has no variance; the other's is then taken.
    """
    sides = [values[side & ~np.isnan(values)] for side in (treated, ~treated)]
    variances = [np.var(side, ddof=1) for side in sides if len(side) > 1]
    return float(np.sqrt(np.mean(variances))) if variances else 0.0
