from math import isnan

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.agreement import (
    brennan_prediger,
    cohen_kappa,
    gwet_ac,
    percent_agreement,
)
from pilot_analysis.stats.agreement.chance import by_gwet, by_uniform, weighted_coefficient
from pilot_analysis.stats.agreement.distances import distances
from pilot_analysis.stats.agreement.intervals import linearized_error
from pilot_analysis.stats.agreement.ratings import find_patterns, read_ratings

BOTH = (gwet_ac, brennan_prediger)
with_gaps = st.lists(
    st.lists(st.one_of(st.none(), st.integers(1, 4)), min_size=3, max_size=3),
    min_size=1,
    max_size=15,
).map(lambda rows: pd.DataFrame(rows, dtype=float))


@pytest.mark.parametrize(
    ("case", "data", "coefficient", "weights"),
    [
        ("ac1", "irr_diagnoses.csv", gwet_ac, None),
        ("bp", "irr_diagnoses.csv", brennan_prediger, None),
        ("ac2_quadratic_anxiety", "irr_anxiety.csv", gwet_ac, "quadratic"),
    ],
)
def test_coefficients_agree_with_irrcac(oracle, oracle_data, case, data, coefficient, weights):
    expected = oracle("rel.gwet_ac_diagnoses")["expected"][case]
    found = coefficient(oracle_data(data), weights=weights, interval="linearized")
    assert found.estimate == pytest.approx(float(expected["coeff.val"]), abs=1e-5)
    assert found.estimate == pytest.approx(
        (float(expected["pa"]) - float(expected["pe"])) / (1 - float(expected["pe"])), abs=1e-12
    )
    assert found.std_error == pytest.approx(float(expected["coeff.se"]), abs=1e-5)
    assert f"({found.conf_low:.3f},{found.conf_high:.3f})" == expected["conf.int"]
    assert found.p_value == pytest.approx(float(expected["p.value"]), rel=1e-8)
    assert found.df == found.n - 1


@pytest.mark.parametrize(
    ("weights", "value"), [(None, 0.77544), ("linear", 0.859), ("quadratic", 0.91400)]
)
def test_gwet_2014_four_raters_with_missing_ratings(krippendorff_2011, weights, value):
    found = gwet_ac(krippendorff_2011, weights=weights)
    assert found.estimate == pytest.approx(value, abs=5e-4 if weights == "linear" else 5e-6)
    assert found.n == 11
    if weights is None:
        found = brennan_prediger(krippendorff_2011)
        assert found.estimate == pytest.approx(0.77273, abs=5e-6)


def test_gwet_2014_a_subject_rated_once_is_no_disagreement(krippendorff_2011):
    """The handbook gives .14295: it lets a subject rated once deviate as if it had disagreed.

    With his term for that subject the two agree; without that subject both give the same.
    """
    read = read_ratings(krippendorff_2011)
    sample = find_patterns(read.codes, interchangeable=True)
    ac1 = weighted_coefficient(sample, distances(read, None), by_gwet)
    ours = linearized_error(ac1, sample)
    assert ours < 0.14295
    shares = np.array([[(row == c).sum() for c in range(5)] for row in read.codes], dtype=float)
    number = shares.sum(axis=1)
    agreed = (shares * (shares - 1)).sum(axis=1) / np.maximum(number * (number - 1), 1)
    shares /= number[:, None]
    pool = shares.mean(axis=0)
    pa, pe = agreed.sum() / 11, (pool * (1 - pool)).sum() / 4
    value = (pa - pe) / (1 - pe)
    subject = np.where(number > 1, 12 / 11 * (agreed - pe) / (1 - pe), 0)
    subject -= 2 * (1 - value) * (shares @ (1 - pool) / 4 - pe) / (1 - pe)
    handbook = np.sqrt(((subject - value) ** 2).sum() / (12 * 11))
    assert handbook == pytest.approx(0.14295, abs=5e-6)
    # his term for missing agreement, (12/11)(agreed - pe) - (pa - pe), against the ratio's
    ratio = subject - value + np.where(number > 1, value * (1 - 12 / 11), value)
    assert ours == pytest.approx(np.sqrt((ratio**2).sum() / (12 * 11)), rel=1e-10)


def test_gwet_2014_fifteen_patients_by_six_psychiatrists(oracle_data):
    """The first half of Fleiss's patients: distrib.6raters of irrCAC."""
    read = read_ratings(oracle_data("irr_diagnoses.csv").head(15))
    sample = find_patterns(read.codes, interchangeable=True)
    for chance, value, error in (
        (by_gwet, 0.4448007, 0.08418757),
        (by_uniform, 0.4388889, 0.08312142),
    ):
        coefficient = weighted_coefficient(sample, distances(read, None), chance)
        assert coefficient(sample.times[None])[0] == pytest.approx(value, abs=1e-7)
        assert linearized_error(coefficient, sample) == pytest.approx(error, abs=1e-8)


def test_gwet_2014_pregnancies_by_two_abstractors():
    counts = np.array([[13, 0, 0], [0, 20, 7], [0, 4, 56]])
    rows, columns = np.indices((3, 3)).reshape(2, -1)
    ratings = np.repeat(np.stack([rows, columns], axis=1), counts.ravel(), axis=0)
    for coefficient, value, error in (
        (gwet_ac, 0.8493305, 0.04321747),
        (brennan_prediger, 0.835, 0.04693346),
    ):
        found = coefficient(ratings, interval="linearized")
        assert found.estimate == pytest.approx(value, abs=1e-7)
        # the functions for tables divide by n
        assert found.std_error * np.sqrt(99 / 100) == pytest.approx(error, abs=1e-8)


# identities -----------------------------------------------------------------------------------


@pytest.mark.parametrize("coefficient", BOTH)
@pytest.mark.parametrize("weights", [None, "linear"])
@given(ratings=with_gaps, order=st.randoms())
@settings(max_examples=20)
def test_the_order_of_raters_and_subjects_does_not_matter(coefficient, weights, ratings, order):
    columns, rows = list(ratings.columns), list(ratings.index)
    order.shuffle(columns)
    order.shuffle(rows)
    one, other = (coefficient(r, weights=weights) for r in (ratings, ratings.loc[rows, columns]))
    assert one.estimate == pytest.approx(other.estimate, abs=1e-12, nan_ok=True)


@given(ratings=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=20))
@settings(max_examples=20)
def test_two_categories_equally_common_make_every_law_of_chance_the_same(ratings):
    balanced = pd.DataFrame([*ratings, *((not a, not b) for a, b in ratings)])
    agreed = percent_agreement(balanced).estimate
    for coefficient in BOTH:
        found = coefficient(balanced, categories=[False, True], draws=50)
        assert found.estimate == pytest.approx(2 * agreed - 1, abs=1e-12)
    kappa = cohen_kappa(balanced[0], balanced[1], draws=50).estimate
    assert kappa == pytest.approx(2 * agreed - 1, abs=1e-12)


@given(ratings=with_gaps)
@settings(max_examples=20)
def test_categories_that_nobody_used_enter_by_their_number(ratings):
    named = gwet_ac(ratings, categories=[1, 2, 3, 4])
    letters = {1.0: "a", 2.0: "b", 3.0: "c", 4.0: "d"}
    typed = ratings.replace(letters).astype(pd.CategoricalDtype(list("abcd")))
    assert named.estimate == pytest.approx(gwet_ac(typed).estimate, abs=1e-12, nan_ok=True)


def test_ac1_stays_high_where_kappa_falls():
    """Feinstein and Cicchetti's (1990) paradox: 85% agreement, nearly all in one category."""
    first = ["yes"] * 90 + ["no"] * 10
    second = ["yes"] * 80 + ["no"] * 10 + ["yes"] * 5 + ["no"] * 5
    ratings = pd.DataFrame({"a": first, "b": second})
    assert percent_agreement(ratings).estimate == 0.85
    assert round(cohen_kappa(first, second).estimate, 2) == 0.32
    assert round(gwet_ac(ratings).estimate, 2) == 0.81


# degenerate input -----------------------------------------------------------------------------


@pytest.mark.parametrize("coefficient", BOTH)
def test_one_category_needs_the_others_named(coefficient):
    same = pd.DataFrame(np.ones((25, 2)))
    found = coefficient(same)
    assert isnan(found.estimate)
    assert "Name all that could have been chosen" in found.flags[0]
    found = coefficient(same, categories=[1, 2, 3])
    assert found.estimate == 1
    assert not found.is_defined


@pytest.mark.parametrize("coefficient", BOTH)
def test_nobody_rated_twice_is_said(coefficient):
    nobody = pd.DataFrame({"a": [1.0, np.nan], "b": [np.nan, 2.0]})
    assert coefficient(nobody).flags == ("No subject was rated by two people.",)
    assert isnan(coefficient(pd.DataFrame({"a": [], "b": []})).estimate)


def test_refusals():
    labels = pd.DataFrame({"a": ["x", "y"], "b": ["x", "y"]})
    for coefficient in BOTH:
        with pytest.raises(DesignError, match="these are labels"):
            coefficient(labels, weights="linear")
        with pytest.raises(DesignError, match="not among the categories x, z"):
            coefficient(labels, categories=["x", "z"])
    # named in their order, labels can be weighted
    assert gwet_ac(labels, weights="linear", categories=["x", "y"]).estimate == 1
