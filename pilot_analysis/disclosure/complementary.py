"""Complementary suppression: what else to hide, because a reader could reckon.

`secondary.Ties` follows simple rules line by line; a reader takes everything together. So the
attacker is asked what is still given away, and the cheapest further numbers are hidden, until
nothing is. Which milder choices are kept, so that a stricter minimum never shows more, is said in
`minimums`.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pilot_analysis.disclosure.given_away import answers_given_away, has_answers
from pilot_analysis.disclosure.minimums import milder, stricter
from pilot_analysis.disclosure.policy import DisclosurePolicy
from pilot_analysis.disclosure.primary import SHOWN, SUPPRESSED, Verdict, judge_all
from pilot_analysis.disclosure.relations import relations_of, values_of
from pilot_analysis.disclosure.released import ReleasedNumbers, released_table
from pilot_analysis.disclosure.secondary import Ties, guard
from pilot_analysis.disclosure.tables.pattern import Choice
from pilot_analysis.disclosure.tables.seen import Spread
from pilot_analysis.disclosure.tables.suppression import make_safe, refuse_untrue
from pilot_analysis.disclosure.tables.system import System, join
from pilot_analysis.errors import DisclosureError

__all__ = ["protect_together"]

_ROUNDS = 20
_NETWORK = 10.0
"""Weight of a result of all schools, beside one of a school: every brief shows it."""


def protect_together(
    rows: Sequence[Any],
    policy: DisclosurePolicy,
    shown: Callable[[Sequence[Verdict]], pd.DataFrame],
) -> list[Verdict]:
    """Return the verdict on every result, with as little as possible hidden to protect others.

    Parameters
    ----------
    rows : sequence of named tuples
        The columns of `Results`: every school, product and the network.
    policy : DisclosurePolicy
    shown : callable
        Verdicts -> what would be released under them, as `ProtectedResults.frame` holds it.

    Returns
    -------
    list of Verdict

    Raises
    ------
    DisclosureError
        Nothing that may be hidden protects a number.
    """
    return _Choices(rows, shown).of(policy).verdicts


class _Told(NamedTuple):
    """What a release gives away of hidden numbers."""

    choice: Choice
    unsafe: np.ndarray
    """positions in the choice's system"""
    by: list[int]
    """positions of the results that give answers away by themselves"""


class _Chosen(NamedTuple):
    """What becomes of every result under one policy."""

    verdicts: list[Verdict]
    protecting: dict[int, int]
    """position of a result that protects others -> its state"""


class _Choices:
    """What is hidden under policies that differ in their minimums alone, each found once.

    Parameters
    ----------
    rows, shown
        As of `protect_together`.
    """

    def __init__(self, rows: Sequence[Any], shown: Callable[[Sequence[Verdict]], pd.DataFrame]):
        self._rows, self._shown = rows, shown
        self._ties = Ties(rows)
        self._numbers: _Numbers | None = None
        self._chosen: dict[tuple[int, ...], _Chosen] = {}

    def of(self, policy: DisclosurePolicy) -> _Chosen:
        """Return the choice for a policy: at least the choices for the `milder` ones."""
        key = tuple(policy.minimums.values())
        if key not in self._chosen:
            self._chosen[key] = self._choose(policy)
        return self._chosen[key]

    def _choose(self, policy: DisclosurePolicy) -> _Chosen:
        protecting: dict[int, int] = {}
        for mild in milder(policy):
            for at, state in self.of(mild).protecting.items():
                protecting[at] = max(state, protecting.get(at, SHOWN))
        verdicts, most = judge_all(self._rows, policy), None
        for _ in range(_ROUNDS):
            kept = _keeping(protecting, self._rows, verdicts, policy)
            verdicts = self._ties.close(kept, policy)
            told = self._given_away(verdicts, policy)
            if told is None:
                return _Chosen(verdicts, protecting)
            most = self._most(policy) if most is None else most
            for at in self._to_hide(told, verdicts, most):
                protecting[at] = _hidden(self._rows[at], verdicts[at], policy).state
        raise DisclosureError("no end was found to what has to be hidden; nothing is shown.")

    def _given_away(self, verdicts: Sequence[Verdict], policy: DisclosurePolicy) -> _Told | None:
        frame = self._shown(verdicts)
        if self._numbers is None:
            self._numbers = _Numbers(self._rows, frame, policy)
        return self._numbers.given_away(frame, policy)

    def _to_hide(self, told: _Told, verdicts: Sequence[Verdict], most: np.ndarray) -> list[int]:
        try:
            return self._numbers.to_hide(told, most)
        except DisclosureError:
            rest = [at for at in np.flatnonzero(most) if verdicts[at].state < SUPPRESSED]
            if most.all() or not rest:
                raise
            return rest  # what the stricter policy hides is safe here too; that is asked next

    def _most(self, policy: DisclosurePolicy) -> np.ndarray:
        """Return which results may be hidden, shape (rows,): those that a stricter policy hides."""
        every = np.ones(len(self._rows), bool)
        strict = stricter(policy)
        if strict is policy:
            return every
        try:
            return np.array([verdict.state > SHOWN for verdict in self.of(strict).verdicts])
        except DisclosureError:  # it shows nothing
            return every


def _keeping(protecting: dict[int, int], rows, verdicts, policy) -> list[Verdict]:
    """Return the verdicts with what protects others hidden, at least as much as it was."""
    verdicts = list(verdicts)
    for at, state in protecting.items():
        while verdicts[at].state < state:
            verdicts[at] = _hidden(rows[at], verdicts[at], policy)
    return verdicts


def _hidden(row: Any, verdict: Verdict, policy: DisclosurePolicy) -> Verdict:
    """Hide a number; a score that was shown is left its word at first."""
    if verdict.state == SHOWN:
        return guard(row, policy)
    return verdict if verdict.state >= SUPPRESSED else Verdict(SUPPRESSED, "protects another")


class _Numbers:
    """The numbers of a pilot and how they hang together, to ask what must be hidden of them.

    Parameters
    ----------
    rows : sequence of named tuples
        The columns of `Results`.
    frame : pandas.DataFrame
        What would be released of them; with other verdicts it has the same rows.
    policy : DisclosurePolicy
    """

    def __init__(self, rows: Sequence[Any], frame: pd.DataFrame, policy: DisclosurePolicy):
        self._truth = pd.Series(values_of(rows))
        in_order = sorted(rows, key=lambda row: row.result_id)  # so that ties end the same way
        system = join([released_table(frame, relations_of(in_order), policy, self._truth)])
        refuse_untrue(system)
        self._position = {row.result_id: at for at, row in enumerate(rows)}
        self._numbers = ReleasedNumbers(frame, system.ids)
        self._order = self._numbers.cells.index.get_indexer(system.ids)
        self._owner = np.array(
            [self._position[name.partition("#")[0]] for name in system.ids], int
        )  # fmt: skip
        self._weights = np.array([_loss(row) for row in rows])[self._owner]
        self._system = system
        members = np.array([share[:3] for share in system.shares], int).reshape(-1, 3)
        self._sizes = members[:, 2]
        self._has_answers = any(has_answers(row) for row in rows)
        self._is_share = np.zeros(len(system.ids), bool)
        self._is_share[members[:, :2]] = True
        self._spread = Spread(len(system.ids))

    def given_away(self, frame: pd.DataFrame, policy: DisclosurePolicy) -> _Told | None:
        """Return what a release gives away; None: nothing."""
        whole = self._choice(self._released(frame, policy))
        unsafe = whole.unsafe(whole.must, detail="soon", spread=self._spread)
        if unsafe.size:
            return _Told(whole, unsafe, [])
        if not self._has_answers:
            return None
        found = answers_given_away(frame, policy)["by"]
        by = sorted({self._position[name] for names in found for name in names})
        return _Told(whole, unsafe, by) if by else None

    def to_hide(self, told: _Told, may: np.ndarray) -> list[int]:
        """Return positions of results to hide in addition, of those that may be (bool, per result).

        Raises
        ------
        DisclosureError
            None of them would do.
        """
        whole = replace(told.choice, may=told.choice.may & may[self._owner])
        parts = (self._without_shares, self._with_known_sizes) if told.unsafe.size else ()
        for part, cells in (of(whole) for of in parts):
            mine = part.unsafe(part.must, np.flatnonzero(np.isin(cells, told.unsafe)), "soon")
            more = make_safe(part, mine)[0] & ~part.must
            if more.any():
                return sorted(set(self._owner[cells[more]].tolist()))
        if by := [at for at in told.by if may[at]]:
            return by
        raise DisclosureError("what may be hidden protects too little; nothing is shown.")

    def _choice(self, system: System) -> Choice:
        """Return the choice among all that is printed; what is not printed costs nothing."""
        is_open = (system.low <= system.hidden_low) & (system.high >= system.hidden_high)
        must = is_open | (system.least > 0)
        return Choice(system, must, ~must, self._weights)

    def _released(self, frame: pd.DataFrame, policy: DisclosurePolicy) -> System:
        low, high = (ends[self._order] for ends in self._numbers.bounds(frame, policy))
        if (low > self._system.low).any() or (high < self._system.high).any():
            # more is told of a number than before: what was possible may be so no longer
            self._spread = Spread(len(low))
        least = self._numbers.least(frame, policy, self._truth)[self._order]
        self._system = replace(self._system, low=low, high=high, least=least, is_hidden=least > 0)
        return self._system

    def _without_shares(self, whole: Choice) -> tuple[Choice, np.ndarray]:
        """Return the choice among counts and sizes of groups, which hang together by sums."""
        system, of_share = whole.system, self._is_share.astype(float)
        cells, sums = np.flatnonzero(~self._is_share), abs(system.matrix) @ of_share == 0
        nothing = np.zeros(len(sums))  # all cells of these sums are there
        return whole.part(cells, system.part(cells, np.flatnonzero(sums), (), nothing)), cells

    def _with_known_sizes(self, whole: Choice) -> tuple[Choice, np.ndarray]:
        """Return the choice in which a size that is printed now stays known, whatever is hidden.

        It makes every share of a known size a sum, and errs on the side of hiding.
        """
        system = whole.system
        low, high = system.hidden_low.copy(), system.hidden_high.copy()
        known = self._sizes[system.low[self._sizes] == system.high[self._sizes]]
        low[known], high[known] = system.low[known], system.high[known]
        part = self._choice(replace(system, hidden_low=low, hidden_high=high))
        return replace(part, may=part.may & whole.may), np.arange(len(low))


def _loss(row: Any) -> float:
    """Return what is lost with a result: the people whom it counts, or is about."""
    people = row.estimate if row.kind == "count" else row.n
    people = max(people, 1.0) if people == people else 1.0
    return people if row.school_id else _NETWORK * people
