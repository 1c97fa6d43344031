"""`JointTest`: the answer to "are all these coefficients zero?"."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
from scipy import special

from pilot_analysis.errors import DesignError

__all__ = ["JointTest", "positions"]


@dataclass(frozen=True, slots=True)
class JointTest:
    """A Wald test of several coefficients at once, referred to an F distribution.

    Attributes
    ----------
    terms : tuple of str
    statistic : float
        F.
    df_numerator, df_denominator, p_value : float
    method : str
        A key of ``docs/methods.md``.
    """

    terms: tuple[str, ...]
    statistic: float
    df_numerator: float
    df_denominator: float
    p_value: float
    method: str

    @classmethod
    def from_f(cls, terms, statistic, df_numerator, df_denominator, method) -> "JointTest":
        """Derive p from the F distribution; infinite `df_denominator`: from the chi-squared."""
        if isfinite(df_denominator):
            p_value = special.fdtrc(df_numerator, df_denominator, statistic)
        else:
            p_value = special.chdtrc(df_numerator, df_numerator * statistic)
        return cls(
            tuple(terms), float(statistic), float(df_numerator), float(df_denominator),
            float(p_value), method,
        )  # fmt: skip


def positions(terms: Sequence[str], names: Sequence[str]) -> np.ndarray:
    """Return where `terms` stand among a model's `names`.

    Raises
    ------
    DesignError
        No term, the same term twice, or a term that the model does not have.
    """
    for term in terms:
        if term not in names:
            raise DesignError(
                f"There is no term {term!r} in this model; it has {', '.join(names)}."
            )
    if not terms or len(set(terms)) < len(terms):
        raise DesignError(f"A test needs one or more different terms; got {list(terms)}.")
    return np.array([list(names).index(term) for term in terms])
