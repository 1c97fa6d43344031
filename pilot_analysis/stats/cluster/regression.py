"""Least squares with cluster-robust variances, Satterthwaite df and joint tests (HTZ)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import pandas as pd

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.cluster.contrasts import contrast_label, contrast_row, contrast_rows
from pilot_analysis.stats.cluster.inference import ClusterInference
from pilot_analysis.stats.cluster.least_squares import least_squares
from pilot_analysis.stats.cluster.rows import ClusteredRows, read_rows
from pilot_analysis.stats.estimate import Estimate, check_conf_level
from pilot_analysis.stats.joint import JointTest, positions

__all__ = ["ClusterRobustFit", "Vcov", "ols_cluster_robust"]

Vcov = Literal["CR0", "CR1", "CR1S", "CR2", "CR3"]
_POWERS = {"CR0": 0.0, "CR1": 0.0, "CR1S": 0.0, "CR2": -0.5, "CR3": -1.0}


@dataclass(frozen=True, slots=True)
class ClusterRobustFit:
    """Result of `ols_cluster_robust`.

    Attributes
    ----------
    estimates : tuple of Estimate
        One per term, named as the formula writes it; look one up with ``fit["arm[T.small]"]``.
    vcov : numpy.ndarray, shape (p, p)
        Cluster-robust covariance of the estimates, in the order of `estimates`.
    n, n_clusters : int
        Rows and clusters.
    """

    estimates: tuple[Estimate, ...]
    vcov: np.ndarray
    n: int
    n_clusters: int
    _inference: ClusterInference = field(repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The terms, as the formula writes them."""
        return tuple(estimate.name for estimate in self.estimates)

    def __getitem__(self, name: str) -> Estimate:
        """Return the estimate of one term; an unknown term is a `DesignError`."""
        return self.estimates[positions([name], self.names)[0]]

    def contrast(
        self, weights: Mapping[str, float], *, name: str | None = None, null: float = 0.0
    ) -> Estimate:
        """Estimate a linear combination of coefficients, with Satterthwaite df of its own.

        Parameters
        ----------
        weights : mapping of str to float
            Weight of each term, as in ``{"arm[T.small]": 1, "arm[T.aide]": -1}``.
        name : str, optional
            Default: the combination as it is written, ``arm[T.small] - arm[T.aide]``.
        null : float
            Value that is tested.

        Returns
        -------
        Estimate
            As those of the terms.

        Raises
        ------
        DesignError
            No term, an unknown term, or weights that are not finite or all zero.
        """
        row = contrast_row(weights, self.names)
        return self._inference.estimate(name or contrast_label(weights), row, null)

    def wald(self, terms: Sequence[str | Mapping[str, float]]) -> JointTest:
        """Test that several coefficients or contrasts are all zero, by HTZ (Hotelling's T^2).

        Parameters
        ----------
        terms : list of str or of mappings
            Names as the formula writes them, or contrasts as in `contrast`.

        Raises
        ------
        DesignError
            An unknown term, terms that repeat or follow from each other, or more of them than
            the clusters can test.

        References
        ----------
        Pustejovsky & Tipton (2018), Journal of Business & Economic Statistics 36, sec. 3.
        """
        return self._inference.joint_test(*contrast_rows(terms, self.names))


def ols_cluster_robust(
    formula: str,
    data: pd.DataFrame,
    *,
    cluster: str,
    vcov: Vcov = "CR2",
    weights: str | None = None,
    absorb: str | None = None,
    unit: str = "points",
    conf_level: float = 0.95,
) -> ClusterRobustFit:
    """Fit least squares with cluster-robust standard errors and Satterthwaite df.

    Rows with a missing value in any column used are left out. With every variance estimator the
    df are Satterthwaite's under the working model of independent, equally spread errors, also
    where there are weights.

    Parameters
    ----------
    formula : str
        Wilkinson formula, e.g. ``"score ~ pre + arm"``.
    data : pandas.DataFrame
    cluster : str
        Column that names the cluster: the unit that was assigned.
    vcov : {"CR2", "CR0", "CR1", "CR1S", "CR3"}
        CR2: Bell and McCaffrey's bias-reduced linearization. CR0: the plain sandwich. CR1:
        times G/(G-1). CR1S: times G(n-1)/((G-1)(n-p)). CR3: the cluster jackknife, centred at
        the full estimate, without the factor (G-1)/G. Where a cluster fits a direction exactly
        (its own fixed effect), CR2 and CR3 use the Moore-Penrose inverse.
    weights : str, optional
        Column of positive weights; only their ratios matter.
    absorb : str, optional
        Column of fixed effects (e.g. the school) that are fitted but not reported; the answers
        are those of the same model with one indicator per group.
    unit : str
        Unit of the outcome.
    conf_level : float

    Returns
    -------
    ClusterRobustFit
        Estimates are flagged "few clusters" where the df are below 4, and "understated" where
        some clusters fit part of the term exactly, so that CR2 or CR3 cannot see all of its
        variance. A term that the clusters fit exactly, or residuals that are all zero, give an
        undefined estimate.

    Raises
    ------
    DesignError
        What `design_matrix` refuses; fewer than two clusters; an arm with a single cluster;
        weights that are not positive numbers; `absorb` together with `weights`; no more rows
        than terms and absorbed groups.

    References
    ----------
    Bell & McCaffrey (2002), Survey Methodology 28; Pustejovsky & Tipton (2018), JBES 36.
    """
    check_conf_level(conf_level)
    if vcov not in _POWERS:
        raise DesignError(f"vcov must be one of {', '.join(get_args(Vcov))}; got {vcov!r}.")
    if weights and absorb:
        raise DesignError(
            "Fixed effects cannot be absorbed together with weights: the small-sample correction "
            "and the df would be wrong. Write the fixed effects into the formula instead."
        )
    rows = read_rows(formula, data, cluster=cluster, weights=weights, absorb=absorb)
    n, names = len(rows.design.y), rows.design.names
    fit = least_squares(rows, rows.design.y[:, None], _POWERS[vcov])
    details = {"n": n, "n_clusters": rows.n_clusters, "unit": unit, "method": vcov.lower()}
    details["conf_level"] = conf_level
    inference = ClusterInference(fit, 0, _factor(vcov, rows), _POWERS[vcov] < 0, details)
    terms = np.eye(len(names))
    estimates = tuple(inference.estimate(name, row) for name, row in zip(names, terms, strict=True))
    return ClusterRobustFit(estimates, inference.covariance(terms), n, rows.n_clusters, inference)


def _factor(vcov: Vcov, rows: ClusteredRows) -> float:
    n, g = len(rows.design.y), rows.n_clusters
    if vcov == "CR1":
        return g / (g - 1)
    if vcov == "CR1S":
        return g * (n - 1) / ((g - 1) * (n - rows.n_parameters))
    return 1.0
