"""Randomization inference: what other assignments of the same clusters would have shown."""

from dataclasses import dataclass
from functools import partial
from math import inf, isinf, prod

import numpy as np

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.effects.inputs import float_array
from pilot_analysis.stats.estimate import Estimate, check_conf_level
from pilot_analysis.stats.grouping import sum_by, within
from pilot_analysis.stats.randomization.arrangements import (
    all_arrangements,
    count_orders,
    sampled_arrangements,
)
from pilot_analysis.stats.randomization.assigned import assigned_design
from pilot_analysis.stats.randomization.inputs import known_count, known_seed, known_values
from pilot_analysis.stats.randomization.inversion import ShiftTest

__all__ = ["RandomizationTest", "randomization_test"]

METHOD = "randomization"
_NOTHING = 1e-12  # share of a sum of squares that counts as none
_TINY = np.finfo(float).tiny
_GAP = "The effects that are not rejected have a gap at zero; see the test."


@dataclass(frozen=True, slots=True)
class RandomizationTest:
    """Result of `randomization_test`.

    Attributes
    ----------
    estimate : Estimate
        The effect with the interval that inverts this test; without one (and with the reason)
        where so few assignments were possible that none can be rejected.
    p_value : float
        Two-sided: twice the smaller share of assignments whose statistic is at least as large,
        or at least as small, as the one that was drawn.
    smallest_p : float
        The smallest p that these outcomes could have given, whichever assignment was drawn;
        with a sample of the assignments, the smallest that the sample could have given.
    n_possible, n_assignments : int
        Assignments that the design allowed, and those looked at.
    exact : bool
        Whether all were looked at; otherwise a seeded sample, the drawn one added.
    """

    estimate: Estimate
    p_value: float
    smallest_p: float
    n_possible: int
    n_assignments: int
    exact: bool


def randomization_test(
    outcome,
    arm,
    *,
    cluster=None,
    block=None,
    covariates=None,
    most_assignments: int = 100_000,
    draws: int = 10_000,
    seed: int = 20261121,
    name: str = "arm",
    unit: str = "points",
    conf_level: float = 0.95,
) -> RandomizationTest:
    """Test that nobody's outcome depended on the arm, by assigning the same clusters again.

    The statistic is the difference in means between the arms: within blocks, weighted over
    blocks by n_t n_c / n as block fixed effects weigh them, of outcomes from which the covariates
    have been taken out without regard to the arm (Rosenbaum's covariance adjustment). The
    estimate is the effect at which the arms no longer differ: the least-squares coefficient of
    the arm beside blocks and covariates. The interval holds every effect, the same for
    everybody, that the test does not reject.

    Parameters
    ----------
    outcome : array_like, shape (n,)
        In `unit`. Missing values are refused.
    arm : array_like of bool or 0/1, shape (n,)
        Whether the person's cluster was assigned to the product.
    cluster : array_like, shape (n,), optional
        The unit that was assigned; None: each person.
    block : array_like, shape (n,), optional
        Within which a fixed number of clusters was assigned to each arm; None: one block.
    covariates : array_like, shape (n,) or (n, k), optional
        Numbers from before the assignment. Missing values are refused.
    most_assignments : int
        Up to this number all assignments are looked at; beyond, a sample of `draws`.
    draws, seed : int
        Of the sample.

    Returns
    -------
    RandomizationTest

    Raises
    ------
    DesignError
        A missing or infinite value; one arm, in all or in a block; a cluster in two arms or two
        blocks; an outcome that does not vary; covariates that give the arm away.

    Notes
    -----
    Exact for the sharp null hypothesis when the assignment was complete randomization of
    clusters within blocks. The p of a sample of assignments is (b + 1)/(draws + 1), which keeps
    its level too. The interval assumes that the effect is the same for everybody.

    References
    ----------
    Fisher (1935), The Design of Experiments, sec. 21; Rosenbaum (2002), Statistical Science 17:
    286-327, sec. 2-4; Phipson and Smyth (2010), Statistical Applications in Genetics and
    Molecular Biology 9, art. 39.
    """
    check_conf_level(conf_level)
    draws, most = known_count(draws, "draws"), known_count(most_assignments, "most_assignments")
    seed = known_seed(seed)
    y = known_values(outcome, "The outcome")
    design = assigned_design(arm, len(y), cluster, block)
    pair = np.stack([y, design.treated[design.cluster]], axis=1)
    totals = sum_by(_adjusted(pair, covariates, design.block), design.cluster)
    n_possible = prod(count_orders(design.treated[places]) for places in design.strata)
    exact = n_possible <= most
    pieces = all_arrangements if exact else partial(sampled_arrangements, draws=draws, seed=seed)
    observed = design.differences(design.treated[None], totals)[0]
    looked_at = [design.differences(p, totals) for p in pieces(design.treated, design.strata)]
    shift = ShiftTest.from_statistics(observed, np.concatenate(looked_at), add_observed=not exact)
    details = {"n": len(y), "n_clusters": len(design.treated), "unit": unit, "method": METHOD}
    details["conf_level"] = conf_level
    return RandomizationTest(
        _estimate(name, observed, shift, details),
        float(shift.p_value(0.0)),
        shift.smallest_p,
        n_possible,
        shift.n,
        exact,
    )


def _adjusted(pair: np.ndarray, covariates, block: np.ndarray) -> np.ndarray:
    """Take block means and covariates out of outcome and arm."""
    pair = within(pair, block)
    if covariates is not None:
        columns = float_array(covariates, "The covariates")
        columns = columns[:, None] if columns.ndim == 1 else columns
        if columns.ndim != 2 or len(columns) != len(pair):
            raise DesignError("Covariates must have one row for each outcome.")
        X = within(np.stack([known_values(c, "A covariate") for c in columns.T], axis=1), block)
        size = np.sqrt((X**2).sum(axis=0))
        X = X / np.where(size > 0, size, 1.0)
        left = pair - X @ np.linalg.lstsq(X, pair, rcond=_NOTHING)[0]
    else:
        left = pair
    spread, spread_left = (pair**2).sum(axis=0), (left**2).sum(axis=0)
    if spread_left[1] <= _NOTHING * spread[1]:
        raise DesignError(
            "The covariates give the arm away, so nothing is left to compare. Leave out those "
            "that follow from the arm."
        )
    if spread_left[0] <= _NOTHING * max(spread[0], _TINY):
        raise DesignError(
            "The outcome does not vary within blocks beside the covariates, so there is nothing "
            "to compare."
        )
    return left


def _estimate(name: str, observed: np.ndarray, shift: ShiftTest, details) -> Estimate:
    effect, p_value = observed[0] / observed[1], float(shift.p_value(0.0))
    low, high = shift.interval(details["conf_level"])
    if isinf(low) or isinf(high):
        least = max(shift.p_value(-inf), shift.p_value(inf))
        reason = (
            f"So few assignments were possible that even the largest effect would have p = "
            f"{least:.2g}, so none can be excluded at this confidence."
        )
        return Estimate.undefined(name, reason, estimate=effect, **details)
    if low <= 0 <= high and p_value < 1 - details["conf_level"]:
        return Estimate.from_interval(name, effect, low, high, flags=(_GAP,), **details)
    return Estimate.from_test_inversion(
        name, effect, low, high, statistic=observed[0], p_value=p_value, **details
    )
