"""Secondary suppression: hide what would give a hidden number back.

Simple rules that err on the side of hiding, for what the attacker of `complementary` does not
reckon with. Every step only ever hides more numbers, and hides more when more are hidden, so the
answer does not depend on the order of the steps, and a stricter policy never shows a number that a
milder one hides. (It may give a range where the milder one, which has no ranges, hides the number
to protect another.)
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from pilot_analysis.disclosure.policy import PEOPLE, DisclosurePolicy
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

__all__ = ["Ties", "guard"]


class SizedLine(NamedTuple):
    """Results that add up: with the total, all but one give that one."""

    members: tuple[int, ...]
    """in the order in which they are hidden: smallest first"""
    sizes: tuple[float, ...]
    total: int | None
    population: str


class Ties:
    """What hangs together among results, found once for every policy.

    Parameters
    ----------
    rows : sequence of named tuples
        The columns of `Results`.
    """

    def __init__(self, rows: Sequence[Any]):
        self._rows = rows
        self._sources = _sources(rows)
        self._pairs = _pairs(rows)
        self._lines = _sized_lines(rows, self._pairs)
        self._roles = _roles(rows)

    def close(self, verdicts: Sequence[Verdict], policy: DisclosurePolicy) -> list[Verdict]:
        """Return the verdicts with everything hidden that would give back what is hidden.

        Parameters
        ----------
        verdicts : sequence of Verdict
            As `primary.judge_all` returns them.

        Returns
        -------
        list of Verdict
            The least set that holds these five rules. (1) What names a hidden result in its
            `relation` is hidden; from a range only another range may follow. (2) A group and
            everyone else, or a school and all the others, are hidden together. (3) Where one of the
            schools, products or categories of a total is hidden, at least two are, the smallest
            first, which together reach the minimum n; a score is left its word. (4) Where that
            cannot be, the total is hidden. Sums of counts that stand alone, of which the attacker
            knows everything, are left out of (3) and (4). (5) A number about a role in all schools
            is hidden where some of those who hold it agreed to be seen and the others are fewer
            than the minimum n: a team could take away what it sees.
        """
        verdicts = list(verdicts)

        def hide_shown(at: int) -> None:
            """Hide a number; one that is shown only as a range protects the others already."""
            if verdicts[at].state == SHOWN:
                verdicts[at] = guard(self._rows[at], policy)

        for at in self._few_silent(policy):
            hide_shown(at)
        before: list[int] = []
        while before != (states := [verdict.state for verdict in verdicts]):
            before = states
            for at, named in self._sources:
                worst = max(verdicts[source].state for source in named)
                # a verdict has thresholds of its own: beside a range it could narrow the range
                if worst >= SUPPRESSED or (worst == CODED and verdicts[at].state == SHOWN):
                    _hide(verdicts, at, "source hidden")
            for pair in self._pairs:
                if any(verdicts[at].state for at in pair):
                    for at in pair:
                        hide_shown(at)
            for line in self._lines:
                if any(verdicts[at].state for at in line.members):
                    for at in _to_hide(line, policy.minimum_n(line.population)):
                        hide_shown(at)
        return verdicts

    def _few_silent(self, policy: DisclosurePolicy) -> list[int]:
        """Return the numbers about a role of whose holders only a few did not agree to be seen.

        They are hidden whether or not this audience sees what the others said: a team may know it.
        """
        if policy["single_person_roles"] == "shown":
            return []
        least = policy.minimum_n("respondents")
        return [at for at, agreed, silent in self._roles if agreed and 0 < silent < least]


def guard(row: Any, policy: DisclosurePolicy) -> Verdict:
    """Return what becomes of a number that would give another back: a score is left its word."""
    is_known = row.kind == "score" and row.estimate == row.estimate
    return as_range(row, policy) if is_known else Verdict(SUPPRESSED, "protects another")


def _hide(verdicts: list[Verdict], at: int, rule: str) -> None:
    if verdicts[at].state < SUPPRESSED:
        verdicts[at] = Verdict(SUPPRESSED, rule)


def _to_hide(line: SizedLine, minimum: int) -> Iterator[int]:
    """Yield the smallest members that together reach the minimum; the total too if none do."""
    people, total = 0, 0.0
    for at, size in zip(line.members, line.sizes, strict=True):
        if people >= 2 and total >= minimum:
            return
        yield at
        people, total = people + (size > 0), total + size
    if line.total is not None and (people < 2 or total < minimum):
        yield line.total


def _roles(rows) -> list[tuple[int, int, int]]:
    """Return numbers about a role in all schools: how many holders agreed to be seen, and not."""
    holders: dict[tuple, list[set[str]]] = defaultdict(lambda: [set(), set()])
    for row in rows:
        if ONE_PERSON in row.flags:
            holders[name_of(row), row.product_id][CONSENT not in row.flags].add(row.school_id)
    found = [
        (at, holders.get((name_of(row), row.product_id), ((), ())))
        for at, row in enumerate(rows)
        if not row.school_id
    ]
    return [(at, len(agreed), len(silent)) for at, (agreed, silent) in found]


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


def _sized_lines(rows, pairs) -> list[SizedLine]:
    """Order the members by size; those that are hidden in pairs by the smaller of the pair."""
    order = {at: min(rows[other].n for other in pair) for pair in pairs for at in pair}
    printed = _Printed(rows)
    return [
        _sized(rows, line, order) for line in lines_of(rows) if not printed.is_known_whole(line)
    ]


class _Printed:
    """Which tables print the size of each group.

    Parameters
    ----------
    rows : sequence of named tuples
    """

    def __init__(self, rows: Sequence[Any]):
        self._rows = rows
        self._known = {row.result_id: row for row in rows}
        self._tied = {
            (line.over, _table_of(rows[line.members[0]]))
            for line in lines_of(rows)
            if line.total is not None
        }
        self._tables: dict[tuple, set[tuple]] = defaultdict(set)
        for row in rows:
            self._tables[row.school_id, row.n].add(self._tied_table_of(row))

    def _tied_table_of(self, row) -> tuple:
        """Return what else is one table with a row: products or categories that add up, alone."""
        table = _table_of(row)
        apart = [key for key in ("product_id", "category") if (key, table) not in self._tied]
        return (*table, *(getattr(row, key) for key in apart))

    def is_known_whole(self, line: Line) -> bool:
        """Whether the attacker knows everything of a line: a sum of counts that holds to the unit.

        Each is hidden for its own sake, and no other table tells the size of the same group, nor
        of one that is as large: which groups are the same is more than the attacker knows.
        """
        if line.total is None:
            return False
        parts, total = [self._rows[at] for at in line.members], self._rows[line.total]
        for row in (*parts, total):
            if row.kind != "count" or row.population not in (*PEOPLE, "records"):
                return False
            if ONE_PERSON in row.flags or len(self._tables[row.school_id, row.n]) > 1:
                return False
            if any(self._known[s].kind != "count" for s in sources_of(row, self._known)):
                return False  # it is hidden where a score is
        if line.over == "category":
            fits = all(part.n == total.estimate for part in parts)
        else:
            fits = sum(part.n for part in parts) == total.n
        return fits and sum(part.estimate for part in parts) == total.estimate


def _table_of(row) -> tuple:
    return _about(row, "school_id", "product_id", "category")


def _sized(rows, line: Line, order) -> SizedLine:
    def size(at: int) -> float:
        row = rows[at]
        is_share = line.over in ("category", "group") and row.kind == "count"
        people = row.estimate if is_share else row.n
        return people if people == people else 0.0  # an unknown size counts as nobody

    members = sorted(line.members, key=lambda at: (order.get(at, size(at)), rows[at].result_id))
    population = rows[members[0]].population
    return SizedLine(tuple(members), tuple(size(at) for at in members), line.total, population)
