"""The random terms of a mixed model's outer level: an intercept, and slopes of columns."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.formula import Design
from pilot_analysis.stats.mixed.basis import orthonormal

__all__ = ["RandomTerms", "random_terms"]

INTERCEPT = "Intercept"


@dataclass(frozen=True, slots=True)
class RandomTerms:
    """What varies over the outer groups, in a basis whose columns have a mean square of 1.

    Correlated terms are orthogonalized, so that neither the origin nor the unit of a slope's
    column matters to the fit; uncorrelated ones are only rescaled, since their origin is part of
    the model.

    Attributes
    ----------
    names : tuple of str, length q
        "Intercept", then the slopes.
    columns : numpy.ndarray, shape (q, n)
        The basis.
    to_terms : numpy.ndarray, shape (q, q)
        Deviations of the named terms = `to_terms` @ deviations of the basis.
    correlated : bool
        False also where there is an intercept alone.
    """

    names: tuple[str, ...]
    columns: np.ndarray
    to_terms: np.ndarray
    correlated: bool


def random_terms(
    slopes: Sequence[str], correlated: bool, design: Design, data: pd.DataFrame
) -> RandomTerms:
    """Find the slopes' columns among the formula's terms or the data, and rescale them.

    Raises
    ------
    DesignError
        A slope that is neither a term nor a numeric column; the intercept or a name twice; a
        column that does not vary; collinear columns.
    """
    names = (INTERCEPT, *slopes)
    n = len(design.y)
    if not slopes:
        return RandomTerms(names, np.ones((1, n)), np.eye(1), False)
    if len(set(names)) < len(names):
        raise DesignError(
            "random_slopes names different terms; the intercept always varies and is not among "
            f"them. Got {list(slopes)}."
        )
    columns = np.column_stack([np.ones(n), *(_column(name, design, data) for name in slopes)])
    basis, triangle = orthonormal(columns, names)
    if not correlated:
        length = np.sqrt(np.mean(columns**2, axis=0))
        return RandomTerms(names, columns.T / length[:, None], np.diag(1 / length), False)
    return RandomTerms(names, basis * np.sqrt(n), np.linalg.inv(triangle) * np.sqrt(n), True)


def _column(name: str, design: Design, data: pd.DataFrame) -> np.ndarray:
    if name in design.names:
        return design.X[:, design.names.index(name)]
    if name not in data.columns:
        raise DesignError(
            f"random_slopes: {name!r} is neither a term of the formula "
            f"({', '.join(design.names)}) nor a column of the data."
        )
    values = data[name].iloc[design.kept_rows]
    if not (pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values)):
        near = [term for term in design.names if term.startswith(f"{name}[")]
        hint = f" Name a term of the formula, such as {near[0]!r}." if near else ""
        raise DesignError(f"random_slopes: column {name!r} does not hold numbers.{hint}")
    numbers = values.to_numpy(dtype=float)
    if not np.isfinite(numbers).all():
        raise DesignError(f"random_slopes: column {name!r} holds infinite values.")
    return numbers
