"""A column of text, each distinct text once."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

__all__ = ["Cells"]


class Cells(NamedTuple):
    """One column of text: each distinct text once, and which of them each row has.

    Columns of exports repeat themselves, so everything that is done to a text is done once.
    """

    codes: np.ndarray
    distinct: np.ndarray

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Cells":
        """Gather one text per row; space around a text is dropped."""
        column = np.empty(len(texts), dtype=object)
        column[:] = texts
        codes, distinct = pd.factorize(column)
        return cls(codes, np.array([text.strip() for text in distinct], dtype=object))

    @classmethod
    def constant(cls, text: str, n: int) -> "Cells":
        """Repeat one text for `n` rows."""
        return cls(np.zeros(n, dtype=np.intp), np.array([text], dtype=object))

    def texts(self) -> np.ndarray:
        """Return the text of every row."""
        return self.distinct[self.codes]

    def where(self, mask: np.ndarray) -> "Cells":
        """Return the rows that `mask` marks."""
        return Cells(self.codes[mask], self.distinct)
