"""Profile intervals: lme4's numbers, the definition, and where there is no interval."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from pilot_analysis.stats.mixed import fit_mixed

MADE = Path(__file__).parents[2] / "oracles" / "made"
ML = {"reml": False, "df": "satterthwaite"}


@pytest.fixture(scope="module")
def made():
    return json.loads((MADE / "mixed.json").read_text(encoding="utf-8"))["cases"]


def schools(seed=4, spread=(3.0, 2.0), correlation=0.5):
    """Return 9 schools of 8 whose levels and slopes differ."""
    rng = np.random.default_rng(seed)
    school = np.repeat(np.arange(9), 8)
    x = rng.normal(size=72)
    root = np.linalg.cholesky([[1, correlation], [correlation, 1]]) * np.array(spread)[:, None]
    level, slope = root @ rng.normal(size=(2, 9))
    y = 20 + level[school] + (1 + slope[school]) * x + rng.normal(size=72)
    return pd.DataFrame({"school": school, "x": x, "y": y})


def test_standard_deviations_agree_with_lme4_on_high_school_and_beyond(oracle, oracle_data):
    # lme4 profiles the likelihood, not the restricted one, whatever was fitted
    fit = fit_mixed("mAch ~ 1", oracle_data("hsb82"), groups="school", **ML)
    expected = oracle("mixed.hsb_null")["expected"]["profile_ci_sd"]
    found = fit.profile_intervals()
    for name, r_name in (("school", "sd_school"), ("residual", "sigma")):
        ends = (found[name].conf_low, found[name].conf_high)
        assert ends == pytest.approx(expected[r_name], rel=1e-5)


@pytest.mark.parametrize(
    ("case", "formula", "data", "group", "slope"),
    [
        ("hsb_slope_ml", "mAch ~ cses", "hsb82", "school", "cses"),
        ("exam_slope_ml", "normexam ~ standLRT + boy + schavg", "exam", "school", "standLRT"),
        ("star10_slope_ml", "mathk ~ small", "star_k10", "schoolidk", "small"),
    ],
)
def test_limits_solve_lme4s_deviance(oracle_data, made, case, formula, data, group, slope):
    frame = oracle_data(data)
    if data == "exam":
        frame = frame.assign(boy=frame["sex"].eq("M") * 1.0)[frame["school"].astype(int) <= 14]
    found = fit_mixed(formula, frame, groups=group, random_slopes=[slope], **ML).profile_intervals()
    expected = made[case]["profile_ml"]
    for name, r_name in (
        (group, "sd_(Intercept)"), (f"{group}: {slope}", f"sd_{slope}"), ("residual", "sigma"),
        (f"{group}: Intercept, {slope}", "cor"),
    ):  # fmt: skip
        ends = (found[name].conf_low, found[name].conf_high)
        assert ends == pytest.approx(expected[r_name], rel=1e-5)


class Dense:
    """Twice the log likelihood's fall, written out with full matrices."""

    def __init__(self, data, reml):
        self.data, self.reml = data, reml
        self.X = np.column_stack([np.ones(len(data)), data["x"]])

    def deviance(self, level, slope, correlation, residual):
        data = self.data
        same = data["school"].to_numpy()[:, None] == data["school"].to_numpy()
        covariance = correlation * level * slope
        G = np.array([[level**2, covariance], [covariance, slope**2]])
        V = residual**2 * np.eye(len(data)) + (self.X @ G @ self.X.T) * same
        left = np.linalg.solve(V, self.X)
        r = data["y"] - self.X @ np.linalg.solve(self.X.T @ left, left.T @ data["y"])
        value = np.linalg.slogdet(V)[1] + r @ np.linalg.solve(V, r)
        return value + self.reml * np.linalg.slogdet(self.X.T @ left)[1]

    def best(self, fixed, value, start):
        """Minimize over the others, on the scales of logarithms and of Fisher's z."""
        inside = [np.log, np.log, np.arctanh, np.log]
        outside = [np.exp, np.exp, np.tanh, np.exp]

        def at(free):
            full = [f(v) for f, v in zip(outside, np.insert(free, fixed, 0.0), strict=True)]
            full[fixed] = value
            return self.deviance(*full)

        first = [f(v) for k, (f, v) in enumerate(zip(inside, start, strict=True)) if k != fixed]
        found = optimize.minimize(
            at, first, method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9}
        )
        return found.fun


@pytest.mark.parametrize("reml", [True, False])
def test_a_limit_is_where_the_profile_has_risen_by_the_quantile(reml):
    data = schools()
    fit = fit_mixed("y ~ x", data, groups="school", random_slopes=["x"], reml=reml,
                    df="satterthwaite")  # fmt: skip
    found = list(fit.profile_intervals(conf_level=0.9).values())
    found = [found[0], found[1], found[3], found[2]]  # the correlation before the residual
    dense, at = Dense(data, reml), [e.estimate for e in found]
    lowest = dense.deviance(*at)
    for k, estimate in enumerate(found):
        for end in (estimate.conf_low, estimate.conf_high):
            rise = dense.best(k, end, at) - lowest
            assert rise == pytest.approx(stats.chi2.ppf(0.9, 1), abs=1e-5)


def test_estimates_are_roots_of_the_variances_and_lie_inside():
    fit = fit_mixed("y ~ x", schools(), groups="school", random_slopes=["x"], unit="sd")
    found = fit.profile_intervals()
    assert list(found) == [*fit.variances, *fit.correlations]
    for name, variance in fit.variances.items():
        assert found[name].estimate == pytest.approx(np.sqrt(variance))
        assert found[name].unit == "sd"
    assert found["school"].n_clusters == 9
    assert found["residual"].n_clusters is None
    for estimate in found.values():
        assert estimate.conf_low < estimate.estimate < estimate.conf_high
        assert np.isnan(estimate.p_value)
        assert estimate.method == "mixed_profile"
    wide = fit.profile_intervals(conf_level=0.99)
    assert all(wide[k].conf_high > found[k].conf_high for k in ("school", "school: x", "residual"))
    assert all(wide[k].conf_low < found[k].conf_low for k in ("school", "school: x", "residual"))


def test_units_do_not_matter():
    data = schools()
    first = fit_mixed("y ~ x", data, groups="school", random_slopes=["x"]).profile_intervals()
    data = data.assign(y=data["y"] * 1000, x=data["x"] * 10)
    second = fit_mixed("y ~ x", data, groups="school", random_slopes=["x"]).profile_intervals()
    for name, factor in (("school", 1000), ("school: x", 100), ("residual", 1000)):
        assert second[name].conf_low == pytest.approx(factor * first[name].conf_low, rel=1e-5)
        assert second[name].conf_high == pytest.approx(factor * first[name].conf_high, rel=1e-5)
    name = "school: Intercept, x"
    assert second[name].conf_low == pytest.approx(first[name].conf_low, abs=1e-5)


def test_a_variance_of_zero_has_an_interval_from_zero(oracle_data):
    fit = fit_mixed("Yield ~ 1", oracle_data("dyestuff2"), groups="Batch")
    found = fit.profile_intervals()["Batch"]
    assert (found.estimate, found.conf_low) == (0.0, 0.0)
    assert found.flags == ("singular",)
    high, V = found.conf_high**2, fit.variances["residual"]
    means = oracle_data("dyestuff2").groupby("Batch")["Yield"].mean()
    between = 5 * means.var()  # a balanced design: the restricted likelihood in closed form
    within = oracle_data("dyestuff2").groupby("Batch")["Yield"].var().mean()

    def deviance(batch):
        def at(residual):
            total = residual + 5 * batch
            return (
                24 * np.log(residual)
                + 24 * within / residual
                + 5 * (np.log(total) + between / total)
            )

        return optimize.minimize_scalar(at, bounds=(0.3 * V, 3 * V), method="bounded").fun

    assert deviance(high) - deviance(0.0) == pytest.approx(stats.chi2.ppf(0.95, 1), abs=1e-5)


def test_where_a_slope_may_not_vary_any_correlation_is_possible():
    fit = fit_mixed("y ~ x", schools(1, (3.0, 0.1)), groups="school", random_slopes=["x"])
    found = fit.profile_intervals()
    assert found["school: x"].conf_low == 0.0
    correlation = found["school: Intercept, x"]
    assert (correlation.conf_low, correlation.conf_high) == (-1.0, 1.0)


def test_the_correlation_with_a_slope_of_zero_is_undefined_in_a_sentence():
    data = pd.DataFrame({"school": np.repeat([0, 1, 2, 3], 4), "x": [0.0, 1, 0, 1] * 4})
    data["y"] = [1.0, 2, -1, 0] * 4
    fit = fit_mixed("y ~ x", data, groups="school", random_slopes=["x"])
    found = fit.profile_intervals()
    assert not found["school: Intercept, x"].is_defined
    assert "variance is zero" in found["school: Intercept, x"].flags[0]
    assert found["school: x"].conf_low == 0.0
    assert found["school: x"].conf_high > 0
