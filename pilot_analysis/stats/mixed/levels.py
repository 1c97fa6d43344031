"""The random levels of a mixed model: who is in which group, and each group's own deviation."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.grouping import encode_groups, encode_pairs
from pilot_analysis.stats.mixed.algebra import Decomposition
from pilot_analysis.stats.mixed.deviance import State

__all__ = ["Levels", "conditional_modes", "encode_levels"]


@dataclass(frozen=True, slots=True)
class Levels:
    """One or two nested levels of groups.

    Attributes
    ----------
    labels : dict of str to pandas.DataFrame
        Per level, outermost first, the labels of its groups in the order of their codes; the
        inner level has the outer group's column before its own.
    inner : numpy.ndarray of int, shape (n,)
        Group of each row at the innermost level.
    outer : numpy.ndarray of int, shape (inner groups,), or None
        Outer group of each inner group.
    """

    labels: dict[str, pd.DataFrame]
    inner: np.ndarray
    outer: np.ndarray | None

    @property
    def sizes(self) -> dict[str, int]:
        """Number of groups per level."""
        return {name: len(labels) for name, labels in self.labels.items()}


def encode_levels(rows: pd.DataFrame, names: list[str]) -> Levels:
    """Give codes to the groups of one or two columns, outermost first.

    Parameters
    ----------
    rows : pandas.DataFrame
        Without missing values in these columns.
    names : list of str

    Raises
    ------
    DesignError
        A single outer group, or a level that cannot be told from the one below it.
    """
    codes, labels = encode_groups(rows[names[0]])
    levels = Levels({names[0]: pd.DataFrame({names[0]: labels})}, codes, None)
    if len(names) == 2:
        second, second_labels = encode_groups(rows[names[1]])
        inner, pairs = encode_pairs(codes, second)
        pair_labels = {names[0]: labels[pairs[:, 0]], names[1]: second_labels[pairs[:, 1]]}
        both = levels.labels | {names[1]: pd.DataFrame(pair_labels)}
        levels = Levels(both, inner, pairs[:, 0])
    counts = [*levels.sizes.values(), len(rows)]
    if counts[0] < 2:
        raise DesignError(f"Column {names[0]!r} holds one group; its variance needs two or more.")
    below = [*names[1:], "row"]
    for name, inside, count, many in zip(names, below, counts, counts[1:], strict=False):
        if count == many:
            raise DesignError(
                f"Every group of {name!r} holds a single {inside}, so their variances cannot be "
                f"told apart. Leave {name!r} out of the groups."
            )
    return levels


def conditional_modes(
    parts: Decomposition, state: State, levels: Levels, spread: float
) -> dict[str, pd.DataFrame]:
    """Return each group's deviation given the data, and its standard error given the variances.

    Parameters
    ----------
    parts : Decomposition
        The model's columns, the outcome last.
    state : State
        The optimum.
    levels : Levels
    spread : float
        Unit in which `parts` measures the outcome.
    """
    names, precision = list(levels.labels), parts.precision(state.variances)
    residual = parts.means @ np.append(-state.beta, 1.0)
    solved = precision.solve(residual[:, None])[:, 0]
    pulled = np.sqrt(parts.sizes) * solved
    inner, leverage = state.variances[-2], precision.diagonal
    modes, squares = {}, {}
    if parts.outer is not None:
        outer = state.variances[0]
        modes[names[0]] = outer * np.bincount(parts.outer, pulled, precision.groups)
        squares[names[0]] = outer * precision.shrink
        leverage = leverage - precision.ray**2 * precision.pull[parts.outer]
    modes[names[-1]] = inner * pulled
    squares[names[-1]] = inner - inner**2 * parts.sizes * leverage
    return {
        name: levels.labels[name].assign(
            estimate=modes[name] * spread,
            std_error=np.sqrt(np.where(squares[name] > 0, squares[name], np.nan)) * spread,
        )
        for name in names
    }
