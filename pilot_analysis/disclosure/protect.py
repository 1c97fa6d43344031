"""`protect`: the one gate between results and anything that is shown."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from pilot_analysis.disclosure.complementary import protect_together
from pilot_analysis.disclosure.policy import PEOPLE, DisclosurePolicy
from pilot_analysis.disclosure.primary import (
    CODED,
    GONE,
    SHOWN,
    SUPPRESSED,
    Verdict,
    refuse_strange,
)
from pilot_analysis.disclosure.protected import ProtectedResults, make_protected
from pilot_analysis.disclosure.rounding import NUMBERS, round_results
from pilot_analysis.disclosure.structure import (
    NESTED,
    WHOLE_ANSWERS,
    WORDS,
    chain_of,
    name_of,
    rows_of,
)
from pilot_analysis.errors import DisclosureError
from pilot_analysis.results import COLUMNS, ONE_QUESTION, Results

__all__ = ["CODED_FLAG", "protect"]

CODED_FLAG = "shown as a range"
"""Flag of a result whose number is replaced by the words in `level`."""

_KEPT_WHEN_CODED = ("n", "n_clusters")
_KEPT_OF_FEW = ("estimate", "n", "n_clusters")
_BESIDE_INTERVAL = ("std_error", "statistic", "df", "p_value")
"""Of whole-number answers: with more decimals than the interval, they tell more of them."""

FEW_ANSWERS = 20
"""People below which the average of whole-number answers goes without its interval: at sixteen and
fewer, nearly every such average with its interval has one possible table of answers."""


def protect(
    results: Results | ProtectedResults, policy: DisclosurePolicy | None = None
) -> ProtectedResults:
    """Decide once, for all schools together, what one audience may see.

    Parameters
    ----------
    results : Results
        Every result of the run: all schools, all products and the network, because what may be
        shown of one depends on what is shown of the others. Results that are protected by the
        same policy already are returned as they are.
    policy : DisclosurePolicy or None
        None: the strictest policy.

    Returns
    -------
    ProtectedResults
        Every row of `results`, rounded. Column `suppressed` names the rule that hides a row (a
        key of `RULES`), whose numbers, level, text and flags are then blank. A number that is
        shown as a range only has the flag "shown as a range", no number, and the range in words
        in `level`.

    Raises
    ------
    DisclosureError
        Anything that no rule covers: an unknown kind, population or unit, a missing n, a relation
        that is not understood, the wrong type. Nothing is shown then.
    """
    policy = DisclosurePolicy.named() if policy is None else policy
    if not isinstance(policy, DisclosurePolicy):
        raise DisclosureError(
            f"a policy is a DisclosurePolicy, not {type(policy).__name__}: use "
            f"DisclosurePolicy.named({policy!r})."
        )
    if isinstance(results, ProtectedResults):
        if results.policy == policy:
            return results
        raise DisclosureError(
            f"these results are protected for {results.policy.name!r}; to protect them for "
            f"{policy.name!r}, start again from the results."
        )
    if not isinstance(results, Results):
        raise DisclosureError(f"protect takes Results, not {type(results).__name__}.")
    _refuse_blank_keys(results.frame)
    rows = rows_of(results.frame)
    refuse_strange(rows)
    shown = _Shown(results, rows, policy)
    return make_protected(shown(protect_together(rows, policy, shown)), policy)


def _refuse_blank_keys(frame: pd.DataFrame) -> None:
    """Refuse missing values where a key is meant to be blank: they would match nothing."""
    for column in ("result_id", "section", "name", "kind", "population", "school_id", "product_id",
                   "outcome", "group", "category", "time", "level", "value_text",
                   "unit"):  # fmt: skip
        wrong = [value for value in frame[column].unique() if not isinstance(value, str)]
        if wrong:
            where = frame.loc[frame[column].isin(wrong), "result_id"].iloc[0]
            raise DisclosureError(
                f"{where}: {column} must be text (blank for none), not {wrong[0]!r}."
            )


class _Shown:
    """What is shown under given verdicts; what does not depend on them is found once.

    Parameters
    ----------
    rows : sequence of named tuples
        The columns of `results`.
    """

    def __init__(self, results: Results, rows: Sequence[Any], policy: DisclosurePolicy):
        frame = round_results(results)
        is_one = frame["flags"].map(lambda flags: ONE_QUESTION in flags)
        names = frame["section"] + "." + frame["name"]
        answers = frame["population"].isin(PEOPLE) & (names.isin(WHOLE_ANSWERS) | is_one)
        answers &= bool(policy["coding_bands"])
        frame.loc[answers, list(_BESIDE_INTERVAL)] = np.nan
        frame["relation"] = [tuple(row.relation) for row in rows]
        frame["exploratory"] = frame["exploratory"].astype(bool)
        self._rows, self._frame = rows, frame
        self._few = (answers & frame["n"].lt(FEW_ANSWERS)).to_numpy()
        self._words_only = frame["kind"].isin(WORDS).to_numpy()

    def __call__(self, verdicts: Sequence[Verdict]) -> pd.DataFrame:
        """Return the rows with everything left out that the verdicts hide."""
        frame, few = self._frame.copy(), self._few
        states = np.array([verdict.state for verdict in verdicts], int)
        numbers = frame[list(NUMBERS)].to_numpy(float, copy=True)
        for at, column in enumerate(NUMBERS):
            blank = states == SUPPRESSED
            if column not in _KEPT_WHEN_CODED:
                blank = blank | (states == CODED) | self._words_only
            if column not in _KEPT_OF_FEW:
                blank = blank | few
            numbers[blank, at] = np.nan
        frame[list(NUMBERS)] = numbers
        hidden = states == SUPPRESSED
        frame.loc[hidden, "level"] = ""
        # the method may tell that everyone was alike, since the usual one is not defined then
        frame.loc[states > SHOWN, ["value_text", "method"]] = ""
        frame["level"] = [
            verdict.words or level for verdict, level in zip(verdicts, frame["level"], strict=True)
        ]
        frame.loc[few, "method"] = ""
        frame["flags"] = _flags(self._rows, verdicts, few)
        frame["suppressed"] = [verdict.rule for verdict in verdicts]
        frame = frame[states != GONE]  # of some, that they were there is what must not be told
        return frame[[*COLUMNS, "suppressed"]].reset_index(drop=True)


def _flags(rows, verdicts, few) -> list[tuple[str, ...]]:
    """Return the flags of what is shown; words about a hidden number or interval go with it."""
    cut_chains = {
        chain_of(row)
        for row, verdict in zip(rows, verdicts, strict=True)
        if verdict.state and name_of(row) in NESTED
    }
    flags: list[tuple[str, ...]] = []
    for row, verdict, without_interval in zip(rows, verdicts, few, strict=True):
        if verdict.state >= SUPPRESSED or (without_interval and verdict.state == SHOWN):
            flags.append(())
        elif verdict.state == CODED:
            flags.append((CODED_FLAG,))
        elif chain_of(row) in cut_chains:  # a flag may count who was lost before the hidden number
            flags.append(tuple(f for f in row.flags if not re.search(r"\d", f)))
        else:
            flags.append(tuple(row.flags))
    return flags
