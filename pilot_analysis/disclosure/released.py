"""Released results as a `PublishedTable`: what a reader of every brief knows of each number."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from math import inf, nan
from typing import Any

import numpy as np
import pandas as pd

from pilot_analysis.disclosure.dominance import AMOUNTS
from pilot_analysis.disclosure.policy import PEOPLE, DisclosurePolicy
from pilot_analysis.disclosure.relations import BEHIND, LOST
from pilot_analysis.disclosure.rounding import decimals_of
from pilot_analysis.disclosure.structure import (
    ARM_SIZES,
    GROUP_SIZES,
    NESTED,
    WHOLE_ANSWERS,
    WORDS,
)
from pilot_analysis.disclosure.tables.published import Linear, Product, PublishedTable

__all__ = ["ReleasedNumbers", "natural_bounds", "released_table"]

_PROTECTED = ("minimum n", "small category", "small step", "dominance", "single person role",
              "no consent")  # fmt: skip
"""Rules by which a number is hidden for its own sake, and not for another's."""

_RANGE = re.compile(r"(at most|at least|<|>) ?(\d+)%")
_TWO = 2
"""Values that a number must leave possible which is given as a range; units of its rounding that a
hidden mean must."""


def released_table(
    rows: pd.DataFrame,
    relations: Iterable[Linear | Product],
    policy: DisclosurePolicy,
    truth: pd.Series | None = None,
) -> PublishedTable:
    """Return what is released as a table for `audit`.

    Parameters
    ----------
    rows : pandas.DataFrame
        As `ProtectedResults.frame` and results.json hold them: every brief of a release together.
    relations : iterable of Linear or Product
        As `relations_of` returned them; those about anything that is not in `rows` say nothing.
    policy : DisclosurePolicy
        How many values a hidden number must leave possible.
    truth : pandas.Series or None
        As `values_of` returned it. None: nobody but the reader is asked, who cannot know whether
        a funnel lost few or many, so that everyone whom it lost must stay unknown or be many.

    Returns
    -------
    PublishedTable
    """
    relations = list(relations)
    numbers = ReleasedNumbers(rows, sorted({name for r in relations for name in r.ids}))
    low, high = numbers.bounds(rows, policy)
    least = numbers.least(rows, policy, truth)
    cells = numbers.cells.assign(low=low, high=high, least_values=least, value=nan).sort_index()
    if truth is not None:
        cells["value"] = truth.reindex(cells.index).to_numpy(float)
        cells = cells[cells["value"].notna()]
    known = set(cells.index)
    used = [relation for relation in relations if known.issuperset(relation.ids)]
    return PublishedTable(cells, used, cells.index[cells["least_values"] > 0])


class ReleasedNumbers:
    """Every number about people in a release: each result, what is `behind` it, and those lost.

    Parameters
    ----------
    rows : pandas.DataFrame
        As of `released_table`. What stays the same whatever is hidden is read here.
    names : iterable of str
        Ids among which are those of people whom funnels lost.

    Attributes
    ----------
    cells : pandas.DataFrame
        Index: ids. Columns is_whole, hidden_low and hidden_high, as of `PublishedTable.cells`.
    """

    def __init__(self, rows: pd.DataFrame, names: Iterable[str]):
        kinds, who = _column(rows, "kind"), _column(rows, "population")
        self._at = np.flatnonzero(~_among(kinds, WORDS) & _among(who, (*PEOPLE, "records")))
        rows, kinds, self._who = rows.iloc[self._at], kinds[self._at], who[self._at]
        ids, units = _column(rows, "result_id"), _column(rows, "unit")
        full = _column(rows, "section") + "." + _column(rows, "name")
        self._natural = np.array(_of_each(natural_bounds, kinds, units), float).reshape(-1, 2)
        self._rounding = 10.0 ** -np.array(_of_each(decimals_of, kinds, units), float)
        self._is_count, self._is_mean = kinds == "count", kinds == "mean"
        self._is_size = (_column(rows, "category") == "") | _among(
            full, NESTED | GROUP_SIZES | ARM_SIZES
        )
        self._behind = {kind: np.flatnonzero(kinds == kind) for kind in BEHIND}
        owners = dict(zip(ids, self._who, strict=True))
        lost = [name for name in names if any(map(name.__contains__, LOST))]
        self._lost = {name: owners[own] for name in lost if (own := _owner(name)) in owners}
        self._least_n = np.where(self._is_count, 0.0, 1.0)  # no share, mean or score is of nobody
        is_mean, is_amount = self._is_mean, _among(units, AMOUNTS)
        whole = ~is_mean | _among(full, WHOLE_ANSWERS)
        hidden_low = np.where((kinds == "score") | (is_mean & ~is_amount), -inf, 0.0)
        parts = [
            _cells(ids, self._is_count, *self._natural.T),
            _cells(ids + "#n", True, self._least_n, inf),
            *(
                _cells(ids[at] + f"#{BEHIND[kind]}", whole[at], hidden_low[at], inf)
                for kind, at in self._behind.items()
            ),
            _cells(list(self._lost), True, 0.0, inf),
        ]  # fmt: skip
        self.cells = pd.concat(parts)

    def bounds(self, rows: pd.DataFrame, policy: DisclosurePolicy) -> tuple[np.ndarray, np.ndarray]:
        """Return what a reader knows of each number by itself, low and high, shape (cells,)."""
        low, high = self._of_results(rows, policy).T
        n = rows["n"].to_numpy(float)[self._at]
        sizes = (np.where(np.isnan(n), end, n) for end in (self._least_n, inf))
        ends = self.cells[["hidden_low", "hidden_high"]].to_numpy().T
        low, high = (
            np.concatenate([own, size, end[2 * len(own) :]])  # of the others nothing is printed
            for own, size, end in zip((low, high), sizes, ends, strict=True)
        )
        return low, high

    def least(
        self, rows: pd.DataFrame, policy: DisclosurePolicy, truth: pd.Series | None
    ) -> np.ndarray:
        """Return how many values of each number must stay possible, shape (cells,).

        Of a mean, the width.
        """
        rules, levels = _column(rows, "suppressed")[self._at], _column(rows, "level")[self._at]
        asked = np.array(_of_each(partial(_least_of, policy), rules, self._who), float)
        category, size = asked.reshape(-1, 2).T
        own = np.where(self._is_size, np.maximum(size, category), category)
        # a hidden mean: how far apart its ends must stay, two units of its rounding
        of_mean = np.where(self._is_mean & (category > 0), _TWO * self._rounding, 0)
        own = np.where(self._is_count, own, of_mean)
        at = self._behind["proportion"]
        is_range = (rules[at] == "") & (levels[at] != "")
        is_range &= np.isnan(rows["estimate"].to_numpy(float)[self._at[at]])
        # a policy that prints so narrow a range is not overruled here, but by `audit`
        plain = self._is_too_plain(rows, policy, at) & (truth is not None)
        people = np.where(is_range, np.where(plain, 0, _TWO), category[at])
        others = np.zeros(len(self._behind["mean"]) + len(self._behind["score"]))
        few = [_of_lost(name, policy.minimum_category(who), truth)
               for name, who in self._lost.items()]  # fmt: skip
        return np.concatenate([own, size, people, others, few])

    def _is_too_plain(self, rows, policy, at: np.ndarray) -> np.ndarray:
        """Whether a range leaves fewer whole numbers of people than it must."""
        low, high = self._of_results(rows, policy)[at].T
        n = rows["n"].to_numpy(float)[self._at[at]]
        return np.floor(high * n) - np.ceil(low * n) + 1 < _TWO

    def _of_results(self, rows: pd.DataFrame, policy: DisclosurePolicy) -> np.ndarray:
        """Return what a reader knows of each result by itself, shape (results, 2)."""
        estimate = rows["estimate"].to_numpy(float)[self._at]
        half = np.where(self._is_count, 0.0, 0.5 * self._rounding)
        printed = np.column_stack([estimate - half, estimate + half])
        bounds = np.where(np.isnan(estimate)[:, None], self._natural, printed)
        rules, levels = _column(rows, "suppressed")[self._at], _column(rows, "level")[self._at]
        for at in np.flatnonzero(np.isnan(estimate) & (rules == "") & (levels != "")):
            bounds[at] = _range(levels[at], *self._natural[at], policy)
        return bounds


def _column(rows: pd.DataFrame, name: str) -> np.ndarray:
    return np.array(rows[name].tolist(), object)


def _among(values: np.ndarray, known: Iterable[str]) -> np.ndarray:
    return pd.Index(values, dtype=object).isin(list(known))


def _owner(name: str) -> str:
    return name.partition("#")[0]


def _of_each(rule: Callable[..., Any], *columns: np.ndarray) -> list[Any]:
    """Return what a rule says of each row, asked once for every combination of values."""
    asked = list(zip(*columns, strict=True))
    known = {values: rule(*values) for values in set(asked)}
    return [known[values] for values in asked]


def _cells(ids, is_whole, hidden_low, hidden_high) -> pd.DataFrame:
    columns = {"is_whole": is_whole, "hidden_low": hidden_low, "hidden_high": hidden_high}
    return pd.DataFrame(columns, index=pd.Index(ids, dtype=object, name="id"))


def _least_of(policy: DisclosurePolicy, rule: str, population: str) -> tuple[int, int]:
    """Return the values that a hidden category, and a hidden size, must leave possible."""
    if rule not in _PROTECTED:
        return 0, 0
    size = policy.minimum_n(population)
    of_group = size if rule == "minimum n" else 0
    if population == "records":
        return size, of_group
    return max(policy.minimum_category(population), _TWO), of_group


def _of_lost(name: str, few: int, truth: pd.Series | None) -> int:
    """Return the same of those whom a funnel lost: none or many, but not a known few."""
    return few if few > 1 and (truth is None or 0 < truth[name] < few) else 0


def _range(level: str, low: float, high: float, policy: DisclosurePolicy) -> tuple[float, float]:
    """Return the ends of a range that is given in words."""
    if found := _RANGE.fullmatch(level):
        share = int(found[2]) / 100
        return (low, share) if found[1] in ("at most", "<") else (share, high)
    near = policy["coding_of_means"] * (high - low)
    bands: Mapping[str, tuple[float, float]] = {
        "near the bottom of the scale": (low, low + near),
        "near the top of the scale": (high - near, high),
        "mostly promoters": (policy["score_bands"], high),
        "mostly detractors": (low, -policy["score_bands"]),
        "mixed": (-policy["score_bands"], policy["score_bands"]),
    }
    return bands[level]


def natural_bounds(kind: str, unit: str) -> tuple[float, float]:
    """Return the ends that a number of this kind and unit cannot pass."""
    scale = re.search(r"\((-?[\d.]+) ?[-–] ?(-?[\d.]+)\)$", unit)
    if scale and kind == "mean":
        return float(scale[1]), float(scale[2])
    if kind == "mean" and unit in AMOUNTS:
        return 0, inf
    return {"count": (0, inf), "proportion": (0, 1), "score": (-100, 100)}.get(kind, (-inf, inf))
