"""`suppress`: what else to hide so that what is hidden stays hidden."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from pilot_analysis.disclosure.tables.blocks import of_known_sizes, split
from pilot_analysis.disclosure.tables.exact import cheapest
from pilot_analysis.disclosure.tables.flows import cheap
from pilot_analysis.disclosure.tables.pattern import Choice
from pilot_analysis.disclosure.tables.published import TOLERANCE, PublishedTable, named_few
from pilot_analysis.disclosure.tables.system import System, join
from pilot_analysis.errors import DisclosureError

__all__ = ["EXACT_CELLS", "Pattern", "choose_pattern", "make_safe", "refuse_untrue", "suppress"]

EXACT_CELLS = 120
"""Numbers in a part up to which the exact choice is sought."""


class Pattern(NamedTuple):
    """What is hidden, and how near it is to the best choice.

    Attributes
    ----------
    suppressed : frozenset of str
        All that is hidden, what had to be included.
    lost : float
        Weight of what is hidden in addition.
    at_least : float
        Weight that every safe choice loses; equal to `lost` where the choice is proven to be the
        best, 0 where the heuristic made it.
    """

    suppressed: frozenset[str]
    lost: float
    at_least: float


def suppress(
    tables: PublishedTable | Sequence[PublishedTable],
    *,
    earlier: Sequence[PublishedTable] = (),
    weights: Mapping[str, float] | None = None,
) -> frozenset[str]:
    """Return what to hide so that every protected number keeps its least values.

    Parameters
    ----------
    tables : PublishedTable or sequence of PublishedTable
        What is to be released together, with the true values. What is in `suppressed`, and what
        is to keep `least_values` and has fewer by itself, is hidden in any case.
    earlier : sequence of PublishedTable
        What was released before: it can no longer be hidden.
    weights : mapping of str to float, or None
        Id -> what is lost if the number is hidden, above 0; infinite: it must not be. None, or an
        id that is not there: the number itself, at least 1.

    Returns
    -------
    frozenset of str
        Everything to hide. The same as before, if nothing else need be: so the answer, suppressed,
        gives itself.

    Raises
    ------
    DisclosureError
        A value is missing or does not fit the relations; a weight is not above 0; or no choice
        is safe. Nothing should be released then.

    Notes
    -----
    The choice is the cheapest one, exactly, for parts of up to `EXACT_CELLS` numbers, and a
    heuristic's beyond; both are checked by the auditor, integers included.
    """
    return choose_pattern(tables, earlier=earlier, weights=weights).suppressed


def choose_pattern(
    tables: PublishedTable | Sequence[PublishedTable],
    *,
    earlier: Sequence[PublishedTable] = (),
    weights: Mapping[str, float] | None = None,
) -> Pattern:
    """Return what to hide, as `suppress`, with what it costs and how little would be possible."""
    tables = [tables] if isinstance(tables, PublishedTable) else list(tables)
    whole = _choice(tables, earlier, weights)
    hidden, bound = make_safe(whole, whole.unsafe(whole.must, detail="soon"))
    lost = float(whole.weights[hidden & ~whole.must].sum())
    return Pattern(frozenset(map(str, whole.system.ids[hidden])), lost, bound)


def _choice(tables, earlier, weights) -> Choice:
    system = join([*tables, *earlier])
    if np.isnan((join(tables) if earlier else system).value).any():
        raise DisclosureError("to choose what to hide, every value must be known.")
    new = {name for table in tables for name in table.cells.index}
    hidden = set().union(*(table.suppressed for table in tables))
    printed = {name for t in earlier for name in t.cells.index if name not in t.suppressed}
    index = pd.Index(system.ids, dtype=object)
    must = index.isin(hidden)
    own = system.high - system.low + system.is_whole
    too_plain = index.isin(new - printed) & ~must & (system.least > 0) & (own < system.least)
    weight = np.maximum(np.abs(np.nan_to_num(system.value)), 1.0)
    if weights:
        given = [
            float(weights.get(name, old)) for name, old in zip(system.ids, weight, strict=True)
        ]
        weight = np.array(given)
    if not (weight > 0).all():
        raise DisclosureError(f"weights must be above 0: {named_few(system.ids[~(weight > 0)])}.")
    may = index.isin(new - printed) & ~must & np.isfinite(weight)
    refuse_untrue(system)
    return _hiding(Choice(system, must, may, weight), too_plain)


def refuse_untrue(system: System) -> None:
    """Refuse values that do not fit their relations.

    Raises
    ------
    DisclosureError
        The message names the numbers of one relation.
    """
    value = system.value
    known = ~np.isnan(value)
    sums = system.matrix @ np.nan_to_num(value)
    slack = TOLERANCE * (1 + abs(system.matrix) @ np.abs(np.nan_to_num(value)))
    wrong = (sums < system.row_low - slack) | (sums > system.row_high + slack)
    wrong &= abs(system.matrix) @ (~known).astype(float) == 0
    if wrong.any():
        row = system.matrix[[int(np.flatnonzero(wrong)[0])]]
        raise DisclosureError(
            f"the values of {named_few(system.ids[row.nonzero()[1]])} do not fit their relation."
        )


def _hiding(whole: Choice, more: np.ndarray) -> Choice:
    """Return the choice in which more is hidden in any case."""
    must = whole.must | more
    low, high = whole.bounds(must)
    system = replace(whole.system, low=low, high=high, is_hidden=whole.system.is_hidden | must)
    return Choice(system, must, whole.may & ~must, whole.weights)


def make_safe(choice: Choice, unsafe: np.ndarray) -> tuple[np.ndarray, float]:
    """Return a safe choice over all parts, checked by the auditor as a whole.

    Parameters
    ----------
    choice : Choice
    unsafe : numpy.ndarray of int
        Positions of the protected numbers that are not safe if only `choice.must` is hidden.

    Returns
    -------
    hidden : numpy.ndarray of bool, shape (n,)
    bound : float
        Weight that every safe choice loses at least, as far as it is known.

    Raises
    ------
    DisclosureError
        No choice is safe.
    """
    hidden, bound = choice.must.copy(), 0.0
    if not unsafe.size:
        return hidden, bound
    choice = _of_known_sizes(choice)
    is_unsafe = np.isin(np.arange(len(hidden)), unsafe)
    for cells, part in split(choice.released(choice.must | choice.may), is_unsafe):
        of_part, least = _solve_part(choice.part(cells, part), np.flatnonzero(is_unsafe[cells]))
        hidden[cells] |= of_part
        bound += least
    if (lost := choice.unsafe(hidden, unsafe)).size:
        raise _refusal(choice, lost)
    return hidden, bound


def _of_known_sizes(choice: Choice) -> Choice:
    """Return the choice with the shares of what has one size, whatever is hidden, as sums."""
    low, high = choice.bounds(choice.must | choice.may)
    return replace(choice, system=of_known_sizes(choice.system, low == high))


def _solve_part(choice: Choice, unsafe: np.ndarray) -> tuple[np.ndarray, float]:
    if len(choice.must) > EXACT_CELLS:
        return cheap(choice, unsafe), 0.0
    if (lost := choice.unsafe(choice.must | choice.may, unsafe)).size:
        raise _refusal(choice, lost)
    hidden, bound = cheapest(choice, unsafe)
    return (cheap(choice, unsafe), bound) if hidden is None else (hidden, bound)


def _refusal(choice: Choice, lost: np.ndarray) -> DisclosureError:
    return DisclosureError(
        f"{named_few(choice.system.ids[lost])}: what may be hidden does not protect these, even if "
        "all of it is. They were released before, or the range that is printed in their place is "
        "too narrow, or their totals must be shown. Hide more, or release nothing of them."
    )
