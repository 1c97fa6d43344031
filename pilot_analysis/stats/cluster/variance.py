"""The algebra of cluster-robust variances, on cross-products of clusters instead of rows.

Write the estimate of a contrast c as c'b and its variance estimate as the sum over clusters of
(a_g' e_g)^2, where e_g are the residuals of cluster g. Every a_g used here (CR0, CR2, CR3) lies in
the span of a few columns Z_g: a_g = Z_g T_g c. With K_g = Z_g'Z_g, and with the residual maker
written as (I - H)(I - H)' = I + Z C Z', the expectation of the variance estimate, its variance
under the working model of independent errors, and so its degrees of freedom follow from K_g, T_g
and C alone; nothing grows with the square of a cluster's size.
"""

from dataclasses import dataclass
from math import nan

import numpy as np
from scipy import linalg, sparse

from pilot_analysis.stats.cluster.sums import Absorbed, cluster_grams
from pilot_analysis.stats.grouping import sum_by

__all__ = ["NOTHING", "ClusterMoments", "gather", "gather_weighted"]

_FITTED = 1e-10  # 1 minus leverage below which a direction is fitted exactly: no residual there
NOTHING = 1e-12
"""Share of a variance that counts as none."""


@dataclass(frozen=True, slots=True)
class ClusterMoments:
    """What G clusters contribute, in a basis where X'WX is the identity (p columns).

    Attributes
    ----------
    scores : numpy.ndarray, shape (G, p, r)
        a_g'e_g for each column of the basis and each of r outcomes.
    gram : numpy.ndarray, shape (G, k, k)
        K_g.
    weights : numpy.ndarray, shape (G, k, p)
        T_g.
    rotation : numpy.ndarray, shape (k, k)
        Turns the columns of Z so that C is diagonal with entries `signs`.
    signs : numpy.ndarray, shape (k,)
    absorbed : numpy.ndarray of int, shape (G, m)
        Absorbed group that each of the last m columns of Z_g stands for; -1: none.
    working : numpy.ndarray, shape (p, p)
        Variance of the estimates under the working model of errors with variance 1.
    """

    scores: np.ndarray
    gram: np.ndarray
    weights: np.ndarray
    rotation: np.ndarray
    signs: np.ndarray
    absorbed: np.ndarray
    working: np.ndarray

    def judge(self, contrasts: np.ndarray) -> tuple[float, float]:
        """Return how much of the contrasts' variance is seen, and on how many df.

        The share is the expectation of the variance estimate under the working model over the
        true variance, in the direction where it is smallest: 1 where the estimate is unbiased,
        0 where the clusters fit some combination of the contrasts exactly and leave nothing to
        judge it by. The df match the total variance of the standardized variance estimate to a
        Wishart's; with one contrast they are Satterthwaite's; NaN where the share is 0.

        Parameters
        ----------
        contrasts : numpy.ndarray, shape (q, p)
            In the orthonormal basis.

        References
        ----------
        Pustejovsky & Tipton (2018), Journal of Business & Economic Statistics 36, sec. 3.
        """
        own = (self.weights @ contrasts.T).transpose(0, 2, 1)
        inner = own @ self.gram
        reach = inner @ self.rotation
        d = own @ inner.transpose(0, 2, 1)
        r = (reach * self.signs) @ reach.transpose(0, 2, 1)
        expected = (d + r).sum(axis=0)
        true = contrasts @ self.working @ contrasts.T
        share = float(linalg.eigh(expected, true, eigvals_only=True)[0])
        if share <= NOTHING:
            return 0.0, nan
        values, vectors = np.linalg.eigh(expected)
        standard = (vectors / np.sqrt(values)).T
        d, r = (standard @ x @ standard.T for x in (d, r))
        spread = [self._spread(x) for x in np.moveaxis(standard @ reach, 1, 0)]
        d_all, r_all = (np.trace(x, axis1=1, axis2=2) for x in (d, r))
        total = (d_all * (d_all + 2 * r_all)).sum() + (d * (d + 2 * r)).sum()
        total += sum(self._between(s, t) for s in spread for t in spread)
        q = len(contrasts)
        return share, float(q * (q + 1) / total)

    def _between(self, s, t) -> float:
        cross = s.T @ t
        if sparse.issparse(cross):  # all signs are -1 here
            return float(cross.multiply(cross).sum() + cross.multiply(cross.T).sum())
        return float((cross * (cross + cross.T) * np.outer(self.signs, self.signs)).sum())

    def _spread(self, reach):
        m = self.absorbed.shape[1]
        if not m:
            return reach
        p = reach.shape[1] - m
        used = self.absorbed >= 0
        row = np.nonzero(used)[0]
        groups = sparse.csr_array(
            (reach[:, p:][used], (row, self.absorbed[used])),
            shape=(len(reach), int(self.absorbed.max()) + 1),
        )
        return sparse.hstack([sparse.csr_array(reach[:, :p]), groups], format="csr")


def gather(basis, residuals, cluster, power, absorbed=None) -> ClusterMoments:
    """Collect the moments of unweighted clusters.

    Parameters
    ----------
    basis : numpy.ndarray, shape (n, p)
        Orthonormal columns.
    residuals : numpy.ndarray, shape (n, r)
        Of r outcomes on the same columns.
    cluster : numpy.ndarray of int, shape (n,)
    power : float
        Power of (I - H_gg): 0 for CR0, -1/2 for CR2, -1 for CR3. In directions that the model
        fits exactly there is no residual, and the inverse is taken as zero.
    absorbed : numpy.ndarray of int, shape (n,), optional
        Groups whose means were subtracted.

    Returns
    -------
    ClusterMoments
    """
    p = basis.shape[1]
    gram = cluster_grams(basis, cluster)
    by_residual = _by_residual(basis, residuals, cluster)
    index = np.empty((len(gram), 0), dtype=int)
    if absorbed is not None:
        crossing = Absorbed.crossing(cluster, absorbed)
        gram = crossing.bordered(gram, basis)
        by_residual = np.concatenate([by_residual, crossing.sums(residuals)], axis=1)
        index = crossing.groups
    k = gram.shape[1]
    weights = _power(np.eye(k) - gram, power)[:, :, :p]
    scores = weights.transpose(0, 2, 1) @ by_residual
    return ClusterMoments(scores, gram, weights, np.eye(k), -np.ones(k), index, np.eye(p))


def gather_weighted(basis, residuals, cluster, power, row_weights) -> ClusterMoments:
    """Collect the moments of weighted clusters; X'WX is the identity in `basis`.

    The working model is equal, independent errors whatever the weights are.

    Parameters
    ----------
    row_weights : numpy.ndarray, shape (n,)
        Other parameters as in `gather`.
    """
    p = basis.shape[1]
    weighted = basis * row_weights[:, None]
    columns = np.hstack([basis, weighted])
    gram = cluster_grams(columns, cluster)
    working = weighted.T @ weighted
    core = np.block([[working, -np.eye(p)], [-np.eye(p), np.zeros((p, p))]])
    coefficients = np.zeros((len(gram), 2 * p, p))
    if power == -0.5:
        half, back = _roots(gram)
        coefficients = back @ _power(np.eye(2 * p) + half @ core @ half, power) @ half[:, :, p:]
    else:
        coefficients[:, p:] = _power(np.eye(p) - gram[:, :p, p:], power)
    scores = coefficients.transpose(0, 2, 1) @ _by_residual(columns, residuals, cluster)
    signs, vectors = np.linalg.eigh(core)
    rotation = vectors * np.sqrt(np.abs(signs))
    none = np.empty((len(gram), 0), dtype=int)
    return ClusterMoments(scores, gram, coefficients, rotation, np.sign(signs), none, working)


def _by_residual(columns, residuals, cluster):
    """Return Z_g'e_g, shape (G, k, r)."""
    return np.stack([sum_by(columns * e[:, None], cluster) for e in residuals.T], axis=2)


def _roots(matrices):
    """Return the square root of each positive semidefinite matrix and its pseudo-inverse."""
    values, vectors = np.linalg.eigh(matrices)
    real = values > NOTHING * values.max(axis=1, keepdims=True)
    root = np.sqrt(np.where(real, values, 1.0))
    transposed = vectors.transpose(0, 2, 1)
    half = (vectors * np.where(real, root, 0.0)[:, None, :]) @ transposed
    return half, (vectors * np.where(real, 1 / root, 0.0)[:, None, :]) @ transposed


def _power(matrices, power):
    """Raise a stack of symmetric positive semidefinite matrices to a power."""
    if power == 0:
        return np.broadcast_to(np.eye(matrices.shape[-1]), matrices.shape)
    values, vectors = np.linalg.eigh(matrices)
    left = values > _FITTED
    raised = np.where(left, np.where(left, values, 1.0) ** power, 0.0)
    return (vectors * raised[:, None, :]) @ vectors.transpose(0, 2, 1)
