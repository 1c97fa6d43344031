"""The algebra of cluster-robust variances, on cross-products of clusters instead of rows.

Write the estimate of a contrast c as c'b and its variance estimate as the sum over clusters of
(a_g' e_g)^2, where e_g are the residuals of cluster g. Every a_g used here (CR0, CR2, CR3) lies in
the span of a few columns Z_g: a_g = Z_g T_g c. With K_g = Z_g'Z_g, and with the residual maker
written as (I - H)(I - H)' = I + Z C Z', the expectation of the variance estimate, its variance
under the working model of independent errors, and so its degrees of freedom follow from K_g, T_g
and C alone; nothing grows with the square of a cluster's size.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from pilot_analysis.stats.grouping import encode_pairs

__all__ = ["ClusterMoments", "gather", "gather_weighted"]

_FITTED = 1e-10  # 1 minus leverage below which a direction is fitted exactly: no residual there


@dataclass(frozen=True, slots=True)
class ClusterMoments:
    """What G clusters contribute, in a basis where X'WX is the identity (p columns).

    Attributes
    ----------
    scores : numpy.ndarray, shape (G, p)
        a_g'e_g for each column of the basis.
    gram : numpy.ndarray, shape (G, k, k)
        K_g.
    weights : numpy.ndarray, shape (G, k, p)
        T_g.
    rotation : numpy.ndarray, shape (k, k)
        Turns the columns of Z so that C is diagonal with entries `signs`.
    signs : numpy.ndarray, shape (k,)
    absorbed : numpy.ndarray of int, shape (G, m)
        Absorbed group that each of the last m columns of Z_g stands for; -1: none.
    """

    scores: np.ndarray
    gram: np.ndarray
    weights: np.ndarray
    rotation: np.ndarray
    signs: np.ndarray
    absorbed: np.ndarray

    def expectation(self, contrasts: np.ndarray) -> np.ndarray:
        """Return the variance estimate's expectation under the working model (unit variance).

        Parameters
        ----------
        contrasts : numpy.ndarray, shape (q, p)
            In the orthonormal basis.

        Returns
        -------
        numpy.ndarray, shape (q, q)
        """
        own, reach = self._parts(contrasts)
        first = np.einsum("gsk,gtk->st", own, np.einsum("gkl,gtl->gtk", self.gram, own))
        return first + np.einsum("gsk,k,gtk->st", reach, self.signs, reach)

    def covariance(self, s, t, u, v) -> float:
        """Return the sum over pairs of clusters of G^{st} G^{uv} for four contrasts (each (p,)).

        G^{st}_{gh} is the covariance of cluster g's part of contrast s with cluster h's of t.
        """
        own, reach = self._parts(np.stack([s, t, u, v]))
        inner = np.einsum("gkl,gsl->gsk", self.gram, own)
        d_st, d_uv = (own[:, i] * inner[:, i + 1] for i in (0, 2))
        d_st, d_uv = d_st.sum(axis=1), d_uv.sum(axis=1)
        r_st, r_uv = ((reach[:, i] * self.signs * reach[:, i + 1]).sum(axis=1) for i in (0, 2))
        same = (d_st * d_uv + d_st * r_uv + d_uv * r_st).sum()
        b_s, b_t, b_u, b_v = (self._spread(reach[:, i]) for i in range(4))
        left, right = b_s.T @ b_u, b_t.T @ b_v
        if sparse.issparse(left):
            return float(same + left.multiply(right).sum())  # all signs are -1 here
        return float(same + (left * right * np.outer(self.signs, self.signs)).sum())

    def _parts(self, contrasts):
        own = np.einsum("gkp,sp->gsk", self.weights, contrasts)
        reach = np.einsum("gkl,gsl->gsk", self.gram, own) @ self.rotation
        return own, reach

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
    residuals : numpy.ndarray, shape (n,)
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
    columns, index = _with_absorbed(basis, cluster, absorbed)
    gram, by_residual = _cross_products(columns, residuals, cluster)
    weights = _power(np.eye(columns.shape[1]) - gram, power)[:, :, :p]
    k = columns.shape[1]
    scores = np.einsum("gkp,gk->gp", weights, by_residual)
    return ClusterMoments(scores, gram, weights, np.eye(k), -np.ones(k), index)


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
    gram, by_residual = _cross_products(np.hstack([basis, weighted]), residuals, cluster)
    core = np.zeros((2 * p, 2 * p))
    core[:p, :p] = weighted.T @ weighted
    core[:p, p:] = core[p:, :p] = -np.eye(p)
    coefficients = np.zeros((len(gram), 2 * p, p))
    if power == -0.5:
        values, vectors = np.linalg.eigh(gram)
        real = values > 1e-12 * values.max(axis=1, keepdims=True)
        root = np.sqrt(np.where(real, values, 0.0))
        half = (vectors * root[:, None, :]) @ vectors.transpose(0, 2, 1)
        inverse = np.where(real, 1 / np.where(real, root, 1.0), 0.0)
        back = (vectors * inverse[:, None, :]) @ vectors.transpose(0, 2, 1)
        coefficients = back @ _power(np.eye(2 * p) + half @ core @ half, power) @ half[:, :, p:]
    else:
        coefficients[:, p:] = _power(np.eye(p) - gram[:, :p, p:], power)
    scores = np.einsum("gkp,gk->gp", coefficients, by_residual)
    signs, vectors = np.linalg.eigh(core)
    rotation = vectors * np.sqrt(np.abs(signs))
    none = np.empty((len(gram), 0), dtype=int)
    return ClusterMoments(scores, gram, coefficients, rotation, np.sign(signs), none)


def _power(matrices, power):
    """Raise a stack of symmetric positive semidefinite matrices to a power."""
    if power == 0:
        return np.broadcast_to(np.eye(matrices.shape[-1]), matrices.shape)
    values, vectors = np.linalg.eigh(matrices)
    left = values > _FITTED
    raised = np.where(left, np.where(left, values, 1.0) ** power, 0.0)
    return (vectors * raised[:, None, :]) @ vectors.transpose(0, 2, 1)


def _cross_products(columns, residuals, cluster):
    order = np.argsort(cluster, kind="stable")
    ends = np.cumsum(np.bincount(cluster))[:-1]
    parts = np.split(columns[order], ends)
    errors = np.split(residuals[order], ends)
    gram = np.stack([part.T @ part for part in parts])
    by_residual = np.stack([part.T @ e for part, e in zip(parts, errors, strict=True)])
    return gram, by_residual


def _with_absorbed(basis, cluster, absorbed):
    """Add to `basis` the absorbed groups' unit vectors, in as few columns as a cluster needs."""
    size = int(cluster.max()) + 1
    if absorbed is None:
        return basis, np.empty((size, 0), dtype=int)
    pair, pairs = encode_pairs(cluster, absorbed)
    first = np.searchsorted(pairs[:, 0], np.arange(size))
    place = np.arange(len(pairs)) - first[pairs[:, 0]]
    index = np.full((size, int(place.max()) + 1), -1)
    index[pairs[:, 0], place] = pairs[:, 1]
    units = np.zeros((len(basis), index.shape[1]))
    units[np.arange(len(basis)), place[pair]] = 1 / np.sqrt(np.bincount(absorbed)[absorbed])
    return np.hstack([basis, units]), index
