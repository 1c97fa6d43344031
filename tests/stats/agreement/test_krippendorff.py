from math import isnan

import krippendorff
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.agreement import fleiss_kappa, krippendorff_alpha

LEVELS = ("nominal", "ordinal", "interval", "ratio")
with_gaps = st.lists(
    st.lists(st.one_of(st.none(), st.integers(0, 5)), min_size=3, max_size=3),
    min_size=1,
    max_size=15,
).map(lambda rows: pd.DataFrame(rows, dtype=float))


# reference numbers ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "value"),
    [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)],
)
def test_krippendorff_2011_four_observers_with_gaps(krippendorff_2011, level, value):
    found = krippendorff_alpha(krippendorff_2011, level=level)
    assert round(found.estimate, 3) == value
    assert (found.n, found.unit) == (11, "coefficient")
    assert found.method == f"krippendorff_alpha_{level}"
    assert "20 or more" in found.flags[0]


def test_krippendorff_2011_two_observers_two_values():
    """Section A: ten units, alpha .095."""
    ratings = {
        "Meg": [0, 1, 0, 0, 0, 0, 0, 0, 1, 0],
        "Owen": [1, 1, 1, 0, 0, 1, 0, 0, 0, 0],
    }
    assert round(krippendorff_alpha(pd.DataFrame(ratings)).estimate, 3) == 0.095


def test_krippendorff_2011_two_observers_five_labels():
    """Section B: twelve units, alpha .692."""
    ratings = {"Ben": list("aabbdcccedda"), "Gerry": list("babbbccceddd")}
    assert round(krippendorff_alpha(pd.DataFrame(ratings)).estimate, 3) == 0.692


@pytest.mark.parametrize("case", ["kripp", "kripp_quadratic_anxiety"])
def test_alpha_agrees_with_irrcac(oracle, oracle_data, case):
    expected = oracle("rel.gwet_ac_diagnoses")["expected"][case]
    data, level = {
        "kripp": ("irr_diagnoses.csv", "nominal"),
        "kripp_quadratic_anxiety": ("irr_anxiety.csv", "interval"),
    }[case]
    found = krippendorff_alpha(oracle_data(data), level=level, interval="linearized")
    assert found.estimate == pytest.approx(float(expected["coeff.val"]), abs=1e-5)
    assert found.estimate == pytest.approx(
        (float(expected["pa"]) - float(expected["pe"])) / (1 - float(expected["pe"])), abs=1e-12
    )
    # irrCAC gives the error of Fleiss's kappa, which is larger by the small-sample factor
    ratings = oracle_data(data)
    of_fleiss = fleiss_kappa(
        ratings, weights="quadratic" if level == "interval" else None, interval="linearized"
    )
    assert of_fleiss.std_error == pytest.approx(float(expected["coeff.se"]), abs=1e-5)
    assert found.std_error == pytest.approx(of_fleiss.std_error, rel=2 / len(ratings))
    assert found.std_error < of_fleiss.std_error


def test_chan_2024_three_raters_where_irr_is_wrong():
    """irr 0.84.1 gives .056; by hand from the coincidence matrix 1 - 8 / (2 5 25 / 29)."""
    ratings = pd.DataFrame(np.full((10, 3), 2))
    ratings.loc[0, [1, 2]] = 1
    ratings.loc[1:3, 2] = 1
    found = krippendorff_alpha(ratings)
    assert found.estimate == pytest.approx(1 - 8 * 29 / 250, abs=1e-12)
    assert round(found.estimate, 3) == 0.072


@pytest.mark.parametrize("level", LEVELS)
@given(ratings=with_gaps)
@settings(max_examples=20)
def test_alpha_agrees_with_the_krippendorff_package(level, ratings):
    found = krippendorff_alpha(ratings, level=level)
    values = ratings.to_numpy()
    values = values[(~np.isnan(values)).sum(axis=1) >= 2]
    if len(np.unique(values[~np.isnan(values)])) < 2:
        assert isnan(found.estimate)
    else:
        peer = krippendorff.alpha(values.T, level_of_measurement=level)
        assert found.estimate == pytest.approx(peer, abs=1e-12)


# identities -----------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
@given(ratings=with_gaps, order=st.randoms())
@settings(max_examples=20)
def test_the_order_of_raters_and_subjects_does_not_matter(level, ratings, order):
    columns, rows = list(ratings.columns), list(ratings.index)
    order.shuffle(columns)
    order.shuffle(rows)
    one, other = (krippendorff_alpha(r, level=level) for r in (ratings, ratings.loc[rows, columns]))
    assert one.estimate == pytest.approx(other.estimate, abs=1e-12, nan_ok=True)


@given(ratings=with_gaps)
@settings(max_examples=20)
def test_each_level_allows_its_own_transformations(ratings):
    def same(level, other):
        one = krippendorff_alpha(ratings, level=level).estimate
        two = krippendorff_alpha(other, level=level).estimate
        assert one == pytest.approx(two, abs=1e-10, nan_ok=True)

    same("nominal", ratings.replace(dict(enumerate("fbeadc"))))
    same("ordinal", ratings**3 + 1)
    same("ordinal", -ratings)
    same("interval", 40 - 2.5 * ratings)
    same("ratio", 0.3 * ratings)


@given(ratings=with_gaps)
@settings(max_examples=20)
def test_subjects_rated_once_change_nothing(ratings):
    longer = pd.concat([ratings, pd.DataFrame([[7.0, np.nan, np.nan]])], ignore_index=True)
    for level in LEVELS:
        one, other = (krippendorff_alpha(r, level=level) for r in (ratings, longer))
        assert one.estimate == pytest.approx(other.estimate, abs=1e-12, nan_ok=True)
        assert one.n == other.n


@given(ratings=st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3)), min_size=1, max_size=20))
@settings(max_examples=20)
def test_for_two_raters_nominal_alpha_is_scotts_pi_corrected_for_a_small_sample(ratings):
    pi = fleiss_kappa(ratings).estimate
    n = 2 * len(ratings)
    expected = 1 - (1 - pi) * (n - 1) / n
    assert krippendorff_alpha(ratings).estimate == pytest.approx(expected, abs=1e-12, nan_ok=True)


@given(ratings=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=20))
@settings(max_examples=20)
def test_with_two_values_the_level_does_not_matter(ratings):
    found = [krippendorff_alpha(ratings, level=level).estimate for level in LEVELS]
    assert found == pytest.approx([found[0]] * 4, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("level", LEVELS)
def test_complete_agreement_is_one_without_an_interval_of_no_width(level):
    found = krippendorff_alpha(pd.DataFrame({"a": range(25), "b": range(25)}), level=level)
    assert found.estimate == 1
    assert not found.is_defined
    assert "never disagreed" in found.flags[0]


def test_ordered_categories_are_ranked():
    levels = ["0-24%", "25-49%", "50-74%", "75-100%"]
    ratings = pd.DataFrame({"a": [0, 1, 2, 3, 1], "b": [0, 2, 2, 3, 0]})
    bands = ratings.replace(dict(enumerate(levels))).astype(
        pd.CategoricalDtype(levels, ordered=True)
    )
    found = krippendorff_alpha(bands, level="ordinal").estimate
    assert found == pytest.approx(krippendorff_alpha(ratings, level="ordinal").estimate)
    with pytest.raises(DesignError, match="The interval level needs ratings that are numbers"):
        krippendorff_alpha(bands, level="interval")


# degenerate input -----------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
def test_no_pair_and_no_variation_are_said(level):
    nobody = pd.DataFrame({"a": [1.0, np.nan], "b": [np.nan, 2.0]})
    assert krippendorff_alpha(nobody, level=level).flags == ("No subject was rated by two people.",)
    assert isnan(krippendorff_alpha(pd.DataFrame({"a": [], "b": []}), level=level).estimate)
    same = krippendorff_alpha(pd.DataFrame(np.zeros((25, 2))), level=level)
    assert isnan(same.estimate)
    assert "same" in same.flags[0]


def test_refusals():
    labels = pd.DataFrame({"a": ["x", "y"], "b": ["x", "y"]})
    with pytest.raises(DesignError, match="level must be"):
        krippendorff_alpha(labels, level="cardinal")
    with pytest.raises(DesignError, match="The ordinal level needs"):
        krippendorff_alpha(labels, level="ordinal")
    with pytest.raises(DesignError, match="The ratio level needs ratings that are numbers"):
        krippendorff_alpha(labels, level="ratio")
    with pytest.raises(DesignError, match="from 0 up; the smallest is -1"):
        krippendorff_alpha(pd.DataFrame({"a": [1, -1], "b": [1, 2]}), level="ratio")
    with pytest.raises(DesignError, match="infinite"):
        krippendorff_alpha(pd.DataFrame({"a": [1, np.inf], "b": [1, 2]}))
