"""What the exports hold beside what counts, and what reading must make of it."""

from typing import NamedTuple

import numpy as np
import pandas as pd

__all__ = ["UNKNOWN", "Aside", "american", "missing_as", "none_aside", "off_the_roster", "some"]

UNKNOWN = "student not on the roster"


class Aside(NamedTuple):
    """Rows that reading must set aside, in the words of the reconciliation ledger."""

    table: str
    unit: str
    reason: str
    rows: int


def none_aside(asides: list[Aside]) -> list[Aside]:
    """Return only those that have rows: what is not there is not counted either."""
    return [aside for aside in asides if aside.rows]


def some(frame: pd.DataFrame, share: float, rng: np.random.Generator) -> pd.DataFrame:
    """Return copies of a share of the rows, at least one where there are any, in their order."""
    n = min(len(frame), max(1, round(share * len(frame))))
    return frame.iloc[np.sort(rng.choice(len(frame), n, replace=False))].copy()


def off_the_roster(ids: pd.Series, tables: dict[str, pd.DataFrame]) -> int:
    """Return how many of the rows belong to students whom no roster knows."""
    return int((~ids.isin(tables["students"]["student_id"])).sum())


def american(days: pd.Series) -> pd.Series:
    """Return days as MM/DD/YYYY; missing is blank."""
    return days.dt.strftime("%m/%d/%Y").fillna("")


def missing_as(texts: pd.Series, ways: tuple[str, ...], rng: np.random.Generator) -> pd.Series:
    """Return texts with each missing one written in one of several ways."""
    gaps = texts.isna() | texts.eq("")
    return texts.astype(object).mask(gaps, pd.Series(rng.choice(ways, len(texts)), texts.index))
