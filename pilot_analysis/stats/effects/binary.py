"""Effect size of an outcome that a person has or has not (the Cox index)."""

from collections.abc import Sequence
from math import log, sqrt
from typing import Any

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.effects.inputs import checked_count, checked_number
from pilot_analysis.stats.effects.standardized import small_sample_factor
from pilot_analysis.stats.estimate import Estimate, check_conf_level

__all__ = ["cox_index", "cox_index_from_counts"]

METHOD = "cox_index"
# a logistic difference over 1.65 is close to the difference in SD of a normal one cut in two
_LOGITS_PER_SD = 1.65
_SMALL_CELL = 5


def cox_index(
    share_treated: float,
    share_comparison: float,
    n_treated: int | None = None,
    n_comparison: int | None = None,
    *,
    conf_level: float = 0.95,
) -> Estimate:
    """Effect size of two shares, omega (logit p_t - logit p_c) / 1.65.

    Parameters
    ----------
    share_treated, share_comparison : float
        Share of each group with the outcome, 0 to 1.
    n_treated, n_comparison : int, optional
        People. Without them there is neither small-sample factor nor interval.
    conf_level : float

    Returns
    -------
    Estimate
        unit "sd"; omega = 1 - 3/(4N - 9), std_error = omega/1.65 times the square root of the
        summed reciprocal counts of the four cells, normal distribution. Where nobody or
        everybody in one group has the outcome, 0.5 is added to each cell, with a flag; where
        that is so in both groups alike, undefined. Cells below five are flagged, since the
        interval is a large-sample one. For independent people: where classes or schools were
        assigned it is too narrow.

    Raises
    ------
    DesignError
        A share outside 0..1, or fewer than two people in a group.

    References
    ----------
    Cox (1970), Analysis of Binary Data; Sanchez-Meca, Marin-Martinez and Chacon-Moscoso (2003),
    Psychological Methods 8: 448-467; What Works Clearinghouse (2022), Procedures and Standards
    Handbook 5.0, appendix E; Gart and Zweifel (1967), Biometrika 54: 181-187, for the 0.5.
    """
    shares = share_treated, share_comparison
    for name, share in zip(("share_treated", "share_comparison"), shares, strict=True):
        if not 0 <= checked_number(share, name) <= 1:
            raise DesignError(f"{name} must lie between 0 and 1, got {share:g}.")
    if n_treated is None and n_comparison is None:
        return _without_sizes(*shares, conf_level)
    if n_treated is None or n_comparison is None:
        raise DesignError("Give the number of people in both groups, or in neither.")
    sizes = checked_count(n_treated, "n_treated"), checked_count(n_comparison, "n_comparison")
    with_it = [n * share for share, n in zip(shares, sizes, strict=True)]
    without = [n * (1 - share) for share, n in zip(shares, sizes, strict=True)]
    return _from_cells(with_it, without, sizes, conf_level)


def cox_index_from_counts(
    events_treated: int,
    n_treated: int,
    events_comparison: int,
    n_comparison: int,
    *,
    conf_level: float = 0.95,
) -> Estimate:
    """Effect size of two shares, from how many people in each group have the outcome.

    Parameters
    ----------
    events_treated, events_comparison : int
        People with the outcome.
    n_treated, n_comparison : int
        People in the group.
    conf_level : float

    Returns
    -------
    Estimate
        As `cox_index`.

    Raises
    ------
    DesignError
        Counts that are not whole, more events than people, or fewer than two people in a group.

    References
    ----------
    As `cox_index`.
    """
    sizes = checked_count(n_treated, "n_treated"), checked_count(n_comparison, "n_comparison")
    events = (
        checked_count(events_treated, "events_treated"),
        checked_count(events_comparison, "events_comparison"),
    )
    for found, n in zip(events, sizes, strict=True):
        if found > n:
            raise DesignError(f"{found} of {n} people cannot have the outcome; check the counts.")
    without = [n - found for found, n in zip(events, sizes, strict=True)]
    return _from_cells(events, without, sizes, conf_level)


def _from_cells(
    with_it: Sequence[float], without: Sequence[float], sizes: tuple[int, int], conf_level: float
) -> Estimate:
    """Return the index from who has the outcome and who has not, treated and comparison."""
    if min(sizes) < 2:
        raise DesignError(
            "The Cox index needs two or more people in each group; got "
            f"{sizes[0]} treated and {sizes[1]} in the comparison."
        )
    n = sum(sizes)
    details: dict[str, Any] = {"n": n, "unit": "sd", "method": METHOD, "conf_level": conf_level}
    if not (any(with_it) and any(without)):
        return Estimate.undefined("g", _alike(everybody=not any(without)), **details)
    smallest = min(*with_it, *without)
    flags: tuple[str, ...] = ()
    if smallest == 0:
        flags = ("A cell of the table is zero, so 0.5 was added to each of the four.",)
    elif smallest < _SMALL_CELL - 1e-9:
        flags = ("few in a cell",)
    a, c, b, d = (cell + 0.5 * (smallest == 0) for cell in (*with_it, *without))
    per_sd = small_sample_factor(n - 2) / _LOGITS_PER_SD
    return Estimate.from_z(
        "g",
        per_sd * (log(a / b) - log(c / d)),
        per_sd * sqrt(1 / a + 1 / b + 1 / c + 1 / d),
        flags=flags,
        **details,
    )


def _without_sizes(share_treated: float, share_comparison: float, conf_level: float) -> Estimate:
    details: dict[str, Any] = {
        "n": 0,
        "unit": "sd",
        "method": METHOD,
        "conf_level": check_conf_level(conf_level),
    }
    if share_treated == share_comparison and share_treated in (0, 1):
        return Estimate.undefined("g", _alike(everybody=share_treated == 1), **details)
    if {share_treated, share_comparison} & {0, 1}:
        reason = "A share of 0 or 1 has no logit; give the numbers of people, so that 0.5 is added."
        return Estimate.undefined("g", reason, **details)
    logits = [log(p / (1 - p)) for p in (share_treated, share_comparison)]
    reason = "Without numbers of people there is no small-sample factor and no interval."
    return Estimate.undefined(
        "g", reason, estimate=(logits[0] - logits[1]) / _LOGITS_PER_SD, **details
    )


def _alike(*, everybody: bool) -> str:
    who = "Everybody" if everybody else "Nobody"
    return f"{who} in either group has the outcome, so the groups cannot be compared by odds."
