"""From coefficients and clusters' contributions to estimates, contrasts and joint tests."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import linalg

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.cluster.least_squares import LeastSquares
from pilot_analysis.stats.cluster.variance import NOTHING
from pilot_analysis.stats.estimate import Estimate
from pilot_analysis.stats.joint import JointTest

__all__ = ["UNDERSTATED", "ClusterInference"]

UNDERSTATED = "understated"
"""Flag of an estimate part of which some clusters fit exactly: its standard error is too small."""

_FEW_DF = 4.0
_UNBIASED = 1 - 1e-6


@dataclass(frozen=True, slots=True)
class ClusterInference:
    """The coefficients of one outcome, their covariance, and how sure one may be of it.

    Attributes
    ----------
    fit : LeastSquares
    outcome : int
        Which of the outcomes.
    factor : float
        What the sum over clusters is multiplied by (CR1, CR1S).
    corrected : bool
        Whether the variance is meant to be unbiased or larger (CR2, CR3).
    details : dict
        n, n_clusters, unit, method and conf_level of the estimates.
    """

    fit: LeastSquares
    outcome: int
    factor: float
    corrected: bool
    details: dict[str, Any]

    @property
    def coefficients(self) -> np.ndarray:
        """The coefficients, shape (p,)."""
        return self.fit.coefficients[:, self.outcome]

    def covariance(self, rows: np.ndarray) -> np.ndarray:
        """Return the covariance of contrasts of the coefficients.

        Parameters
        ----------
        rows : numpy.ndarray, shape (q, p)
            Weights of the coefficients.

        Returns
        -------
        numpy.ndarray, shape (q, q)
        """
        parts = self.fit.moments.scores[:, :, self.outcome] @ (rows @ self.fit.to_basis).T
        return self.factor * parts.T @ parts

    def estimate(self, name: str, row: np.ndarray, null: float = 0.0) -> Estimate:
        """Return one contrast with Satterthwaite df, or undefined where nothing judges it."""
        value, contrast = float(row @ self.coefficients), row @ self.fit.to_basis
        variance = self.covariance(row[None])[0, 0]
        seen, df = self.fit.moments.judge(contrast[None])
        scale = contrast @ self.fit.moments.working @ contrast
        if not seen or variance <= self.fit.noise[self.outcome] ** 2 * scale:
            reason = f"no variation between clusters is left to judge {name} by"
            return Estimate.undefined(name, reason, estimate=value, **self.details)
        flags = ["few clusters"] if df < _FEW_DF else []
        if self.corrected and seen < _UNBIASED:
            flags.append(UNDERSTATED)
        return Estimate.from_t(
            name, value, np.sqrt(variance), df, null=null, flags=flags, **self.details
        )

    def joint_test(self, labels: list[str], rows: np.ndarray) -> JointTest:
        """Test that several contrasts are all zero (HTZ).

        Raises
        ------
        DesignError
            More contrasts than the clusters can test, or no variation to test them by.
        """
        contrasts, q = rows @ self.fit.to_basis, len(rows)
        _, eta = self.fit.moments.judge(contrasts)
        covariance = self.covariance(rows)
        scale = contrasts @ self.fit.moments.working @ contrasts.T
        left = linalg.eigh(covariance, scale, eigvals_only=True)
        noise = max(self.fit.noise[self.outcome] ** 2, NOTHING * left[-1])
        if not eta > q - 1 or left[0] <= noise:
            raise DesignError(
                f"{self.details['n_clusters']} clusters are too few to test {', '.join(labels)} "
                "together. Test fewer terms at once."
            )
        values = rows @ self.coefficients
        quadratic = values @ linalg.solve(covariance, values, assume_a="pos")
        f_value = quadratic * (eta - q + 1) / (eta * q)
        return JointTest.from_f(labels, f_value, q, eta - q + 1, "htz")
