"""Chained equations: every target in turn is drawn from its model given the others."""

from dataclasses import dataclass

import numpy as np

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.missing.cross_products import class_sums
from pilot_analysis.stats.missing.layout import Layout, reduce_columns
from pilot_analysis.stats.missing.targets import Target
from pilot_analysis.stats.missing.two_level import PosteriorSampler

__all__ = ["ChainResult", "run_chains"]

_DONORS = 5
_SPARE_ROWS = 5  # observed values beyond the number of terms


@dataclass(frozen=True, slots=True)
class ChainResult:
    """What the chains drew.

    Attributes
    ----------
    drawn : dict
        Target -> z drawn, shape (m, missing rows), in the order of processed rows.
    donors : dict
        Target of method "pmm" -> processed row that gave each value, same shape.
    means, sds : dict
        Target -> mean and SD of what was drawn (z), shape (iterations, m).
    """

    drawn: dict[str, np.ndarray]
    donors: dict[str, np.ndarray]
    means: dict[str, np.ndarray]
    sds: dict[str, np.ndarray]


class _Equation:
    """The model of one incomplete target; `own` says which varying columns are its own."""

    def __init__(self, target: Target, layout: Layout, complete: list[Target], own, n_varying: int):
        self.target, self._codes, self._own = target, layout.codes, own
        self.missing, self.observed = np.nonzero(target.is_missing)[0], ~target.is_missing
        extra = [layout.predictors(other.z) for other in complete]
        labels = layout.labels
        for other, columns in zip(complete, extra, strict=True):
            labels += (other.name,) * len(columns)
        fixed = np.concatenate([layout.fixed, *extra])
        self._fixed = fixed[reduce_columns(fixed, labels, self.observed, target.name)]
        n_known, terms = int(self.observed.sum()), len(self._fixed) + n_varying - len(own)
        if n_known < terms + _SPARE_ROWS:
            raise DesignError(
                f"{target.name}: {n_known} known values are too few for an imputation model of "
                f"{terms} terms. Leave out schools, covariates or targets."
            )
        counts = class_sums(self.observed.astype(int), layout.starts)
        known = np.where(self.observed, self._fixed, 0.0)
        self._sampler = PosteriorSampler(known, layout.starts, counts, n_known)
        self._others = np.setdiff1d(np.arange(n_varying), own)

    def step(self, columns: np.ndarray, rng) -> tuple[np.ndarray, np.ndarray | None]:
        """Draw the missing z (m, missing), and the rows that gave them (pmm) or None.

        `columns` (m, varying columns, n) holds those of all incomplete targets.
        """
        m, _, n = columns.shape
        given = np.empty((m, len(self._others) + 1, n))
        first, last = (self._own[0], self._own[-1] + 1)
        np.multiply(columns[:, :first], self.observed, out=given[:, :first])
        np.multiply(columns[:, last:], self.observed, out=given[:, first:-1])
        given[:, -1] = np.where(self.observed, self.target.z, 0.0)
        draw = self._sampler.draw(given, rng)
        drawn = self._predict(draw.coefficients, draw.intercepts, columns, self.missing)
        if self.target.method == "normal":
            return drawn + draw.sigma[:, None] * rng.standard_normal(drawn.shape), None
        known = np.flatnonzero(self.observed)
        expected = self._predict(draw.mean_coefficients, draw.mean_intercepts, columns, known)
        donors = known[_nearest_donors(expected, drawn, rng)]
        return self.target.z[donors], donors

    def _predict(self, coefficients, intercepts, columns, rows) -> np.ndarray:
        s = len(self._fixed)
        predicted = coefficients[:, :s] @ self._fixed[:, rows]
        if len(self._others):
            others = columns[:, :, rows][:, self._others]
            predicted = predicted + (coefficients[:, None, s:] @ others)[:, 0]
        return predicted + intercepts[:, self._codes[rows]] if intercepts.shape[1] else predicted


def run_chains(
    targets: list[Target], layout: Layout, *, m: int, iterations: int, rng: np.random.Generator
) -> ChainResult:
    """Run m chains side by side, from values drawn at random among the observed.

    Parameters
    ----------
    targets : list of Target
        Their rows in the order of the layout; visited from the least missing to the most.
    """
    order = sorted((t for t in targets if not t.is_complete), key=lambda t: t.is_missing.sum())
    complete = [t for t in targets if t.is_complete]
    width = len(layout.predictors(np.zeros(len(layout.rows))))
    slots = np.arange(width * len(order)).reshape(-1, width)
    equations = [
        _Equation(t, layout, complete, own, slots.size) for t, own in zip(order, slots, strict=True)
    ]
    z = [_start(t, m, rng) for t in order]
    columns = np.concatenate([layout.predictors(part) for part in z], axis=1) if z else None
    donors: dict[str, np.ndarray] = {}
    means = {t.name: np.zeros((iterations, m)) for t in order}
    sds = {t.name: np.zeros((iterations, m)) for t in order}
    for i in range(iterations):
        for equation, part, own in zip(equations, z, slots, strict=True):
            name = equation.target.name
            drawn, given_by = equation.step(columns, rng)
            part[:, equation.missing] = drawn
            columns[:, own] = layout.predictors(part)
            if given_by is not None:
                donors[name] = given_by
            means[name][i], sds[name][i] = drawn.mean(axis=1), drawn.std(axis=1)
    last = {t.name: part[:, t.is_missing] for t, part in zip(order, z, strict=True)}
    return ChainResult(last, donors, means, sds)


def _start(target: Target, m: int, rng: np.random.Generator) -> np.ndarray:
    z = np.tile(target.z, (m, 1))
    known = target.z[~target.is_missing]
    z[:, target.is_missing] = rng.choice(known, (m, int(target.is_missing.sum())))
    return z


def _nearest_donors(known: np.ndarray, wanted: np.ndarray, rng) -> np.ndarray:
    """Pick, for each wanted value, one of the nearest known ones at random; positions in known."""
    n = known.shape[1]
    count = min(_DONORS, n)
    window = np.arange(-count, count)
    picked = np.empty(wanted.shape, dtype=int)
    for i, (have, want) in enumerate(zip(known, wanted, strict=True)):
        order = np.argsort(have, kind="stable")
        near = np.searchsorted(have[order], want)[:, None] + window
        apart = np.abs(have[order][np.clip(near, 0, n - 1)] - want[:, None])
        apart = np.where((near < 0) | (near >= n), np.inf, apart)
        best = np.argsort(apart, axis=1, kind="stable")[:, :count]
        choice = best[np.arange(len(want)), rng.integers(0, count, len(want))]
        picked[i] = order[near[np.arange(len(want)), choice]]
    return picked
