"""Released results as a `PublishedTable`: what a reader of every brief knows of each number."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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

__all__ = ["natural_bounds", "released_cells", "released_table"]

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
    """Return what is released as a table for `audit`, or for `suppress`.

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
    lost = sorted({name for r in relations for name in r.ids if any(map(name.__contains__, LOST))})
    cells = released_cells(rows, lost, policy, truth).sort_index()
    known = set(cells.index)
    used = [relation for relation in relations if known.issuperset(relation.ids)]
    return PublishedTable(cells, used, cells.index[cells["least_values"] > 0])


def released_cells(
    rows: pd.DataFrame,
    lost: Sequence[str],
    policy: DisclosurePolicy,
    truth: pd.Series | None = None,
) -> pd.DataFrame:
    """Return every number of a release, and what a reader knows of it by itself.

    Parameters
    ----------
    rows, policy, truth
        As of `released_table`.
    lost : sequence of str
        Ids of those whom funnels lost.

    Returns
    -------
    pandas.DataFrame
        As `PublishedTable.cells`: each result, the n and what else is `behind` it, and those `lost`
        of what is in `rows`. With `truth` only what is in it.
    """
    kinds, who = _column(rows, "kind"), _column(rows, "population")
    rows = rows[~_among(kinds, WORDS) & _among(who, (*PEOPLE, "records"))]
    numbers = _Numbers(rows, policy)
    parts = [numbers.themselves(), numbers.sizes(), *numbers.behind(is_to_choose=truth is not None)]
    parts.append(_lost(lost, numbers, policy, truth))
    cells = pd.concat(parts)
    if truth is None:
        return cells.assign(value=nan)
    cells["value"] = truth.reindex(cells.index).to_numpy(float)
    return cells[cells["value"].notna()]


def _column(rows: pd.DataFrame, name: str) -> np.ndarray:
    return np.array(rows[name].tolist(), object)


def _among(values: np.ndarray, known: Iterable[str]) -> np.ndarray:
    return pd.Index(values, dtype=object).isin(list(known))


def _of_each(rule: Callable[..., Any], *columns: np.ndarray) -> list[Any]:
    """Return what a rule says of each row, asked once for every combination of values."""
    asked = list(zip(*columns, strict=True))
    known = {values: rule(*values) for values in set(asked)}
    return [known[values] for values in asked]


class _Numbers:
    """The numbers about people in a release, row by row.

    Attributes
    ----------
    ids, kinds, units, populations, rules, levels : numpy.ndarray of str, shape (rows,)
    estimate, n : numpy.ndarray, shape (rows,)
    natural : numpy.ndarray, shape (rows, 2)
        The ends that each number cannot pass.
    rounding : numpy.ndarray, shape (rows,)
        The unit to which each is rounded.
    least : numpy.ndarray, shape (rows,)
        Values of a hidden category that a reader must still think possible.
    of_group : numpy.ndarray, shape (rows,)
        The same of a size that is hidden.
    """

    def __init__(self, rows: pd.DataFrame, policy: DisclosurePolicy):
        self.ids, self.kinds, self.units, self.populations, self.rules, self.levels = (
            _column(rows, name)
            for name in ("result_id", "kind", "unit", "population", "suppressed", "level")
        )
        self.names = _column(rows, "section") + "." + _column(rows, "name")
        self.has_category = _column(rows, "category") != ""
        self.estimate, self.n = (rows[name].to_numpy(float) for name in ("estimate", "n"))
        natural = _of_each(natural_bounds, self.kinds, self.units)
        self.natural = np.array(natural, float).reshape(-1, 2)
        self.rounding = 10.0 ** -np.array(_of_each(decimals_of, self.kinds, self.units), float)
        self.is_printed = ~np.isnan(self.estimate)
        self.is_range = (self.rules == "") & ~self.is_printed & (self.levels != "")
        self._policy = policy
        least = _of_each(self._least_of, self.rules, self.populations)
        self.least, self.of_group = np.array(least, float).reshape(-1, 2).T

    def _least_of(self, rule: str, population: str) -> tuple[int, int]:
        """Return the values that a hidden category, and a hidden size, must leave possible."""
        if rule not in _PROTECTED:
            return 0, 0
        size = self._policy.minimum_n(population)
        if population == "records":
            return size, size if rule == "minimum n" else 0
        category = max(self._policy.minimum_category(population), _TWO)
        return category, size if rule == "minimum n" else 0

    def themselves(self) -> pd.DataFrame:
        """Return the numbers themselves."""
        is_count = self.kinds == "count"
        is_size = ~self.has_category | _among(self.names, NESTED | GROUP_SIZES | ARM_SIZES)
        own = np.where(is_size, np.maximum(self.of_group, self.least), self.least)
        # a hidden mean: how far apart its ends must stay, two units of its rounding
        is_hidden_mean = (self.kinds == "mean") & (self.least > 0)
        own = np.where(is_count, own, np.where(is_hidden_mean, _TWO * self.rounding, 0))
        low, high = self._bounds().T
        return _cells(self.ids, low, high, is_count, own, *self.natural.T)

    def sizes(self) -> pd.DataFrame:
        """Return the n of each; there is no share, mean or score of nobody."""
        least = np.where(self.kinds == "count", 0.0, 1.0)
        low, high = (np.where(np.isnan(self.n), end, self.n) for end in (least, inf))
        return _cells(self.ids + "#n", low, high, True, self.of_group, least)

    def behind(self, *, is_to_choose: bool) -> Iterator[pd.DataFrame]:
        """Yield what shares, means and scores are made of."""
        for kind in ("proportion", "mean", "score"):
            at = np.flatnonzero(self.kinds == kind)
            least, low, is_whole = np.zeros(len(at)), np.full(len(at), -inf), np.full(len(at), True)
            if kind == "proportion":
                low[:] = 0
                # a policy that prints so narrow a range is not overruled here, but by `audit`
                plain = self._is_too_plain(at) if is_to_choose else np.zeros(len(at), bool)
                least = np.where(self.is_range[at], np.where(plain, 0, _TWO), self.least[at])
            elif kind == "mean":
                low[_among(self.units[at], AMOUNTS)] = 0
                is_whole = _among(self.names[at], WHOLE_ANSWERS)
            ids = self.ids[at] + f"#{BEHIND[kind]}"
            yield _cells(ids, low, inf, is_whole, least, low)

    def _is_too_plain(self, at: np.ndarray) -> np.ndarray:
        """Whether a range leaves fewer whole numbers of people than it must."""
        low, high = self._bounds()[at].T
        return np.floor(high * self.n[at]) - np.ceil(low * self.n[at]) + 1 < _TWO

    def _bounds(self) -> np.ndarray:
        """Return what a reader knows of each number by itself, shape (rows, 2)."""
        half = np.where(self.kinds == "count", 0.0, 0.5 * self.rounding)
        printed = np.column_stack([self.estimate - half, self.estimate + half])
        bounds = np.where(self.is_printed[:, None], printed, self.natural)
        for at in np.flatnonzero(self.is_range):
            bounds[at] = _range(self.levels[at], *self.natural[at], self._policy)
        return bounds


def _cells(ids, low, high, is_whole, least, hidden_low=0.0, hidden_high=inf) -> pd.DataFrame:
    columns = {"low": low, "high": high, "is_whole": is_whole, "least_values": least,
               "hidden_low": hidden_low, "hidden_high": hidden_high}  # fmt: skip
    return pd.DataFrame(columns, index=pd.Index(ids, dtype=object, name="id"))


def _lost(names: Sequence[str], numbers: _Numbers, policy, truth) -> pd.DataFrame:
    """Return those whom a funnel lost: they may be none or many, but not a known few."""
    populations = dict(zip(numbers.ids, numbers.populations, strict=True))
    owners = {name: populations.get(name.partition("#")[0]) for name in names}
    least = {name: policy.minimum_category(who) for name, who in owners.items() if who}
    values = [
        few if few > 1 and (truth is None or 0 < truth[name] < few) else 0
        for name, few in least.items()
    ]
    return _cells(list(least), 0.0, inf, True, np.array(values, float))


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
