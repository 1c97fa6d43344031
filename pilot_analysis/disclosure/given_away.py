"""Counts of answers that a printed score or average gives away, though they are not printed."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from math import nan
from typing import Any, NamedTuple, get_args

import numpy as np
import pandas as pd
from scipy import stats

from pilot_analysis.disclosure.answers import (
    LARGEST_TEAM,
    MOST_TABLES,
    how_many_tables,
    prints_interval,
    rating_tables,
    score_tables,
)
from pilot_analysis.disclosure.policy import PEOPLE, DisclosurePolicy
from pilot_analysis.disclosure.relations import CATEGORIES
from pilot_analysis.disclosure.released import natural_bounds
from pilot_analysis.disclosure.structure import WHOLE_ANSWERS, name_of, sources_of
from pilot_analysis.stats.nps.scores import NpsMethod

__all__ = ["ANSWERS", "answers_given_away", "has_answers"]

ANSWERS = (*(f"#{category}" for category in CATEGORIES), "#rated ")
"""What the ids of answers hold that are no results themselves."""

_METHODS = {f"nps_{method}": method for method in get_args(NpsMethod)}
"""Methods of one team's own score, whose interval follows from its counts."""

_INVITED = {"recommendation.nps_worst": 0, "recommendation.nps_best": 2}
"""Scores of all who were invited -> where the silent are counted, by position in `CATEGORIES`."""

_DRAWN = frozenset({"recommendation.nps_pooled"})
"""Scores that are drawn towards other teams' scores: no table of counts prints them."""


class _Rule(NamedTuple):
    """Counts that a policy does not show: from 1 to below `least`, and none and all with it."""

    least: int
    hides_zeros: bool

    @classmethod
    def of(cls, policy: DisclosurePolicy, population: str) -> "_Rule":
        return cls(policy.minimum_category(population), bool(policy["coding_bands"]))

    def told(self, tables: np.ndarray) -> np.ndarray:
        """Return the positions of the categories that are not to be shown in any of the tables.

        Parameters
        ----------
        tables : numpy.ndarray of int, shape (tables, categories)
            Every table that is possible. Where each holds a small category, though not always the
            same one, it is the one that is small most often.
        """
        n = tables.sum(axis=1, keepdims=True)
        few = self.few(tables)
        small = few | (self.hides_zeros & ((tables == 0) | (tables == n)))
        always = np.flatnonzero(small.all(axis=0))
        if not always.size and few.any(axis=1).all():
            return np.array([few.sum(axis=0).argmax()])
        return always

    def few(self, tables: np.ndarray) -> np.ndarray:
        """Return which counts are few people, but not none."""
        return (tables > 0) & (tables < self.least)


def answers_given_away(rows: pd.DataFrame, policy: DisclosurePolicy) -> pd.DataFrame:
    """Return the counts of answers that single scores and averages give away.

    Parameters
    ----------
    rows : pandas.DataFrame
        Released results, as `ProtectedResults.frame` holds them.
    policy : DisclosurePolicy

    Returns
    -------
    pandas.DataFrame
        Columns as of `audit`. The cell is the count's result id, or where that is no result the
        id of the score or average with "#detractors", "#rated 4" and the like.

    Notes
    -----
    Every table of counts is tried that prints the number and, where its method can be read, its
    interval. A score is looked at unless all its counts are printed; an average of whole-number
    answers, of `LARGEST_TEAM` people at most. Numbers that limit each other only together are the
    business of `audit`.
    """
    counts, sizes = _counts(rows), _values(rows, "recommendation.invited")
    found = []
    is_shown = rows["suppressed"].eq("") & rows["estimate"].notna() & rows["n"].gt(0)
    is_shown &= rows["population"].isin(PEOPLE)
    for row in filter(has_answers, rows[is_shown].itertuples(index=False, name="Row")):
        rule = _Rule.of(policy, row.population)
        if row.kind == "score":
            found += _behind_score(row, counts, sizes, rule)
        elif rule.least > 1:
            found += _behind_average(row, rule)
    frame = pd.DataFrame(found, columns=["cell", "low", "high", "pinned", "values", "by"])
    return frame.astype({"low": float, "high": float, "pinned": bool, "values": float})


def has_answers(row: Any) -> bool:
    """Whether counts of answers stand behind a result that could give them away."""
    return row.kind == "score" or name_of(row) in WHOLE_ANSWERS


def _counts(rows: pd.DataFrame) -> Mapping[str, dict[str, Any]]:
    """Return the rows of the counts behind each score, by its id and their category."""
    counts: dict[str, dict[str, Any]] = defaultdict(dict)
    is_count = rows["kind"].eq("count") & rows["category"].isin(CATEGORIES)
    for row in rows[is_count].itertuples(index=False, name="Row"):
        for source in sources_of(row):
            counts[source][row.category] = row
    return counts


def _values(rows: pd.DataFrame, name: str) -> dict[str, float]:
    mine = rows[(rows["section"] + "." + rows["name"]).eq(name)]
    return dict(zip(mine["result_id"], mine["estimate"], strict=True))


def _behind_score(row: Any, counts, sizes: Mapping[str, float], rule: _Rule) -> Iterator[tuple]:
    if name_of(row) in _DRAWN:
        return
    sources = [row.result_id, *sources_of(row)]
    own = next((counts[source] for source in sources if source in counts), {})
    printed = {name: count.estimate for name, count in own.items() if not np.isnan(count.estimate)}
    if len(printed) == len(CATEGORIES):
        return
    invited = next((sizes[source] for source in sources if source in sizes), nan)
    tables = _tables_of_score(row, invited, rule)
    for name, people in printed.items():
        tables = tables[tables[:, CATEGORIES.index(name)] == people]
    for at in rule.told(tables) if len(tables) else ():
        name = CATEGORIES[at]
        if name not in printed:
            cell = own[name].result_id if name in own else f"{row.result_id}#{name}"
            yield _finding(cell, tables[:, at], row)


def _tables_of_score(row: Any, invited: float, rule: _Rule) -> np.ndarray:
    if name_of(row) in _INVITED:
        return _without_silent(row, invited)
    method = _METHODS.get(row.method)
    if method is None or np.isnan(row.conf_low) or np.isnan(row.conf_level):
        return _of_score(row.estimate, int(row.n))
    return _of_interval(
        row.estimate, int(row.n), row.conf_low, row.conf_high, method, row.conf_level, rule
    )


def _without_silent(row: Any, invited: float) -> np.ndarray:
    """Return the tables of those who answered, from a score in which the silent count as one."""
    if not invited >= row.n:
        return np.empty((0, len(CATEGORIES)), int)
    tables = _of_score(row.estimate, int(invited)).copy()
    tables[:, _INVITED[name_of(row)]] -= int(invited - row.n)
    return tables[(tables >= 0).all(axis=1)]


@lru_cache(maxsize=4096)
def _of_score(score: float, n: int) -> np.ndarray:
    return score_tables(score, n)


@lru_cache(maxsize=4096)
def _of_interval(
    score: float, n: int, low: float, high: float, method: str, conf_level: float, rule: _Rule
) -> np.ndarray:
    """Return the tables that print the score and interval, or so many that `rule` tells nothing.

    Those come first whose variance fits the interval best: of many people a few tables suffice.
    """
    tables = _of_score(score, n)
    shares = tables / n
    variance = np.maximum(1 - shares[:, 1] - (shares[:, 2] - shares[:, 0]) ** 2, 0)
    half = 100 * stats.norm.isf((1 - conf_level) / 2) * np.sqrt(variance / n)
    likely = np.argsort(np.abs(half - (high - low) / 2), kind="stable")
    found = np.empty((0, len(CATEGORIES)), int)
    for table in tables[likely]:
        if prints_interval(table, low, high, method, conf_level):
            found = np.vstack([found, table])
            if not rule.told(found).size:
                break
    return found


def _behind_average(row: Any, rule: _Rule) -> Iterator[tuple]:
    scale = natural_bounds(row.kind, row.unit)
    if row.n > LARGEST_TEAM or not all(float(end).is_integer() for end in scale):
        return
    low, high = int(scale[0]), int(scale[1])
    if how_many_tables(int(row.n), (low, high)) > MOST_TABLES:
        return
    has_interval = row.method == "mean_t" and not np.isnan(row.conf_low + row.conf_level)
    ends = (row.conf_low, row.conf_high, row.conf_level) if has_interval else ()
    tables = _of_average(row.estimate, int(row.n), (low, high), *ends)
    told = np.flatnonzero(rule.few(tables).all(axis=0) & has_interval & (len(tables) > 0))
    if len(tables) == 1 and not told.size:
        told = np.array([np.where(tables[0] > 0, tables[0], row.n).argmin()])
    for at in told:
        yield _finding(f"{row.result_id}#rated {low + at}", tables[:, at], row)


@lru_cache(maxsize=4096)
def _of_average(
    mean: float, n: int, scale: tuple[int, int], low=nan, high=nan, conf_level=0.95
) -> np.ndarray:
    return rating_tables(mean, n, scale, low=low, high=high, conf_level=conf_level)


def _finding(cell: str, people: np.ndarray, row: Any) -> tuple:
    possible = np.unique(people)
    return (
        cell, possible[0], possible[-1], len(possible) == 1, len(possible), (row.result_id,),
    )  # fmt: skip
