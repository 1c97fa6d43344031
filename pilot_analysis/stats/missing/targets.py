"""The columns to be imputed, read as numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from pilot_analysis.errors import DesignError

__all__ = ["Method", "Target", "read_targets"]

Method = Literal["normal", "pmm"]


@dataclass(frozen=True, slots=True)
class Target:
    """One column of the imputation model.

    Attributes
    ----------
    name : str
    method : {"normal", "pmm"}
        How its missing values are drawn.
    is_number : bool
        False for yes/no and categories.
    z : numpy.ndarray, shape (n,)
        Standardized by the observed values; NaN where missing.
    center, scale : float
        value = center + scale z.
    is_missing : numpy.ndarray of bool, shape (n,)
    """

    name: str
    method: Method
    is_number: bool
    z: np.ndarray
    center: float
    scale: float
    is_missing: np.ndarray

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing."""
        return not self.is_missing.any()


def read_targets(
    data: pd.DataFrame, names: list[str], methods: Mapping[str, Method]
) -> list[Target]:
    """Read columns as targets.

    Raises
    ------
    DesignError
        A column without values, with infinite ones, with missing ones beside a constant; text or
        unordered categories; a method that does not fit.
    """
    for name in methods:
        if name not in names:
            raise DesignError(f"methods names {name!r}, which is not one of the targets.")
    return [_read(data[name], name, methods.get(name)) for name in names]


def _read(values: pd.Series, name: str, method: Method | None) -> Target:
    numbers, is_number = _as_numbers(values, name)
    known = numbers[~np.isnan(numbers)]
    if not len(known):
        raise DesignError(f"Column {name!r} has no values at all, so nothing can be drawn from it.")
    if not np.isfinite(known).all():
        raise DesignError(
            f"Column {name!r} holds infinite values in {int(np.isinf(numbers).sum())} rows. Mend "
            "them or set them to missing."
        )
    if np.ptp(known) == 0 and len(known) < len(numbers):
        raise DesignError(
            f"Column {name!r}: all {len(known)} known values are the same, so the missing ones "
            "cannot be modeled. Leave the column out."
        )
    method = method or ("normal" if is_number and not np.isin(known, (0, 1)).all() else "pmm")
    if method not in ("normal", "pmm"):
        raise DesignError(f"{name}: the method must be normal or pmm; got {method!r}.")
    if method == "normal" and not is_number:
        raise DesignError(f"{name}: yes/no answers and categories are drawn by pmm, not normal.")
    center, scale = float(known.mean()), float(known.std()) or 1.0
    z = (numbers - center) / scale
    return Target(name, method, is_number, z, center, scale, np.isnan(numbers))


def _as_numbers(values: pd.Series, name: str) -> tuple[np.ndarray, bool]:
    if isinstance(values.dtype, pd.CategoricalDtype):
        used = values.cat.remove_unused_categories().cat
        kinds = len(used.categories)
        if not used.ordered and kinds > 2:
            raise DesignError(
                f"Column {name!r} holds {kinds} categories without an order, which "
                "cannot be imputed here. Order them, or use one yes/no column for each."
            )
        return used.codes.where(used.codes >= 0).to_numpy(float), False
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return values.to_numpy(dtype=float, na_value=np.nan), True
    if values.dropna().map(type).isin([bool, np.bool_]).all():
        return values.astype(object).map({True: 1.0, False: 0.0}).to_numpy(float), False
    raise DesignError(
        f"Column {name!r} holds text. Make it a number, True and False, or an ordered Categorical."
    )
