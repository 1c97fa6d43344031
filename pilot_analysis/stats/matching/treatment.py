"""Who is treated: one column of the data, read as yes or no."""

import numpy as np
import pandas as pd

from pilot_analysis.errors import DesignError

__all__ = ["require_unique_index", "treated_column"]


def treated_column(data: pd.DataFrame, treated: str) -> pd.Series:
    """Read a column as treated (True) or comparison (False).

    Parameters
    ----------
    data : pandas.DataFrame
    treated : str
        Column of booleans, of 0 and 1, or a Categorical with two used categories of which the
        first is the comparison.

    Returns
    -------
    pandas.Series of bool, index of `data`

    Raises
    ------
    DesignError
        The column is not there, misses values, holds anything else, or only one of the two.
    """
    require_unique_index(data)
    if treated not in data.columns:
        raise DesignError(
            f"There is no column {treated!r} in the data; it has "
            f"{', '.join(map(str, data.columns))}."
        )
    values = data[treated]
    if values.isna().any():
        raise DesignError(
            f"Column {treated!r} is empty in {int(values.isna().sum())} of {len(values)} rows. "
            "Leave out those whose arm is not known."
        )
    found = _as_bool(values)
    if found is None:
        raise DesignError(
            f"Column {treated!r} must hold True and False, 1 and 0, or a Categorical with two "
            f"categories (the comparison first); it holds {_examples(values)}."
        )
    if found.all() or not found.any():
        side = "comparison" if len(found) and found.all() else "treated"
        raise DesignError(f"Column {treated!r}: there is no {side} unit, so nothing to compare.")
    return found


def require_unique_index(data: pd.DataFrame) -> None:
    """Refuse data whose rows cannot be named by their index."""
    if not data.index.is_unique:
        raise DesignError(
            "The index of the data names some rows twice, so matches could not be told apart. "
            "Use data.reset_index(drop=True), or a column of ids as the index."
        )


def _as_bool(values: pd.Series) -> pd.Series | None:
    if isinstance(values.dtype, pd.CategoricalDtype):
        used = values.cat.remove_unused_categories().cat.categories
        return values == used[-1] if len(used) == 2 else None
    if pd.api.types.is_bool_dtype(values):
        return values.astype(bool)
    if pd.api.types.is_numeric_dtype(values) and np.isin(values.to_numpy(float), (0, 1)).all():
        return values.astype(bool)
    return None


def _examples(values: pd.Series) -> str:
    return ", ".join(repr(v) for v in values.drop_duplicates().head(3).tolist())
