"""Cross-products A' V^-1 B of a model with random class intercepts, as functions of r.

V = I + r Z Z', so that A' V^-1 B = A'B - sum over classes of f(r, n_c) a_c b_c', with a_c and b_c
the sums within class c, n_c its size and f = r / (1 + r n_c). Classes of one size share f: only one
sum of outer products a size is kept. Columns of the model are rows of these arrays.
"""

from dataclasses import dataclass

import numpy as np

__all__ = ["CrossProducts", "VaryingProducts", "class_sums"]


def class_sums(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Sum within classes over the last axis, where those of a class stand together."""
    if not len(starts):
        return values[..., :0]
    return np.add.reduceat(values, starts, axis=-1)


@dataclass(frozen=True, slots=True)
class VaryingProducts:
    """Cross-products of s fixed columns S and w columns W that differ between m data sets.

    Attributes
    ----------
    fixed, crossed, inner : numpy.ndarray
        SS' (s, s), SW' (m, s, w) and WW' (m, w, w).
    fixed_by_size, crossed_by_size, inner_by_size : numpy.ndarray
        The same of class sums, for each of K sizes: (K, s, s), (m, K, s, w), (m, K, w, w).
    sizes : numpy.ndarray, shape (K,)
    sums : numpy.ndarray, shape (m, s + w, classes)
        Class sums of all columns.
    """

    fixed: np.ndarray
    crossed: np.ndarray
    inner: np.ndarray
    fixed_by_size: np.ndarray
    crossed_by_size: np.ndarray
    inner_by_size: np.ndarray
    sizes: np.ndarray
    sums: np.ndarray

    def on_grid(self, ratios: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return S V^-1 W' (m, G, s, w) and W V^-1 W' (m, G, w, w) at each of G ratios."""
        f = _factor(ratios[:, None], self.sizes)
        found = []
        for whole, by_size in (
            (self.crossed, self.crossed_by_size),
            (self.inner, self.inner_by_size),
        ):
            taken = f @ by_size.reshape(*by_size.shape[:2], np.prod(by_size.shape[2:]))
            found.append(whole[:, None] - taken.reshape(len(whole), len(f), *whole.shape[1:]))
        return found[0], found[1]

    def at(self, ratio: np.ndarray) -> np.ndarray:
        """Return the whole matrix of [S; W], (m, s + w, s + w), each data set at its own r."""
        f = _factor(ratio[:, None], self.sizes)
        fixed = self.fixed - np.einsum("mk,kab->mab", f, self.fixed_by_size)
        crossed = self.crossed - np.einsum("mk,mkab->mab", f, self.crossed_by_size)
        inner = self.inner - np.einsum("mk,mkab->mab", f, self.inner_by_size)
        return np.block([[fixed, crossed], [crossed.transpose(0, 2, 1), inner]])


class CrossProducts:
    """Cross-products of fixed columns, and what is needed to add columns that vary.

    Parameters
    ----------
    fixed : numpy.ndarray, shape (s, n)
        0 in rows that do not count.
    starts : numpy.ndarray of int, shape (classes,)
        First row of each class; empty without classes.
    counts : numpy.ndarray of int, shape (classes,)
        Rows of each class that count.
    """

    def __init__(self, fixed: np.ndarray, starts: np.ndarray, counts: np.ndarray):
        self._fixed, self._starts = fixed, starts
        self._whole = fixed @ fixed.T
        self._sizes, self._size_counts = np.unique(counts, return_counts=True)
        self._of_size = [np.flatnonzero(counts == size) for size in self._sizes]
        self._sums = class_sums(fixed, starts)
        self._by_size = np.zeros((len(self._sizes), *self._whole.shape))
        for k, at in enumerate(self._of_size):
            self._by_size[k] = self._sums[:, at] @ self._sums[:, at].T

    def fixed_fixed(self, ratios: np.ndarray) -> np.ndarray:
        """Return S V^-1 S' at each ratio, (G, s, s)."""
        f = _factor(ratios[:, None], self._sizes)
        return self._whole - np.einsum("gk,kab->gab", f, self._by_size)

    def log_det_classes(self, ratios: np.ndarray) -> np.ndarray:
        """Return log det V at each ratio, (G,)."""
        return np.log1p(ratios[:, None] * self._sizes) @ self._size_counts

    def with_varying(self, varying: np.ndarray) -> VaryingProducts:
        """Return the cross-products with columns W (m, w, n), 0 in rows that do not count."""
        m, w, _ = varying.shape
        flipped = varying.transpose(0, 2, 1)
        s, sizes = len(self._fixed), len(self._sizes)
        crossed_by_size, inner_by_size = np.zeros((m, sizes, s, w)), np.zeros((m, sizes, w, w))
        sums = class_sums(varying, self._starts)
        for k, at in enumerate(self._of_size):
            part = sums[:, :, at]
            crossed_by_size[:, k] = self._sums[:, at] @ part.transpose(0, 2, 1)
            inner_by_size[:, k] = part @ part.transpose(0, 2, 1)
        everyone = np.broadcast_to(self._sums, (m, *self._sums.shape))
        return VaryingProducts(
            self._whole, self._fixed @ flipped, varying @ flipped, self._by_size,
            crossed_by_size, inner_by_size, self._sizes, np.concatenate([everyone, sums], axis=1),
        )  # fmt: skip


def _factor(ratios: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    return ratios / (1 + ratios * sizes)
