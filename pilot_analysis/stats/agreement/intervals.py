"""An interval for a chance-corrected coefficient, by resampling subjects or by linearization."""

from math import isnan, sqrt
from numbers import Integral
from typing import Literal

import numpy as np
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.agreement.chance import Coefficient, counts_of
from pilot_analysis.stats.agreement.ratings import Patterns
from pilot_analysis.stats.estimate import Estimate, check_conf_level

__all__ = [
    "DRAWS",
    "FEWEST_FOR_INTERVAL",
    "SEED",
    "Interval",
    "estimate_coefficient",
    "linearized_error",
]

Interval = Literal["bootstrap", "linearized"]

# large-sample intervals of kappa cover 60-91% at twenty subjects; none is given below
FEWEST_FOR_INTERVAL = 20
# with fewer subjects beyond the commonest category, 95% intervals were seen to cover 66-95%
FEWEST_BEYOND_COMMONEST = 10
DRAWS = 2000
SEED = 20261121
_ROWS_AT_ONCE = 250
_NO_SPREAD = 1e-12


def estimate_coefficient(
    name: str,
    coefficient: Coefficient,
    sample: Patterns,
    *,
    method: str,
    why_undefined: str,
    interval: Interval = "bootstrap",
    conf_level: float = 0.95,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Estimate:
    """Estimate a coefficient with an interval from 20 subjects on.

    Parameters
    ----------
    name, method : str
        Of the estimate; the method of a linearized interval ends with "_linearized".
    coefficient : function of weights, shape (rows, patterns)
    sample : Patterns
    why_undefined : str
        The reason, where the coefficient is NaN.
    interval : {"bootstrap", "linearized"}
        "bootstrap": bias-corrected and accelerated, over whole subjects, widened for a small
        sample; p is NaN. A draw in which the coefficient is not defined counts as -1 for the
        lower limit and as 1 for the upper one. "linearized": Student's t with n - 1 degrees of
        freedom about the estimate, with the test of 0; limits are cut at -1 and 1.
    draws, seed : int
        Of the bootstrap.

    Returns
    -------
    Estimate
        unit "coefficient", n subjects rated twice or more; flagged "rare categories" where
        fewer than 10 subjects were given anything but the commonest category, and "undefined
        resamples" where these decide a limit.

    Raises
    ------
    DesignError
        An unknown interval, or fewer than 20 draws.
    """
    check_conf_level(conf_level)
    if interval not in ("bootstrap", "linearized"):
        raise DesignError(f'interval must be "bootstrap" or "linearized"; got {interval!r}.')
    if not (isinstance(draws, Integral) and draws >= FEWEST_FOR_INTERVAL):
        raise DesignError(f"A bootstrap needs {FEWEST_FOR_INTERVAL} draws or more; got {draws}.")
    details = {
        "n": sample.rated_twice,
        "unit": "coefficient",
        "method": method if interval == "bootstrap" else f"{method}_linearized",
        "conf_level": conf_level,
    }
    if details["n"] == 0:
        return Estimate.undefined(name, "No subject was rated by two people.", **details)
    value = float(coefficient(sample.times[None])[0])
    if isnan(value):
        return Estimate.undefined(name, why_undefined, **details)
    if details["n"] < FEWEST_FOR_INTERVAL:
        reason = f"An interval needs {FEWEST_FOR_INTERVAL} or more subjects rated by two people."
        return Estimate.undefined(name, reason, estimate=value, **details)
    if interval == "linearized":
        made = _linearized(name, value, coefficient, sample, details)
    else:
        made = _bootstrap(name, value, coefficient, sample, draws, seed, details)
    return made.flagged("rare categories") if made.is_defined and _is_rare(sample) else made


def linearized_error(coefficient: Coefficient, sample: Patterns) -> float:
    """Return the standard error from how far each subject moves the coefficient.

    sqrt(sum of squared influences / (n (n - 1))), with n all subjects of the sample: Gwet's
    (2014) variance, where every subject was rated twice or more.
    """
    n = sample.times.sum()
    return sqrt(sample.times @ _influence(coefficient, sample) ** 2 / (n * (n - 1)))


def _influence(coefficient: Coefficient, sample: Patterns) -> np.ndarray:
    """Return n times the derivative of the coefficient by the count of each pattern.

    By a complex step (Squire and Trapp 1998), which is exact to rounding and serves every
    coefficient, whatever its law of chance.
    """
    step = 1e-20
    rows = sample.times + 1j * step * np.eye(len(sample.times))
    return _in_parts(coefficient, rows).imag / step * sample.times.sum()


def _in_parts(coefficient: Coefficient, rows: np.ndarray) -> np.ndarray:
    """Evaluate row after row, so that memory does not grow with draws times categories."""
    parts = [rows[i : i + _ROWS_AT_ONCE] for i in range(0, len(rows), _ROWS_AT_ONCE)]
    return np.concatenate([coefficient(part) for part in parts])


def _linearized(name, value, coefficient, sample, details) -> Estimate:
    error = linearized_error(coefficient, sample)
    if error <= _NO_SPREAD:
        return _without_spread(name, value, details)
    pivot = Estimate.from_t(name, value, error, sample.times.sum() - 1, **details)
    return Estimate.from_test_inversion(
        name,
        value,
        max(pivot.conf_low, -1.0),
        min(pivot.conf_high, 1.0),
        statistic=pivot.statistic,
        p_value=pivot.p_value,
        std_error=error,
        df=pivot.df,
        **details,
    )


def _bootstrap(name, value, coefficient, sample, draws, seed, details) -> Estimate:
    n = int(sample.times.sum())
    resampled = np.random.default_rng(seed).multinomial(n, sample.times / n, size=draws)
    found = _in_parts(coefficient, resampled.astype(float))
    defined = found[~np.isnan(found)]
    if not len(defined) or np.ptp(defined) <= _NO_SPREAD:
        return _without_spread(name, value, details)
    influence = _influence(coefficient, sample)
    squares = sample.times @ influence**2
    skew = 0.0 if squares <= 0 else sample.times @ influence**3 / (6 * squares**1.5)
    lower, upper = _levels(_bias(defined, value), skew, n, details["conf_level"])
    low = np.quantile(np.where(np.isnan(found), -1.0, found), lower)
    high = np.quantile(np.where(np.isnan(found), 1.0, found), upper)
    reached = low < defined.min() or high > defined.max()
    return Estimate.from_interval(
        name,
        value,
        min(low, value),
        max(high, value),
        std_error=defined.std(ddof=1),
        flags=("undefined resamples",) if reached else (),
        **details,
    )


def _bias(found: np.ndarray, value: float) -> float:
    """Return the normal quantile of the share of draws below the estimate, ties halved."""
    ties = np.abs(found - value) <= _NO_SPREAD
    below = ((found < value) & ~ties).sum() + ties.sum() / 2
    # with every draw on one side the quantile is infinite: half a draw is put on the other
    return float(stats.norm.ppf(min(max(below, 0.5), len(found) - 0.5) / len(found)))


def _levels(bias: float, skew: float, n: int, conf_level: float) -> np.ndarray:
    """Return the two shares of draws to cut off (Efron 1987), with t for z (Hesterberg 2015)."""
    z = stats.t.isf((1 - conf_level) / 2, n - 1) * sqrt(n / (n - 1))
    shifted = bias + np.array([-z, z])
    slope = 1 - skew * shifted
    # beyond the pole of the transformation a limit is the end of the distribution
    ends = np.where(shifted < 0, 0.0, 1.0)
    return np.where(slope > 0, stats.norm.cdf(bias + shifted / np.where(slope > 0, slope, 1)), ends)


def _without_spread(name, value, details) -> Estimate:
    reason = (
        "Every resample gives the same value, since the raters never disagreed or one of them "
        "gave one rating only; so chance cannot be judged from these ratings."
    )
    return Estimate.undefined(name, reason, estimate=value, **details)


def _is_rare(sample: Patterns) -> bool:
    """Whether too few subjects were given anything but the commonest category."""
    counts = counts_of(sample.codes, int(sample.codes.max()) + 1)
    beyond = counts < counts.sum(axis=1, keepdims=True)
    return bool((sample.times @ beyond).min() < FEWEST_BEYOND_COMMONEST)
