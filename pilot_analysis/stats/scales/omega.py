"""McDonald's omega: the share of a total score's variance that one common factor explains."""

from math import sqrt

import numpy as np
import pandas as pd
from scipy import special, stats

from pilot_analysis.stats.estimate import Estimate, check_conf_level
from pilot_analysis.stats.scales.one_factor import OneFactor, fit_one_factor

__all__ = ["mcdonald_omega"]

NAME = "omega"


def mcdonald_omega(items: pd.DataFrame, *, conf_level: float = 0.95) -> Estimate:
    """McDonald's omega of a scale, from a one-factor model fitted by maximum likelihood.

    omega = L^2 / (L^2 + T), with L the sum of the loadings and T that of the uniquenesses. Unlike
    alpha it does not ask that all items load alike; it equals alpha where they do. It means
    something only where one factor describes the items: see `fit_one_factor` for the fit.

    Parameters
    ----------
    items : DataFrame, respondents x items
        Answers, already turned so that all items point the same way; three or more items.
        Respondents with a missing answer are left out.
    conf_level : float

    Returns
    -------
    Estimate
        unit "coefficient". `std_error` by the delta method from the expected information, which
        takes answers as normal; the interval is formed on the logit scale, so that it stays
        between 0 and 1. p is NaN. Undefined with the reason below 10 respondents, for a Heywood
        case, for items that are constant or copies, and where the model is not identified.
        Flagged where an item's loading is negative.

    Raises
    ------
    DesignError
        Fewer than three items.
    DataError
        Answers that are text or infinite.

    References
    ----------
    McDonald (1999), Test Theory, chapter 6; Raykov (2002), Multivariate Behavioral Research 37:
    89-103 (delta method); Kelley and Pornprasertmanit (2016), Psychological Methods 21: 69-92
    (logistic interval).
    """
    check_conf_level(conf_level)
    factor = fit_one_factor(items)
    details = {
        "n": factor.n,
        "unit": "coefficient",
        "method": "mcdonald_omega",
        "conf_level": conf_level,
    }
    if factor.flags:
        return Estimate.undefined(NAME, factor.flags[0], **details)
    omega, se = _delta_method(factor)
    if not 1e-8 < omega < 1:
        reason = "The loadings cancel out: items point in both directions. Turn some of them."
        return Estimate.undefined(NAME, reason, estimate=omega, **details)
    half = stats.norm.isf((1 - conf_level) / 2) * se / (omega * (1 - omega))
    limits = special.expit(special.logit(omega) + np.array([-half, half]))
    return Estimate.from_interval(
        NAME, omega, *limits, std_error=se, flags=_flags(factor), **details
    )


def _delta_method(factor: OneFactor) -> tuple[float, float]:
    common, unique = factor.loadings.sum(), factor.uniquenesses.sum()
    total = common**2 + unique
    gradient = np.repeat(
        [2 * common * unique / total**2, -(common**2) / total**2], len(factor.loadings)
    )
    return float(common**2 / total), sqrt(gradient @ factor.covariance @ gradient)


def _flags(factor: OneFactor) -> tuple[str, ...]:
    against = factor.loadings.index[factor.loadings < 0]
    if not len(against):
        return ()
    return (f"Item {against[0]!r} has a negative loading: it may point the other way.",)
