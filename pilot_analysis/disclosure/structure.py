"""How results hang together: which add up, which are nested, which follow from which."""

import re
from collections import defaultdict, namedtuple
from collections.abc import Container, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import pandas as pd

from pilot_analysis.errors import DisclosureError

__all__ = [
    "ALTERNATIVES",
    "ARM_SIZES",
    "COMPLEMENTS",
    "GROUP_SIZES",
    "IMPLIED",
    "KEYS",
    "NESTED",
    "SAME_PEOPLE",
    "SIDES",
    "WHOLE_ANSWERS",
    "WORDS",
    "Line",
    "about",
    "around_scores",
    "chain_of",
    "lines_of",
    "name_of",
    "refusal",
    "rows_of",
    "sources_of",
]  # fmt: skip

KEYS = ("section", "name", "school_id", "product_id", "outcome", "group", "category", "time")
"""What a result is about."""

about = attrgetter(*KEYS)
"""Result -> what it is about, in the order of `KEYS`."""

_DIMENSIONS = ("school_id", "product_id", "category", "group")
"""Keys over which results may add up."""

WORDS = ("level", "text", "absence")
"""Kinds that carry words and no number."""

NESTED = frozenset({"usage.funnel", "conditions.flow"})
"""Counts whose categories each hold the next one."""

GROUP_SIZES = frozenset({
    "conditions.teachers_invited", "conditions.teachers_took_part", "recommendation.invited",
    "recommendation.responded", "recommendation.unpaired_first", "recommendation.unpaired_second",
    "teachers.response",
})  # fmt: skip
"""How many took part: no trait of a person, and printed as n beside other results anyway; only the
minimum n applies."""

WHOLE_ANSWERS = frozenset({"teachers.item", "conditions.motivation"})
"""Averages of whole numbers: of few people, the average and its interval give every answer away."""

ARM_SIZES = frozenset({"learning.students"})
"""Counts that are the n of other results: they must reach the minimum n themselves."""

PARTITIONS = {
    "recommendation.answers": "category",
    "learning.students": "category",
    "learning.mean": "category",
    "conditions.flow": "group",
    "quality.not_tested": "category",
}
"""Results that add up to a total which is published under another name -> over which key. Of a
chain of counts only the whole does."""

ALTERNATIVES = {"member_checks.responses": "group"}
"""Counts of answers of which each person gives at most one -> the key by which they differ."""

SAME_PEOPLE = {
    ("quality.coverage", "students"): "conditions.students_rostered",
    ("quality.coverage", "teachers"): "conditions.teachers_took_part",
    ("member_checks.responses", "respondents"): "member_checks.respondents",
    ("recommendation.nps", "respondents"): "recommendation.responded",
}
"""Name and population of results -> the count that their n is, where it is so in fact."""

IMPLIED = {"learning.school_effect": "learning.mean"}
"""Differences of results -> those results, of the same school and outcome: if one of these is
hidden, it follows from the difference, whether or not the `relation` says so."""

COMPLEMENTS = {"why.grounded_in_others": "why.grounded_in"}
"""A result of all the other schools -> the same result of the school itself."""

SIDES = ("group", "reference")
"""Categories that together are everyone."""

_ADDITIVE = ("count", "proportion", "mean", "score")
_RELATION = re.compile(r"(part of|derived from|change from) (\S.*)")


def rows_of(frame: pd.DataFrame) -> list[Any]:
    """Return the rows of a frame of results as named tuples."""
    row = namedtuple("Row", frame.columns)
    return list(map(row._make, zip(*(frame[name].tolist() for name in frame.columns), strict=True)))


def name_of(row: Any) -> str:
    """Return "section.name" of a result."""
    return f"{row.section}.{row.name}"


def chain_of(row: Any) -> tuple[str, ...]:
    """Return what the categories of one table have in common: every key but the category."""
    return tuple(getattr(row, key) for key in KEYS if key != "category")


def sources_of(row: Any, known: Container[str] | None = None) -> list[str]:
    """Return the result ids that a result's `relation` names.

    Raises
    ------
    DisclosureError
        The relation is not one of the three forms, or names a result that is not `known`.
    """
    found = []
    for text in row.relation if isinstance(row.relation, list | tuple) else [row.relation]:
        match = _RELATION.fullmatch(text) if isinstance(text, str) else None
        if not match:
            raise refusal(
                row,
                f"the relation {text!r} is not understood; write 'part of ID', "
                "'derived from ID' or 'change from ID'.",
            )
        if known is not None and match[2] not in known:
            raise refusal(row, f"its relation names {match[2]!r}, and there is no such result.")
        found.append(match[2])
    return found


class Line(NamedTuple):
    """Results that may add up, by their positions."""

    members: tuple[int, ...]
    total: int | None
    """None: the total is published under another name"""
    over: str
    """the key by which the members differ"""


def lines_of(rows: Sequence[Any]) -> list[Line]:
    """Return which results may add up: over schools, products, categories or groups."""
    members: dict[tuple, list[int]] = defaultdict(list)
    totals: dict[tuple, int] = {}
    needs_no_total = set()
    for at, row in enumerate(rows):
        name = name_of(row)
        if row.kind not in _ADDITIVE or row.population == "none" or name in COMPLEMENTS:
            continue
        keys = about(row)
        for dimension in _DIMENSIONS:
            place = KEYS.index(dimension)
            key = (dimension, *keys[:place], *keys[place + 1 :])  # what the members have in common
            if dimension == "category" and row.category in SIDES:
                continue
            if PARTITIONS.get(name) == dimension and not (dimension == "group" and row.relation):
                needs_no_total.add(key)
            elif dimension == "group":
                continue
            if getattr(row, dimension):
                members[key].append(at)
            else:
                totals[key] = at
    return [
        Line(tuple(found), totals.get(key), key[0])
        for key, found in members.items()
        if key in totals or key in needs_no_total
    ]


def around_scores(rows: Sequence[Any]) -> tuple[dict[str, list[float]], set[str]]:
    """Return the counts behind each score, and the ids of counts and scores that follow from one.

    A score follows from another of the same school and product which itself follows from none.
    """
    known = {row.result_id: row for row in rows}
    counts: dict[str, list[float]] = defaultdict(list)
    from_score: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        for source in (known[result_id] for result_id in sources_of(row, known)):
            if row.kind == "count" and row.category and source.kind == "score":
                counts[source.result_id].append(row.estimate)
                from_score[row.result_id].append(source)
            same_place = row.school_id == source.school_id and row.product_id == source.product_id
            if row.kind == source.kind == "score" and same_place:
                from_score[row.result_id].append(source)
    follow = {
        result_id
        for result_id, sources in from_score.items()
        if known[result_id].kind == "count" or not any(s.result_id in from_score for s in sources)
    }
    return counts, follow


def refusal(row: Any, reason: str) -> DisclosureError:
    """Return the error for a result that no rule covers."""
    return DisclosureError(f"{row.result_id}: {reason} Nothing is shown until this is mended.")
