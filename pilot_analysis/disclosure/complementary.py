"""Complementary suppression: what else to hide, because a reader could reckon.

`secondary.Ties` follows simple rules line by line; a reader takes everything together. So the
attacker is asked what is still given away, and the cheapest further numbers are hidden, until
nothing is.

The cheapest choices for two minimums need not be nested. So the choice is made for every minimum in
turn, from 1 up to the policy's, and each keeps what the one before had to hide: a stricter minimum
never shows a number that a milder one hides.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from pilot_analysis.disclosure.given_away import answers_given_away, has_answers
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
    ties = Ties(rows)
    numbers: _Numbers | None = None
    frame, as_before = pd.DataFrame(), None
    protecting: dict[int, int] = {}
    for level in range(1, policy.strictest_minimum + 1):
        step = policy.capped(level)
        verdicts = ties.close(_keeping(protecting, rows, judge_all(rows, step), step), step)
        for _ in range(_ROUNDS):
            if verdicts != as_before:
                frame, as_before = shown(verdicts), verdicts
            numbers = numbers or _Numbers(rows, frame, policy)
            more = numbers.to_hide(frame, step)
            if not more:
                break
            for at in more:
                protecting[at] = _hidden(rows[at], verdicts[at], step).state
            verdicts = ties.close(_keeping(protecting, rows, verdicts, step), step)
        else:
            raise DisclosureError("no end was found to what has to be hidden; nothing is shown.")
    return verdicts


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
        self._policy = policy
        self._truth = pd.Series(values_of(rows))
        system = join([released_table(frame, relations_of(rows), policy, self._truth)])
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

    def to_hide(self, frame: pd.DataFrame, policy: DisclosurePolicy) -> list[int]:
        """Return positions of results to hide in addition; none: nothing is given away.

        Parameters
        ----------
        frame : pandas.DataFrame
            What would be released.
        policy : DisclosurePolicy
            With no milder minimums than the time before.
        """
        whole = self._choice(self._released(frame, policy))
        if (unsafe := whole.unsafe(whole.must, detail="soon", spread=self._spread)).size:
            for part, cells in (self._without_shares(whole), self._with_known_sizes(whole)):
                mine = part.unsafe(part.must, np.flatnonzero(np.isin(cells, unsafe)), "soon")
                more = make_safe(part, mine)[0] & ~part.must
                if more.any():
                    return sorted(set(self._owner[cells[more]].tolist()))
        if not self._has_answers:
            return []
        given_away = answers_given_away(frame, policy)["by"]
        return sorted({self._position[name] for by in given_away for name in by})

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
        least, sought = (
            self._numbers.least(frame, by, self._truth)[self._order]
            for by in (policy, self._policy)
        )
        self._system = replace(
            self._system, low=low, high=high, least=least, sought=sought, is_hidden=least > 0
        )
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
        system = replace(system, hidden_low=low, hidden_high=high)
        return self._choice(system), np.arange(len(low))


def _loss(row: Any) -> float:
    """Return what is lost with a result: the people whom it is about."""
    people = max(row.n, 1.0) if row.n == row.n else 1.0
    return people if row.school_id else _NETWORK * people
