"""The coefficients of a normal-normal model with their variance: z, or Knapp and Hartung's t."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.estimate import Estimate
from pilot_analysis.stats.pooling.evidence import NormalModel

__all__ = ["Coefficients", "MeanTest", "check_test", "estimate_coefficients"]

MeanTest = Literal["knapp-hartung", "knapp-hartung-ad-hoc", "z"]
NARROW = (
    "The estimates differ by less than their standard errors lead one to expect, so the "
    "Knapp-Hartung interval is narrower than the one by z."
)
NO_RESIDUAL = (
    "The estimates do not differ at all, so the Knapp-Hartung standard error would be zero. Use "
    "the test by z, or the ad hoc variant, which never takes less."
)


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Generalized least squares at one tau squared.

    Attributes
    ----------
    beta : numpy.ndarray, shape (p,)
    covariance : numpy.ndarray, shape (p, p)
        Times the Knapp-Hartung factor, if that test was asked for.
    df : float
        k - p, infinite for z.
    factor : float
        What multiplies (X'WX)^-1; 0 where the estimates do not differ.
    """

    beta: np.ndarray
    covariance: np.ndarray
    df: float
    factor: float

    @property
    def flags(self) -> tuple[str, ...]:
        """Say so where Knapp and Hartung's factor makes intervals narrower."""
        return (NARROW,) if 0 < self.factor < 1 else ()

    def estimate(self, at: int, name: str, **details) -> Estimate:
        """Return one coefficient as an `Estimate`, undefined where its variance is zero."""
        flags = details.pop("flags", ())
        if self.factor == 0:
            return Estimate.undefined(name, NO_RESIDUAL, estimate=self.beta[at], **details)
        std_error = float(np.sqrt(self.covariance[at, at]))
        flags = (*self.flags, *flags)
        return Estimate.from_t(name, self.beta[at], std_error, self.df, flags=flags, **details)


def check_test(test: str) -> None:
    """Raise `DesignError` unless `test` is one of `MeanTest`."""
    if test not in get_args(MeanTest):
        raise DesignError(f"test must be one of {', '.join(get_args(MeanTest))}; got {test!r}.")


def estimate_coefficients(model: NormalModel, tau2: float, test: MeanTest) -> Coefficients:
    """Estimate the coefficients at `tau2`.

    Knapp and Hartung multiply the variance by Q(tau2) / (k - p) and refer to t with k - p df. The
    factor may lie below 1; the ad hoc variant takes 1 then.

    References
    ----------
    Knapp & Hartung (2003), Statistics in Medicine 22: 2693-2710; Sidik & Jonkman (2002),
    Statistics in Medicine 21: 3153-3159; Roever, Knapp & Friede (2015), BMC Medical Research
    Methodology 15: 99 (the ad hoc variant).
    """
    check_test(test)
    fit = model.at(tau2)
    beta, covariance = fit.beta[0], fit.covariance[0]
    if test == "z":
        return Coefficients(beta, covariance, float("inf"), 1.0)
    factor = float(fit.q[0] / model.residual_df) if model.residual_square > 0 else 0.0
    if test == "knapp-hartung-ad-hoc":
        factor = max(factor, 1.0)
    return Coefficients(beta, factor * covariance, float(model.residual_df), factor)
