"""`Results`: one row per number or text that a brief may show, before the disclosure gate."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from math import nan
from typing import Any

import pandas as pd

from pilot_analysis.stats.estimate import Estimate

__all__ = [
    "COLUMNS", "CONSENT", "KINDS", "NAMES_REMOVED", "NEVER_SHOWN", "ONE_PERSON", "ONE_QUESTION",
    "POPULATIONS", "Results", "result", "result_id",
]  # fmt: skip

KINDS = (
    "count",  # people or things in a category; n is the group they are counted in
    "proportion",  # share of n
    "mean",  # mean over n
    "effect",  # difference between arms or groups; n is everyone in the comparison
    "score",  # a Net Promoter Score
    "coefficient",  # reliability, agreement, correlation, variance share
    "test",  # a p-value or a statistic of its own
    "level",  # a verdict in words, derived from other results
    "text",  # words as they were recorded
    "absence",  # "not collected", "not estimable", and why
    "parameter",  # a value of the configuration
)
ONE_PERSON = "single person role"
"""Flag of what one person said whose role makes them known: the principal, the point person."""
CONSENT = "consent given"
"""Flag beside `ONE_PERSON`: they agreed that their school's team sees it."""
NAMES_REMOVED = "names removed"
"""Flag of a comment from which names, addresses and what only one person can be were taken out."""
POPULATIONS = ("students", "teachers", "respondents", "classes", "schools", "records", "none")

_ESTIMATE = tuple(f.name for f in fields(Estimate) if f.name != "name")
_KEYS = ("school_id", "product_id", "outcome", "group", "category", "time")
COLUMNS = (
    "result_id",
    "section",
    "name",
    "kind",
    "population",
    *_KEYS,
    "level",
    "value_text",
    *_ESTIMATE,
    "p_adjusted",
    "relation",
    "exploratory",
)
"""What a result says; all that `ProtectedResults` and released files hold of it."""
ONE_QUESTION = "its only question is the scale"
"""Flag of the average of a scale of one question: it is the average of the answers themselves."""

NEVER_SHOWN = ("remainder_percent", "smallest_n")
"""What only the gate needs to know of a result."""


def result_id(section: str, name: str, **keys: str) -> str:
    """Return the id of a result: the same in every run of the same pilot.

    For instance ``usage.funnel[school=S03,product=readwell,category=licensed]``.
    """
    inside = ",".join(f"{key.removesuffix('_id')}={keys[key]}" for key in _KEYS if keys.get(key))
    return f"{section}.{name}[{inside}]" if inside else f"{section}.{name}"


def result(
    section: str,
    name: str,
    kind: str,
    population: str,
    value: Estimate | float | None = None,
    *,
    n: int | None = None,
    n_clusters: int | None = None,
    unit: str = "",
    method: str = "",
    school_id: str = "",
    product_id: str = "",
    outcome: str = "",
    group: str = "",
    category: str = "",
    time: str = "",
    level: str = "",
    text: str = "",
    flags: tuple[str, ...] = (),
    relation: Iterable[str] = (),
    exploratory: bool = False,
    p_adjusted: float = nan,
    remainder_percent: float = nan,
    smallest_n: float = nan,
) -> dict[str, Any]:
    """Return one row of `Results`.

    Parameters
    ----------
    section, name : str
        `section` is the evaluation module that made it; `name` says what is measured.
    kind, population : str
        One of `KINDS` and of `POPULATIONS`; together they tell the gate which rule applies.
    value : Estimate, float or None
        An `Estimate` brings its own n, unit, method and flags.
    n : int
        Number of distinct people (or classes, schools, records) behind the value: what the
        minimum n of the disclosure policy bounds.
    school_id, product_id, outcome, group, category, time : str
        What the value is about; blank school_id: the network.
    level, text : str
        A verdict; words.
    relation : iterable of str
        Result ids that this one follows from, as ``part of ID``, ``derived from ID`` or
        ``change from ID``: where one of them may not be shown, this one may not either.
    remainder_percent : float
        Of an amount (minutes, hours, days, weeks): what all but the two largest contributors add
        up to, in percent of the largest; infinite where no contribution can be told from it.
    smallest_n : float
        Of a difference between groups: the people in the smaller one, whom the minimum n bounds.
        Of records: the distinct people behind them, where `n_clusters` counts something else.
    """
    about = (school_id, product_id, outcome, group, category, time)
    keys = dict(zip(_KEYS, about, strict=True))
    numbers = _numbers(value, unit, method, flags)
    if n is not None:
        numbers["n"] = n
    if n_clusters is not None:
        numbers["n_clusters"] = n_clusters
    return {
        "result_id": result_id(section, name, **keys),
        "section": section,
        "name": name,
        "kind": kind,
        "population": population,
        **keys,
        "level": level,
        "value_text": text,
        **numbers,
        "p_adjusted": p_adjusted,
        "relation": tuple(relation),
        "exploratory": exploratory,
        "remainder_percent": remainder_percent,
        "smallest_n": smallest_n,
    }


def _numbers(
    value: Estimate | float | None, unit: str, method: str, flags: Iterable[str]
) -> dict[str, Any]:
    """Return the columns of an `Estimate`; what is not known of a bare number is missing."""
    if isinstance(value, Estimate):
        numbers = {column: getattr(value, column) for column in _ESTIMATE}
        numbers["flags"] = (*value.flags, *flags)
        if value.n_clusters is None:
            numbers["n_clusters"] = nan
        return numbers
    estimate = nan if value is None else float(value)
    known = {"estimate": estimate, "unit": unit, "method": method, "flags": tuple(flags)}
    return dict.fromkeys(_ESTIMATE, nan) | known


@dataclass(frozen=True, slots=True)
class Results:
    """Unprotected results: never shown, only handed to `disclosure.protect`.

    Attributes
    ----------
    frame : pandas.DataFrame
        Columns `COLUMNS` and `NEVER_SHOWN`, one row per result, `result_id` unique.
    """

    frame: pd.DataFrame

    def __post_init__(self):
        if tuple(self.frame.columns) != (*COLUMNS, *NEVER_SHOWN):
            raise ValueError(
                "Results need exactly the columns of results.COLUMNS and results.NEVER_SHOWN, in "
                "that order."
            )
        repeated = self.frame["result_id"][self.frame["result_id"].duplicated()].unique()
        if len(repeated):
            raise ValueError(f"result_id must be unique; repeated: {', '.join(repeated[:5])}")
        for column, allowed in (("kind", KINDS), ("population", POPULATIONS)):
            strange = set(self.frame[column]) - set(allowed)
            if strange:
                raise ValueError(f"unknown {column}: {', '.join(sorted(map(str, strange)))}")

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, Any]]) -> "Results":
        """Gather rows made by `result`."""
        return cls(pd.DataFrame(list(rows), columns=[*COLUMNS, *NEVER_SHOWN]))

    @classmethod
    def concat(cls, parts: Iterable["Results"]) -> "Results":
        """Put the results of several sections under one another."""
        rows = [row for part in parts for row in part.frame.to_dict("records")]
        return cls.from_rows(rows)

    def select(self, **values: str) -> pd.DataFrame:
        """Return the rows whose columns equal `values`."""
        frame = self.frame
        for column, value in values.items():
            frame = frame[frame[column] == value]
        return frame
