"""Never an answer that is not the optimum: boundaries, saddles, second valleys, refusals."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.mixed import fit_mixed, optimum
from pilot_analysis.stats.mixed.newton import decrement, minimize
from pilot_analysis.stats.mixed.starts import Starts
from pilot_analysis.stats.mixed.structure import Chart

MADE = Path(__file__).parents[2] / "oracles" / "made"


def pupils(seed, *, schools=6, spread=(2.0, 1.0, 1.0)):
    """Return schools of 1 to 4 classes of 2 to 6; a pre-score, and SDs of level, slope, class."""
    rng = np.random.default_rng(seed)
    rows = []
    for s in range(schools):
        level, slope = rng.normal(size=2) * spread[:2]
        for c in range(rng.integers(1, 5)):
            shared = level + rng.normal() * spread[2]
            for _ in range(rng.integers(2, 7)):
                x = rng.normal()
                rows.append((f"s{s}", f"c{c}", x, shared + (1 + slope) * x + rng.normal()))
    return pd.DataFrame(rows, columns=["school", "class", "x", "y"])


def options(nested, slope, correlated=True, reml=True):
    return {
        "groups": ["school", "class"] if nested else "school",
        "random_slopes": ["x"] if slope else [],
        "correlated": correlated, "reml": reml,
        "df": "kenward-roger" if reml else "satterthwaite",
    }  # fmt: skip


kinds = st.builds(options, *[st.booleans()] * 4)
seeds = st.integers(0, 10**6)
spreads = st.tuples(*[st.sampled_from([0.0, 0.3, 2.0])] * 3)


class Elsewhere:
    """Deviances of a fit's problem at any other covariance."""

    def __init__(self, fit):
        self.problem = fit._solution.problem
        self.value = fit._solution.optimum.point.value

    def at(self, covariance, log_residual):
        structure = self.problem.structure
        ranks = [len(block) for block in structure.blocks]
        return self.problem.at(*Chart.around(structure, covariance, ranks, log_residual))

    def random(self, rng):
        structure = self.problem.structure
        root = rng.normal(size=(structure.size,) * 2) * 10 ** rng.uniform(-2, 1)
        entries = (root @ root.T)[structure.rows, structure.columns]
        return structure.matrix(entries), rng.uniform(-4, 2)


@settings(max_examples=20)
@given(seed=seeds, spread=spreads, kind=kinds)
def test_no_other_covariance_is_better_and_no_other_start_leads_lower(seed, spread, kind):
    fit = fit_mixed("y ~ x", pupils(seed, spread=spread), **kind)
    assert "not converged" not in fit.flags
    elsewhere, rng = Elsewhere(fit), np.random.default_rng(seed)
    for _ in range(6):
        start = elsewhere.at(*elsewhere.random(rng))
        assert start.value >= elsewhere.value - 1e-8
        chart = start.chart
        lower = minimize(
            lambda t, c=chart: optimum.point_at(elsewhere.problem, c, t), start,
            np.maximum(np.abs(start.theta), 0.1), max_steps=30,
        )  # fmt: skip
        assert lower.value >= elsewhere.value - 1e-7


@settings(max_examples=20)
@given(
    seed=seeds, spread=spreads, kind=kinds,
    scale=st.sampled_from([1e-6, 0.02, 50.0, 1e7]), shift=st.sampled_from([0.0, -3.0, 1e4]),
)  # fmt: skip
def test_order_labels_scales_and_shifts_do_not_matter(seed, spread, kind, scale, shift):
    data = pupils(seed, spread=spread)
    first = fit_mixed("y ~ x", data, **kind)
    other = data.sample(frac=1, random_state=seed % 1000)
    other["school"] = other["school"].map({f"s{i}": 900 - i for i in range(6)})
    moved = shift if kind["correlated"] or not kind["random_slopes"] else 0.0
    other["y"], other["x"] = other["y"] * scale + 7 * scale, other["x"] / 3 + moved
    second = fit_mixed("y ~ x", other, **kind)
    assert second.flags == first.flags
    x, moved_x = first["x"], second["x"]
    assert moved_x.estimate == pytest.approx(3 * scale * x.estimate, rel=1e-5, abs=1e-5 * scale)
    assert moved_x.std_error == pytest.approx(3 * scale * x.std_error, rel=1e-5)
    assert moved_x.df == pytest.approx(x.df, rel=1e-4)
    residual = first.variances["residual"]
    assert second.variances["residual"] == pytest.approx(residual * scale**2, rel=1e-5)
    for name, slope in (("class", 1), ("school: x", 3)):
        if name in first.variances:
            expected = first.variances[name] * scale**2 * slope**2
            floor = 1e-6 * residual * scale**2
            assert second.variances[name] == pytest.approx(expected, rel=1e-4, abs=floor)


@pytest.mark.parametrize(
    ("seed", "kind"),
    [(178, options(False, True, correlated=False, reml=False)), (367, options(True, True))],
)
def test_terms_and_levels_that_compete_for_the_same_variance_are_both_tried(seed, kind):
    # in these small samples the way down from the map's valleys leads to a second-best place
    fit = fit_mixed("y ~ x", pupils(seed, spread=(0.5, 0.3, 0.5)), **kind)
    elsewhere = Elsewhere(fit)
    starts = Starts(elsewhere.problem)
    near = optimum._lowest(elsewhere.problem, starts.chart, starts.valleys())
    assert near.converged
    assert near.point.value > elsewhere.value + 0.01


def test_a_second_valley_far_off_is_found():
    # two rows of one school, far apart, make a very steep slope likelier than a very wide residual
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"school": np.repeat([0, 1, 2, 3], [12, 9, 60, 2])})
    data["x"] = rng.normal(size=83) + 0.5 * data["school"]
    data["y"] = rng.normal(size=83) - 3 * data["school"]
    data.loc[81:, "x"] = 2.75, 3.05
    data.loc[81:, "y"] = 5.0, 22.0
    fit = fit_mixed("y ~ x", data, **options(False, True, correlated=False))
    assert fit.variances["school: x"] > 50
    assert fit.variances["residual"] < 2


@pytest.mark.parametrize("case", ["pilot_nested_slope_ml", "pilot_alike_slope"])
def test_the_optimum_is_found_where_lme4_stops_at_a_saddle(case):
    """With the intercept's variance at 0, lme4's parameters hold the correlation at 0 as well."""
    expected = json.loads((MADE / "mixed.json").read_text(encoding="utf-8"))["cases"][case]
    data, ml = pd.read_csv(MADE / "mixed_pilot.csv"), case.endswith("_ml")
    fit = fit_mixed(
        "y ~ pre + treated" if ml else "alike ~ pre + treated", data,
        groups=["school", "class"] if ml else "school", random_slopes=["treated"], reml=not ml,
        df="satterthwaite",
    )  # fmt: skip
    assert fit.log_likelihood > expected["logLik"] + 0.02
    assert fit.flags == ("singular",)
    assert abs(fit.correlations["school: Intercept, treated"]) == 1.0
    assert 0 < fit.variances["school"] < 2
    assert np.isfinite(fit.random_effects["school"]["std_error"]).all()


def test_nothing_between_groups_gives_exact_zeros():
    data = pupils(3, spread=(0, 0, 0))
    data["y"] = data["y"] - data.groupby("school")["y"].transform("mean")
    fit = fit_mixed("y ~ x", data, groups="school", random_slopes=["x"], correlated=False)
    assert fit.variances["school"] == 0.0
    assert fit.flags == ("singular",)
    one = fit.random_effects["school"].query("term == 'Intercept'")
    assert (one["estimate"] == 0).all()
    assert one["std_error"].isna().all()


def test_a_correlation_with_a_term_that_does_not_vary_is_not_defined():
    data = pd.DataFrame({"school": np.repeat([0, 1, 2, 3], 4), "x": [0.0, 1, 0, 1] * 4})
    data["y"] = [1.0, 2, -1, 0] * 4
    fit = fit_mixed("y ~ x", data, groups="school", random_slopes=["x"])
    assert fit.variances["school"] == fit.variances["school: x"] == 0.0
    assert np.isnan(fit.correlations["school: Intercept, x"])


def test_where_the_likelihood_is_flat_nothing_is_printed():
    # once the line is fitted, two rows of one school show nothing of how schools differ
    data = pd.DataFrame({"school": [0, 1, 1], "x": [0.0, 1.0, 3.0], "y": [1.0, 3.0, 2.0]})
    fit = fit_mixed("y ~ x", data, groups="school", df="satterthwaite")
    assert "not converged" in fit.flags
    assert not fit["x"].is_defined
    assert all(np.isnan(v) for v in [*fit.variances.values(), *fit.icc.values(), fit.aic])
    assert fit.random_effects == {}
    with pytest.raises(DesignError, match="did not converge"):
        fit.profile_intervals()


def test_two_schools_have_a_correlation_of_one():
    # two points lie on a line: levels and slopes of two schools cannot be seen apart
    data = pupils(0, schools=2, spread=(3.0, 3.0, 0.0))
    fit = fit_mixed("y ~ x", data, groups="school", random_slopes=["x"])
    assert fit.flags == ("singular",)
    assert fit.correlations["school: Intercept, x"] == 1.0


def test_a_fit_that_cannot_be_verified_is_not_printed(monkeypatch):
    monkeypatch.setattr(optimum, "_FLAT", 0.0)
    fit = fit_mixed("y ~ x", pupils(1), groups=["school", "class"])
    assert "not converged" in fit.flags
    assert np.isnan(fit["x"].estimate)
    assert np.isnan(fit.variances["school"])
    assert np.isnan(fit.log_likelihood)
    with pytest.raises(DesignError, match="did not converge"):
        fit.wald(["x"])


@given(share=st.sampled_from([0.9, 0.999, 0.99999]), seed=seeds)
@settings(max_examples=15)
def test_groups_that_differ_far_more_than_their_members_are_fitted(share, seed):
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"school": np.repeat(np.arange(12), 20)})
    data["y"] = 10 * rng.normal(size=12)[data["school"]]
    data["y"] += 10 * np.sqrt((1 - share) / share) * rng.normal(size=240)
    fit = fit_mixed("y ~ 1", data, groups="school")
    means, within = data.groupby("school")["y"].mean(), data.groupby("school")["y"].var().mean()
    assume(means.var() > within / 20)
    assert fit.variances["residual"] == pytest.approx(within, rel=1e-6)
    assert fit.variances["school"] == pytest.approx(means.var() - within / 20, rel=1e-6)
    assert fit["Intercept"].std_error == pytest.approx(means.std() / np.sqrt(12), rel=1e-6)
    assert fit["Intercept"].df == pytest.approx(11, rel=1e-6)


class Bowl:
    """A function with a saddle at 0 and minima at -1 and 1."""

    def __init__(self, theta):
        self.theta, x = theta, theta[0]
        self.value = float((x**2 - 1) ** 2 + theta[1] ** 2)

    def derivatives(self):
        x, y = self.theta
        return np.array([4 * x * (x**2 - 1), 2 * y]), np.diag([12 * x**2 - 4, 2.0])


@given(start=st.tuples(*[st.floats(-3, 3)] * 2))
def test_a_saddle_holds_nothing_up(start):
    found = minimize(Bowl, Bowl(np.array(start)), np.ones(2))
    assert abs(found.theta[0]) == pytest.approx(1, abs=1e-6)
    assert found.theta[1] == pytest.approx(0, abs=1e-6)
    assert decrement(*found.derivatives()) < 1e-10


def test_a_saddle_is_no_minimum():
    assert decrement(*Bowl(np.zeros(2)).derivatives()) == np.inf
    assert decrement(np.zeros(2), np.ones((2, 2))) == np.inf  # a valley floor without an end
    assert decrement(np.zeros(2), np.ones((2, 2)), idle=True) == 0.0
