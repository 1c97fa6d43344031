"""Covariates as numbers: one column each, or one for every level of a category."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pilot_analysis.errors import DesignError

__all__ = ["Column", "numeric_columns"]


@dataclass(frozen=True, slots=True)
class Column:
    """One covariate, or one level of it.

    Attributes
    ----------
    covariate : str
    level : str or None
        None for a number.
    numbers : numpy.ndarray, shape (n,)
        NaN where missing.
    is_binary : bool
        Nothing but 0 and 1.
    """

    covariate: str
    level: str | None
    numbers: np.ndarray
    is_binary: bool


def numeric_columns(data: pd.DataFrame, covariates: list[str]) -> list[Column]:
    """Write numbers and yes/no as they are, text and categories as one indicator per level.

    Raises
    ------
    DesignError
        Infinite values, or a column without any value.
    """
    found = []
    for name in covariates:
        values = data[name]
        if values.isna().all():
            raise DesignError(f"Column {name!r} is empty. Leave it out.")
        found += _indicators(name, values) if _is_category(values) else [_number(name, values)]
    return found


def _is_category(values: pd.Series) -> bool:
    if isinstance(values.dtype, pd.CategoricalDtype):
        return True
    return not (pd.api.types.is_bool_dtype(values) or pd.api.types.is_numeric_dtype(values))


def _indicators(name: str, values: pd.Series) -> list[Column]:
    if isinstance(values.dtype, pd.CategoricalDtype):
        levels = list(values.cat.remove_unused_categories().cat.categories)
    else:
        levels = sorted(values.dropna().unique(), key=str)
    empty = values.isna().to_numpy()
    return [
        Column(name, str(level), np.where(empty, np.nan, values.eq(level).fillna(False)), True)
        for level in levels
    ]


def _number(name: str, values: pd.Series) -> Column:
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    if np.isinf(numbers).any():
        raise DesignError(
            f"Column {name!r} holds infinite values in {int(np.isinf(numbers).sum())} rows. "
            "Mend or leave out these rows."
        )
    known = numbers[~np.isnan(numbers)]
    return Column(name, None, numbers, bool(np.isin(known, (0.0, 1.0)).all()))
