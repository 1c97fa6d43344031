"""Check the answers to the items of a scale before anything is computed from them."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pilot_analysis.errors import DataError, DesignError
from pilot_analysis.stats.effects.inputs import checked_number, float_array

__all__ = ["check_items", "check_range", "item_bounds"]

_SMALLEST, _LARGEST = 1e-50, 1e50  # squares and fourth powers stay within floating point


def check_items(items: pd.DataFrame, fewest: int) -> pd.DataFrame:
    """Return the answers as floats, respondents x items, missing ones as NaN.

    Raises
    ------
    DesignError
        Fewer than `fewest` items, or two items of one name.
    DataError
        An item with text in it (digits as well), or an answer that is infinite, or too large or
        small to be squared.
    """
    if not isinstance(items, pd.DataFrame):
        raise DesignError(
            f"Items must be a data frame, a column for each item; got {type(items).__name__}."
        )
    if items.shape[1] < fewest:
        raise DesignError(f"This needs {fewest} or more items, got {items.shape[1]}.")
    if not items.columns.is_unique:
        twice = items.columns[items.columns.duplicated()][0]
        raise DesignError(f"Two items are called {twice!r}; each item needs a name of its own.")
    columns = {}
    for name in items.columns:
        try:
            columns[name] = float_array(items[name], f"item {name!r}")
        except DesignError as error:
            raise DataError(
                f"item {name!r}: the answers are not all numbers. Translate the answer labels to "
                "numbers first."
            ) from error
        if np.isinf(columns[name]).any():
            raise DataError(f"item {name!r}: an answer is infinite. Check how it was computed.")
        size = np.abs(columns[name][columns[name] != 0])
        if (size > _LARGEST).any() or (size < _SMALLEST).any():
            raise DataError(f"item {name!r}: an answer is too large or small for a scale.")
    return pd.DataFrame(columns, index=items.index, columns=items.columns)


def item_bounds(bound: Mapping[str, float] | float, columns: pd.Index, which: str) -> pd.Series:
    """Return one end of the answer scale for each item.

    Raises
    ------
    DesignError
        An item without an end, or one that is not a finite number.
    """
    if isinstance(bound, Mapping):
        without = [str(item) for item in columns if item not in bound]
        if without:
            raise DesignError(f"{which} is not given for the items {', '.join(without)}.")
        given = [bound[item] for item in columns]
    else:
        given = [bound] * len(columns)
    ends = [
        checked_number(end, f"{which} of item {item!r}")
        for item, end in zip(columns, given, strict=True)
    ]
    return pd.Series(ends, index=columns, dtype=float)


def check_range(answers: pd.DataFrame, lows: pd.Series, highs: pd.Series) -> None:
    """Refuse answers outside their item's range.

    Raises
    ------
    DesignError
        A range that is empty or has no width.
    DataError
        An answer outside; the message names item and value and counts them all.
    """
    if not (lows < highs).all():
        item = lows.index[~(lows < highs)][0]
        raise DesignError(
            f"item {item!r}: the range {lows[item]:g}-{highs[item]:g} has no width. Give low and "
            "high as they were offered."
        )
    outside = answers.lt(lows) | answers.gt(highs)
    if outside.to_numpy().any():
        item = outside.any().idxmax()
        found = answers.loc[outside[item], item].iloc[0]
        raise DataError(
            f"item {item!r}: {found:g} is outside {lows[item]:g}-{highs[item]:g}. Check the scale "
            f"on which it was offered; {int(outside.to_numpy().sum())} answers like this."
        )
