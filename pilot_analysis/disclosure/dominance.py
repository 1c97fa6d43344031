"""Dominance: an amount that one or two people make up nearly alone."""

import math
import re
from typing import Any

from pilot_analysis.disclosure.policy import DisclosurePolicy
from pilot_analysis.disclosure.structure import refusal

__all__ = ["AMOUNTS", "is_dominated"]

AMOUNTS = frozenset({"minutes", "hours", "days", "weeks"})
"""Units of amounts that people add to without a limit: one of them may make up nearly all."""


def is_dominated(row: Any, policy: DisclosurePolicy) -> bool:
    """Return whether the second largest contributor to an amount could tell the largest.

    The p% rule: what all but these two add up to is less than p percent of the largest. Whoever
    takes their own contribution from the total then knows the largest to within p percent.

    Parameters
    ----------
    row : named tuple
        The columns of `Results`.
    policy : DisclosurePolicy
        Its "dominance_percent" is p; 0: there is no such rule.

    Raises
    ------
    DisclosureError
        An amount of people without `remainder_percent`.

    References
    ----------
    Federal Committee on Statistical Methodology (2005), Statistical Policy Working Paper 22, p%
    rule. Hundepool et al. (2012), Statistical Disclosure Control, sec. 4.2.1.
    """
    is_amount = row.kind in ("mean", "effect") and re.sub(r" \(.*\)$", "", row.unit) in AMOUNTS
    if not policy["dominance_percent"] or not is_amount or row.population == "none":
        return False
    if math.isnan(row.remainder_percent):
        raise refusal(row, "an amount needs remainder_percent, for the rule of dominance.")
    return row.remainder_percent < policy["dominance_percent"]
