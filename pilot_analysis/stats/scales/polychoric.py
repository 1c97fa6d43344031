"""Correlations of the normal variables that ordered answers are cut from."""

from dataclasses import dataclass
from math import asin, pi, sqrt

import numpy as np
import pandas as pd
from scipy import special
from scipy.optimize import brentq

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.effects.inputs import checked_number
from pilot_analysis.stats.scales.answers import check_items

__all__ = ["Polychoric", "polychoric_correlations"]

MOST_CATEGORIES = 15
LARGEST_CORRELATION = 0.999
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(48)


@dataclass(frozen=True, slots=True)
class Polychoric:
    """Polychoric correlations of items.

    Attributes
    ----------
    correlations : DataFrame, items x items
        NaN for an item that was answered alike by all, and for a pair whose likelihood has no
        maximum within +-0.999.
    thresholds : dict of item to numpy.ndarray
        Where the normal variable is cut, one fewer than there are categories.
    n : int
        Respondents who answered every item.
    """

    correlations: pd.DataFrame
    thresholds: dict[str, np.ndarray]
    n: int


def polychoric_correlations(items: pd.DataFrame, *, correct: float = 0.5) -> Polychoric:
    """Estimate polychoric correlations by two-step maximum likelihood.

    First the thresholds of each item from its own shares, then each pair's correlation with the
    thresholds fixed. Cell probabilities of the bivariate normal come from Gauss-Legendre
    quadrature of its derivative in the correlation, for all cells at once.

    Parameters
    ----------
    items : DataFrame, respondents x items
        Ordered answers as numbers; only their order counts. Respondents with a missing answer
        are left out.
    correct : float
        People moved into an empty cell of two items with two answers each, the margins kept:
        without them that likelihood has no maximum. Larger tables are taken as they are, since
        filling their empty cells draws the correlation towards 0 (with half a person in each, 40
        people and five answers, .85 becomes .51).

    Returns
    -------
    Polychoric

    Raises
    ------
    DesignError
        Fewer than two items, an item with more than 15 different answers, or a `correct`
        outside 0..1.
    DataError
        Answers that are text or infinite.

    References
    ----------
    Olsson (1979), Psychometrika 44: 443-460; Drezner and Wesolowsky (1990), Journal of Statistical
    Computation and Simulation 35: 101-107.
    """
    if not 0 <= checked_number(correct, "correct") < 1:
        raise DesignError(f"correct must be less than one person and not negative; got {correct}.")
    answers = check_items(items, 2)
    complete = answers.dropna()
    codes = {name: np.unique(complete[name], return_inverse=True)[1] for name in answers}
    sizes = {name: int(code.max()) + 1 if len(code) else 0 for name, code in codes.items()}
    for name, size in sizes.items():
        if size > MOST_CATEGORIES:
            raise DesignError(
                f"item {name!r} has {size} different answers; polychoric correlations are for "
                f"ordered answers with at most {MOST_CATEGORIES}."
            )
    thresholds = {name: _thresholds(codes[name], sizes[name]) for name in answers}
    found = np.eye(answers.shape[1])
    for i, first in enumerate(answers):
        for j, second in enumerate(answers.columns[:i]):
            table = np.zeros((sizes[first], sizes[second]))
            np.add.at(table, (codes[first], codes[second]), 1)
            rho = _correlation(table, thresholds[first], thresholds[second], correct)
            found[i, j] = found[j, i] = rho
    frame = pd.DataFrame(found, index=answers.columns, columns=answers.columns)
    return Polychoric(frame, thresholds, len(complete))


def _thresholds(codes: np.ndarray, size: int) -> np.ndarray:
    below = np.cumsum(np.bincount(codes, minlength=size))[:-1]
    return special.ndtri(below / max(len(codes), 1))


def _correlation(table: np.ndarray, rows: np.ndarray, columns: np.ndarray, correct) -> float:
    """Return the correlation at which the score of the likelihood is 0, NaN where there is none."""
    if min(table.shape) < 2:
        return np.nan
    counts = _without_empty_cells(table, correct)

    def score(rho: float) -> float:
        return float((counts / _cells(rows, columns, rho) * _slopes(rows, columns, rho)).sum())

    grid = np.concatenate(
        [[-LARGEST_CORRELATION], np.linspace(-0.95, 0.95, 20), [LARGEST_CORRELATION]]
    )
    fits = [(counts * np.log(_cells(rows, columns, rho))).sum() for rho in grid]
    best = int(np.argmax(fits))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    if not score(low) > 0 > score(high):
        return np.nan
    return brentq(score, low, high, xtol=1e-12)


def _without_empty_cells(table: np.ndarray, correct: float) -> np.ndarray:
    """Move `correct` people into the empty cells of a two-by-two table, the margins kept."""
    if table.shape != (2, 2) or table.all():
        return table
    toward_the_diagonal = 1 if 0 in np.diag(table) else -1
    return table + correct * toward_the_diagonal * np.array([[1, -1], [-1, 1]])


def _cells(rows: np.ndarray, columns: np.ndarray, rho: float) -> np.ndarray:
    """Return the probability of each cell of the table, never quite 0."""
    corners = np.zeros((len(rows) + 2, len(columns) + 2))
    corners[1:-1, 1:-1] = _below(rows[:, None], columns, rho)
    corners[1:-1, -1], corners[-1, 1:-1] = special.ndtr(rows), special.ndtr(columns)
    corners[-1, -1] = 1
    return np.maximum(np.diff(np.diff(corners, axis=0), axis=1), 1e-15)


def _slopes(rows: np.ndarray, columns: np.ndarray, rho: float) -> np.ndarray:
    """Return the derivative of `_cells` in rho: differences of the bivariate density."""
    corners = np.zeros((len(rows) + 2, len(columns) + 2))
    h, k, rest = rows[:, None], columns, 1 - rho**2
    density = np.exp(-(h**2 - 2 * rho * h * k + k**2) / (2 * rest)) / (2 * pi * sqrt(rest))
    corners[1:-1, 1:-1] = density
    return np.diff(np.diff(corners, axis=0), axis=1)


def _below(h: np.ndarray, k: np.ndarray, rho: float) -> np.ndarray:
    """Return P(X < h, Y < k) for normal variables with correlation rho, |rho| < 1.

    Plackett's identity, with the angle whose sine is the correlation as variable.
    """
    angle = asin(rho)
    sine = np.sin(angle * (_NODES + 1) / 2)
    h, k = h[..., None], k[..., None]
    exponent = -(h**2 - 2 * h * k * sine + k**2) / (2 * (1 - sine**2))
    area = np.exp(exponent) @ _WEIGHTS * angle / (4 * pi)
    return special.ndtr(h[..., 0]) * special.ndtr(k[..., 0]) + area
