"""Wilkinson formulas -> numeric matrices, with everything refused that would mislead silently."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from formulaic import Formula
from formulaic.errors import FormulaicError

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.grouping import encode_groups, within

__all__ = ["Design", "design_matrix"]

_DEPENDENT = 1e-9  # share of a column's length that the columns before it leave unexplained
_CLEAR = 1e-6  # smallest eigenvalue of the columns' correlations that leaves no doubt


@dataclass(frozen=True, slots=True)
class Design:
    """A linear model's outcome and columns.

    Attributes
    ----------
    y : numpy.ndarray, shape (n,)
    X : numpy.ndarray, shape (n, p)
        Full column rank.
    names : tuple of str, length p
        Terms as the formula writes them, e.g. ``Intercept``, ``arm[T.small]``.
    kept_rows : numpy.ndarray of int, shape (n,)
        Positions of the complete rows in the data.
    """

    y: np.ndarray
    X: np.ndarray
    names: tuple[str, ...]
    kept_rows: np.ndarray


def design_matrix(
    formula: str,
    data: pd.DataFrame,
    *,
    other_columns: Iterable[str] = (),
    absorb: str | None = None,
) -> Design:
    """Build the matrices of a formula from the complete rows of `data`.

    Parameters
    ----------
    formula : str
        Wilkinson formula with an outcome, e.g. ``"score ~ pre + arm"``. Categorical columns are
        coded against their first category.
    data : pandas.DataFrame
        One row per observation.
    other_columns : iterable of str
        Columns that a row must have as well (clusters, groups, weights).
    absorb : str, optional
        Column of fixed effects that will be absorbed: the intercept is left out, and columns
        that do not vary within it are refused.

    Returns
    -------
    Design

    Raises
    ------
    DesignError
        A column that is not there; a string column (its reference would be chosen by the
        alphabet); infinite values; no complete rows; a reference category without rows; an
        outcome that is not numeric; collinear terms; no more rows than terms.
    """
    parsed = _parse(formula)
    used = sorted(parsed.required_variables)
    others = [*other_columns, *([absorb] if absorb else [])]
    _require_columns([*used, *others], data)
    kept = _complete_rows([*used, *others], data)
    if not len(kept):
        raise DesignError(
            f"{formula}: no row has a value in all of {', '.join([*used, *others])}. "
            "Check which of these columns is empty."
        )
    index = pd.RangeIndex(len(kept))
    columns = {
        name: _numeric_or_categorical(data[name].take(kept).set_axis(index), name) for name in used
    }
    y, X, names = _matrices(parsed, formula, pd.DataFrame(columns))
    if absorb:
        X, names = X[:, [n != "Intercept" for n in names]], [n for n in names if n != "Intercept"]
    _require_full_rank(X, names, data[absorb].iloc[kept] if absorb else None, absorb)
    if len(y) <= X.shape[1]:
        raise DesignError(
            f"{formula}: {len(y)} complete rows cannot carry {X.shape[1]} terms. Leave terms out."
        )
    return Design(y, X, tuple(names), kept)


def _parse(formula: str) -> Formula:
    try:
        parsed = Formula(formula)
    except FormulaicError as error:
        raise DesignError(f"{formula!r} is not a formula: {error}") from error
    if not hasattr(parsed, "lhs"):
        raise DesignError(
            f"{formula!r} has no outcome. Write it to the left of a tilde: score ~ arm."
        )
    return parsed


def _require_columns(names: Iterable[str], data: pd.DataFrame) -> None:
    for name in names:
        if name not in data.columns:
            near = difflib.get_close_matches(str(name), [str(c) for c in data.columns], 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise DesignError(
                f"There is no column {name!r} in the data; it has "
                f"{', '.join(map(str, data.columns))}.{hint}"
            )


def _complete_rows(names: Iterable[str], data: pd.DataFrame) -> np.ndarray:
    complete = np.ones(len(data), dtype=bool)
    for name in dict.fromkeys(names):
        complete &= data[name].notna().to_numpy()
    return np.flatnonzero(complete)


def _numeric_or_categorical(values: pd.Series, name: str) -> pd.Series:
    if isinstance(values.dtype, pd.CategoricalDtype):
        _require_reference(values, name)
        return values.cat.remove_unused_categories()
    if pd.api.types.is_bool_dtype(values) or pd.api.types.is_numeric_dtype(values):
        numbers = values.astype("float64")
        finite = np.isfinite(numbers.to_numpy())
        if not finite.all():
            raise DesignError(
                f"Column {name!r} holds infinite values in {np.sum(~finite)} rows. Mend or leave "
                "out these rows."
            )
        return numbers
    example = values.iloc[0]
    raise DesignError(
        f"Column {name!r} holds text (for instance {example!r}), so its reference category would "
        "be whichever comes first in the alphabet. Either make it a Categorical whose first "
        "category is the reference, as in pd.Categorical(values, categories=[reference, ...]), "
        "or code it as numbers, for instance 0 and 1."
    )


def _require_reference(values: pd.Series, name: str) -> None:
    reference = values.cat.categories[0] if len(values.cat.categories) else None
    if not (values.cat.codes.to_numpy() == 0).any():
        raise DesignError(
            f"Column {name!r}: its reference category {reference!r} has no complete rows, so "
            "nothing can be compared with it. Name another category first, or check the data."
        )


def _matrices(parsed: Formula, formula: str, frame: pd.DataFrame):
    try:
        # An empty context: a formula reads columns, never variables of whoever calls.
        with np.errstate(all="ignore"):  # what is not finite is refused below
            matrices = parsed.get_model_matrix(
                frame, context={}, output="numpy", na_action="ignore"
            )
    except FormulaicError as error:
        raise DesignError(f"{formula!r} cannot be computed: {error}") from error
    y = np.asarray(matrices.lhs, dtype=float)
    X = np.asarray(matrices.rhs, dtype=float)
    if y.shape[1] != 1:
        raise DesignError(f"{formula!r}: the outcome must be one numeric column, not categories.")
    if not (np.isfinite(y).all() and np.isfinite(X).all()):
        raise DesignError(
            f"{formula!r}: a term is not finite in some rows, for instance the logarithm of zero. "
            "Leave these rows out or choose another scale."
        )
    return y[:, 0], X, list(matrices.rhs.model_spec.column_names)


def _require_full_rank(X, names, absorbed: pd.Series | None, absorb: str | None) -> None:
    if not X.shape[1]:
        raise DesignError("The formula has no terms besides what is absorbed. Add the arm.")
    if absorbed is not None:
        X = within(X, encode_groups(absorbed)[0])
    gram = X.T @ X
    length = np.sqrt(np.diag(gram))
    empty = length <= _DEPENDENT * np.sqrt(len(X))
    length = np.where(empty, 1, length)
    if not empty.any() and np.linalg.eigvalsh(gram / np.outer(length, length))[0] > _CLEAR:
        return
    left = np.abs(np.diag(np.linalg.qr(X / length, mode="r")))
    left = np.append(left, np.zeros(X.shape[1] - len(left)))
    dependent = [n for n, gone in zip(names, empty | (left < _DEPENDENT), strict=True) if gone]
    if dependent:
        inside = f" once {absorb} is absorbed" if absorb else ""
        raise DesignError(
            f"These terms follow from the others{inside}, so they cannot be told apart: "
            f"{', '.join(dependent)}. Leave out one of each set of collinear terms."
        )
