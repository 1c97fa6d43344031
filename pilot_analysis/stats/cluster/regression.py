"""Least squares with cluster-robust variances, Satterthwaite df and joint tests (HTZ)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy import linalg

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.cluster.variance import ClusterMoments, gather, gather_weighted
from pilot_analysis.stats.estimate import Estimate, check_conf_level
from pilot_analysis.stats.formula import Design, design_matrix
from pilot_analysis.stats.grouping import encode_groups, sum_by, within
from pilot_analysis.stats.joint import JointTest, positions

__all__ = ["ClusterRobustFit", "Vcov", "ols_cluster_robust"]

Vcov = Literal["CR0", "CR1", "CR1S", "CR2", "CR3"]
_POWERS = {"CR0": 0.0, "CR1": 0.0, "CR1S": 0.0, "CR2": -0.5, "CR3": -1.0}
_FEW_DF = 4.0
_NOTHING = 1e-12  # share of the least-squares variance that counts as none


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
    _moments: ClusterMoments = field(repr=False)
    _contrasts: np.ndarray = field(repr=False)

    def __getitem__(self, name: str) -> Estimate:
        """Return the estimate of one term; an unknown term is a `DesignError`."""
        return self.estimates[positions([name], [e.name for e in self.estimates])[0]]

    def wald(self, terms: Sequence[str]) -> JointTest:
        """Test that several coefficients are all zero, by HTZ (Hotelling's T-squared).

        Parameters
        ----------
        terms : list of str
            Names as the formula writes them.

        Raises
        ------
        DesignError
            An unknown or repeated term, or more terms than the clusters can test.

        References
        ----------
        Pustejovsky & Tipton (2018), Journal of Business & Economic Statistics 36, sec. 3.
        """
        at = positions(terms, [e.name for e in self.estimates])
        q = len(at)
        contrasts = self._contrasts[at]
        values, vectors = np.linalg.eigh(self._moments.expectation(contrasts))
        eta = 0.0
        if values[0] > _NOTHING * values[-1]:
            eta = self._wishart_df((vectors / np.sqrt(values)).T @ contrasts)
        if eta <= q - 1 or not self.estimates[at[0]].is_defined:
            raise DesignError(
                f"{self.n_clusters} clusters are too few to test {', '.join(terms)} together. "
                "Test fewer terms at once."
            )
        beta = np.array([self.estimates[i].estimate for i in at])
        quadratic = beta @ linalg.solve(self.vcov[np.ix_(at, at)], beta, assume_a="pos")
        f_value = quadratic * (eta - q + 1) / (eta * q)
        return JointTest.from_f(terms, f_value, q, eta - q + 1, "htz")

    def _wishart_df(self, standard: np.ndarray) -> float:
        """Match the total variance of the standardized variance estimate to a Wishart's."""
        total = 0.0
        for s in standard:
            for t in standard:
                total += self._moments.covariance(s, s, t, t) + self._moments.covariance(s, t, t, s)
        q = len(standard)
        return q * (q + 1) / total


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
    df are Satterthwaite's under the working model of independent, equally spread errors.

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
        the full estimate, without the factor (G-1)/G.
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

    Raises
    ------
    DesignError
        What `design_matrix` refuses; fewer than two clusters; an arm with a single cluster;
        weights that are not positive; `absorb` together with `weights`.

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
            "would be wrong. Write the fixed effects into the formula instead."
        )
    others = [cluster, *([weights] if weights else [])]
    design = design_matrix(formula, data, other_columns=others, absorb=absorb)
    rows = data.iloc[design.kept_rows]
    codes, levels = encode_groups(rows[cluster])
    _require_clusters(design, codes, levels, cluster)
    row_weights = _row_weights(rows[weights], weights) if weights else None
    groups = encode_groups(rows[absorb])[0] if absorb else None
    beta, residuals, basis, to_basis = _least_squares(design, row_weights, groups)
    if row_weights is None:
        moments = gather(basis, residuals, codes, _POWERS[vcov], groups)
    else:
        moments = gather_weighted(basis, residuals, codes, _POWERS[vcov], row_weights)
    n, g, p = len(residuals), len(levels), len(beta) + (0 if groups is None else groups.max() + 1)
    factor = {"CR1": g / (g - 1), "CR1S": g * (n - 1) / ((g - 1) * (n - p))}.get(vcov, 1.0)
    scores = moments.scores @ to_basis.T
    covariance = factor * scores.T @ scores
    details = {"n": n, "n_clusters": g, "unit": unit, "conf_level": conf_level}
    estimates = _estimates(design.names, beta, covariance, moments, to_basis, vcov, details)
    return ClusterRobustFit(estimates, covariance, n, g, moments, to_basis)


def _least_squares(design: Design, row_weights, groups):
    """Return coefficients, residuals, an orthonormal basis, and each term's contrast in it."""
    y, X = design.y, design.X
    if groups is not None:
        y, X = within(y[:, None], groups)[:, 0], within(X, groups)
    root = np.ones(len(y)) if row_weights is None else np.sqrt(row_weights)
    basis, triangle = np.linalg.qr(X * root[:, None])
    to_basis = linalg.solve_triangular(triangle, np.eye(X.shape[1]))
    beta = to_basis @ (basis.T @ (y * root))
    return beta, y - X @ beta, basis / root[:, None], to_basis


def _row_weights(values: pd.Series, name: str) -> np.ndarray:
    numbers = values.to_numpy(dtype=float)
    if not (np.isfinite(numbers).all() and (numbers > 0).all()):
        raise DesignError(
            f"Column {name!r}: weights must be positive and finite. Leave out rows without weight."
        )
    return numbers / numbers.mean()


def _estimates(names, beta, covariance, moments, contrasts, vcov, details):
    method = vcov.lower()
    estimates = []
    for j, name in enumerate(names):
        c = contrasts[j]
        expected = moments.expectation(c[None, :])[0, 0]
        if expected <= _NOTHING * (c @ c) or covariance[j, j] <= _NOTHING**2 * (c @ c):
            reason = f"no variation between clusters is left to judge {name} by"
            estimates.append(
                Estimate.undefined(name, reason, estimate=beta[j], method=method, **details)
            )
            continue
        df = expected**2 / moments.covariance(c, c, c, c)
        flags = ("few clusters",) if df < _FEW_DF else ()
        estimates.append(
            Estimate.from_t(
                name, beta[j], np.sqrt(covariance[j, j]), df, method=method, flags=flags, **details
            )
        )
    return tuple(estimates)


def _require_clusters(design: Design, codes, levels, cluster) -> None:
    if len(levels) < 2:
        raise DesignError(
            f"Column {cluster!r} holds {len(levels)} cluster; a standard error needs two or more, "
            "and two or more in every arm."
        )
    for term, columns in _indicators(design).items():
        share = sum_by(columns, codes) / np.bincount(codes)[:, None]
        if not np.isin(share, (0.0, 1.0)).all():
            continue  # varies within clusters, so single clusters can be compared
        counts = np.append(share.sum(axis=0), (share.sum(axis=1) == 0).sum())
        one_each = len(counts) > 2 and (counts == 1).all()  # fixed effects of the clusters
        if counts.min() < 2 and not one_each:
            raise DesignError(
                f"{term}: one side of the comparison has a single cluster (column {cluster!r}), so "
                "the difference cannot be told from that cluster's own. Two or more are needed."
            )


def _indicators(design: Design) -> dict[str, np.ndarray]:
    """Columns of zeros and ones, those of one categorical together."""
    found: dict[str, list[int]] = {}
    for j, name in enumerate(design.names):
        column = design.X[:, j]
        if ":" not in name and np.isin(column, (0.0, 1.0)).all() and np.ptp(column):
            found.setdefault(name.split("[")[0], []).append(j)
    return {term: design.X[:, at] for term, at in found.items()}
