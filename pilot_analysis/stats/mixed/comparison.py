"""Likelihood-ratio tests between nested mixed models."""

from dataclasses import dataclass
from math import isfinite

import numpy as np
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.mixed.fit import MixedFit

__all__ = ["LikelihoodRatioTest", "likelihood_ratio_test"]


@dataclass(frozen=True, slots=True)
class LikelihoodRatioTest:
    """Whether a larger model fits better than chance would let it.

    Attributes
    ----------
    statistic : float
        Twice the gain in log likelihood.
    df : int
        Parameters that the larger model has more.
    p_value : float
        From `mixture`.
    p_naive : float
        From chi-squared with `df`: too large where a variance is tested.
    mixture : tuple of int
        Degrees of freedom of the chi-squared distributions that are mixed in equal parts; one
        alone where no variance is tested.
    method : str
        A key of ``docs/methods.md``.
    flags : tuple of str
        "singular": the smaller model is itself at a boundary, so that the mixture is
        approximate. "conservative": several variances are tested at once, whose mixture is not
        known; p is an upper bound.
    """

    statistic: float
    df: int
    p_value: float
    p_naive: float
    mixture: tuple[int, ...]
    method: str
    flags: tuple[str, ...]


def likelihood_ratio_test(smaller: MixedFit, larger: MixedFit) -> LikelihoodRatioTest:
    """Test what a larger mixed model has more than a smaller one that lies within it.

    A variance of zero lies at the edge of what is possible, so a test of one variance (with or
    without the covariances that come with it) refers to an equal mixture of chi-squared
    distributions, with and without a degree of freedom for the variance: of 0 and 1 for one more
    level or an uncorrelated slope, of q and q + 1 for a slope correlated with q random terms.

    Parameters
    ----------
    smaller, larger : MixedFit
        Of the same rows and outcome, both by REML or both by ML.

    Returns
    -------
    LikelihoodRatioTest

    Raises
    ------
    DesignError
        A fit that did not converge; REML against ML; other rows; REML fits with different fixed
        effects, whose likelihoods are of different data; models that are not nested, or equal.

    References
    ----------
    Self & Liang (1987), Journal of the American Statistical Association 82; Stram & Lee (1994),
    Biometrics 50, cases 1-3.
    """
    _require_comparable(smaller, larger)
    new_variances = _require_nested(smaller, larger)
    df = larger.n_parameters - smaller.n_parameters
    statistic = 2 * (larger.log_likelihood - smaller.log_likelihood)
    statistic = statistic if statistic > 1e-8 else 0.0
    mixture = (df - 1, df) if new_variances == 1 else (df,)
    flags = ("conservative",) if new_variances > 1 else ()
    if new_variances and "singular" in smaller.flags:
        flags = (*flags, "singular")
    return LikelihoodRatioTest(
        statistic, df, float(np.mean([_beyond(statistic, part) for part in mixture])),
        _beyond(statistic, df), mixture, "mixed_likelihood_ratio", flags,
    )  # fmt: skip


def _beyond(statistic: float, df: int) -> float:
    """Return the chance of this statistic or a larger one; with 0 df it is always 0."""
    return float(stats.chi2.sf(statistic, df)) if df else float(statistic <= 0)


def _require_comparable(smaller: MixedFit, larger: MixedFit) -> None:
    if not (isfinite(smaller.log_likelihood) and isfinite(larger.log_likelihood)):
        raise DesignError("A model that did not converge has no likelihood to compare.")
    first, second = smaller._solution, larger._solution
    if first.problem.reml != second.problem.reml:
        raise DesignError("Compare two fits by REML or two by ML, not one of each.")
    outcomes = [np.sort(solution.design.y) for solution in (first, second)]
    if not np.array_equal(*outcomes):
        raise DesignError(
            f"The models were fitted to different rows or outcomes ({smaller.n} and {larger.n} "
            "rows). Leave out rows with missing values in any of their columns, and fit again."
        )
    if first.problem.reml and not _same_fixed_effects(first, second):
        raise DesignError(
            "Restricted likelihoods with different fixed effects cannot be compared. Fit both "
            "models with reml=False, or use a Wald test of the terms."
        )


def _same_fixed_effects(first, second) -> bool:
    if set(first.design.names) != set(second.design.names):
        return False
    volumes = [np.log(np.abs(np.diag(s.to_terms))).sum() for s in (first, second)]
    return abs(volumes[0] - volumes[1]) < 1e-8 * max(1.0, abs(volumes[0]))


def _require_nested(smaller: MixedFit, larger: MixedFit) -> int:
    """Return how many variances the larger model has more."""
    first, second = smaller._solution, larger._solution
    levels, wider = first.levels.sizes, second.levels.sizes
    slopes, steeper = first.terms.names[1:], second.terms.names[1:]
    same_outer = next(iter(levels)) == next(iter(wider))
    nested = (
        set(first.design.names) <= set(second.design.names)
        and levels.items() <= wider.items()
        and set(slopes) <= set(steeper)
        and (same_outer or not slopes)
        and (not first.terms.correlated or second.terms.correlated)
        and larger.n_parameters > smaller.n_parameters
    )
    if not nested:
        raise DesignError(
            "The first model must lie within the second: the second has all its fixed terms, "
            "groups and random slopes, correlated where the first's are, and more."
        )
    return len(larger.variances) - len(smaller.variances)
