"""The inverse covariance of the rows, and what the likelihood and its derivatives take from it.

V = A + Z G Z', with A from the levels within the outer groups and G = F F' the covariance of the
random terms. Per outer group, with S = Z'A^-1 Z and M = I + F'S F,
V^-1 = A^-1 - A^-1 Z P Z'A^-1 where P = F M^-1 F', which holds for singular G as well. Derivatives
of V by the variances are constant, because V is linear in them, and the one by the residual
variance follows from the others, because V is their weighted sum.
"""

from dataclasses import dataclass

import numpy as np

from pilot_analysis.stats.mixed.products import CrossProducts

__all__ = ["Forms", "Precision", "apply_stack", "invert_stack"]


@dataclass(frozen=True, slots=True)
class Forms:
    """Forms of the model's columns W, and traces, for variances a = 1..m, the residual last.

    Attributes
    ----------
    first : numpy.ndarray, shape (m, k, k)
        W'V^-1 V_a V^-1 W.
    second : numpy.ndarray, shape (m, m, k, k)
        W'V^-1 V_a V^-1 V_b V^-1 W.
    single : numpy.ndarray, shape (m,)
        tr(V^-1 V_a).
    double : numpy.ndarray, shape (m, m)
        tr(V^-1 V_a V^-1 V_b).
    """

    first: np.ndarray
    second: np.ndarray
    single: np.ndarray
    double: np.ndarray


class Precision:
    """V^-1 at given variances.

    Parameters
    ----------
    products : CrossProducts
    factor : numpy.ndarray, shape (q, r)
        F with G = F F'.
    inner, residual : float
        Variances; `inner` is 0 where there is no inner level.

    Attributes
    ----------
    plain : numpy.ndarray, shape (k, k)
        W'V^-1 W.
    log_determinant : float
        log|V|.
    pull : numpy.ndarray, shape (q, q, G)
        P: the covariance of an outer group's random terms given its rows and the fixed terms.
    weights : numpy.ndarray, shape (T,), or None
        Inverse variance of each inner group's scaled mean, given the outer group's terms.
    """

    def __init__(self, products: CrossProducts, factor, inner: float, residual: float):
        self.products, self._residual = products, residual
        self._S, self._B, ww, log_determinant, self.weights = products.weighted(inner, residual)
        turned = np.einsum("ij,ikg->jkg", factor, self._S)  # F'S, (r, q, G)
        middle = np.einsum("ijg,js->isg", turned, factor)
        middle[np.diag_indices(factor.shape[1])] += 1
        inverse, log_middle = invert_stack(middle)
        half = np.einsum("ij,jkg->ikg", factor, inverse)
        self.pull = np.einsum("ijg,kj->ikg", half, factor)
        self._PB = apply_stack(self.pull, self._B)
        self.plain = ww - _flat(self._B) @ _flat(self._PB).T
        self.log_determinant = float(log_determinant + log_middle.sum())

    def outer_pull(self) -> np.ndarray:
        """Return Z'V^-1 W, shape (k, q, G)."""
        return self._B - apply_stack(self._S, self._PB)

    def inner_pull(self) -> np.ndarray:
        """Return V^-1 W, summed over each inner group and over the root of its size: (k, T)."""
        means = self.products.means
        shared = np.einsum("it,kit->kt", means.z, self._PB[:, :, means.outer])
        return (means.w - shared) * self.weights

    def inner_leverage(self) -> np.ndarray:
        """Return the variance of V^-1's entry for each inner group's scaled mean, shape (T,)."""
        means = self.products.means
        shared = np.einsum("ijt,ijt->t", means.zz, self.pull[:, :, means.outer])
        return self.weights - self.weights**2 * shared

    def forms(self, directions: np.ndarray, variances: np.ndarray) -> Forms:
        """Return everything that the gradient, the Hessian and Kenward-Roger need.

        Parameters
        ----------
        directions : numpy.ndarray, shape (b, q, q)
            Derivatives of G by the outer level's variances and covariances.
        variances : numpy.ndarray, shape (m,)
            Those, then the inner variance if there is an inner level, then the residual.
        """
        size, n_outer, k = len(variances), len(directions), self.products.n_columns
        first, single = np.empty((size, k, k)), np.empty(size)
        second, double = np.empty((size, size, k, k)), np.empty((size, size))
        U = self.outer_pull()
        back = -np.einsum("ijg,jlg->ilg", self._S, self.pull)
        back[np.diag_indices(len(back))] += 1  # I - S P
        R = np.einsum("ijg,jlg->ilg", back, self._S)  # Z'V^-1 Z
        X = directions[:, None] @ U  # (b, k, q, G)
        stacked = X.reshape(n_outer * k, -1)
        first[:n_outer] = (stacked @ _flat(U).T).reshape(n_outer, k, k)
        Y = np.einsum("ijg,akjg->akig", R, X).reshape(n_outer * k, -1)
        second[:n_outer, :n_outer] = (stacked @ Y.T).reshape(n_outer, k, n_outer, k).swapaxes(1, 2)
        turned = directions[:, None] @ R.transpose(1, 0, 2)  # (E_a R)_ij as (b, j, i, G)
        single[:n_outer] = np.einsum("ajjg->a", turned)
        double[:n_outer, :n_outer] = turned.reshape(n_outer, -1) @ _flat(turned.swapaxes(1, 2)).T
        forms = Forms(first, second, single, double)
        if self.weights is not None:
            self._with_inner(forms, n_outer, X, back, directions)
        self._with_residual(forms, variances)
        return forms

    def _with_inner(self, forms: Forms, a: int, X, back, directions) -> None:
        """Fill in the inner level, at position `a`."""
        means, d, P = self.products.means, self.weights, self.pull
        H, nd = self.inner_pull(), means.sizes * self.weights
        N = means.sum((H * nd)[:, None] * means.z)  # Z'V^-1 V_a V^-1 W before `back`
        forms.first[a] = (H * means.sizes) @ H.T
        forms.second[a, a] = (H * (means.sizes * nd)) @ H.T - _flat(N) @ _flat(apply_stack(P, N)).T
        cross = X.reshape(-1, _flat(N).shape[1]) @ _flat(apply_stack(back, N)).T
        forms.second[:a, a] = cross.reshape(a, *forms.first.shape[1:])
        forms.second[a, :a] = forms.second[:a, a].swapaxes(1, 2)
        K, K3 = means.sum(means.zz * (nd * d)), means.sum(means.zz * (nd * nd * d))
        PK = np.einsum("ijg,jlg->ilg", P, K)
        turned = np.einsum("ijg,jlg->ilg", back, K)
        around = np.einsum("ilg,jlg->ij", turned, back)
        forms.single[a] = nd.sum() - np.einsum("iig->", PK)
        forms.double[a, a] = (
            nd @ nd - 2 * np.einsum("ijg,ijg->", P, K3) + np.einsum("ijg,jig->", PK, PK)
        )
        forms.double[:a, a] = forms.double[a, :a] = np.einsum("aij,ij->a", directions, around)

    def _with_residual(self, forms: Forms, variances: np.ndarray) -> None:
        """V = sum of variances times V_a, so the residual's share is what the others leave."""
        v, r = variances[:-1], variances[-1]
        forms.first[-1] = (self.plain - np.tensordot(v, forms.first[:-1], 1)) / r
        inside = forms.second[:-1, :-1]
        forms.second[-1, :-1] = (forms.first[:-1] - np.tensordot(v, inside, 1)) / r
        forms.second[:-1, -1] = forms.second[-1, :-1].swapaxes(1, 2)
        edge = np.tensordot(v, forms.second[:-1, -1], 1)
        forms.second[-1, -1] = (forms.first[-1] - edge) / r
        forms.single[-1] = (self.products.n - v @ forms.single[:-1]) / r
        forms.double[-1, :-1] = (forms.single[:-1] - v @ forms.double[:-1, :-1]) / r
        forms.double[:-1, -1] = forms.double[-1, :-1]
        forms.double[-1, -1] = (forms.single[-1] - v @ forms.double[:-1, -1]) / r


def _flat(stack: np.ndarray) -> np.ndarray:
    return stack.reshape(len(stack), -1)


def apply_stack(matrices: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Multiply matrices (q, q, ...) with columns (k, q, ...), in each group."""
    return np.einsum("ij...,kj...->ki...", matrices, columns)


def invert_stack(stack: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Invert positive definite matrices (r, r, ...) by Gauss and Jordan.

    The pivots need no choice, since the matrices are the identity plus a square.

    Returns
    -------
    inverse : numpy.ndarray, shape (r, r, ...)
    log_determinants : numpy.ndarray, shape (...)
    """
    inverse, logs = stack.copy(), np.zeros(stack.shape[2:])
    for j in range(len(stack)):
        pivot = inverse[j, j].copy()
        logs += np.log(pivot)
        row, column = inverse[j] / pivot, inverse[:, j] / pivot
        inverse -= inverse[:, j][:, None] * row
        inverse[j], inverse[:, j] = row, -column
        inverse[j, j] = 1 / pivot
    return inverse, logs
