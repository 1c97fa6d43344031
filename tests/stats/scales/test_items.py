from math import isnan

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilot_analysis.errors import DataError, DesignError
from pilot_analysis.stats.scales import cronbach_alpha, item_statistics, score_scale

ITEMS = ["A1", "A2", "A3", "A4", "A5"]


@pytest.fixture
def agreeableness(oracle_data):
    items = oracle_data("bfi.csv")[ITEMS]
    return items.assign(A1=7 - items["A1"])


def made_up(seed: int, n: int = 30, k: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    answers = np.clip(np.round(3 + rng.normal(size=(n, 1)) + rng.normal(size=(n, k))), 1, 5)
    return pd.DataFrame(answers, columns=[f"q{i}" for i in range(k)])


def test_alpha_agrees_with_r(oracle, agreeableness):
    expected = oracle("rel.alpha_bfi_A")["expected"]
    found = cronbach_alpha(agreeableness)
    assert found.n == expected["complete_cases"]["n"]
    assert found.estimate == pytest.approx(expected["complete_cases"]["raw_alpha"], rel=1e-8)
    assert found.conf_low == pytest.approx(expected["feldt_ci_complete"]["lower.ci"], rel=1e-8)
    assert found.conf_high == pytest.approx(expected["feldt_ci_complete"]["upper.ci"], rel=1e-8)
    assert isnan(found.p_value)


def test_item_statistics_agree_with_r(oracle, agreeableness):
    expected = oracle("rel.alpha_bfi_A")["expected"]["complete_cases"]
    found = item_statistics(agreeableness, low=1, high=6)
    for item in ITEMS:
        assert found.loc[item, "item_rest"] == pytest.approx(
            expected["r_item_rest"][item], rel=1e-8
        )
        assert found.loc[item, "alpha_if_dropped"] == pytest.approx(
            expected["alpha_if_dropped"][item], rel=1e-8
        )
    assert found["n"].tolist() == agreeableness.notna().sum().tolist()
    assert found["ceiling"].between(0, 1).all()


def test_scores_agree_with_r(oracle, oracle_data):
    expected = oracle("rel.alpha_bfi_A")["expected"]["complete_cases"]
    scores = score_scale(
        oracle_data("bfi.csv")[ITEMS].dropna(), low=1, high=6, reverse=["A1"], minimum_answered=1
    )
    assert scores.mean() == pytest.approx(expected["mean"], rel=1e-8)
    assert scores.std() == pytest.approx(expected["sd"], rel=1e-8)


@given(seed=st.integers(0, 10_000), shift=st.floats(-50, 50), order=st.permutations(range(30)))
def test_alpha_does_not_change_when_items_shift_or_rows_change_places(seed, shift, order):
    items = made_up(seed)
    moved = items.assign(q1=items["q1"] + shift).iloc[order]
    assert cronbach_alpha(moved).estimate == pytest.approx(cronbach_alpha(items).estimate)
    assert cronbach_alpha(moved).conf_low == pytest.approx(cronbach_alpha(items).conf_low)


@given(seed=st.integers(0, 10_000))
def test_turning_every_item_turns_the_score_and_keeps_alpha(seed):
    items = made_up(seed)
    turned = score_scale(items, low=1, high=5, reverse=list(items.columns))
    np.testing.assert_allclose(turned, 6 - score_scale(items, low=1, high=5))
    assert cronbach_alpha(6 - items).estimate == pytest.approx(cronbach_alpha(items).estimate)


def test_identical_items_are_perfectly_reliable():
    column = made_up(1)["q0"]
    found = cronbach_alpha(pd.DataFrame({"a": column, "b": column}))
    assert found.estimate == pytest.approx(1)


def test_each_item_is_turned_by_its_own_range():
    items = pd.DataFrame({"a": [1.0, 5.0], "b": [7.0, 1.0]})
    scores = score_scale(items, low=1, high={"a": 5, "b": 7}, reverse=["b"])
    assert scores.tolist() == [1.0, 6.0]


def test_too_few_answers_give_no_score():
    items = pd.DataFrame({"a": [1, pd.NA, pd.NA], "b": [3, 4, pd.NA]}, dtype="Int64")
    assert score_scale(items, low=1, high=5).tolist()[:2] == [2.0, 4.0]
    strict = score_scale(items, low=1, high=5, minimum_answered=0.6)
    assert strict.isna().tolist() == [False, True, True]


def test_an_answer_off_the_scale_is_refused_by_name():
    items = pd.DataFrame({"a": [1, 2], "b": [3, 9]})
    with pytest.raises(DataError, match="item 'b': 9 is outside 1-5"):
        score_scale(items, low=1, high=5)


@pytest.mark.parametrize("n", [0, 1, 9])
def test_alpha_of_fewer_than_ten_is_not_given(n):
    found = cronbach_alpha(made_up(3, n=n))
    assert isnan(found.estimate)
    assert found.n == n
    assert "10 or more" in found.flags[0]


def test_alpha_without_variation_is_not_given():
    found = cronbach_alpha(pd.DataFrame({"a": [3.0] * 12, "b": [4.0] * 12}))
    assert isnan(found.estimate)
    assert "do not differ" in found.flags[0]


def test_items_that_cancel_out_are_not_given_a_number():
    column = pd.Series([1.0, 5.0] * 6)
    assert isnan(cronbach_alpha(pd.DataFrame({"a": column, "b": 6 - column})).estimate)


def test_a_constant_item_and_a_negative_alpha_are_flagged():
    column = made_up(5)["q0"]
    constant = cronbach_alpha(pd.DataFrame({"a": column, "b": column, "c": 3.0}))
    assert "answered alike" in constant.flags[0]
    against = cronbach_alpha(pd.DataFrame({"a": column, "b": 6 - column + made_up(6)["q0"] / 3}))
    assert against.estimate < 0
    assert "negative" in against.flags[-1]


def test_statistics_of_nobody_are_missing_not_wrong():
    found = item_statistics(pd.DataFrame({"a": [], "b": []}, dtype=float), low=1, high=5)
    assert found.drop(columns="n").isna().to_numpy().all()


def test_refusals():
    items = made_up(1)
    with pytest.raises(DesignError, match="2 or more items"):
        cronbach_alpha(items[["q0"]])
    with pytest.raises(DesignError, match="no item of this scale: x"):
        score_scale(items, low=1, high=5, reverse=["x"])
    with pytest.raises(DesignError, match="minimum_answered"):
        score_scale(items, low=1, high=5, minimum_answered=0)
