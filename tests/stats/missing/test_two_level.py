import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pilot_analysis.stats.missing import impute
from pilot_analysis.stats.missing.cross_products import CrossProducts
from pilot_analysis.stats.missing.two_level import IccGrid

MADE = Path(__file__).parents[2] / "oracles" / "made"


# numbers from R ---------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "options"), [("norm", {}), ("two_level", {"cluster": "class"})])
def test_moments_of_imputed_values_agree_with_mice(key, options):
    expected = json.loads((MADE / "imputation.json").read_text(encoding="utf-8"))[key]
    data = pd.read_csv(MADE / "imputation_students.csv").set_index("id")
    found = impute(data, targets=["post"], covariates=["treated", "pre"], m=4000, seed=1, **options)
    values = found.imputed("post").to_numpy().T
    names = found.imputed("post").index
    mean, sd = (pd.Series(expected[name])[names].to_numpy() for name in ("mean", "sd"))
    error = sd * np.sqrt(1 / len(values) + 1 / expected["draws"])
    z = (values.mean(axis=0) - mean) / error
    # chance alone: the largest of about eighty standard normal deviates, and their spread
    assert np.abs(z).max() < 4
    assert 0.7 < z.std() < 1.3
    assert values.std(axis=0) / sd == pytest.approx(1, abs=5 / np.sqrt(2 * 4000))
    assert (values.std(axis=0) / sd).mean() == pytest.approx(1, abs=0.01)


# against closed forms and brute force ----------------------------------------------------------


def test_without_classes_the_draws_follow_the_predictive_t():
    draw = np.random.default_rng(1)
    x = draw.normal(size=40)
    lost = draw.random(40) < 0.3
    y = 1 + 2 * x + draw.normal(size=40)
    data = pd.DataFrame({"x": x, "y": np.where(lost, np.nan, y)})
    found = impute(data, targets=["y"], covariates=["x"], m=20_000, seed=1).imputed("y")
    values = found.sort_index().to_numpy().T
    X = np.column_stack([np.ones(40), x])
    inverse = np.linalg.inv(X[~lost].T @ X[~lost])
    b = inverse @ X[~lost].T @ y[~lost]
    k = (~lost).sum() - 2
    variance = ((y[~lost] - X[~lost] @ b) ** 2).sum() / (k - 2)  # of a t with k df
    covariance = variance * (X[lost] @ inverse @ X[lost].T + np.eye(lost.sum()))
    sd = np.sqrt(np.diag(covariance))
    assert values.mean(axis=0) == pytest.approx(X[lost] @ b, abs=4 * sd.max() / np.sqrt(20_000))
    assert np.abs(np.cov(values.T) - covariance).max() < 0.05 * covariance.max()


def test_with_classes_the_draws_follow_the_posterior_found_by_brute_force():
    """One class is wholly missing; the posterior is summed over 400 values of the icc."""
    draw = np.random.default_rng(4)
    group = np.repeat(np.arange(12), 6)
    x = draw.normal(size=72)
    y = 1 + x + 0.7 * draw.normal(size=12)[group] + draw.normal(size=72)
    lost = (draw.random(72) < 0.25) | (group == 3)
    data = pd.DataFrame({"x": x, "y": np.where(lost, np.nan, y), "class": group})
    found = impute(data, targets=["y"], covariates=["x"], cluster="class", m=20_000, seed=2)
    values = found.imputed("y").sort_index().to_numpy().T

    X, Z = np.column_stack([np.ones(72), x]), (group[:, None] == np.arange(12)).astype(float)
    logs, means, covariances = [], [], []
    for icc in (np.arange(400) + 0.5) / 400:
        r = icc / (1 - icc)
        inverse = np.linalg.inv(np.eye((~lost).sum()) + r * Z[~lost] @ Z[~lost].T)
        A = X[~lost].T @ inverse @ X[~lost]
        b = np.linalg.solve(A, X[~lost].T @ inverse @ y[~lost])
        rest = y[~lost] - X[~lost] @ b
        k = (~lost).sum() - 2
        dets = np.linalg.slogdet(inverse)[1] - np.linalg.slogdet(A)[1]
        logs.append(0.5 * dets - k / 2 * np.log(rest @ inverse @ rest))
        gain = r * Z[lost] @ Z[~lost].T @ inverse
        gap = X[lost] - gain @ X[~lost]
        means.append(X[lost] @ b + gain @ rest)
        spread = np.eye(lost.sum()) + r * Z[lost] @ Z[lost].T - r * gain @ Z[~lost] @ Z[lost].T
        spread += gap @ np.linalg.solve(A, gap.T)
        covariances.append(spread * (rest @ inverse @ rest) / (k - 2))
    weight = np.exp(np.array(logs) - max(logs))
    weight /= weight.sum()
    means = np.array(means)
    mean = weight @ means
    covariance = np.einsum("g,gij->ij", weight, np.array(covariances))
    covariance += np.einsum("g,gi,gj->ij", weight, means - mean, means - mean)
    sd = np.sqrt(np.diag(covariance))
    z = (values.mean(axis=0) - mean) / (sd / np.sqrt(20_000))
    assert np.abs(z).max() < 4
    assert values.std(axis=0) / sd == pytest.approx(1, abs=0.03)
    assert np.abs(np.cov(values.T) - covariance).max() < 0.05 * covariance.max()


def test_cross_products_are_those_of_the_whole_matrix():
    draw = np.random.default_rng(0)
    codes = np.sort(draw.integers(0, 7, 50))
    known = draw.random(50) < 0.8
    known[codes == 2] = False
    fixed, varying = draw.normal(size=(3, 50)) * known, draw.normal(size=(4, 2, 50)) * known
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    counts = np.bincount(codes, weights=known).astype(int)
    products = CrossProducts(fixed, starts, counts)
    ratios = np.array([0.0, 0.3, 8.0])
    same = (codes[:, None] == codes) & known & known[:, None]
    both = products.with_varying(varying)
    grid = both.on_grid(ratios)
    for g, r in enumerate(ratios):
        V = np.eye(50) + r * same
        inverse = np.linalg.inv(V)
        assert products.fixed_fixed(ratios)[g] == pytest.approx(fixed @ inverse @ fixed.T)
        logs = products.log_det_classes(ratios)[g]
        assert logs == pytest.approx(np.linalg.slogdet(V)[1], abs=1e-10)
        for i in range(4):
            columns = np.concatenate([fixed, varying[i]])
            whole = columns @ inverse @ columns.T
            assert both.at(np.full(4, r))[i] == pytest.approx(whole)
            assert grid[0][i, g] == pytest.approx(whole[:3, 3:])
            assert grid[1][i, g] == pytest.approx(whole[3:, 3:])


@pytest.mark.parametrize("center", [0.0, 0.1, 0.6])
def test_the_icc_is_drawn_from_its_density(center):
    """Normal log densities on the icc, cut at 0 and 1."""
    grid = IccGrid(has_classes=True)
    icc = grid.ratios / (1 + grid.ratios)
    logs = np.tile(-((icc - center) ** 2) / (2 * 0.05**2), (20_000, 1))
    ratios = grid.draw(logs, np.random.default_rng(0))
    fine = (np.arange(100_000) + 0.5) / 100_000
    weight = np.exp(-((fine - center) ** 2) / (2 * 0.05**2))
    weight /= weight.sum()
    drawn_icc = ratios / (1 + ratios)
    mean = weight @ fine
    sd = np.sqrt(weight @ (fine - mean) ** 2)
    assert drawn_icc.mean() == pytest.approx(mean, abs=4 * sd / np.sqrt(20_000))
    assert drawn_icc.std() == pytest.approx(sd, rel=0.03)
