"""All tables that were released, as one system of numbers with bounds and relations."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csr_array, vstack

from pilot_analysis.disclosure.tables.published import (
    TOLERANCE,
    Linear,
    Product,
    PublishedTable,
    named_few,
)
from pilot_analysis.errors import DisclosureError

__all__ = ["ContradictionError", "Share", "System", "join"]


class ContradictionError(DisclosureError):
    """Numbers that cannot all be true.

    Attributes
    ----------
    ids : list of str
        The numbers.
    """

    def __init__(self, ids):
        self.ids = list(ids)
        super().__init__(
            f"these published numbers contradict each other: {named_few(self.ids)}. Nothing can "
            "be audited until they are mended; look for a typing error, or for two versions of "
            "one number."
        )


class Share(NamedTuple):
    """``scale * whole = share * size``, by the positions of the cells."""

    whole: int
    share: int
    size: int
    scale: float


@dataclass(frozen=True)
class System:
    """Numbers, what is known of each by itself, and how they hang together.

    Attributes
    ----------
    ids : numpy.ndarray of str, shape (n,)
    value, low, high, hidden_low, hidden_high : numpy.ndarray, shape (n,)
        As in `PublishedTable`; of several tables the tightest bounds.
    is_whole, is_hidden : numpy.ndarray of bool, shape (n,)
        `is_hidden`: suppressed in at least one table, or to be protected.
    least : numpy.ndarray, shape (n,)
        As `least_values` in `PublishedTable`; of several tables the largest.
    matrix : scipy.sparse.csr_array, shape (m, n)
    row_low, row_high : numpy.ndarray, shape (m,)
        ``row_low <= matrix @ x <= row_high``.
    shares : tuple of Share
    """

    ids: np.ndarray
    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    hidden_low: np.ndarray
    hidden_high: np.ndarray
    is_whole: np.ndarray
    is_hidden: np.ndarray
    least: np.ndarray
    matrix: csr_array
    row_low: np.ndarray
    row_high: np.ndarray
    shares: tuple[Share, ...]

    def with_bounds(self, low: np.ndarray, high: np.ndarray) -> "System":
        """Return the same system with other bounds of the numbers."""
        return replace(self, low=low, high=high)

    def with_rows(self, rows: csr_array, low, high, shares) -> "System":
        """Return the system with further sums, and with only these `shares`."""
        return replace(
            self,
            matrix=csr_array(vstack([self.matrix, rows], format="csr")),
            row_low=np.concatenate([self.row_low, low]),
            row_high=np.concatenate([self.row_high, high]),
            shares=tuple(shares),
        )

    def part(
        self, cells: np.ndarray, rows: np.ndarray, shares: Sequence[Share], known: np.ndarray
    ) -> "System":
        """Return some cells and sums.

        Parameters
        ----------
        cells, rows : numpy.ndarray of int
            Positions, sorted.
        shares : sequence of Share
            Of these cells alone.
        known : numpy.ndarray, shape (m,)
            What the other cells of each sum add up to.
        """
        at = dict(zip(cells.tolist(), range(len(cells)), strict=True)) if shares else {}
        vectors = {
            name: getattr(self, name)[cells]
            for name in ("ids", "value", "low", "high", "hidden_low", "hidden_high", "is_whole",
                         "is_hidden", "least")
        }  # fmt: skip
        return System(
            **vectors,
            matrix=csr_array(self.matrix[rows][:, cells]),
            row_low=self.row_low[rows] - known[rows],
            row_high=self.row_high[rows] - known[rows],
            shares=tuple(Share(at[s.whole], at[s.share], at[s.size], s.scale) for s in shares),
        )

    def is_solved_by(self, x: np.ndarray) -> bool:
        """Whether the numbers `x`, shape (n,), fit every bound and relation."""
        if np.isnan(x).any():
            return False
        sums = self.matrix @ x
        slack = TOLERANCE * (1 + abs(self.matrix) @ np.abs(x))
        fits = (sums >= self.row_low - slack).all() and (sums <= self.row_high + slack).all()
        own = TOLERANCE * (1 + np.abs(x))
        fits &= (x >= self.low - own).all() and (x <= self.high + own).all()
        fits &= (np.abs(x - np.round(x))[self.is_whole] <= TOLERANCE).all()
        products = (abs(s.scale * x[s.whole] - x[s.share] * x[s.size]) for s in self.shares)
        return bool(fits) and all(gap <= TOLERANCE * (1 + abs(x).max()) for gap in products)


def join(tables: Sequence[PublishedTable]) -> System:
    """Return the system of all tables together.

    Raises
    ------
    DisclosureError
        Not a table, or the same id stands for different numbers.
    """
    if not tables:
        raise DisclosureError("an audit needs at least one PublishedTable.")
    if strange := [t for t in tables if not isinstance(t, PublishedTable)]:
        raise DisclosureError(f"an audit takes PublishedTables, not {type(strange[0]).__name__}.")
    vectors = _cells(tables)
    index = pd.Index(vectors["ids"])
    hidden = set().union(*(table.suppressed for table in tables))
    relations = [relation for table in tables for relation in table.relations]
    matrix, row_low, row_high = _rows(relations, index)
    shares = dict.fromkeys(r for r in relations if isinstance(r, Product))
    return System(
        **vectors,
        is_hidden=index.isin(hidden) | (vectors["least"] > 0),
        matrix=matrix,
        row_low=row_low,
        row_high=row_high,
        shares=tuple(Share(*map(index.get_loc, r.ids), r.scale) for r in shares),
    )


def _cells(tables: Sequence[PublishedTable]) -> dict[str, np.ndarray]:
    """Return what is known of each number in all tables, as the vectors of a `System`."""
    by_id = pd.concat([table.cells for table in tables]).groupby(level=0, sort=False)
    largest = by_id[["value", "low", "hidden_low", "is_whole", "least_values"]].max()
    smallest = by_id[["value", "high", "hidden_high"]].min()
    slack = TOLERANCE * (1 + largest[["value", "low"]].abs())
    differ = largest["value"] - smallest["value"] > slack["value"]
    differ |= largest["low"] > smallest["high"] + slack["low"]
    if differ.any():
        raise ContradictionError(largest.index[differ])
    high = smallest["high"].to_numpy(float)
    return {
        "ids": largest.index.to_numpy(object),
        "value": largest["value"].to_numpy(float),
        "low": np.minimum(largest["low"].to_numpy(float), high),
        "high": high,
        "hidden_low": largest["hidden_low"].to_numpy(float),
        "hidden_high": smallest["hidden_high"].to_numpy(float),
        "is_whole": largest["is_whole"].to_numpy(bool),
        "least": largest["least_values"].to_numpy(float),
    }


def _rows(relations, index: pd.Index) -> tuple[csr_array, np.ndarray, np.ndarray]:
    linear = [relation for relation in relations if isinstance(relation, Linear)]
    sizes = [len(relation.coefficients) for relation in linear]
    names = [name for relation in linear for name in relation.coefficients]
    weights = [c for relation in linear for c in relation.coefficients.values()]
    entries = (np.repeat(np.arange(len(linear)), sizes), index.get_indexer(names))
    matrix = coo_array((np.array(weights, float), entries), shape=(len(linear), len(index)))
    matrix = csr_array(matrix)
    matrix.eliminate_zeros()
    low = np.array([relation.low for relation in linear], float)
    high = np.array([relation.high for relation in linear], float)
    return matrix, low, high
