"""Secondary suppression: hide what would give a hidden number back.

A simple rule that errs on the side of hiding. Every step only ever hides more numbers, and hides
more when more are hidden, so the answer does not depend on the order of the steps, and a stricter
policy never shows a number that a milder one hides. (It may give a range where the milder one,
which has no ranges, hides the number to protect another.)
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from pilot_analysis.disclosure.policy import DisclosurePolicy
from pilot_analysis.disclosure.primary import CODED, SHOWN, SUPPRESSED, Verdict, as_range
from pilot_analysis.disclosure.structure import (
    COMPLEMENTS,
    IMPLIED,
    KEYS,
    SIDES,
    Line,
    lines_of,
    name_of,
    sources_of,
)
from pilot_analysis.results import CONSENT, ONE_PERSON

__all__ = ["close", "guard"]


class SizedLine(NamedTuple):
    """Results that add up: with the total, all but one give that one."""

    members: tuple[int, ...]
    """in the order in which they are hidden: smallest first"""
    sizes: tuple[float, ...]
    total: int | None
    minimum: int


def close(
    rows: Sequence[Any], verdicts: Sequence[Verdict], policy: DisclosurePolicy
) -> list[Verdict]:
    """Return the verdicts with everything hidden that would give back what is hidden.

    Parameters
    ----------
    rows : sequence of named tuples
        The columns of `Results`.
    verdicts : sequence of Verdict
        As `primary.judge_all` returns them.

    Returns
    -------
    list of Verdict
        The least set that holds these five rules. (1) What names a hidden result in its
        `relation` is hidden; from a range only another range may follow. (2) A group and
        everyone else, or a school and all the others, are hidden together. (3) Where one of the
        schools, products or categories of a total is hidden, at least two are, the smallest
        first, which together reach the minimum n; a score is left its word. (4) Where that cannot
        be, the total is hidden.
        (5) A number about a role in all schools is hidden where some of those who hold it agreed
        to be seen and the others are fewer than the minimum n: a team could take away what it sees.
    """
    verdicts = list(verdicts)
    guards = [guard(row, policy) for row in rows]
    sources = _sources(rows)
    pairs = _pairs(rows)
    lines = _sized_lines(rows, pairs, policy)
    for at in _few_silent(rows, policy):
        _hide_shown(verdicts, at, guards)
    changed = True
    while changed:
        before = [verdict.state for verdict in verdicts]
        for at, named in sources:
            worst = max(verdicts[source].state for source in named)
            # a verdict has thresholds of its own: beside a range it could narrow the range
            if worst >= SUPPRESSED or (worst == CODED and verdicts[at].state == SHOWN):
                _hide(verdicts, at, "source hidden")
        for pair in pairs:
            if any(verdicts[at].state for at in pair):
                for at in pair:
                    _hide_shown(verdicts, at, guards)
        for line in lines:
            _close_line(line, verdicts, guards)
        changed = before != [verdict.state for verdict in verdicts]
    return verdicts


def _hide(verdicts: list[Verdict], at: int, rule: str) -> None:
    if verdicts[at].state < SUPPRESSED:
        verdicts[at] = Verdict(SUPPRESSED, rule)


def guard(row: Any, policy: DisclosurePolicy) -> Verdict:
    """Return what becomes of a number that would give another back: a score is left its word."""
    is_known = row.kind == "score" and row.estimate == row.estimate
    return as_range(row, policy) if is_known else Verdict(SUPPRESSED, "protects another")


def _hide_shown(verdicts: list[Verdict], at: int, guards: Sequence[Verdict]) -> None:
    """Hide a number; one that is shown only as a range protects the others already."""
    if verdicts[at].state == SHOWN:
        verdicts[at] = guards[at]


def _close_line(line: SizedLine, verdicts: list[Verdict], guards: Sequence[Verdict]) -> None:
    if not any(verdicts[at].state for at in line.members):
        return
    people, total = 0, 0.0
    for at, size in zip(line.members, line.sizes, strict=True):
        if people >= 2 and total >= line.minimum:
            return
        _hide_shown(verdicts, at, guards)
        people, total = people + (size > 0), total + size
    if line.total is not None and (people < 2 or total < line.minimum):
        _hide_shown(verdicts, line.total, guards)


def _few_silent(rows, policy) -> list[int]:
    """Return the numbers about a role of whose holders only a few did not agree to be seen.

    They are hidden whether or not this audience sees what the others said: a team may know it.
    """
    agreed: dict[tuple, set[str]] = defaultdict(set)
    silent: dict[tuple, set[str]] = defaultdict(set)
    for row in rows:
        if ONE_PERSON in row.flags:
            side = agreed if CONSENT in row.flags else silent
            side[name_of(row), row.product_id].add(row.school_id)
    if policy["single_person_roles"] == "shown":
        return []
    return [
        at
        for at, row in enumerate(rows)
        if not row.school_id
        and agreed[name_of(row), row.product_id]
        and 0 < len(silent[name_of(row), row.product_id]) < policy.minimum_n("respondents")
    ]


def _sources(rows) -> list[tuple[int, list[int]]]:
    position = {row.result_id: at for at, row in enumerate(rows)}
    terms: dict[tuple, list[int]] = defaultdict(list)
    for at, row in enumerate(rows):
        if name_of(row) in IMPLIED.values():
            terms[name_of(row), row.school_id, row.outcome].append(at)
    sources = []
    for at, row in enumerate(rows):
        named = [position[source] for source in sources_of(row, position)]
        implied = IMPLIED.get(name_of(row), "")
        named += terms.get((implied, row.school_id, row.outcome), [])
        if named:
            sources.append((at, named))
    return sources


def _pairs(rows) -> list[list[int]]:
    together: dict[tuple, list[int]] = defaultdict(list)
    for at, row in enumerate(rows):
        name = name_of(row)
        if row.category in SIDES:
            together[_about(row, "category")].append(at)
        if name in COMPLEMENTS or name in COMPLEMENTS.values():
            own = COMPLEMENTS.get(name, name).split(".")[1]
            together[_about(row._replace(name=own))].append(at)
    return [pair for pair in together.values() if len(pair) > 1]


def _about(row, *without: str) -> tuple:
    return tuple(getattr(row, key) for key in KEYS if key not in without)


def _sized_lines(rows, pairs, policy) -> list[SizedLine]:
    """Order the members by size; those that are hidden in pairs by the smaller of the pair."""
    order = {at: min(rows[other].n for other in pair) for pair in pairs for at in pair}
    return [_sized(rows, line, order, policy) for line in lines_of(rows)]


def _sized(rows, line: Line, order, policy) -> SizedLine:
    def size(at: int) -> float:
        row = rows[at]
        is_share = line.over in ("category", "group") and row.kind == "count"
        people = row.estimate if is_share else row.n
        return people if people == people else 0.0  # an unknown size counts as nobody

    members = sorted(line.members, key=lambda at: (order.get(at, size(at)), rows[at].result_id))
    minimum = policy.minimum_n(rows[members[0]].population)
    return SizedLine(tuple(members), tuple(size(at) for at in members), line.total, minimum)
