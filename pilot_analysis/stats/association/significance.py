"""A test as a result of its own, for where no interval inverts it."""

from dataclasses import dataclass
from math import nan
from typing import Literal

import numpy as np
from scipy import stats

from pilot_analysis.errors import DesignError

__all__ = ["Alternative", "SignificanceTest", "as_exact_p", "check_alternative"]

Alternative = Literal["two-sided", "less", "greater"]


@dataclass(frozen=True, slots=True)
class SignificanceTest:
    """A test statistic with its p-value.

    Attributes
    ----------
    name : str
        What is tested.
    statistic, df : float
        df is NaN for an exact distribution, infinite for the normal.
    p_value : float
        For an exact test against both sides, twice the smaller tail (at most 1), unless the
        maker's docstring says otherwise.
    smallest_p : float
        The smallest p that could have been reached with these values, whatever their
        arrangement; NaN for a large-sample test.
    exact : bool
        Whether p comes from the full permutation distribution.
    n : int
        Observations (pairs) that count.
    method : str
        A key of ``docs/methods.md``.
    flags : tuple of str
        What else a reader must know.
    """

    name: str
    statistic: float
    df: float
    p_value: float
    smallest_p: float
    exact: bool
    n: int
    method: str
    flags: tuple[str, ...] = ()

    @classmethod
    def from_distribution(
        cls, name, statistic, probabilities, at, *, alternative, n, method, flags=()
    ) -> "SignificanceTest":
        """Make an exact test from the distribution of its statistic.

        Parameters
        ----------
        probabilities : numpy.ndarray, shape (m,)
            Of each value that the statistic can take, in rising order.
        at : int
            Position of the observed value.
        """
        less, greater = probabilities[: at + 1].sum(), probabilities[at:].sum()
        possible = probabilities[probabilities > 0]
        first, last = possible[0], possible[-1]
        p, smallest = {
            "less": (less, first),
            "greater": (greater, last),
            "two-sided": (2 * min(less, greater), 2 * min(first, last)),
        }[check_alternative(alternative)]
        p, smallest = (float(min(1.0, value)) for value in (p, smallest))
        return cls(name, float(statistic), nan, p, smallest, True, int(n), method, tuple(flags))

    @classmethod
    def from_z(
        cls,
        name,
        statistic,
        distance,
        std_error,
        *,
        alternative,
        n,
        method,
        correction=0.0,
        flags=(),
    ) -> "SignificanceTest":
        """Make a large-sample test.

        Parameters
        ----------
        distance : float
            Statistic minus its expectation; `correction` for continuity draws it towards 0 (for
            a one-sided test, against the alternative).
        std_error : float
            Of the statistic under the null hypothesis.
        """
        side = {"two-sided": np.sign(distance), "less": -1.0, "greater": 1.0}
        z = (distance - side[check_alternative(alternative)] * correction) / std_error
        p = {"two-sided": 2 * stats.norm.sf(abs(z)), "less": stats.norm.cdf(z)}
        p = float(min(1.0, p.get(alternative, stats.norm.sf(z))))
        df = float("inf")
        return cls(name, float(statistic), df, p, nan, False, int(n), method, tuple(flags))


def as_exact_p(p: float) -> float:
    """Return `p` within what an exact p can be: at most 1, and never 0."""
    return float(min(1.0, max(p, np.finfo(float).tiny)))


def check_alternative(alternative: str) -> str:
    """Return `alternative` if it is one of the three, else raise `DesignError`."""
    if alternative not in ("two-sided", "less", "greater"):
        raise DesignError(
            f'alternative must be "two-sided", "less" or "greater"; got {alternative!r}.'
        )
    return alternative
