"""The random levels of a mixed model: who is in which group, and how the rows are ordered."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.grouping import encode_groups, encode_pairs

__all__ = ["Levels", "encode_levels"]


@dataclass(frozen=True, slots=True)
class Levels:
    """One or two nested levels of groups.

    Attributes
    ----------
    labels : dict of str to pandas.DataFrame
        Per level, outermost first, the labels of its groups in the order of their codes; the
        inner level has the outer group's column before its own.
    order : numpy.ndarray of int, shape (n,)
        Positions of the rows, sorted by the innermost groups.
    outer : numpy.ndarray of int, shape (n,)
        Outer group of each row in that order: ascending.
    inner : numpy.ndarray of int, shape (n,), or None
        Inner group of each row in that order: ascending.
    """

    labels: dict[str, pd.DataFrame]
    order: np.ndarray
    outer: np.ndarray
    inner: np.ndarray | None

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
    outer, outer_labels = encode_groups(rows[names[0]])
    labels = {names[0]: pd.DataFrame({names[0]: outer_labels})}
    inner = None
    if len(names) == 2:
        second, second_labels = encode_groups(rows[names[1]])
        inner, pairs = encode_pairs(outer, second)
        labels[names[1]] = pd.DataFrame(
            {names[0]: outer_labels[pairs[:, 0]], names[1]: second_labels[pairs[:, 1]]}
        )
    order = _sorted_positions(outer if inner is None else inner)
    levels = Levels(labels, order, outer[order], None if inner is None else inner[order])
    _require_nested_counts([*levels.sizes.values(), len(rows)], names)
    return levels


def _sorted_positions(codes: np.ndarray) -> np.ndarray:
    # numpy sorts short integers in linear time
    small = codes.astype(np.uint16) if len(codes) and codes.max() < 2**16 else codes
    return np.argsort(small, kind="stable")


def _require_nested_counts(counts: list[int], names: list[str]) -> None:
    if counts[0] < 2:
        raise DesignError(f"Column {names[0]!r} holds one group; its variance needs two or more.")
    below = [*names[1:], "row"]
    for name, inside, count, many in zip(names, below, counts, counts[1:], strict=False):
        if count == many:
            raise DesignError(
                f"Every group of {name!r} holds a single {inside}, so their variances cannot be "
                f"told apart. Leave {name!r} out of the groups."
            )
