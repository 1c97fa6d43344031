"""Likelihood-ratio tests: R's statistics, the mixtures of the literature, and what is no test."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.mixed import fit_mixed, likelihood_ratio_test

MADE = Path(__file__).parents[2] / "oracles" / "made"
ML = {"reml": False, "df": "satterthwaite"}


@pytest.fixture(scope="module")
def made():
    return json.loads((MADE / "mixed.json").read_text(encoding="utf-8"))["cases"]


@pytest.fixture(scope="module")
def exam(oracle_data):
    data = oracle_data("exam")
    return data.assign(boy=data["sex"].eq("M").astype(float))


@pytest.fixture(scope="module")
def pilot():
    data = pd.read_csv(MADE / "mixed_pilot.csv")
    return data.assign(arm=pd.Categorical(data["arm"], ["none", "one", "two"]))


def test_a_random_slope_by_ml_agrees_with_the_shared_oracle(oracle, oracle_data):
    expected, data = oracle("mixed.hsb_ml_lrt")["expected"], oracle_data("hsb82")
    smaller = fit_mixed("mAch ~ cses", data, groups="school", **ML)
    larger = fit_mixed("mAch ~ cses", data, groups="school", random_slopes=["cses"], **ML)
    assert smaller.log_likelihood == pytest.approx(expected["logLik1"], abs=1e-5)
    assert larger.log_likelihood == pytest.approx(expected["logLik2"], abs=1e-5)
    found = likelihood_ratio_test(smaller, larger)
    assert found.statistic == pytest.approx(expected["chisq"], abs=1e-5)
    assert found.df == expected["df"]
    assert found.p_naive == pytest.approx(expected["p"], abs=1e-7)
    # Stram and Lee (1994), case 3: a second random effect, an equal mixture of 1 and 2 df
    assert found.mixture == (1, 2)
    half = (stats.chi2.sf(found.statistic, 1) + stats.chi2.sf(found.statistic, 2)) / 2
    assert found.p_value == pytest.approx(half, rel=1e-12)


def test_a_random_slope_by_reml_agrees_with_anova_in_r(made, exam):
    smaller = fit_mixed("normexam ~ standLRT", exam, groups="school")
    larger = fit_mixed("normexam ~ standLRT", exam, groups="school", random_slopes=["standLRT"])
    found = likelihood_ratio_test(smaller, larger)
    assert found.statistic == pytest.approx(made["lrt_slope_reml"]["chisq"], abs=1e-5)
    assert found.p_naive == pytest.approx(made["lrt_slope_reml"]["p"], rel=1e-4)


def test_fixed_terms_by_ml_agree_with_anova_in_r(made, exam):
    smaller = fit_mixed("normexam ~ standLRT", exam, groups="school", **ML)
    larger = fit_mixed("normexam ~ standLRT + boy + schavg", exam, groups="school", **ML)
    found = likelihood_ratio_test(smaller, larger)
    assert found.statistic == pytest.approx(made["lrt_fixed_ml"]["chisq"], abs=1e-5)
    assert found.mixture == (2,)
    assert found.p_value == found.p_naive == pytest.approx(made["lrt_fixed_ml"]["p"], rel=1e-4)


def test_one_more_level_is_half_a_chi_squared_with_one_df(made, pilot):
    smaller = fit_mixed("y ~ pre + arm", pilot, groups="school")
    larger = fit_mixed("y ~ pre + arm", pilot, groups=["school", "class"])
    found = likelihood_ratio_test(smaller, larger)
    assert found.statistic == pytest.approx(made["lrt_class_reml"]["chisq"], abs=1e-5)
    assert found.p_naive == pytest.approx(made["lrt_class_reml"]["p"], rel=1e-4)
    # Self and Liang (1987), case 5: an equal mixture of 0 and 1 df
    assert found.mixture == (0, 1)
    assert found.p_value == pytest.approx(found.p_naive / 2, rel=1e-12)


def test_a_fixed_term_and_a_variance_together_shift_the_mixture(pilot):
    smaller = fit_mixed("y ~ pre", pilot, groups="school", **ML)
    larger = fit_mixed("y ~ pre + arm", pilot, groups=["school", "class"], **ML)
    assert likelihood_ratio_test(smaller, larger).mixture == (2, 3)


def test_an_uncorrelated_slope_is_one_variance_and_a_correlation_alone_is_none(pilot):
    slopes = {"groups": "school", "random_slopes": ["pre"]}
    level = fit_mixed("y ~ pre", pilot, groups="school")
    apart = fit_mixed("y ~ pre", pilot, correlated=False, **slopes)
    together = fit_mixed("y ~ pre", pilot, **slopes)
    assert likelihood_ratio_test(level, apart).mixture == (0, 1)
    assert likelihood_ratio_test(apart, together).mixture == (1,)
    with pytest.raises(DesignError, match="must lie within"):
        likelihood_ratio_test(together, apart)


def test_a_variance_that_adds_nothing_has_a_p_of_one():
    flat = pd.DataFrame({"school": np.repeat([0, 1, 2, 3], 4), "class": [0, 0, 1, 1] * 4})
    flat["y"] = [1.0, -1, -1, 1] * 4
    smaller = fit_mixed("y ~ 1", flat, groups="school")
    found = likelihood_ratio_test(smaller, fit_mixed("y ~ 1", flat, groups=["school", "class"]))
    assert (found.statistic, found.p_value, found.p_naive) == (0.0, 1.0, 1.0)
    assert found.flags == ("singular",)


def test_several_variances_at_once_have_an_upper_bound_for_p(pilot):
    smaller = fit_mixed("y ~ pre", pilot, groups="school")
    larger = fit_mixed("y ~ pre", pilot, groups=["school", "class"], random_slopes=["pre"])
    found = likelihood_ratio_test(smaller, larger)
    assert found.flags == ("conservative",)
    assert found.df == 3
    assert found.p_value == found.p_naive


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        ({}, {"formula": "y ~ pre + arm"}, "Restricted likelihoods with different fixed"),
        ({}, {"formula": "y ~ I(2 * pre)"}, "Restricted likelihoods with different fixed"),
        ({}, {"groups": ["school", "class"], **ML}, "two fits by REML or two by ML"),
        ({}, {}, "must lie within"),
        ({"groups": ["school", "class"]}, {}, "must lie within"),
        (ML | {"formula": "y ~ arm"}, ML | {"random_slopes": ["pre"]}, "must lie within"),
        ({}, {"formula": "alike ~ pre", "groups": ["school", "class"]}, "different rows or out"),
        ({}, {"formula": "part ~ pre", "groups": ["school", "class"]}, "different rows or out"),
    ],
)
def test_what_is_no_test_is_refused_in_a_sentence(pilot, first, second, sentence):
    data = pilot.assign(part=pilot["y"].where(pilot["pre"] > 15))
    one, other = (
        fit_mixed(data=data, **({"formula": "y ~ pre", "groups": "school"} | case))
        for case in (first, second)
    )
    with pytest.raises(DesignError, match=sentence):
        likelihood_ratio_test(one, other)


def test_the_order_of_rows_does_not_matter(pilot):
    smaller = fit_mixed("y ~ pre", pilot.iloc[::-1], groups="school")
    larger = fit_mixed("y ~ pre", pilot, groups=["school", "class"])
    one = fit_mixed("y ~ pre", pilot, groups="school")
    found, other = (likelihood_ratio_test(fit, larger) for fit in (smaller, one))
    assert found.statistic == pytest.approx(other.statistic, abs=1e-8)


def test_a_fit_without_a_likelihood_is_refused():
    data = pd.DataFrame({"school": [0, 1, 1], "x": [0.0, 1.0, 3.0], "y": [1.0, 3.0, 2.0]})
    fit = fit_mixed("y ~ x", data, groups="school", df="satterthwaite")
    with pytest.raises(DesignError, match="has no likelihood"):
        likelihood_ratio_test(fit, fit)
