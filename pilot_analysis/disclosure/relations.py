"""What a reader knows to hold between results: totals, complements, changes, shares of a size."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import inf, isnan
from typing import Any

from pilot_analysis.disclosure.policy import PEOPLE
from pilot_analysis.disclosure.structure import (
    ALTERNATIVES,
    KEYS,
    NESTED,
    SAME_PEOPLE,
    SIDES,
    WHOLE_ANSWERS,
    WORDS,
    chain_of,
    lines_of,
    name_of,
    sources_of,
)
from pilot_analysis.disclosure.tables.published import Linear, Product

__all__ = ["BEHIND", "CATEGORIES", "LOST", "behind", "lost", "relations_of", "values_of"]

FLOW = ("rostered", "pre", "post", "both")
"""Categories of a flow with two tests: on the list, tested before, tested after, and both."""

CATEGORIES = ("detractors", "passives", "promoters")
"""The counts behind a Net Promoter Score, in the order of its scale."""

LOST = ("#less ", "#without a test")
"""What the ids of those whom a funnel lost hold."""

_TOLERANCE = 1e-6
BEHIND = {"proportion": "people", "mean": "sum", "score": "difference"}
"""Kind -> what its ids of the number behind a result hold."""
_SCALE = {"proportion": 1.0, "mean": 1.0, "score": 100.0}


def behind(row: Any, what: str = "") -> str:
    """Return the id of a number behind a result: its "n", or what a share or mean is made of."""
    return f"{row.result_id}#{what or BEHIND[row.kind]}"


def _is_whole_behind(row: Any) -> bool:
    """Return whether the number behind a share, mean or score is whole: people, or ratings."""
    return row.kind != "mean" or name_of(row) in WHOLE_ANSWERS


def lost(chain: Sequence[Any]) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield those whom a funnel lost between two of its counts, and how they are reckoned.

    Parameters
    ----------
    chain : sequence of named tuples
        The counts of one funnel, each with its category.

    Yields
    ------
    name : str
        Id of the number of people.
    sum : dict of str to float
        Result id -> coefficient; at least nothing.
    """
    ids = {row.category: row.result_id for row in chain}
    if set(ids) >= set(FLOW):
        # two tests: who has one need not have the other
        start, pre, post, both = (ids[category] for category in FLOW)
        yield f"{start}{LOST[1]}", {start: 1.0, pre: -1.0, post: -1.0, both: 1.0}
        pairs = [(start, pre), (start, post), (pre, both), (post, both)]
    else:
        falling = sorted(chain, key=lambda row: (-row.estimate, row.result_id))
        pairs = list(pairwise(row.result_id for row in falling))
    for before, after in pairs:
        yield f"{before}{LOST[0]}{after}", {before: 1.0, after: -1.0}


def relations_of(rows: Sequence[Any]) -> tuple[Linear | Product, ...]:
    """Return the relations that hold between results.

    Which could hold follows from what the results are about; a sum is left out where it does not
    hold in fact, for instance because one person stands in two of its parts. What a reader would
    wrongly believe gives nobody away.

    Parameters
    ----------
    rows : sequence of named tuples
        The columns of `Results`, unprotected: every school, product and the network.

    Returns
    -------
    tuple of Linear or Product
        Over the ids of results, and of the numbers `behind` them: "ID#n", "ID#people" of a share,
        "ID#sum" of a mean, "ID#difference" (promoters less detractors) of a score, and those whom
        a funnel `lost`.
    """
    rows, truth = _numbers(rows), values_of(rows)
    found: list[Linear | Product] = [*_of_each(rows, truth), *_nested(rows)]
    for sum_ in (*_totals(rows, truth), *_sides(rows), *_differences(rows), *_answers(rows),
                 *_alternatives(rows), *_same_people(rows)):  # fmt: skip
        if _holds(sum_, truth):
            found.append(sum_)
    return tuple(found)


def values_of(rows: Sequence[Any]) -> dict[str, float]:
    """Return the true value of every number that `relations_of` may name."""
    rows = _numbers(rows)
    values = {row.result_id: row.estimate for row in rows}
    for chain in _chains(rows):
        for name, sum_ in lost(chain):
            values[name] = sum(weight * values[part] for part, weight in sum_.items())
    for row in rows:
        if not isnan(row.n):
            values[behind(row, "n")] = row.n
            if row.kind in BEHIND:
                value = row.estimate * row.n / _SCALE[row.kind]
                # else n is not the number of people, or of answers, that it was divided by
                if _is_whole(value) or not _is_whole_behind(row):
                    values[behind(row)] = value
    return values


def _holds(relation: Linear, truth: Mapping[str, float]) -> bool:
    if not all(name in truth for name in relation.ids):
        return False
    terms = [weight * truth[name] for name, weight in relation.coefficients.items()]
    slack = _TOLERANCE * (1 + sum(map(abs, terms)))
    return relation.low - slack <= sum(terms) <= relation.high + slack


def _of_each(rows: Sequence[Any], truth: Mapping[str, float]) -> Iterator[Linear | Product]:
    """Yield what holds within each result."""
    for row in rows:
        n = behind(row, "n")
        if not truth.get(n) or row.population not in (*PEOPLE, "records"):
            continue
        if row.kind == "count":
            exactly = row.estimate == row.n and not row.category
            yield Linear({n: 1.0, row.result_id: -1.0}, 0.0, 0.0 if exactly else inf)
        elif row.kind in BEHIND and behind(row) in truth:
            yield Product(behind(row), row.result_id, n, _SCALE[row.kind])
            if row.kind == "proportion":
                yield Linear({n: 1.0, behind(row): -1.0}, 0.0, inf)


def _is_whole(value: float) -> bool:
    return abs(value - round(value)) < _TOLERANCE


def _numbers(rows: Sequence[Any]) -> list[Any]:
    return [row for row in rows if row.kind not in WORDS and not isnan(row.estimate)]


def _chains(rows: Sequence[Any]) -> list[list[Any]]:
    chains: dict[tuple, list[Any]] = defaultdict(list)
    for row in rows:
        if name_of(row) in NESTED:
            chains[chain_of(row)].append(row)
    return list(chains.values())


def _nested(rows: Sequence[Any]) -> Iterator[Linear]:
    """Yield how many a funnel lost on the way, whom a reader can count by taking away."""
    for chain in _chains(rows):
        for name, sum_ in lost(chain):
            yield Linear({**sum_, name: -1.0})


def _totals(rows: Sequence[Any], truth: Mapping[str, float]) -> Iterator[Linear]:
    """Yield that parts add up to their total: people, sums, and the groups they are counted in."""
    for line in lines_of(rows):
        if line.total is None:
            continue
        parts, total = [rows[at] for at in line.members], rows[line.total]
        if line.over == "category" and total.kind == "count":  # a category is one of them all
            yield from (Linear({behind(part, "n"): 1.0, total.result_id: -1.0}) for part in parts)
        for what in ("", "n", *filter(None, [BEHIND.get(total.kind)])):
            if what == "" and total.kind != "count":
                continue
            names = [behind(row, what) if what else row.result_id for row in (*parts, total)]
            yield Linear({**dict.fromkeys(names[:-1], 1.0), names[-1]: -1.0})


def _sides(rows: Sequence[Any]) -> Iterator[Linear]:
    """Yield that a group and everyone else are everyone."""
    sides: dict[tuple, dict[str, Any]] = defaultdict(dict)
    whole: dict[tuple, Any] = {}
    for row in rows:
        about = (name_of(row), row.school_id, row.product_id, row.outcome, row.time)
        if row.category in SIDES:
            sides[(*about, row.group)][row.category] = row
        elif not row.group and not row.category:
            whole[about] = row
    for key, pair in sides.items():
        total = whole.get(key[:-1])
        if len(pair) < 2 or total is None:
            continue
        for what in ("n", *filter(None, [BEHIND.get(total.kind)])):
            names = [behind(row, what) for row in (*pair.values(), total)]
            yield Linear({names[0]: 1.0, names[1]: 1.0, names[2]: -1.0})


def _differences(rows: Sequence[Any]) -> Iterator[Linear]:
    """Yield that a change, or an effect, is the difference of the two results it comes from."""
    known = {row.result_id: row for row in rows}
    for row in rows:
        sources = [known[name] for name in sources_of(row) if name in known]
        if row.kind not in ("mean", "effect", "proportion") or len(sources) != 2:
            continue
        first, second = (source.result_id for source in sources)
        for sign in (1.0, -1.0):
            yield Linear({row.result_id: 1.0, first: sign, second: -sign})


def _alternatives(rows: Sequence[Any]) -> Iterator[Linear]:
    """Yield that those who gave one of several answers are no more than were asked, or all."""
    asked: dict[tuple, list[Any]] = defaultdict(list)
    for row in rows:
        if key := ALTERNATIVES.get(name_of(row)):
            asked[tuple(getattr(row, k) for k in KEYS if k != key)].append(row)
    for answers in asked.values():
        each = {row.result_id: 1.0 for row in answers}
        is_all = abs(sum(row.estimate for row in answers) - answers[0].n) < _TOLERANCE
        for row in answers:  # all were asked of the same people, but not every n may be printed
            yield Linear({**each, behind(row, "n"): -1.0}, 0.0 if is_all else -inf, 0.0)


def _same_people(rows: Sequence[Any]) -> Iterator[Linear]:
    """Yield that the n of some results is a count that is printed elsewhere."""
    counts = {
        (name_of(row), row.school_id, row.product_id): row
        for row in rows
        if row.kind == "count" and not row.category
    }
    for row in rows:
        count = SAME_PEOPLE.get((name_of(row), row.population), "")
        for product in {row.product_id, ""}:
            if size := counts.get((count, row.school_id, product)):
                yield Linear({behind(row, "n"): 1.0, size.result_id: -1.0})


def _answers(rows: Sequence[Any]) -> Iterator[Linear]:
    """Yield how the counts of answers make a score."""
    known = {row.result_id: row for row in rows if row.kind == "score"}
    counts: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows:
        for source in sources_of(row):
            if row.kind == "count" and source in known and row.category in CATEGORIES:
                counts[source][row.category] = row.result_id
    for score, by_category in counts.items():
        if len(by_category) == len(CATEGORIES):
            names = [by_category[category] for category in CATEGORIES]
            yield Linear({**dict.fromkeys(names, 1.0), behind(known[score], "n"): -1.0})
            yield Linear({names[2]: 1.0, names[0]: -1.0, behind(known[score]): -1.0})
