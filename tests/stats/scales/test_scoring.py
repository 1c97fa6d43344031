import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilot_analysis.errors import DataError, DesignError
from pilot_analysis.stats.scales import score_scale


def made_up(seed: int, n: int = 30, k: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    answers = np.clip(np.round(3 + rng.normal(size=(n, 1)) + rng.normal(size=(n, k))), 1, 5)
    return pd.DataFrame(answers, columns=[f"q{i}" for i in range(k)])


@pytest.mark.parametrize("use", ["complete_cases", "pairwise"])
def test_scores_agree_with_r(oracle, oracle_data, use):
    expected = oracle("rel.alpha_bfi_A")["expected"][use]
    items = oracle_data("bfi.csv")[["A1", "A2", "A3", "A4", "A5"]]
    items = items.dropna() if use == "complete_cases" else items
    scores = score_scale(items, low=1, high=6, reverse=["A1"], minimum_answered=0.01)
    assert scores.mean() == pytest.approx(expected["mean"], rel=1e-8)
    assert scores.std() == pytest.approx(expected["sd"], rel=1e-8)


@given(seed=st.integers(0, 10_000))
def test_turning_every_item_turns_the_score(seed):
    items = made_up(seed)
    turned = score_scale(items, low=1, high=5, reverse=list(items.columns))
    np.testing.assert_allclose(turned, 6 - score_scale(items, low=1, high=5))


@given(seed=st.integers(0, 10_000), order=st.permutations(range(4)))
def test_the_order_of_items_does_not_matter(seed, order):
    items = made_up(seed)
    shuffled = items.iloc[:, order]
    one, other = (score_scale(x, low=1, high=5, reverse=["q1"]) for x in (items, shuffled))
    np.testing.assert_allclose(one, other)


def test_each_item_is_turned_by_its_own_range():
    items = pd.DataFrame({"a": [1.0, 5.0], "b": [7.0, 1.0]}, index=["x", "y"])
    scores = score_scale(items, low=1, high={"a": 5, "b": 7}, reverse=["b"])
    assert scores.to_dict() == {"x": 1.0, "y": 6.0}


def test_half_of_the_items_are_enough_unless_said_otherwise():
    items = pd.DataFrame({"a": [1, pd.NA, pd.NA], "b": [3, 4, pd.NA]}, dtype="Int64")
    assert score_scale(items, low=1, high=5).tolist()[:2] == [2.0, 4.0]
    assert score_scale(items, low=1, high=5).isna().tolist() == [False, False, True]
    strict = score_scale(items, low=1, high=5, minimum_answered=0.6)
    assert strict.isna().tolist() == [False, True, True]


def test_a_share_that_is_just_reached_is_reached():
    items = pd.DataFrame([[1.0] * 3 + [np.nan] * 7], columns=list("abcdefghij"))
    assert score_scale(items, low=1, high=5, minimum_answered=0.1 * 3).tolist() == [1.0]


def test_nobody_has_no_scores():
    assert score_scale(pd.DataFrame({"a": []}, dtype=float), low=1, high=5).empty


@pytest.mark.parametrize("bad", [9, 0, float("inf"), 0.999])
def test_an_answer_off_the_scale_is_refused_by_name(bad):
    items = pd.DataFrame({"a": [1, 2], "b": [3, bad]})
    with pytest.raises(DataError, match="item 'b': "):
        score_scale(items, low=1, high=5)


def test_the_message_counts_the_answers_off_the_scale():
    items = pd.DataFrame({"a": [1, 7], "b": [3, 9]})
    with pytest.raises(DataError, match=r"item 'a': 7 is outside 1-5.*2 answers like this"):
        score_scale(items, low=1, high=5)


def test_answers_in_words_are_refused():
    with pytest.raises(DataError, match="item 'a': the answers are not all numbers"):
        score_scale(pd.DataFrame({"a": ["agree", "disagree"]}), low=1, high=5)


def test_refusals():
    items = made_up(1)
    with pytest.raises(DesignError, match="no item of this scale: x"):
        score_scale(items, low=1, high=5, reverse=["x"])
    with pytest.raises(DesignError, match=r"such as \['q1'\]"):
        score_scale(items, low=1, high=5, reverse="q1")
    for share in (0, 1.1, float("nan")):
        with pytest.raises(DesignError, match="minimum_answered"):
            score_scale(items, low=1, high=5, minimum_answered=share)
    with pytest.raises(DesignError, match="high is not given for the items q2, q3"):
        score_scale(items, low=1, high={"q0": 5, "q1": 5})
    with pytest.raises(DesignError, match=r"low of item .q0. must be a known number"):
        score_scale(items, low=float("nan"), high=5)
    with pytest.raises(DesignError, match="range 5-1 has no width"):
        score_scale(items, low=5, high=1)
    with pytest.raises(DesignError, match="1 or more items"):
        score_scale(items[[]], low=1, high=5)
    with pytest.raises(DesignError, match="Two items are called 'q0'"):
        score_scale(items[["q0", "q0"]], low=1, high=5)


def test_digits_as_text_and_tables_without_names_are_refused():
    items = made_up(1)
    with pytest.raises(DataError, match="the answers are not all numbers"):
        score_scale(items.astype(str), low=1, high=5)
    with pytest.raises(DesignError, match="Items must be a data frame"):
        score_scale(items.to_numpy(), low=1, high=5)
    with pytest.raises(DesignError, match=r"low of item .* must be a number"):
        score_scale(items, low="1", high=5)
    with pytest.raises(DataError, match="too large or small"):
        score_scale(items * 1e300, low=1, high=5)
