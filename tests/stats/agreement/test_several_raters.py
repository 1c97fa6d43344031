from itertools import combinations
from math import isnan

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.agreement import (
    cohen_kappa,
    conger_kappa,
    fleiss_kappa,
    light_kappa,
)
from pilot_analysis.stats.agreement.chance import by_pool, by_rater, weighted_coefficient
from pilot_analysis.stats.agreement.distances import distances
from pilot_analysis.stats.agreement.intervals import linearized_error
from pilot_analysis.stats.agreement.ratings import find_patterns, read_ratings

ALL = (fleiss_kappa, conger_kappa, light_kappa)
complete = st.lists(
    st.lists(st.integers(1, 4), min_size=3, max_size=3), min_size=1, max_size=15
).map(pd.DataFrame)
with_gaps = st.lists(
    st.lists(st.one_of(st.none(), st.integers(1, 4)), min_size=4, max_size=4),
    min_size=1,
    max_size=15,
).map(lambda rows: pd.DataFrame(rows, dtype=float))
two_raters = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3)), min_size=1, max_size=20)


# reference numbers ----------------------------------------------------------------------------


def test_fleiss_agrees_with_irr(oracle, oracle_data):
    expected = oracle("rel.fleiss_diagnoses")["expected"]
    ratings = oracle_data("irr_diagnoses.csv")
    found = fleiss_kappa(ratings)
    assert found.estimate == pytest.approx(expected["fleiss"]["k"], abs=1e-8)
    assert (found.n, found.method) == (30, "fleiss_kappa")
    for category, case in expected["fleiss"]["per_category"].items():
        assert round(fleiss_kappa(ratings, category=category).estimate, 3) == case["Kappa"]


def test_fleiss_1971_is_430(oracle_data):
    assert round(fleiss_kappa(oracle_data("irr_diagnoses.csv")).estimate, 3) == 0.430


def test_conger_and_light_agree_with_irr(oracle, oracle_data):
    expected = oracle("rel.fleiss_diagnoses")["expected"]
    ratings = oracle_data("irr_diagnoses.csv")
    conger, light = conger_kappa(ratings), light_kappa(ratings)
    assert conger.estimate == pytest.approx(expected["conger_exact"], abs=1e-8)
    assert light.estimate == pytest.approx(expected["light"], abs=1e-8)
    assert light.conf_low < light.estimate < light.conf_high


@pytest.mark.parametrize(("kappa", "case"), [(fleiss_kappa, "fleiss"), (conger_kappa, "conger")])
def test_the_linearized_interval_agrees_with_irrcac(oracle, oracle_data, kappa, case):
    expected = oracle("rel.gwet_ac_diagnoses")["expected"][case]
    found = kappa(oracle_data("irr_diagnoses.csv"), interval="linearized")
    assert found.estimate == pytest.approx(float(expected["coeff.val"]), abs=1e-5)
    assert found.std_error == pytest.approx(float(expected["coeff.se"]), abs=1e-5)
    assert f"({found.conf_low:.3f},{found.conf_high:.3f})" == expected["conf.int"]
    assert found.p_value == pytest.approx(float(expected["p.value"]), rel=1e-8)


def test_gwet_2014_four_raters_with_missing_ratings(krippendorff_2011):
    """His data are Krippendorff's, but that the third rater, not the second, rated the last."""
    ratings = krippendorff_2011.copy()
    ratings.loc[11, ["B", "C"]] = [np.nan, 3]
    assert fleiss_kappa(ratings).estimate == pytest.approx(0.76117, abs=5e-6)
    assert conger_kappa(ratings).estimate == pytest.approx(0.76282, abs=5e-6)
    assert fleiss_kappa(ratings).n == 11


def test_gwet_2014_fifteen_patients_by_six_psychiatrists(oracle_data):
    """The first half of Fleiss's patients: fleiss.kappa.dist(distrib.6raters) of irrCAC."""
    read = read_ratings(oracle_data("irr_diagnoses.csv").head(15))
    sample = find_patterns(read.codes, interchangeable=True)
    kappa = weighted_coefficient(sample, distances(read, None), by_pool)
    assert kappa(sample.times[None])[0] == pytest.approx(0.4139265, abs=1e-7)
    assert linearized_error(kappa, sample) == pytest.approx(0.08119291, abs=1e-8)


# identities -----------------------------------------------------------------------------------


@given(ratings=two_raters)
@settings(max_examples=20)
def test_fleiss_of_two_raters_is_scotts_pi(ratings):
    pool = np.array(ratings).ravel()
    by_chance = sum((pool == c).mean() ** 2 for c in (1, 2, 3))
    agreed = np.mean([a == b for a, b in ratings])
    found = fleiss_kappa(ratings, draws=50).estimate
    if by_chance == 1:
        assert isnan(found)
    else:
        assert found == pytest.approx((agreed - by_chance) / (1 - by_chance), abs=1e-12)


@pytest.mark.parametrize("weights", [None, "linear", "quadratic"])
@given(ratings=two_raters)
@settings(max_examples=20)
def test_conger_and_light_of_two_raters_are_cohens(weights, ratings):
    expected = cohen_kappa(*zip(*ratings, strict=True), weights=weights, draws=50)
    for kappa in (conger_kappa, light_kappa):
        found = kappa(ratings, weights=weights, draws=50)
        assert found.estimate == pytest.approx(expected.estimate, abs=1e-12, nan_ok=True)
        assert found.conf_low == pytest.approx(expected.conf_low, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("kappa", ALL)
@given(ratings=with_gaps, order=st.randoms())
@settings(max_examples=20)
def test_the_order_of_raters_and_subjects_does_not_matter(kappa, ratings, order):
    columns, rows = list(ratings.columns), list(ratings.index)
    order.shuffle(columns)
    order.shuffle(rows)
    one, other = kappa(ratings), kappa(ratings.loc[rows, columns])
    assert one.estimate == pytest.approx(other.estimate, abs=1e-12, nan_ok=True)
    assert one.n == other.n


@given(ratings=with_gaps)
@settings(max_examples=20)
def test_light_is_the_mean_of_cohens_over_the_subjects_that_a_pair_shares(ratings):
    pairs = [
        cohen_kappa(ratings[a], ratings[b], draws=50).estimate for a, b in combinations(ratings, 2)
    ]
    assert light_kappa(ratings, draws=50).estimate == pytest.approx(
        np.mean(pairs), abs=1e-12, nan_ok=True
    )


@pytest.mark.parametrize("kappa", ALL)
@given(ratings=with_gaps)
@settings(max_examples=20)
def test_relabeling_categories_changes_nothing(kappa, ratings):
    named = ratings.replace({1: "d", 2: "c", 3: "b", 4: "a"})
    assert kappa(ratings).estimate == pytest.approx(kappa(named).estimate, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("kappa", ALL)
@given(
    rating=st.lists(st.integers(1, 4), min_size=2, max_size=15).filter(lambda x: len(set(x)) > 1)
)
@settings(max_examples=20)
def test_complete_agreement_is_one(kappa, rating):
    for weights in (None, "quadratic"):
        found = kappa(pd.DataFrame({"a": rating, "b": rating, "c": rating}), weights=weights)
        assert found.estimate == 1
        assert not found.is_defined


@given(ratings=with_gaps)
@settings(max_examples=20)
def test_subjects_whom_nobody_rated_change_nothing(ratings):
    longer = pd.concat([ratings, pd.DataFrame([[np.nan] * 4])], ignore_index=True)
    assert fleiss_kappa(ratings).estimate == pytest.approx(
        fleiss_kappa(longer).estimate, nan_ok=True
    )


@given(ratings=complete)
@settings(max_examples=20)
def test_fleiss_is_the_mean_of_its_categories_weighted_by_their_spread(ratings):
    shares = {c: float((ratings == c).to_numpy().mean()) for c in np.unique(ratings)}
    spread = np.array([p * (1 - p) for p in shares.values()])
    if spread.sum() > 0:
        single = [fleiss_kappa(ratings, category=c).estimate for c in shares]
        expected = np.average(single, weights=spread)
        assert fleiss_kappa(ratings).estimate == pytest.approx(expected, abs=1e-12)


def test_conger_follows_a_rater_who_skipped_subjects():
    """Each rater's tendencies come from all subjects that he rated (Gwet 2014)."""
    ratings = pd.DataFrame({"a": [1, 1, 2, 2], "b": [1, 2, 2, np.nan], "c": [1, np.nan, 2, 2]})
    shares = np.array([[1 / 2, 1 / 2], [1 / 3, 2 / 3], [1 / 3, 2 / 3]])
    by_chance = np.mean([shares[i] @ shares[j] for i, j in ((0, 1), (0, 2), (1, 2))])
    expected = (0.75 - by_chance) / (1 - by_chance)
    assert conger_kappa(ratings).estimate == pytest.approx(expected, abs=1e-12)
    read = read_ratings(ratings)
    sample = find_patterns(read.codes, interchangeable=False)
    chance = by_rater(sample, distances(read, None))(sample.times[None])
    assert 1 - chance[0] == pytest.approx(by_chance, abs=1e-12)


# degenerate input -----------------------------------------------------------------------------


@pytest.mark.parametrize("kappa", ALL)
def test_nobody_rated_twice_and_one_rating_for_all_are_said(kappa):
    nobody = pd.DataFrame({"a": [1.0, np.nan], "b": [np.nan, 2.0]})
    assert kappa(nobody).flags == ("No subject was rated by two people.",)
    assert isnan(kappa(pd.DataFrame({"a": [], "b": []})).estimate)
    same = kappa(pd.DataFrame(np.ones((25, 3))))
    assert isnan(same.estimate)
    assert "same" in same.flags[0]


def test_light_with_gaps():
    ratings = pd.DataFrame(
        {"a": [1, 2, 2, 1, np.nan], "b": [1, 2, 1, np.nan, 2], "c": [1, 1, np.nan, 2, 2]}
    )
    expected = np.mean(
        [cohen_kappa(ratings[a], ratings[b]).estimate for a, b in ("ab", "ac", "bc")]
    )
    assert light_kappa(ratings).estimate == pytest.approx(expected, abs=1e-12)


def test_light_needs_every_pair():
    apart = pd.DataFrame({"a": [1, 2, np.nan], "b": [1, 2, 1], "c": [np.nan, np.nan, 1]})
    found = light_kappa(apart)
    assert isnan(found.estimate)
    assert "rated nobody together" in found.flags[0]


def test_refusals():
    ratings = pd.DataFrame({"a": ["x", "y"], "b": ["x", "y"]})
    with pytest.raises(DesignError, match="Nobody gave the category 'z'"):
        fleiss_kappa(ratings, category="z")
    for kappa in ALL:
        with pytest.raises(DesignError, match="these are labels"):
            kappa(ratings, weights="linear")
        with pytest.raises(DesignError, match="two raters or more"):
            kappa(ratings[["a"]])
