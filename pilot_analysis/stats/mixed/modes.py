"""Each group's own deviation from the fixed effects, with its standard error."""

import numpy as np
import pandas as pd

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.mixed.deviance import Point
from pilot_analysis.stats.mixed.levels import Levels
from pilot_analysis.stats.mixed.terms import RandomTerms

__all__ = ["conditional_modes"]


def conditional_modes(
    point: Point, levels: Levels, terms: RandomTerms, spread: float
) -> dict[str, pd.DataFrame]:
    """Return the conditional modes of the random effects, one row per group and term.

    Parameters
    ----------
    point : Point
        The optimum.
    levels : Levels
    terms : RandomTerms
        Of the outer level.
    spread : float
        Unit in which `point` measures the outcome.

    Returns
    -------
    dict of str to pandas.DataFrame
        The level's columns, ``term``, ``estimate`` and ``std_error``.

    Raises
    ------
    DesignError
        A column of groups with one of these names.
    """
    names, precision, theta = list(levels.labels), point.precision, point.theta
    taken = set(names) & {"term", "estimate", "std_error"}
    if taken:
        raise DesignError(
            f"The table of random effects has a column {min(taken)!r} of its own. Give the column "
            "of the groups another name."
        )
    residual = np.append(-point.state().beta, 1.0)
    factor = point.chart.outer_factor(theta)
    to_terms = terms.to_terms * spread
    pulled = np.tensordot(residual, precision.outer_pull(), 1)  # Z'V^-1 r, (q, G)
    modes = to_terms @ (factor @ (factor.T @ pulled))
    squares = np.einsum("ij,jkg,ik->ig", to_terms, precision.pull, to_terms)
    frames = {names[0]: _frame(levels.labels[names[0]], terms.names, modes, squares)}
    if len(names) == 2:
        variance, sizes = point.chart.factor(theta)[-1, -1] ** 2, precision.products.means.sizes
        modes = spread * variance * np.sqrt(sizes) * (residual @ precision.inner_pull())
        squares = variance * (1 - variance * sizes * precision.inner_leverage()) * spread**2
        frames[names[1]] = _frame(
            levels.labels[names[1]], terms.names[:1], modes[None], squares[None]
        )
    return frames


def _frame(labels: pd.DataFrame, terms, modes, squares) -> pd.DataFrame:
    repeated = labels.loc[np.repeat(np.arange(len(labels)), len(terms))]
    squares = squares.T.ravel()
    return repeated.reset_index(drop=True).assign(
        term=np.tile(np.array(terms, dtype=object), len(labels)),
        estimate=modes.T.ravel(),
        std_error=np.sqrt(np.where(squares > 0, squares, np.nan)),
    )
