"""Checks of what effect sizes are computed from; each returns the value in its plain type."""

from decimal import Decimal
from math import isfinite
from numbers import Real

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from pilot_analysis.errors import DesignError

__all__ = ["checked_count", "checked_group", "checked_number", "float_array", "group_summary"]


def checked_number(value: float, name: str, *, minimum: float | None = None) -> float:
    """Return `value` as a float; `DesignError` unless it is finite (and at least `minimum`)."""
    if not isinstance(value, Real):  # float() would take text for a number
        raise DesignError(f"{name} must be a number, got {value!r}.")
    number = float(value)
    if not isfinite(number):
        raise DesignError(f"{name} must be a known number, got {number}.")
    if minimum is not None and number < minimum:
        raise DesignError(f"{name} must be at least {minimum:g}, got {number:g}.")
    return number


def checked_count(value: int, name: str, *, minimum: int = 0) -> int:
    """Return `value` as an int; `DesignError` unless it is whole and at least `minimum`."""
    number = checked_number(value, name, minimum=minimum)
    if number != int(number):
        raise DesignError(f"{name} must be a whole number, got {number:g}.")
    return int(number)


def float_array(values: ArrayLike, what: str) -> np.ndarray:
    """Return `values` as floats, missing ones (None, NaN, NA) as NaN, in whatever shape they have.

    Raises
    ------
    DesignError
        Anything but numbers, such as text or dates, which numpy would turn into numbers, or rows
        of different length; `what` names the values.
    """
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise DesignError(f"{what} must be numbers, as many in every row.") from error
    if array.dtype.kind in "biuf":
        return array.astype(float)
    given = array.astype(object)
    known = ~pd.isna(given)
    for value in np.atleast_1d(given)[np.atleast_1d(known)]:
        if not isinstance(value, Real | Decimal | np.bool_):
            raise DesignError(f"{what} must be numbers; got {value!r}.")
    numbers = np.full(given.shape, np.nan)
    numbers[known] = given[known].astype(float)
    return numbers


def checked_group(values: ArrayLike, name: str) -> np.ndarray:
    """Return a group's outcomes; `DesignError` for missing, infinite or fewer than two values."""
    group = float_array(values, f"The values of the {name} group")
    if group.ndim != 1:
        raise DesignError(f"The {name} group must be one column of numbers, not a table.")
    if np.isnan(group).any():
        raise DesignError(
            f"The {name} group has {np.isnan(group).sum()} missing values; leave out or impute "
            "them first, so that the number of people is the one analyzed."
        )
    if np.isinf(group).any():
        raise DesignError(f"The {name} group has infinite values; correct or leave them out.")
    if group.size < 2:
        raise DesignError(f"The {name} group needs two or more values, got {group.size}.")
    return group


def group_summary(group: np.ndarray) -> tuple[float, float, int]:
    """Return mean, standard deviation (n - 1) and size.

    The standard deviation of values that differ by rounding errors only is 0: .1 + .2 and .3 are
    the same answer, and a difference in such units would be meaningless.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # an overflow is refused by the caller
        mean, sd = float(group.mean()), float(group.std(ddof=1))
    if np.ptp(group / 2) <= 4 * np.finfo(float).eps * np.abs(group).max():
        sd = 0.0
    return mean, sd, group.size
