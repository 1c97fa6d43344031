from math import isnan

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.agreement import cohen_kappa, percent_agreement

WEIGHTS = (None, "linear", "quadratic")
pairs = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=1, max_size=25)


def test_kappa_agrees_with_r(oracle, oracle_data):
    expected, ratings = oracle("rel.kappa2_anxiety")["expected"], oracle_data("irr_anxiety.csv")
    for weights in WEIGHTS:
        found = cohen_kappa(ratings["rater1"], ratings["rater2"], weights=weights)
        case = expected[weights or "unweighted"]
        assert found.estimate == pytest.approx(case["kappa"], abs=1e-8)
        assert found.n == case["n"]
        assert found.conf_low < found.estimate < found.conf_high


def test_agreement_agrees_with_r(oracle, oracle_data):
    expected, ratings = oracle("rel.kappa2_anxiety")["expected"], oracle_data("irr_anxiety.csv")
    two = ratings[["rater1", "rater2"]]
    assert percent_agreement(two).estimate * 100 == pytest.approx(expected["agree0"])
    assert percent_agreement(two, tolerance=1).estimate * 100 == pytest.approx(
        expected["agree_tol1"]
    )
    assert percent_agreement(ratings).estimate * 100 == expected["agree_3raters"]


@pytest.mark.parametrize("weights", WEIGHTS)
@given(ratings=pairs, order=st.randoms())
def test_kappa_does_not_depend_on_the_order_of_raters_or_subjects(weights, ratings, order):
    shuffled = list(ratings)
    order.shuffle(shuffled)
    one = cohen_kappa(*zip(*ratings, strict=True), weights=weights, draws=50)
    other = cohen_kappa(*reversed(list(zip(*shuffled, strict=True))), weights=weights, draws=50)
    assert one.estimate == pytest.approx(other.estimate, nan_ok=True)
    assert isnan(one.estimate) == (len({x for pair in ratings for x in pair}) == 1)


@given(ratings=pairs)
def test_with_two_categories_the_weights_do_not_matter(ratings):
    two = [(int(a > 2), int(b > 2)) for a, b in ratings]
    found = [cohen_kappa(*zip(*two, strict=True), weights=w, draws=50).estimate for w in WEIGHTS]
    assert found == pytest.approx([found[0]] * 3, nan_ok=True)


def test_relabeling_does_not_change_kappa():
    a, b = [1, 2, 3, 1, 2], [1, 3, 3, 2, 2]
    named = [[{1: "low", 2: "mid", 3: "high"}[x] for x in rater] for rater in (a, b)]
    assert cohen_kappa(*named).estimate == pytest.approx(cohen_kappa(a, b).estimate)


def test_ordered_categories_are_weighted_by_rank():
    levels = pd.CategoricalDtype(["low", "mid", "high"], ordered=True)
    a, b = [1, 2, 3, 1, 2], [1, 3, 3, 2, 2]
    named = [
        pd.Series([{1: "low", 2: "mid", 3: "high"}[x] for x in rater], dtype=levels)
        for rater in (a, b)
    ]
    assert cohen_kappa(*named, weights="linear").estimate == pytest.approx(
        cohen_kappa(a, b, weights="linear").estimate
    )


def test_kappa_is_nan_only_where_chance_agreement_is_certain():
    same = cohen_kappa([3] * 25, [3] * 25)
    assert isnan(same.estimate)
    assert "certain" in same.flags[0]
    assert cohen_kappa([3] * 4, [1, 2, 3, 3]).estimate == 0
    assert cohen_kappa([1] * 4, [2] * 4).estimate == 0


def test_perfect_agreement_is_one_without_an_interval_of_no_width():
    found = cohen_kappa([1, 2] * 15, [1, 2] * 15)
    assert found.estimate == 1
    assert not found.is_defined


def test_below_twenty_there_is_no_interval():
    found = cohen_kappa([1, 2] * 9, [2, 2] * 9)
    assert not found.is_defined
    assert "20 or more" in found.flags[0]


def test_subjects_that_one_rater_missed_are_left_out():
    found = cohen_kappa([1, 2, np.nan, 1], [1, 2, 2, None])
    assert (found.n, found.estimate) == (2, 1)
    ratings = pd.DataFrame({"a": [1, 2, 3], "b": [1, np.nan, 4], "c": [1, 2, np.nan]})
    assert (percent_agreement(ratings).n, percent_agreement(ratings).estimate) == (3, 2 / 3)


def test_nobody_rated_twice_is_said():
    nobody = pd.DataFrame({"a": [1.0, np.nan], "b": [np.nan, 2.0]})
    assert "two people" in percent_agreement(nobody).flags[0]
    assert isnan(cohen_kappa([], []).estimate)
    assert isnan(cohen_kappa(nobody["a"], nobody["b"]).estimate)


def test_refusals():
    with pytest.raises(DesignError, match="same subjects"):
        cohen_kappa([1, 2], [1])
    with pytest.raises(DesignError, match="weights must be"):
        cohen_kappa([1, 2], [1, 2], weights="cubic")
    with pytest.raises(DesignError, match="these are labels"):
        cohen_kappa(["a", "b"], ["a", "b"], weights="linear")
    with pytest.raises(DesignError, match="these are labels"):
        percent_agreement(pd.DataFrame({"a": ["x"], "b": ["y"]}), tolerance=1)
