"""`PublishedTable`: numbers of one release that hang together, as a reader of it knows them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from types import MappingProxyType

import numpy as np
import pandas as pd

from pilot_analysis.errors import DisclosureError

__all__ = ["COLUMNS", "TOLERANCE", "Linear", "Product", "PublishedTable", "named_few"]

COLUMNS = ("value", "low", "high", "is_whole", "least_values", "hidden_low", "hidden_high")
"""Columns of `PublishedTable.cells`."""

TOLERANCE = 1e-6
"""Differences below this are rounding of the computer's own."""


@dataclass(frozen=True)
class Linear:
    """A sum that a reader knows: ``low <= sum(coefficient * cell) <= high``.

    A total, a complement, a change from one time to another, a step of a funnel (``low=0,
    high=inf``).

    Attributes
    ----------
    coefficients : mapping of str to float
        Cell id -> coefficient.
    low, high : float
        Both 0: the sum is exactly nothing, as in ``parts - total``.
    """

    coefficients: Mapping[str, float]
    low: float = 0.0
    high: float = 0.0

    def __post_init__(self):
        object.__setattr__(self, "coefficients", MappingProxyType(dict(self.coefficients)))
        if not all(map(isfinite, self.coefficients.values())) or not self.low <= self.high:
            raise DisclosureError(
                f"the relation of {named_few(self.coefficients)} needs finite coefficients and "
                f"low <= high, not {self.low} and {self.high}."
            )

    @property
    def ids(self) -> tuple[str, ...]:
        """The cells it is about."""
        return tuple(self.coefficients)


@dataclass(frozen=True)
class Product:
    """A share or mean and its size: ``scale * whole = share * size``.

    Attributes
    ----------
    whole, share, size : str
        Cell ids: a count and its percentage (``scale=100``), or a sum of scores and its mean.
        `size` is a whole number of at least one.
    scale : float
        What `share` is 1/`scale` of, greater than 0.
    """

    whole: str
    share: str
    size: str
    scale: float = 1.0

    def __post_init__(self):
        if not 0 < self.scale < np.inf or len(set(self.ids)) < 3:
            raise DisclosureError(
                f"the relation of {named_few(self.ids)} needs three different cells and a scale "
                f"above 0, not {self.scale}."
            )

    @property
    def ids(self) -> tuple[str, str, str]:
        """The cells it is about."""
        return (self.whole, self.share, self.size)


@dataclass(frozen=True)
class PublishedTable:
    """Numbers of one release, or a part of it, with how they follow from each other.

    Attributes
    ----------
    cells : pandas.DataFrame
        One row per number; the index is its id (str), and the same id in two tables is the same
        number. Columns:

        value : the number itself; NaN where it is not known (read from released files).
        low, high : what a reader knows of it without the other numbers: of a published number
            the interval it was rounded from, of a suppressed one its natural bounds, such as 0
            and infinity, or the range that is printed instead.
        is_whole : whether it is a whole number.
        least_values : 0, or the number of whole values that a reader must still think possible; of
            a number that is not whole, the width from the least to the largest one, in its unit.
        hidden_low, hidden_high : its natural bounds, which is what a reader would still know if
            it were suppressed. May be left out: 0 (minus infinity if the number is negative or
            may be) and infinity.
    relations : tuple of Linear or Product
    suppressed : frozenset of str
        Ids that are not printed.

    Raises
    ------
    DisclosureError
        A column is missing, an id stands twice, a relation or `suppressed` names no cell, or a
        number is not within its own bounds.
    """

    cells: pd.DataFrame
    relations: tuple[Linear | Product, ...] = ()
    suppressed: frozenset[str] = field(default_factory=frozenset)

    def __post_init__(self):
        object.__setattr__(self, "cells", _checked_cells(self.cells))
        object.__setattr__(self, "relations", tuple(self.relations))
        object.__setattr__(self, "suppressed", frozenset(self.suppressed))
        known = set(self.cells.index)
        named = {name for relation in self.relations for name in relation.ids}
        for names, where in ((named, "a relation"), (self.suppressed, "`suppressed`")):
            if strange := sorted(names - known):
                raise DisclosureError(
                    f"{where} names {named_few(strange)}, and there is no such cell."
                )

    @classmethod
    def from_crosstab(
        cls,
        values: pd.DataFrame,
        suppressed: Iterable[tuple[str, str]] = (),
        margins: bool = True,
        *,
        least_values: int = 0,
    ) -> "PublishedTable":
        """Return a two-way table of numbers from 0 up.

        Parameters
        ----------
        values : pandas.DataFrame
            Rows by columns, without totals; no value missing.
        suppressed : iterable of (row, column)
            Cells that are not printed; "total" for a margin.
        margins : bool
            Whether the totals of rows and columns and the grand total are published.
        least_values : int
            For every suppressed cell: how many whole values a reader must still think possible.

        Returns
        -------
        PublishedTable
            Ids "row|column", "row|total", "total|column" and "total|total".

        Raises
        ------
        DisclosureError
            A value is missing or below 0, or a row or column is named twice or "total".
        """
        rows, columns = [str(r) for r in values.index], [str(c) for c in values.columns]
        inner = values.to_numpy(float)
        names = [[f"{row}|{column}" for column in columns] for row in rows]
        if margins:
            inner = np.vstack([inner, inner.sum(axis=0)])
            inner = np.column_stack([inner, inner.sum(axis=1)])
            names = [[f"{r}|{c}" for c in (*columns, "total")] for r in (*rows, "total")]
        ids, flat = np.array(names, object).ravel(), inner.ravel()
        hidden = {f"{row}|{column}" for row, column in suppressed}
        if not (flat >= 0).all():
            raise DisclosureError(
                "every cell of a crosstab needs a number from 0 up: "
                f"{named_few(ids[~(flat >= 0)])}."
            )
        is_hidden = pd.Index(ids).isin(hidden)
        cells = pd.DataFrame(
            {
                "value": flat,
                "low": np.where(is_hidden, 0.0, flat),
                "high": np.where(is_hidden, np.inf, flat),
                "is_whole": bool((flat == np.round(flat)).all()),
                "least_values": np.where(is_hidden, least_values, 0),
            },
            index=ids,
        )
        return cls(cells, _margins(names) if margins else (), frozenset(hidden))

    def hide(self, ids: Iterable[str]) -> "PublishedTable":
        """Return the table with further cells suppressed, which leaves their natural bounds."""
        new = frozenset(ids) - self.suppressed
        cells = self.cells.copy()
        at = cells.index.isin(new)
        cells.loc[at, "low"] = cells.loc[at, "hidden_low"]
        cells.loc[at, "high"] = cells.loc[at, "hidden_high"]
        return PublishedTable(cells, self.relations, self.suppressed | new)


def _margins(names: list[list[str]]) -> tuple[Linear, ...]:
    lines = [*names, *map(list, zip(*names, strict=True))]
    return tuple(Linear({**dict.fromkeys(line[:-1], 1.0), line[-1]: -1.0}) for line in lines)


def _checked_cells(cells: pd.DataFrame) -> pd.DataFrame:
    missing = [column for column in COLUMNS[:5] if column not in cells.columns]
    if missing:
        raise DisclosureError(f"the cells of a table need the columns {', '.join(missing)}.")
    if not cells.index.is_unique:
        raise DisclosureError(
            f"ids stand twice: {named_few(cells.index[cells.index.duplicated()])}."
        )
    negative = (cells["value"] < 0) | (cells["low"] < 0)
    natural = {"hidden_low": np.where(negative, -np.inf, 0.0), "hidden_high": np.inf}
    frame = pd.DataFrame(index=pd.Index(cells.index.map(str), dtype=object))
    for column in COLUMNS:
        source = cells[column] if column in cells.columns else natural[column]
        kind = bool if column == "is_whole" else float
        frame[column] = np.broadcast_to(np.asarray(source), len(frame)).astype(kind)
    value, low, high = (frame[column].to_numpy() for column in COLUMNS[:3])
    slack = TOLERANCE * (1 + np.abs(np.nan_to_num(value)))
    wrong = ~(low <= high) | (value < low - slack) | (value > high + slack)
    wrong |= np.isinf(value) | (frame["least_values"].to_numpy() < 0)
    wrong |= ~(frame["hidden_low"].to_numpy() <= frame["hidden_high"].to_numpy())
    if wrong.any():
        raise DisclosureError(
            "these numbers do not lie within their own bounds, or ask for fewer than 0 values: "
            f"{named_few(frame.index[wrong])}."
        )
    return frame


def named_few(ids: Iterable[str]) -> str:
    """Return ids for a message, the first twelve."""
    ids = list(ids)
    return ", ".join(map(str, ids[:12])) + (f" and {len(ids) - 12} more" if len(ids) > 12 else "")
