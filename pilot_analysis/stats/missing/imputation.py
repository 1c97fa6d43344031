"""`Imputation`: several completed copies of the data, and how the draws went."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from pilot_analysis.errors import DesignError

__all__ = ["Filling", "Imputation"]


@dataclass(frozen=True, slots=True)
class Filling:
    """What fills one column.

    Attributes
    ----------
    rows : numpy.ndarray of int, shape (k,)
        Positions of the missing values.
    numbers : numpy.ndarray, shape (m, k), or None
        Values drawn.
    donors : numpy.ndarray of int, shape (m, k), or None
        Or positions of the rows that give theirs.
    """

    rows: np.ndarray
    numbers: np.ndarray | None = None
    donors: np.ndarray | None = None

    def fill(self, column: pd.Series, i: int) -> pd.Series:
        """Return the column without holes, by imputation `i`."""
        if self.donors is not None:
            values = column.array.copy()
            values[self.rows] = column.array[self.donors[i]]
            # yes/no answers with holes are objects; without holes they are booleans
            return pd.Series(values, index=column.index, name=column.name).infer_objects()
        values = column.to_numpy(dtype=float, na_value=np.nan, copy=True)
        values[self.rows] = self.numbers[i]
        return pd.Series(values, index=column.index, name=column.name)


@dataclass(frozen=True, slots=True)
class Imputation:
    """Result of `impute`; iterating gives the m completed data frames.

    Attributes
    ----------
    m, iterations : int
    missing : pandas.Series of int
        Target -> number of values that were missing, and are imputed.
    methods : dict
        Target -> "normal", "pmm", or "complete".
    trace : pandas.DataFrame
        target, iteration (from 1), imputation (from 0), mean and sd of the values drawn, in units
        of the target (codes for categories), before delta: the chains should mix.
    flags : tuple of str
        "not converged: ..." where the chains of a target still differ (potential scale reduction
        above 1.2); "class means left out" where there are too few classes for them.
    """

    m: int
    iterations: int
    missing: pd.Series
    methods: dict[str, str]
    trace: pd.DataFrame
    flags: tuple[str, ...]
    _data: pd.DataFrame = field(repr=False)
    _fillings: dict[str, Filling] = field(repr=False)

    def __len__(self) -> int:
        """Return the number of imputations."""
        return self.m

    def __iter__(self) -> Iterator[pd.DataFrame]:
        """Yield the completed data frames."""
        return (self.completed(i) for i in range(self.m))

    def completed(self, i: int) -> pd.DataFrame:
        """Return a copy of the data with the values of imputation `i`, 0 to m - 1, in its holes."""
        if not 0 <= i < self.m:
            raise DesignError(f"There are imputations 0 to {self.m - 1}; {i} is not one of them.")
        filled = {name: f.fill(self._data[name], i) for name, f in self._fillings.items()}
        return self._data.assign(**filled)

    def imputed(self, target: str) -> pd.DataFrame:
        """Return the values imputed for a target: one row per missing value, one column per draw.

        Rows are named by the index of the data, columns 0 to m - 1.
        """
        if target not in self.missing.index:
            raise DesignError(f"{target!r} was no target; {', '.join(self.missing.index)} were.")
        if target not in self._fillings:
            return pd.DataFrame(index=self._data.index[:0], columns=range(self.m), dtype=float)
        filling, column = self._fillings[target], self._data[target]
        if filling.donors is None:
            values = dict(enumerate(filling.numbers))
        else:
            values = {i: column.array[donors] for i, donors in enumerate(filling.donors)}
        return pd.DataFrame(values, index=self._data.index[filling.rows]).infer_objects()
