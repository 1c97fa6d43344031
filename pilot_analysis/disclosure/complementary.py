"""Complementary suppression: what else to hide, because a reader could reckon.

`secondary.close` follows simple rules line by line; a reader takes everything together. So the
attacker is asked what is still given away, and the cheapest further numbers are hidden, until
nothing is.
"""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from pilot_analysis.disclosure.given_away import answers_given_away
from pilot_analysis.disclosure.policy import DisclosurePolicy
from pilot_analysis.disclosure.primary import SHOWN, SUPPRESSED, Verdict
from pilot_analysis.disclosure.relations import relations_of, values_of
from pilot_analysis.disclosure.released import released_table
from pilot_analysis.disclosure.secondary import close, guard
from pilot_analysis.disclosure.tables.published import Product, PublishedTable
from pilot_analysis.disclosure.tables.suppression import suppress
from pilot_analysis.errors import DisclosureError

__all__ = ["protect_together"]

_ROUNDS = 20
_NETWORK = 10.0
"""Weight of a result of all schools, beside one of a school: every brief shows it."""


def protect_together(
    rows: Sequence[Any],
    verdicts: Sequence[Verdict],
    policy: DisclosurePolicy,
    shown: Callable[[Sequence[Verdict]], pd.DataFrame],
) -> list[Verdict]:
    """Return the verdicts with as little as possible hidden in addition, so that all stays hidden.

    Parameters
    ----------
    rows : sequence of named tuples
        The columns of `Results`: every school, product and the network.
    verdicts : sequence of Verdict
        As `close` returned them.
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
    relations, truth = relations_of(rows), values_of(rows)
    loss = {row.result_id: _loss(row) for row in rows}
    for _ in range(_ROUNDS):
        frame = shown(verdicts)
        table = released_table(frame, relations, policy, truth)
        owner = {name: name.partition("#")[0] for name in table.cells.index}
        weights = {name: loss[own] for name, own in owner.items()}
        for part in (_sizes(table), _with_known_sizes(table)):
            more = {owner[name] for name in suppress(part, weights=weights) - table.suppressed}
            if more:
                break
        else:
            more = {name for by in answers_given_away(frame, policy)["by"] for name in by}
        if not more:
            return list(verdicts)
        hidden = [
            _hidden(row, verdict, policy) if row.result_id in more else verdict
            for row, verdict in zip(rows, verdicts, strict=True)
        ]
        verdicts = close(rows, hidden, policy)
    raise DisclosureError("no end was found to what has to be hidden; nothing is shown.")


def _sizes(table: PublishedTable) -> PublishedTable:
    """Return the counts and the sizes of groups alone, which hang together by sums."""
    shares = {name for product in _products(table) for name in (product.whole, product.share)}
    cells = table.cells[~table.cells.index.isin(shares)]
    sums = [sum_ for sum_ in table.relations if shares.isdisjoint(sum_.ids)]
    return PublishedTable(cells, sums, table.suppressed - shares)


def _with_known_sizes(table: PublishedTable) -> PublishedTable:
    """Return the table in which a size that is printed now stays known, whatever is hidden.

    It makes every share of a known size a sum, and errs on the side of hiding.
    """
    cells = table.cells.copy()
    sizes = cells.index.isin([product.size for product in _products(table)])
    known = sizes & (cells["low"] == cells["high"])
    cells.loc[known, ["hidden_low", "hidden_high"]] = cells.loc[known, ["low", "high"]].to_numpy()
    return PublishedTable(cells, table.relations, table.suppressed)


def _products(table: PublishedTable) -> list[Product]:
    return [relation for relation in table.relations if isinstance(relation, Product)]


def _loss(row: Any) -> float:
    """Return what is lost with a result: the people whom it is about."""
    people = max(row.n, 1.0) if row.n == row.n else 1.0
    return people if row.school_id else _NETWORK * people


def _hidden(row: Any, verdict: Verdict, policy: DisclosurePolicy) -> Verdict:
    """Hide a number; a score that was shown is left its word at first."""
    if verdict.state == SHOWN:
        return guard(row, policy)
    return verdict if verdict.state >= SUPPRESSED else Verdict(SUPPRESSED, "protects another")
