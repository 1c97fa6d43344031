import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.effects import (
    baseline_equivalence,
    glass_delta,
    hedges_g,
    hedges_g_from_summary,
    improvement_index,
)

scores = st.lists(st.integers(300, 700), min_size=2, max_size=30)


def arms(data):
    data = data.dropna(subset=["mathk"])
    return data.loc[data["small"] == 1, "mathk"], data.loc[data["small"] == 0, "mathk"]


# numbers from R -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "file"), [("es.star10_math", "star_k10.csv"), ("es.star_math", "star_k.csv")]
)
def test_star_agrees_with_r(oracle, oracle_data, case, file):
    expected, (treated, comparison) = oracle(case)["expected"], arms(oracle_data(file))
    wwc = hedges_g(treated, comparison)
    exact = hedges_g(treated, comparison, small_sample="exact")
    published = expected["effectsize_hedges_g_nct"]
    assert wwc.estimate == pytest.approx(expected["g"], rel=1e-8)
    assert wwc.std_error == pytest.approx(expected["se_g_h_Nminus2"], rel=1e-8)
    assert wwc.n == expected["n_t"] + expected["n_c"]
    assert exact.estimate == pytest.approx(expected["metafor_SMD_LS"]["yi"], rel=1e-8)
    assert exact.conf_low == pytest.approx(published["lo"], abs=1e-6)
    assert exact.conf_high == pytest.approx(published["hi"], abs=1e-6)
    assert glass_delta(treated, comparison) == pytest.approx(expected["glass_delta"], rel=1e-8)
    assert improvement_index(wwc.estimate) / 100 == pytest.approx(
        expected["improvement_index"], rel=1e-8
    )


def test_a_summary_gives_the_same_as_the_data(oracle, oracle_data):
    e = oracle("es.star10_math")["expected"]
    from_summary = hedges_g_from_summary(
        e["mean_t"], e["sd_t"], e["n_t"], e["mean_c"], e["sd_c"], e["n_c"]
    )
    from_data = hedges_g(*arms(oracle_data("star_k10.csv")))
    assert from_summary.conf_low == pytest.approx(from_data.conf_low, rel=1e-10)


# numbers from publications ------------------------------------------------------------------


def test_wwc_5_improvement_index():
    index = improvement_index([0.05, 0.10, 0.20, 0.25, 0.50])
    np.testing.assert_allclose(np.round(index, 2), [1.99, 3.98, 7.93, 9.87, 19.15])
    assert improvement_index(0.0) == 0


@pytest.mark.parametrize(
    ("g", "verdict"),
    [
        (0.0, "satisfied"),
        (0.05, "satisfied"),
        (-0.05, "satisfied"),
        (0.0501, "with adjustment"),
        (-0.25, "with adjustment"),
        (0.2501, "not satisfied"),
        (-2.0, "not satisfied"),
    ],
)
def test_wwc_5_baseline_equivalence(g, verdict):
    assert baseline_equivalence(g) == verdict


# identities ---------------------------------------------------------------------------------


@given(treated=scores, comparison=scores, conf_level=st.sampled_from([0.5, 0.8, 0.95, 0.99]))
def test_p_is_that_of_the_t_test_and_agrees_with_the_interval(treated, comparison, conf_level):
    assume(np.ptp(treated) > 0 and np.ptp(comparison) > 0)
    found = hedges_g(treated, comparison, conf_level=conf_level)
    assert found.p_value == pytest.approx(stats.ttest_ind(treated, comparison).pvalue, rel=1e-8)
    assert (found.conf_low > 0 or found.conf_high < 0) == (found.p_value < 1 - conf_level)
    assert found.conf_low < found.estimate < found.conf_high or len(treated + comparison) < 6


@given(treated=scores, comparison=scores, order=st.randoms())
def test_g_changes_sign_with_its_arms_and_not_with_order_or_units(treated, comparison, order):
    assume(np.ptp(treated) + np.ptp(comparison) > 0)
    one, other = hedges_g(treated, comparison), hedges_g(comparison, treated)
    assert one.estimate == pytest.approx(-other.estimate, abs=1e-12)
    assert one.conf_low == pytest.approx(-other.conf_high, abs=1e-9)
    shuffled = list(treated)
    order.shuffle(shuffled)
    rescaled = hedges_g(np.array(shuffled) * 7.0 - 3, np.array(comparison) * 7.0 - 3)
    assert rescaled.estimate == pytest.approx(one.estimate, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("n", [2, 3, 10, 1000, 100_000])
@pytest.mark.parametrize("difference", [0, 0.2, 5, 1e3, 1e9])
def test_extreme_effects_and_sizes_still_have_an_interval(n, difference):
    found = hedges_g_from_summary(difference, 1.0, n, 0.0, 1.0, n)
    assert np.isfinite([found.conf_low, found.conf_high]).all()
    assert found.conf_low < found.conf_high


def test_the_noncentral_interval_covers_about_as_often_as_it_says():
    rng = np.random.default_rng(20261121)
    covered = [
        g.conf_low / omega <= 0.5 <= g.conf_high / omega
        for g in (hedges_g(rng.normal(0.5, 1, 8), rng.normal(0, 1, 8)) for _ in range(400))
        for omega in (1 - 3 / (4 * 16 - 9),)
    ]
    assert 0.92 <= np.mean(covered) <= 0.98


# bad and degenerate input -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("treated", "comparison", "message"),
    [
        ([], [1, 2], "two or more values"),
        ([1], [1, 2], "two or more values"),
        ([1, np.nan], [1, 2], "1 missing values"),
        ([1, 1], [2, 2], "Nobody differs"),
        ([1, np.inf], [1, 2], "known numbers"),
    ],
)
def test_data_that_cannot_answer_are_refused(treated, comparison, message):
    if np.isinf(np.sum(treated)):
        with pytest.raises(DesignError, match=message):
            hedges_g_from_summary(np.inf, 1.0, 5, 0.0, 1.0, 5)
    else:
        with pytest.raises(DesignError, match=message):
            hedges_g(treated, comparison)


def test_other_refusals():
    with pytest.raises(DesignError, match="small_sample"):
        hedges_g([1, 2], [3, 4], small_sample="hedges")
    with pytest.raises(DesignError, match="two or more people"):
        hedges_g_from_summary(1, 1, 1, 0, 1, 5)
    with pytest.raises(DesignError, match="known number"):
        baseline_equivalence(float("nan"))
    with pytest.raises(DesignError, match="comparison group"):
        glass_delta([1, 2], [3, 3])
