"""A table of ratings as codes: which raters gave which category to which subject."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from numbers import Real
from typing import Literal

import numpy as np
import pandas as pd

from pilot_analysis.errors import DesignError

__all__ = ["Patterns", "Ratings", "as_numbers", "find_patterns", "read_pair", "read_ratings"]


@dataclass(frozen=True, slots=True)
class Ratings:
    """Ratings of subjects by raters.

    Attributes
    ----------
    codes : numpy.ndarray of int, shape (subjects, raters)
        Position of the rating in `labels`; -1 where the rater did not rate the subject.
    labels : numpy.ndarray, shape (categories,)
        Float where all are numbers, object otherwise.
    scale : {"nominal", "ordered", "numeric"}
        Whether distances between categories follow their position ("ordered"), their value
        ("numeric") or do not exist.
    """

    codes: np.ndarray
    labels: np.ndarray
    scale: Literal["nominal", "ordered", "numeric"]


@dataclass(frozen=True, slots=True)
class Patterns:
    """The distinct rows of a table of codes, and how many subjects have each.

    Attributes
    ----------
    codes : numpy.ndarray of int, shape (patterns, raters)
        -1 where not rated.
    times : numpy.ndarray of float, shape (patterns,)
    """

    codes: np.ndarray
    times: np.ndarray

    @property
    def rated_twice(self) -> int:
        """Number of subjects with two ratings or more."""
        return int(self.times[(self.codes >= 0).sum(axis=1) >= 2].sum())


def read_ratings(ratings, *, categories: Iterable | None = None) -> Ratings:
    """Read a frame of ratings.

    Parameters
    ----------
    ratings : DataFrame, subjects x raters
        Numbers, labels or categoricals; a missing value (NaN, None, NA) means not rated.
    categories : iterable, optional
        All that could have been chosen, in their order. By default those of the categoricals,
        where all columns share one type, else those that were chosen.

    Raises
    ------
    DesignError
        Fewer than two columns, an infinite number, a category named twice, or a rating that is
        not among the categories.
    """
    try:
        frame = pd.DataFrame(ratings)
    except (TypeError, ValueError) as error:
        raise DesignError("Ratings must be a table, subjects x raters.") from error
    if frame.shape[1] < 2:
        raise DesignError(
            f"Agreement needs two raters or more, one column each; got {frame.shape[1]}."
        )
    values = frame.to_numpy(dtype=object)
    rated = ~pd.isna(values)
    if not all(isinstance(value, Hashable) for value in values[rated]):
        raise DesignError("A rating must be one number or label, not a list of them.")
    labels, scale = _declared(frame, categories) or _observed(values[rated])
    if labels.dtype == float and not np.isfinite(labels).all():
        raise DesignError("A rating is infinite. Correct it, or leave it empty if it is missing.")
    numeric = labels.dtype == float
    position = {label: code for code, label in enumerate(labels.tolist())}
    codes = np.full(values.shape, -1)
    codes[rated] = [
        position.get(float(value) if numeric and isinstance(value, Real) else value, -1)
        for value in values[rated]
    ]
    if (codes[rated] < 0).any():
        stranger = values[rated & (codes < 0)][0]
        raise DesignError(
            f"The rating {stranger!r} is not among the categories "
            f"{', '.join(map(str, labels))}. Name all that could have been chosen."
        )
    return Ratings(codes, labels, scale)


def read_pair(first, second) -> Ratings:
    """Read two raters' ratings of the same subjects, and drop those that either left out.

    Raises
    ------
    DesignError
        Lengths that differ, or an infinite number.
    """
    try:
        raters = [pd.Series(rater).reset_index(drop=True) for rater in (first, second)]
    except (TypeError, ValueError) as error:
        raise DesignError("Each rater's ratings must be a list, in one order.") from error
    if len(raters[0]) != len(raters[1]):
        raise DesignError(
            f"Two raters need the same subjects; got {len(raters[0])} and {len(raters[1])} ratings."
        )
    frame = pd.concat(raters, axis=1, keys=["first", "second"])
    return read_ratings(frame[frame.notna().all(axis=1)])


def as_numbers(ratings: Ratings, what: str) -> np.ndarray:
    """Return the ratings as floats, shape (subjects, raters), NaN where not rated.

    Raises
    ------
    DesignError
        Ratings that are no numbers; `what` says what needs them.
    """
    if ratings.labels.dtype != float:
        raise DesignError(f"{what} needs ratings that are numbers; these are labels.")
    if not len(ratings.labels):
        return np.full(ratings.codes.shape, np.nan)
    return np.where(ratings.codes >= 0, ratings.labels[ratings.codes], np.nan)


def find_patterns(codes: np.ndarray, *, interchangeable: bool) -> Patterns:
    """Count the subjects with equal ratings; subjects whom nobody rated are left out.

    Parameters
    ----------
    codes : numpy.ndarray of int, shape (subjects, raters)
    interchangeable : bool
        Whether it matters not who gave a rating: then a pattern is what was given, sorted, and
        neither the order of raters nor that of subjects changes anything.
    """
    seen = codes[(codes >= 0).any(axis=1)]
    if interchangeable:
        seen = np.sort(seen, axis=1)
        seen = seen[:, (seen >= 0).any(axis=0)]
    rows, times = np.unique(seen, axis=0, return_counts=True)
    return Patterns(rows, times.astype(float))


def _declared(frame: pd.DataFrame, categories: Iterable | None):
    """Return labels and scale of named categories or of a shared categorical type, if any."""
    ordered = categories is not None
    if categories is None:
        types = list(frame.dtypes)
        if not isinstance(types[0], pd.CategoricalDtype) or any(t != types[0] for t in types):
            return None
        categories, ordered = types[0].categories, types[0].ordered
    labels = list(categories) if np.iterable(categories) else [categories]
    if not all(isinstance(label, Hashable) for label in labels):
        raise DesignError("A category must be one number or label, not a list of them.")
    if len(set(labels)) != len(labels):
        raise DesignError("A category is named twice. Name every category once.")
    numbers = _are_numbers(labels)
    # the type says that ranks are meant; a plain list of numbers says which numbers exist
    by_rank = ordered and (not numbers or isinstance(frame.dtypes.iloc[0], pd.CategoricalDtype))
    scale = "ordered" if by_rank else "numeric" if numbers else "nominal"
    return np.array(labels, dtype=float if numbers else object), scale


def _observed(values: np.ndarray):
    """Return labels and scale of the categories that were chosen."""
    if _are_numbers(values):
        return np.unique(values.astype(float)), "numeric"
    labels = sorted(set(values), key=lambda value: (type(value).__name__, str(value)))
    return np.array([*labels, None], dtype=object)[:-1], "nominal"


def _are_numbers(values) -> bool:
    return all(isinstance(value, Real) for value in values)
