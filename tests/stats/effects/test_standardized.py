import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.effects import (
    glass_delta,
    hedges_g,
    hedges_g_from_summary,
    improvement_index,
)
from pilot_analysis.stats.effects.standardized import small_sample_factor

MADE = json.loads(
    (Path(__file__).parents[2] / "oracles" / "made" / "effects.json").read_text(encoding="utf-8")
)["standardized"]

scores = st.lists(st.integers(300, 700), min_size=2, max_size=30)


def arms(data):
    data = data.dropna(subset=["mathk"])
    return data.loc[data["small"] == 1, "mathk"], data.loc[data["small"] == 0, "mathk"]


def limits(estimate):
    return np.array([estimate.conf_low, estimate.conf_high])


# numbers from R -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "file"), [("es.star10_math", "star_k10.csv"), ("es.star_math", "star_k.csv")]
)
def test_star_agrees_with_r(oracle, oracle_data, case, file):
    expected, (treated, comparison) = oracle(case)["expected"], arms(oracle_data(file))
    wwc = hedges_g(treated, comparison)
    exact = hedges_g(treated, comparison, small_sample="exact")
    glass = glass_delta(treated, comparison)
    assert wwc.estimate == pytest.approx(expected["g"], rel=1e-8)
    assert wwc.std_error == pytest.approx(expected["se_g_h_Nminus2"], rel=1e-8)
    assert wwc.n == expected["n_t"] + expected["n_c"]
    for weights in ("LS", "LS2", "UB", "AV"):  # metafor's variances differ, its g does not
        assert exact.estimate == pytest.approx(expected[f"metafor_SMD_{weights}"]["yi"], rel=1e-8)
    assert glass.estimate == pytest.approx(expected["glass_delta"], rel=1e-8)
    assert glass.statistic == pytest.approx(expected["welch"]["t"], rel=1e-8)
    assert improvement_index(wwc.estimate) / 100 == pytest.approx(
        expected["improvement_index"], rel=1e-8
    )


@pytest.mark.parametrize(
    ("case", "file"), [("es.star10_math", "star_k10.csv"), ("es.star_math", "star_k.csv")]
)
def test_star_intervals_and_factors_agree_with_r(oracle, oracle_data, case, file):
    expected, data = oracle(case)["expected"], arms(oracle_data(file))
    df = expected["n_t"] + expected["n_c"] - 2
    g, d = expected["effectsize_hedges_g_nct"], expected["effectsize_cohens_d_nct"]
    exact = hedges_g(*data, small_sample="exact")
    np.testing.assert_allclose(limits(exact), [g["lo"], g["hi"]], atol=1e-6)
    np.testing.assert_allclose(
        limits(exact) / expected["exact_J_gamma"], [d["lo"], d["hi"]], atol=1e-6
    )
    assert exact.estimate / small_sample_factor(df, "exact") == pytest.approx(d["d"], rel=1e-8)
    assert small_sample_factor(df, "exact") == pytest.approx(expected["exact_J_gamma"], rel=1e-8)
    assert small_sample_factor(df) == pytest.approx(expected["omega"], rel=1e-12)


@pytest.mark.parametrize("case", MADE)
def test_small_groups_agree_with_metafor_and_with_the_noncentral_t_of_r(case):
    made = MADE[case]
    groups = made["treated"], made["comparison"]
    g = hedges_g(*groups, small_sample="exact", conf_level=made["conf_level"])
    assert g.estimate == pytest.approx(made["g_metafor"], rel=1e-12)
    assert (g.statistic, g.p_value) == pytest.approx((made["t"], made["p"]), rel=1e-10)
    np.testing.assert_allclose(limits(g), made["g_limits"], rtol=1e-9)
    np.testing.assert_allclose(limits(g), made["g_effectsize"][1:], atol=1e-6)
    delta = glass_delta(*groups, conf_level=made["conf_level"])
    assert delta.estimate == pytest.approx(made["delta"], rel=1e-12)
    np.testing.assert_allclose(limits(delta), made["delta_limits"], rtol=1e-9)
    np.testing.assert_allclose(limits(delta), made["delta_effectsize"], atol=1e-6)


def test_a_summary_gives_the_same_as_the_data(oracle, oracle_data):
    e = oracle("es.star10_math")["expected"]
    from_summary = hedges_g_from_summary(
        e["mean_t"], e["sd_t"], e["n_t"], e["mean_c"], e["sd_c"], e["n_c"]
    )
    from_data = hedges_g(*arms(oracle_data("star_k10.csv")))
    np.testing.assert_allclose(limits(from_summary), limits(from_data), rtol=1e-10)


# numbers from publications ------------------------------------------------------------------


def test_hedges_1981_factors():
    # Gamma(1) / Gamma(1/2) is 1 / sqrt(pi); the approximation is 4/7 there
    assert small_sample_factor(2, "exact") == pytest.approx(1 / np.sqrt(np.pi), rel=1e-14)
    assert small_sample_factor(2) == pytest.approx(4 / 7, rel=1e-14)
    assert small_sample_factor(50) == pytest.approx(small_sample_factor(50, "exact"), abs=2e-5)


# identities ---------------------------------------------------------------------------------


@given(treated=scores, comparison=scores, conf_level=st.sampled_from([0.5, 0.8, 0.95, 0.99]))
def test_p_is_that_of_the_t_test_and_agrees_with_the_interval(treated, comparison, conf_level):
    assume(np.ptp(treated) > 0 and np.ptp(comparison) > 0)
    found = hedges_g(treated, comparison, conf_level=conf_level)
    assert found.p_value == pytest.approx(stats.ttest_ind(treated, comparison).pvalue, rel=1e-8)
    assert (found.conf_low > 0 or found.conf_high < 0) == (found.p_value < 1 - conf_level)
    assert found.conf_low < found.estimate < found.conf_high or len(treated + comparison) < 6


@given(treated=scores, comparison=scores, conf_level=st.sampled_from([0.5, 0.95]))
def test_the_limits_are_the_effects_at_which_the_observed_t_is_a_tail_quantile(
    treated, comparison, conf_level
):
    assume(np.ptp(treated) + np.ptp(comparison) > 0)
    found = hedges_g(treated, comparison, conf_level=conf_level)
    assume(abs(found.statistic) < 30)
    size = np.sqrt(1 / len(treated) + 1 / len(comparison)) * small_sample_factor(found.df)
    tails = [
        stats.nct.sf(found.statistic, found.df, found.conf_low / size),
        stats.nct.cdf(found.statistic, found.df, found.conf_high / size),
    ]
    np.testing.assert_allclose(tails, (1 - conf_level) / 2, rtol=1e-6)


@pytest.mark.parametrize("effect", [hedges_g, glass_delta])
@given(
    treated=scores,
    comparison=scores,
    scale=st.floats(1e-3, 1e3),
    shift=st.floats(-1e4, 1e4),
    order=st.randoms(),
)
def test_order_and_units_do_not_matter(effect, treated, comparison, scale, shift, order):
    assume(np.ptp(comparison) > 0)
    one = effect(treated, comparison)
    shuffled = list(treated)
    order.shuffle(shuffled)
    other = effect(np.array(shuffled) * scale + shift, np.array(comparison) * scale + shift)
    assert other.estimate == pytest.approx(one.estimate, rel=1e-7, abs=1e-9)
    np.testing.assert_allclose(limits(other), limits(one), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("small_sample", ["wwc", "exact"])
@given(treated=scores, comparison=scores)
def test_g_is_antisymmetric_under_swapping(small_sample, treated, comparison):
    assume(np.ptp(treated) + np.ptp(comparison) > 0)
    one = hedges_g(treated, comparison, small_sample=small_sample)
    other = hedges_g(comparison, treated, small_sample=small_sample)
    assert one.estimate == -other.estimate
    assert (one.conf_low, one.conf_high) == (-other.conf_high, -other.conf_low)
    assert (one.p_value, one.std_error) == (other.p_value, other.std_error)


@given(treated=scores, comparison=scores)
def test_from_a_summary_is_from_the_data(treated, comparison):
    assume(np.ptp(treated) + np.ptp(comparison) > 0)
    parts = [
        part for x in (treated, comparison) for part in (np.mean(x), np.std(x, ddof=1), len(x))
    ]
    one, other = hedges_g(treated, comparison), hedges_g_from_summary(*parts)
    assert one.estimate == pytest.approx(other.estimate, rel=1e-12, abs=1e-12)
    np.testing.assert_allclose(limits(one), limits(other), rtol=1e-9, atol=1e-12)


@given(treated=scores, comparison=scores)
def test_with_equal_spread_delta_and_g_are_the_same_difference(treated, comparison):
    assume(np.ptp(comparison) > 0)
    mirrored = [2 * np.mean(comparison) - x for x in comparison]  # the same mean and SD
    assert glass_delta(mirrored, comparison).estimate == pytest.approx(0, abs=1e-9)
    g = hedges_g(np.array(mirrored) + 50, comparison)
    omega = small_sample_factor(2 * len(comparison) - 2)
    delta = glass_delta(np.array(mirrored) + 50, comparison)
    assert delta.estimate == pytest.approx(g.estimate / omega, rel=1e-9)
    assert delta.statistic == pytest.approx(g.statistic, rel=1e-9)
    assert delta.p_value > g.p_value or g.p_value < 1e-12  # fewer degrees of freedom


@given(df=st.floats(1.5, 1e5))
def test_the_factors_are_close_and_below_one(df):
    wwc, exact = small_sample_factor(df), small_sample_factor(df, "exact")
    assert exact < 1
    assert wwc < 1
    assert wwc == pytest.approx(exact, abs=0.04 / df)


@pytest.mark.parametrize("n", [2, 3, 10, 1000, 100_000])
@pytest.mark.parametrize("difference", [0, 0.2, 5, 1e3, 1e9])
def test_extreme_effects_and_sizes_still_have_an_interval(n, difference):
    found = hedges_g_from_summary(difference, 1.0, n, 0.0, 1.0, n)
    assert np.isfinite([found.conf_low, found.conf_high]).all()
    assert found.conf_low < found.conf_high


@pytest.mark.parametrize(
    ("effect", "spread"), [(hedges_g, 1.0), (glass_delta, 1.0), (glass_delta, 2.0)]
)
def test_the_interval_covers_about_as_often_as_it_says(effect, spread):
    rng = np.random.default_rng(20261121)
    omega = small_sample_factor(14) if effect is hedges_g else 1
    covered = [
        found.conf_low / omega <= 0.5 <= found.conf_high / omega
        for found in (
            effect(rng.normal(0.5, spread, 8), rng.normal(0, 1, 8), conf_level=0.9)
            for _ in range(400)
        )
    ]
    # a binomial share of .9 in 400 draws lies within .855 and .945 in 99.8% of samples
    assert 0.855 <= np.mean(covered) <= 0.955


# bad and degenerate input -------------------------------------------------------------------


@pytest.mark.parametrize("effect", [hedges_g, glass_delta])
@pytest.mark.parametrize(
    ("treated", "comparison", "message"),
    [
        ([], [1, 2], "treated group needs two or more values, got 0"),
        ([1], [1, 2], "treated group needs two or more values, got 1"),
        ([1, 2], [1], "comparison group needs two or more values, got 1"),
        ([1, np.nan], [1, 2], "1 missing values"),
        ([1, None], [1, 2], "1 missing values"),
        ([1, np.inf], [1, 2], "infinite values"),
        (["a", "b"], [1, 2], "treated group must be numbers; got 'a'"),
        (pd.Series([1, pd.NA], dtype="Int64"), [1, 2], "treated group has 1 missing values"),
        (pd.DataFrame({"a": [1, 2]}), [1, 2], "one column"),
        ([1e308, -1e308, 1e308], [1e308, 0, -1e308], "known number|too large"),
    ],
)
def test_data_that_cannot_answer_are_refused(effect, treated, comparison, message):
    with pytest.raises(DesignError, match=message):
        effect(treated, comparison)


@pytest.mark.parametrize("constant", [1.0, 0.1, 1 / 3, 1e9 / 7])
def test_a_group_in_which_nobody_differs_has_no_spread_by_rounding_either(constant):
    with pytest.raises(DesignError, match="Nobody differs within a group"):
        hedges_g([constant] * 3, [2 * constant] * 5)
    with pytest.raises(DesignError, match="Nobody in the comparison group differs"):
        glass_delta([1, 2], [constant] * 5)
    with pytest.raises(DesignError, match="Nobody differs within a group"):
        hedges_g([0.1 + 0.2, 0.3], [0.3, 0.3])


def test_one_constant_group_is_no_obstacle():
    assert hedges_g([1, 1], [2, 3]).estimate < 0
    assert glass_delta([1, 1], [2, 3]).estimate < 0


@pytest.mark.parametrize(
    ("summary", "message"),
    [
        ((1, 1, 1, 0, 1, 5), "two or more people in each group; got 1 treated and 5"),
        ((1, 1, 0, 0, 1, 5), "got 0 treated"),
        ((1, 1, 2.5, 0, 1, 5), "n_treated must be a whole number"),
        ((1, 1, 5, 0, 1, -5), "n_comparison must be at least 0"),
        ((1, -1, 5, 0, 1, 5), "sd_treated must be at least 0"),
        ((np.inf, 1, 5, 0, 1, 5), "mean_treated must be a known number"),
        ((1, 1, 5, 0, np.nan, 5), "sd_comparison must be a known number"),
        ((1, None, 5, 0, 1, 5), "sd_treated must be a number"),
        ((1, 0, 5, 0, 0, 5), "Nobody differs within a group"),
        ((1e300, 1e-300, 5, 0, 1e-300, 5), "too many standard deviations apart"),
    ],
)
def test_summaries_that_cannot_be_are_refused(summary, message):
    with pytest.raises(DesignError, match=message):
        hedges_g_from_summary(*summary)


def test_other_refusals():
    with pytest.raises(DesignError, match='small_sample must be "wwc" or "exact"'):
        hedges_g([1, 2], [3, 4], small_sample="hedges")
    with pytest.raises(DesignError, match="conf_level"):
        hedges_g([1, 2], [3, 4], conf_level=95)
    with pytest.raises(DesignError, match="conf_level"):
        glass_delta([1, 2], [3, 4], conf_level=0)
    with pytest.raises(DesignError, match="too few to standardize"):
        small_sample_factor(1)


@pytest.mark.parametrize("effect", [hedges_g, glass_delta])
@pytest.mark.parametrize(
    "values", [["1", "2"], pd.to_datetime(["2020-01-01", "2020-01-05"]), [[1, 2], [3]]]
)
def test_what_only_looks_like_numbers_is_refused(effect, values):
    with pytest.raises(DesignError, match="treated group must be numbers"):
        effect(values, [1, 2])


def test_text_is_no_number_in_a_summary():
    with pytest.raises(DesignError, match="mean_treated must be a number, got '1'"):
        hedges_g_from_summary("1", 1, 10, 2, 1, 10)
