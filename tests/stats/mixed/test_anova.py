"""The intraclass correlation of unequal groups."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.mixed import anova_icc, fit_mixed

COLUMNS = {
    "hsb_mAch": ("hsb82", "mAch", "school"),
    "star_mathk": ("star_k", "mathk", "schoolidk"),
    "star10_mathk": ("star_k10", "mathk", "schoolidk"),
}
groups_of_values = st.lists(
    st.lists(st.floats(-5, 5).map(lambda v: round(v, 3)), min_size=1, max_size=6),
    min_size=2, max_size=6,
)  # fmt: skip


@pytest.mark.parametrize("name", COLUMNS)
def test_agrees_with_the_shared_oracle(oracle, oracle_data, name):
    expected = oracle("icc.anova")["expected"][name]
    file, outcome, group = COLUMNS[name]
    data = oracle_data(file)
    found = anova_icc(data[outcome], data[group])
    assert (found.n_groups, found.icc.n) == (expected["k"], expected["N"])
    assert found.mean_square_between == pytest.approx(expected["MSB"], rel=1e-9)
    assert found.mean_square_within == pytest.approx(expected["MSW"], rel=1e-9)
    assert found.group_size == pytest.approx(expected["n0"], rel=1e-9)
    assert found.icc.statistic == pytest.approx(expected["F"], rel=1e-9)
    assert found.icc.estimate == pytest.approx(expected["ICC"], rel=1e-9)
    ends = (found.icc.conf_low, found.icc.conf_high)
    assert ends == pytest.approx(expected["ci_F_n0"], rel=1e-9)
    assert found.design_effect == pytest.approx(expected["deff_mean_n"], rel=1e-9)
    assert found.icc.n / found.design_effect == pytest.approx(expected["eff_n"], rel=1e-9)


def test_in_a_balanced_design_it_is_the_mixed_models(oracle_data):
    data = oracle_data("dyestuff")
    fit = fit_mixed("Yield ~ 1", data, groups="Batch")
    assert anova_icc(data["Yield"], data["Batch"]).icc.estimate == pytest.approx(fit.icc["Batch"])


@settings(max_examples=40)
@given(groups=groups_of_values, order=st.randoms(), conf_level=st.sampled_from([0.8, 0.95]))
def test_the_test_and_the_interval_are_those_of_the_analysis_of_variance(groups, order, conf_level):
    rows = [(value, k) for k, group in enumerate(groups) for value in group]
    deviations = [value - np.mean(group) for group in groups for value in group]
    if len(rows) == len(groups) or np.ptp(deviations) < 1e-6:
        with pytest.raises(DesignError):
            anova_icc(*zip(*rows, strict=True))
        return
    order.shuffle(rows)
    found = anova_icc(*zip(*rows, strict=True), conf_level=conf_level)
    expected = stats.f_oneway(*groups)
    assert found.icc.statistic == pytest.approx(expected.statistic, rel=1e-6, abs=1e-12)
    excluded = found.icc.conf_low > 0 or found.icc.conf_high < 0
    assert excluded == (found.icc.p_value < 1 - conf_level)
    assert found.icc.conf_low <= found.icc.estimate + 1e-12
    assert found.icc.estimate <= found.icc.conf_high + 1e-12 <= 1 + 1e-11


def test_missing_values_are_left_out():
    found = anova_icc([1, 2, np.nan, 5, 6, 4], ["a", "a", "a", "b", "b", None])
    assert found.icc.n == 4


@pytest.mark.parametrize(
    ("values", "groups", "sentence"),
    [
        ([1, 2, 3], ["a"] * 3, "two or more groups"),
        ([1, 2, 3], list("abc"), "3 groups with 3 values"),
        ([], [], "0 groups with 0 values"),
        ([1, 1, 2, 2], list("aabb"), "Nothing varies within"),
        ([1, np.inf, 2, 2], list("aabb"), "not all finite"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_a_sentence(values, groups, sentence):
    with pytest.raises(DesignError, match=sentence):
        anova_icc(values, groups)
