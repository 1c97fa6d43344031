"""Released results as a `PublishedTable`: what a reader of every brief knows of each number."""

import re
from collections.abc import Iterable, Iterator, Mapping
from math import ceil, floor, inf, nan
from typing import Any, NamedTuple

import pandas as pd

from pilot_analysis.disclosure.dominance import AMOUNTS
from pilot_analysis.disclosure.policy import PEOPLE, DisclosurePolicy
from pilot_analysis.disclosure.relations import behind, is_whole_behind
from pilot_analysis.disclosure.rounding import decimals_of
from pilot_analysis.disclosure.structure import ARM_SIZES, GROUP_SIZES, NESTED, WORDS, name_of
from pilot_analysis.disclosure.tables.published import Linear, Product, PublishedTable

__all__ = ["natural_bounds", "released_table"]

_PROTECTED = ("minimum n", "small category", "small step", "dominance", "single person role",
              "no consent")  # fmt: skip
"""Rules by which a number is hidden for its own sake, and not for another's."""

_RANGE = re.compile(r"(at most|at least|<|>) ?(\d+)%")
_TWO = 2
"""Values that a number must leave possible which is given as a range; units of its rounding that a
hidden mean must."""


class _Cell(NamedTuple):
    id: str
    low: float
    high: float
    is_whole: bool
    least_values: float
    hidden_low: float = 0
    hidden_high: float = inf


def released_table(
    rows: pd.DataFrame,
    relations: Iterable[Linear | Product],
    policy: DisclosurePolicy,
    truth: Mapping[str, float] | None = None,
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
    truth : mapping of str to float, or None
        As `values_of` returned it. None: nobody but the reader is asked, who cannot know whether
        a funnel lost few or many, so that everyone whom it lost must stay unknown or be many.

    Returns
    -------
    PublishedTable
    """
    people = {
        row.result_id: row
        for row in rows.itertuples(index=False, name="Row")
        if row.kind not in WORDS and row.population in (*PEOPLE, "records")
    }
    cells = [cell for row in people.values() for cell in _cells(row, policy, truth)]
    known = {cell.id for cell in cells}
    for name in {name for relation in relations for name in relation.ids} - known:
        if owner := people.get(name.partition("#")[0]):
            cells.append(_lost(name, owner, policy, truth))
            known.add(name)
    frame = pd.DataFrame(cells, columns=_Cell._fields).set_index("id").sort_index()
    frame["value"] = nan if truth is None else frame.index.map(truth).to_numpy(float)
    used = [relation for relation in relations if known.issuperset(relation.ids)]
    return PublishedTable(frame, used, frame.index[frame["least_values"] > 0])


def _lost(name: str, owner: Any, policy: DisclosurePolicy, truth) -> _Cell:
    """Return those whom a funnel lost: they may be none or many, but not a known few."""
    least = policy.minimum_category(owner.population)
    is_few = least > 1 and (truth is None or 0 < truth[name] < least)
    return _Cell(name, 0, inf, True, least if is_few else 0)


def _cells(row: Any, policy: DisclosurePolicy, truth) -> Iterator[_Cell]:
    """Yield the number itself, its n, and what a share, mean or score is made of."""
    for cell in _all_cells(row, policy, truth is not None):
        if truth is None or cell.id in truth:
            yield cell


def _all_cells(row: Any, policy: DisclosurePolicy, is_to_choose: bool) -> Iterator[_Cell]:
    is_range = not row.suppressed and row.estimate != row.estimate and bool(row.level)
    of_group = policy.minimum_n(row.population) if row.suppressed == "minimum n" else 0
    least = _least(row, policy)
    low, high = _bounds(row, policy)
    is_count = row.kind == "count"
    is_size = not row.category or name_of(row) in NESTED | GROUP_SIZES | ARM_SIZES
    own = (max(of_group, least) if is_size else least) if is_count else _width(row)
    yield _Cell(row.result_id, low, high, is_count, own, *natural_bounds(row))
    least_n = 0 if is_count else 1  # there is no share, mean or score of nobody
    size = (least_n, inf) if row.n != row.n else (row.n, row.n)
    yield _Cell(behind(row, "n"), *size, True, of_group, least_n)
    if row.kind == "proportion":
        if is_range:
            # a policy that prints so narrow a range is not overruled here, but found by `audit`
            too_plain = is_to_choose and floor(high * row.n) - ceil(low * row.n) + 1 < _TWO
            least = 0 if too_plain else _TWO
        yield _Cell(behind(row), 0, inf, True, least)
    elif row.kind == "mean":
        least_sum = 0 if row.unit in AMOUNTS else -inf
        yield _Cell(behind(row), least_sum, inf, is_whole_behind(row), 0, least_sum)
    elif row.kind == "score":
        yield _Cell(behind(row), -inf, inf, True, 0, -inf)


def _least(row: Any, policy: DisclosurePolicy) -> int:
    """Return how many values of a hidden category a reader must still think possible."""
    if row.suppressed not in _PROTECTED:
        return 0
    if row.population == "records":
        return policy.minimum_n(row.population)
    return max(policy.minimum_category(row.population), _TWO)


def _width(row: Any) -> float:
    """Return how far apart the ends of a hidden mean must stay: two units of its rounding."""
    is_protected = row.kind == "mean" and row.suppressed in _PROTECTED
    return _TWO * 10.0 ** -decimals_of(row.kind, row.unit) if is_protected else 0


def _bounds(row: Any, policy: DisclosurePolicy) -> tuple[float, float]:
    """Return what a reader knows of a number by itself."""
    if row.estimate == row.estimate:
        half = 0.0 if row.kind == "count" else 0.5 * 10.0 ** -decimals_of(row.kind, row.unit)
        return row.estimate - half, row.estimate + half
    low, high = natural_bounds(row)
    if row.suppressed or not row.level:
        return low, high
    if found := _RANGE.fullmatch(row.level):
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
    return bands[row.level]


def natural_bounds(row: Any) -> tuple[float, float]:
    """Return the ends that a number of this kind cannot pass."""
    scale = re.search(r"\((-?[\d.]+) ?[-–] ?(-?[\d.]+)\)$", row.unit)
    if scale and row.kind == "mean":
        return float(scale[1]), float(scale[2])
    if row.kind == "mean" and row.unit in AMOUNTS:
        return 0, inf
    return {"count": (0, inf), "proportion": (0, 1), "score": (-100, 100)}.get(
        row.kind, (-inf, inf)
    )
