from math import isnan

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.agreement import (
    cohen_kappa,
    cohen_kappa_test,
    fleiss_kappa,
    fleiss_kappa_test,
)


@pytest.mark.parametrize("weights", [None, "linear", "quadratic"])
def test_cohens_agrees_with_irr(oracle, oracle_data, weights):
    expected = oracle("rel.kappa2_anxiety")["expected"][weights or "unweighted"]
    ratings = oracle_data("irr_anxiety.csv")
    found = cohen_kappa_test(ratings["rater1"], ratings["rater2"], weights=weights)
    assert found.statistic == pytest.approx(expected["z"], abs=1e-8)
    assert found.p_value == pytest.approx(expected["p"], abs=1e-8)
    assert (found.n, found.method) == (20, "cohen_kappa_test")


def test_fleiss_agrees_with_irr(oracle, oracle_data):
    expected = oracle("rel.fleiss_diagnoses")["expected"]["fleiss"]
    ratings = oracle_data("irr_diagnoses.csv")
    found = fleiss_kappa_test(ratings)
    assert found.statistic == pytest.approx(expected["z"], abs=1e-8)
    assert found.p_value == pytest.approx(expected["p"], abs=1e-8)
    for category, case in expected["per_category"].items():
        assert round(fleiss_kappa_test(ratings, category=category).statistic, 3) == case["z"]


def test_fleiss_nee_landis_1979_error_of_one_category(oracle_data):
    """It depends on the numbers of subjects and raters only: sqrt(2 / (30 6 5))."""
    ratings = oracle_data("irr_diagnoses.csv")
    for category in ("1. Depression", "5. Other"):
        found = fleiss_kappa_test(ratings, category=category)
        assert found.std_error == pytest.approx(np.sqrt(2 / 900), rel=1e-12)


table = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3)), min_size=20, max_size=40)


@given(ratings=table, weights=st.sampled_from([None, "linear", "quadratic"]))
@settings(max_examples=25)
def test_the_statistic_is_kappa_over_its_error_and_p_follows_from_it(ratings, weights):
    first, second = zip(*ratings, strict=True)
    found = cohen_kappa_test(first, second, weights=weights)
    if not isnan(found.p_value):
        kappa = cohen_kappa(first, second, weights=weights, draws=20).estimate
        assert found.statistic * found.std_error == pytest.approx(kappa, abs=1e-12)
        assert found.p_value == pytest.approx(2 * stats.norm.sf(abs(found.statistic)))
        assert found.statistic == pytest.approx(
            cohen_kappa_test(second, first, weights=weights).statistic
        )


def test_the_error_is_that_of_raters_who_agree_by_chance_alone():
    rng = np.random.default_rng(20261121)
    tests, kappas = [], []
    for _ in range(150):
        ratings = rng.choice([1, 2, 3], p=[0.5, 0.3, 0.2], size=(60, 3))
        tests.append(fleiss_kappa_test(ratings))
        kappas.append(fleiss_kappa(ratings, interval="linearized").estimate)
    assert np.std(kappas) == pytest.approx(np.mean([t.std_error for t in tests]), rel=0.1)
    assert 0.02 < np.mean([t.p_value < 0.05 for t in tests]) < 0.1


def test_where_there_is_nothing_to_test_the_reason_is_given():
    few = cohen_kappa_test([1, 2] * 9, [1, 2] * 9)
    assert isnan(few.p_value)
    assert "20 or more" in few.flags[0]
    assert "certain" in cohen_kappa_test([1] * 20, [1] * 20).flags[0]
    assert "One rater always" in cohen_kappa_test([1] * 20, [1, 2] * 10).flags[0]
    assert isnan(cohen_kappa_test([], []).statistic)
    assert "certain" in fleiss_kappa_test(np.ones((20, 3))).flags[0]
    assert "20 or more" in fleiss_kappa_test(pd.DataFrame({"a": [1, 2], "b": [1, 1]})).flags[0]
    assert isnan(fleiss_kappa_test(pd.DataFrame({"a": [], "b": []})).p_value)


def test_unequal_numbers_of_ratings_are_refused_and_equal_ones_taken_from_any_column():
    ratings = pd.DataFrame({"a": [1.0, 2] * 15, "b": [1.0, 2, 2] * 10, "c": [2.0, 1] * 15})
    gaps = ratings.copy()
    gaps.loc[0, "a"] = np.nan
    with pytest.raises(DesignError, match="they have 2 to 3"):
        fleiss_kappa_test(gaps)
    rotating = ratings.copy()
    rotating.loc[:9, "a"] = rotating.loc[10:19, "b"] = rotating.loc[20:, "c"] = np.nan
    squeezed = np.sort(rotating.to_numpy(), axis=1)[:, :2]
    found, expected = fleiss_kappa_test(rotating), fleiss_kappa_test(squeezed)
    assert found.statistic == pytest.approx(expected.statistic, rel=1e-12)


def test_refusals():
    with pytest.raises(DesignError, match="Nobody gave the category 9"):
        fleiss_kappa_test(np.ones((20, 2)), category=9)
    with pytest.raises(DesignError, match="these are labels"):
        cohen_kappa_test(["a"] * 20, ["b"] * 20, weights="linear")
