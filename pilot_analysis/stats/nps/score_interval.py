"""The score test of a Net Promoter Score: restricted maximum likelihood, and its inversion.

Everything here is on the scale -1 to 1; counts may be fractions of people (an effective size).
"""

from math import sqrt

from scipy.optimize import brentq

__all__ = ["may_johnson_limits", "score_limits", "score_statistic"]


def score_statistic(detractors: float, promoters: float, n: float, delta: float) -> float:
    """Return z of the hypothesis that promoters' minus detractors' share is `delta`.

    The variance uses the maximum-likelihood share of detractors under the hypothesis (Tango
    1998); 0 where the hypothesis is what was observed.
    """
    excess = promoters - detractors - n * delta
    if excess == 0:
        return 0.0
    return excess / sqrt(n * _restricted_variance(promoters, detractors, n, delta))


def score_limits(detractors: float, promoters: float, n: float, z: float) -> tuple[float, float]:
    """Return the two hypotheses that the score test just fails to reject at +-`z` (above 0)."""
    return -_upper(detractors, promoters, n, z), _upper(promoters, detractors, n, z)


def may_johnson_limits(
    detractors: float, promoters: float, n: float, z: float
) -> tuple[float, float]:
    """As `score_limits` with the observed share of passives in place of the restricted one."""
    net, outspoken = (promoters - detractors) / n, (promoters + detractors) / n
    shrink = 1 + z * z / n
    half = sqrt(net**2 - shrink * (net**2 - z * z * outspoken / n)) / shrink
    return net / shrink - half, net / shrink + half


def _restricted_variance(up: float, down: float, n: float, delta: float) -> float:
    """Variance of one answer (1, 0, -1) under share `up` - share `down` = delta."""
    b = (2 * n - up + down) * delta - up - down
    c = -down * delta * (1 - delta)
    down_share = (sqrt(max(b * b - 8 * n * c, 0.0)) - b) / (4 * n)
    return 2 * down_share + delta * (1 - delta)


def _upper(up: float, down: float, n: float, z: float) -> float:
    """Return the upper limit of the share `up` minus the share `down`."""
    if up == n:
        return 1.0

    def excess(delta: float) -> float:
        distance = up - down - n * delta
        return distance**2 - z * z * n * _restricted_variance(up, down, n, delta)

    # just above the estimate the score is below z; at 1 its variance is 0 and it is beyond any z
    observed = (up - down) / n
    nudge = 1e-9 * min(1.0, z * z, 1e8 * z * z / n) * (1 - observed)
    return brentq(excess, observed + nudge, 1.0, xtol=1e-15, rtol=1e-14)
