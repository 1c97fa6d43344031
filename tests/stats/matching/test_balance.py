import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.matching import balance_table, match_exact, weight


def people(seed: int, n: int = 50) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "treated": np.r_[1, 1, 0, 0, draw.integers(0, 2, n - 4)],
            "pre": draw.normal(50, 10, n),
            "learner": draw.random(n) < 0.3,
            "grade": draw.choice(["three", "four"], n),
        }
    )


def test_by_hand():
    data = pd.DataFrame(
        {"treated": [1, 1, 0, 0, 0], "x": [1.0, 3.0, 0.0, 2.0, 7.0], "b": [1, 0, 1, 1, 0]}
    )
    sample = weight(data, treated="treated", scores=[0.5, 0.5, 0.5, 0.75, 0.5])
    table = balance_table(data, treated="treated", covariates=["x", "b"], sample=sample)
    x, b = table.iloc[0], table.iloc[1]
    assert (x["kind"], b["kind"]) == ("number", "yes/no")
    assert (x["mean_treated_before"], x["mean_comparison_before"]) == (2, 3)
    assert x["smd_before"] == pytest.approx(-1 / np.sqrt(2))
    assert x["variance_ratio_before"] == pytest.approx(2 / 13)
    # weights 1, 3, 1: mean 13/5; the variance divides by 1 - (1 + 9 + 1)/25
    assert x["mean_comparison_after"] == pytest.approx(2.6)
    assert x["smd_after"] == pytest.approx(-0.6 / np.sqrt(2))
    spread = (2.6**2 + 3 * 0.6**2 + 4.4**2) / 5 / (14 / 25)
    assert x["variance_ratio_after"] == pytest.approx(2 / spread)
    # cumulated at 0, 1, 2, 3, 7: treated 0 .5 .5 1 1; comparison 1/3 1/3 2/3 2/3 1 before
    # and .2 .2 .8 .8 1 after
    assert x["ks_before"] == pytest.approx(1 / 3)
    assert x["ks_after"] == pytest.approx(0.3)
    assert b["smd_before"] == pytest.approx((1 / 2 - 2 / 3) / 0.5)
    assert b["smd_after"] == pytest.approx((0.5 - 0.8) / 0.5)
    assert np.isnan(b["variance_ratio_before"])


def test_without_a_sample_there_is_no_after():
    table = balance_table(people(1), treated="treated", covariates=["pre", "grade"])
    assert table["covariate"].tolist() == ["pre", "grade", "grade"]
    assert table["level"].tolist() == ["", "four", "three"]
    assert table.filter(like="_after").isna().all(axis=None)
    assert table["smd_before"].notna().all()


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_swapping_the_arms_changes_the_sign_when_the_sd_is_pooled(seed):
    data = people(seed)
    one, other = (
        balance_table(
            d, treated="treated", covariates=["pre", "learner", "grade"], standardize_by="pooled"
        )
        for d in (data, data.assign(treated=1 - data["treated"]))
    )
    np.testing.assert_allclose(one["smd_before"], -other["smd_before"], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(one["ks_before"], other["ks_before"], atol=1e-12)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), shift=st.floats(-50, 50), factor=st.sampled_from([0.01, 30]))
def test_units_and_order_do_not_matter(seed, shift, factor):
    data = people(seed)
    moved = data.assign(pre=data["pre"] * factor + shift).sample(frac=1, random_state=seed)
    one, other = (
        balance_table(d, treated="treated", covariates=["pre", "grade"]) for d in (data, moved)
    )
    for column in ("smd_before", "variance_ratio_before", "ks_before"):
        np.testing.assert_allclose(one[column], other[column], rtol=1e-7, atol=1e-10)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_rows_without_a_value_are_left_out_and_counted(seed):
    data = people(seed)
    holes = data.assign(pre=data["pre"].mask(data.index % 7 == 5))
    some = balance_table(holes, treated="treated", covariates=["pre"]).iloc[0]
    full = balance_table(holes.dropna(), treated="treated", covariates=["pre"]).iloc[0]
    assert some["n_missing"] == holes["pre"].isna().sum()
    assert some["smd_before"] == pytest.approx(full["smd_before"])


def test_a_category_with_missing_values_keeps_them_out_of_every_level():
    data = people(2).assign(grade=lambda d: d["grade"].mask(d.index == 9))
    table = balance_table(data, treated="treated", covariates=["grade"])
    assert table["n_missing"].tolist() == [1, 1]
    assert table["mean_treated_before"].sum() == pytest.approx(1)


def test_the_sd_is_that_of_the_estimand():
    data = people(4)
    sample = match_exact(data, treated="treated", exact=["grade"], estimand="ate")
    by_default = balance_table(data, treated="treated", covariates=["pre"], sample=sample)
    pooled = balance_table(
        data, treated="treated", covariates=["pre"], sample=sample, standardize_by="pooled"
    )
    assert by_default.equals(pooled)


def test_a_covariate_that_does_not_vary_has_no_standardized_difference_and_says_so():
    data = people(1).assign(
        constant=5.0, treated_alike=lambda d: d["pre"].where(d["treated"] == 0, 1)
    )
    table = balance_table(data, treated="treated", covariates=["constant", "treated_alike", "pre"])
    assert table["smd_before"].isna().tolist() == [True, True, False]
    assert table["note"].str.startswith("It does not vary").tolist() == [True, True, False]
    assert table["ks_before"][0] == pytest.approx(0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"covariates": []}, "at least one covariate"),
        ({"covariates": ["height"]}, "no column 'height'"),
        ({"covariates": ["empty"]}, "'empty' is empty"),
        ({"covariates": ["one_side"]}, "No comparison unit that is used has a value of one_side"),
        ({"covariates": ["infinite"]}, "infinite"),
        ({"covariates": ["pre"], "standardize_by": "control"}, "treated or pooled"),
    ],
)
def test_what_cannot_be_compared_is_refused(options, message):
    data = people(1).assign(
        empty=np.nan, one_side=lambda d: d["pre"].where(d["treated"] == 1),
        infinite=lambda d: d["pre"].where(d.index > 0, -np.inf),
    )  # fmt: skip
    with pytest.raises(DesignError, match=message):
        balance_table(data, treated="treated", **options)


def test_a_sample_of_other_rows_is_refused():
    data = people(1)
    sample = match_exact(data, treated="treated", exact=["grade"])
    with pytest.raises(DesignError, match="other rows"):
        balance_table(data.iloc[1:], treated="treated", covariates=["pre"], sample=sample)
