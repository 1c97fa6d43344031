"""What a ratio of two uncertain differences may be: the Anderson-Rubin (Fieller) set."""

from dataclasses import dataclass
from math import inf, sqrt
from typing import Literal

import numpy as np
from scipy import stats

__all__ = ["ConfidenceSet", "anderson_rubin_set"]

_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class ConfidenceSet:
    """All values that a test does not reject: not always an interval.

    Attributes
    ----------
    shape : {"interval", "one ray", "two rays", "whole line"}
    parts : tuple of (low, high)
        Intervals, from left to right, that make up the set; infinite where it has no end.
    """

    shape: Literal["interval", "one ray", "two rays", "whole line"]
    parts: tuple[tuple[float, float], ...]

    def __contains__(self, value: float) -> bool:
        """Whether the test does not reject `value`."""
        return any(low <= value <= high for low, high in self.parts)

    @property
    def words(self) -> str:
        """The set in words."""
        if self.shape == "whole line":
            return "any value at all: these data exclude none"
        return " or ".join(_part(low, high) for low, high in self.parts)


def anderson_rubin_set(
    outcome: float, take_up: float, covariance: np.ndarray, *, df: float, conf_level: float
) -> ConfidenceSet:
    """Return the values b for which outcome - b take_up does not differ from 0.

    Solves (outcome - b take_up)^2 <= t^2 V(b), where V(b) and so the inequality are quadratic in
    b. With one instrument the set is never empty: it holds the ratio outcome / take_up.

    Parameters
    ----------
    outcome, take_up : float
        Differences that the assignment made.
    covariance : numpy.ndarray, shape (2, 2)
        Of the two differences.
    df : float
        Of the t test, the same for every b: under the working model Satterthwaite's df do not
        depend on the outcome.
    conf_level : float

    References
    ----------
    Anderson & Rubin (1949), Annals of Mathematical Statistics 20: 46-63; Fieller (1954), Journal
    of the Royal Statistical Society B 16: 175-185.
    """
    critical = stats.t.isf((1 - conf_level) / 2, df) ** 2
    (v_yy, v_yu), (_, v_uu) = covariance
    a = take_up**2 - critical * v_uu
    b = outcome * take_up - critical * v_yu
    c = outcome**2 - critical * v_yy
    if abs(a) <= _ROUNDING * (take_up**2 + critical * v_uu):
        if abs(b) <= _ROUNDING * (abs(outcome * take_up) + critical * abs(v_yu)):
            return ConfidenceSet("whole line", ((-inf, inf),))
        end = c / (2 * b)
        return ConfidenceSet("one ray", ((end, inf) if b > 0 else (-inf, end),))
    discriminant = b * b - a * c
    if a < 0 and discriminant <= 0:
        return ConfidenceSet("whole line", ((-inf, inf),))
    far = b + np.copysign(sqrt(max(discriminant, 0.0)), b)  # no difference of like numbers
    low, high = sorted((float(far / a), float(c / far) if far else 0.0))
    if a > 0:
        return ConfidenceSet("interval", ((low, high),))
    return ConfidenceSet("two rays", ((-inf, low), (high, inf)))


def _part(low: float, high: float) -> str:
    if low == -inf:
        return f"at most {high:.3g}"
    return f"at least {low:.3g}" if high == inf else f"{low:.3g} to {high:.3g}"
