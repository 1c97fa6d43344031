"""The grouped algebra against the same thing written out with full matrices."""

import numpy as np
import pytest

from pilot_analysis.stats.mixed.basis import orthonormal
from pilot_analysis.stats.mixed.deviance import Problem
from pilot_analysis.stats.mixed.products import CrossProducts
from pilot_analysis.stats.mixed.starts import profiled_deviances
from pilot_analysis.stats.mixed.structure import Chart, Structure

LOG_RESIDUAL = 0.2


class Dense:
    """Six groups of unequal sizes with inner groups, and every matrix in full."""

    def __init__(self, nested, correlated, reml):
        rng = np.random.default_rng(3)
        self.outer = np.sort(rng.integers(0, 6, 70))
        classes = self.outer * 4 + rng.integers(0, 4, 70)
        order = np.argsort(classes)
        self.inner = np.unique(classes[order], return_inverse=True)[1]
        x = rng.normal(size=70)
        self.Z = np.stack([np.ones(70), x])
        self.X = np.stack([np.ones(70), x, rng.normal(size=70)])
        self.y = rng.normal(size=70) + self.outer
        products = CrossProducts.of(
            self.Z, np.vstack([self.X, self.y]), self.outer, self.inner if nested else None
        )
        self.structure = Structure(2, nested, correlated)
        self.problem = Problem(products, self.structure, reml)
        self.G = np.diag([1.3, 0.4, 0.7][: self.structure.size])
        if correlated:
            self.G[0, 1] = self.G[1, 0] = 0.3
        ranks = [len(block) for block in self.structure.blocks]
        chart, theta = Chart.around(self.structure, self.G, ranks, LOG_RESIDUAL)
        self.point = self.problem.at(chart, theta)

    def slopes(self):
        """Return the derivatives of V."""
        same = self.outer[:, None] == self.outer
        slopes = [(self.Z.T @ E @ self.Z) * same for E in self.structure.directions]
        if self.structure.nested:
            slopes.append((self.inner[:, None] == self.inner).astype(float))
        return [*slopes, np.eye(len(self.y))]

    def deviance(self, reml):
        V = sum(
            v * slope for v, slope in zip(self.point.state().variances, self.slopes(), strict=True)
        )
        inverse = np.linalg.inv(V)
        information = self.X @ inverse @ self.X.T
        residual = self.y - np.linalg.solve(information, self.X @ inverse @ self.y) @ self.X
        value = np.linalg.slogdet(V)[1] + residual @ inverse @ residual
        if reml:
            value += np.linalg.slogdet(information)[1]
        return value + (len(self.y) - 3 * reml) * np.log(2 * np.pi)


@pytest.fixture(params=[(n, c, r) for n in (0, 1) for c in (0, 1) for r in (0, 1)], ids=str)
def dense(request):
    return Dense(*map(bool, request.param))


def test_the_deviance_follows_the_definition(dense):
    assert dense.point.value == pytest.approx(dense.deviance(dense.problem.reml), rel=1e-12)


def test_forms_and_traces_follow_the_definition(dense):
    state, slopes = dense.point.state(), dense.slopes()
    V = np.tensordot(state.variances, np.array(slopes), 1)
    left = np.linalg.solve(V, dense.X.T)
    moved = [np.linalg.solve(V, slope) for slope in slopes]
    for a, slope in enumerate(slopes):
        np.testing.assert_allclose(state.first[a], left.T @ slope @ left, rtol=1e-9, atol=1e-9)
        for b, other in enumerate(slopes):
            both = left.T @ slope @ moved[b] @ left
            np.testing.assert_allclose(state.second[a, b], both, rtol=1e-9, atol=1e-9)
            assert state.traces[a, b] == pytest.approx(np.trace(moved[a] @ moved[b]), rel=1e-9)
            assert other is slopes[b]


def test_derivatives_agree_with_differences(dense):
    chart, theta, step = dense.point.chart, dense.point.theta, 1e-5
    gradient, hessian = dense.point.derivatives()
    for k, unit in enumerate(np.eye(len(theta))):
        ahead, behind = (dense.problem.at(chart, theta + s * unit) for s in (step, -step))
        assert gradient[k] == pytest.approx((ahead.value - behind.value) / 2 / step, abs=1e-6)
        change = (ahead.derivatives()[0] - behind.derivatives()[0]) / 2 / step
        np.testing.assert_allclose(hessian[k], change, atol=1e-6)


def test_the_map_of_starts_agrees_with_the_deviance(dense):
    ratios = np.array([[0.5, 0.2, 0.3], [4.0, 0.0, 1.0]])[:, : dense.structure.size]
    found = profiled_deviances(dense.problem, ratios)
    ranks = [len(block) for block in dense.structure.blocks]
    for row, deviance, residual in zip(ratios, *found, strict=True):
        at = Chart.around(dense.structure, np.diag(row * residual), ranks, np.log(residual))
        point = dense.problem.at(*at)
        assert point.value == pytest.approx(deviance, rel=1e-12)
        assert point.quadratic == pytest.approx(dense.problem.freedom)  # so the residual is best


@pytest.mark.parametrize("rank", [0, 1, 2])
def test_a_singular_covariance_is_no_special_case(rank):
    dense = Dense(nested=True, correlated=True, reml=True)
    vectors = np.array([[1.0, 0.4], [-0.5, 0.8]])[:, :rank]
    G = np.zeros((3, 3))
    G[:2, :2] = vectors @ vectors.T
    dense.point = dense.problem.at(*Chart.around(dense.structure, G, [rank, 0], LOG_RESIDUAL))
    np.testing.assert_allclose(dense.point.chart.covariance(dense.point.theta), G, atol=1e-12)
    assert dense.point.value == pytest.approx(dense.deviance(reml=True), rel=1e-12)
    gradient, hessian = dense.point.derivatives()
    assert len(gradient) == {0: 1, 1: 3, 2: 4}[rank]
    assert np.isfinite(hessian).all()


@pytest.mark.parametrize("origin", [0.0, 1e3, 1e7])
def test_a_basis_is_orthonormal_wherever_the_origin_lies(origin):
    columns = np.column_stack([np.ones(50), origin + np.random.default_rng(0).normal(size=50)])
    basis, triangle = orthonormal(columns, ("one", "x"))
    np.testing.assert_allclose(basis @ basis.T, np.eye(2), atol=1e-7)
    np.testing.assert_allclose(triangle.T @ basis, columns.T, rtol=1e-12, atol=1e-12)
    assert (np.diag(triangle) > 0).all()
